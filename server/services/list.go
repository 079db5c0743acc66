package services

import (
	"context"

	"go.einride.tech/aip/filtering"
	"go.einride.tech/aip/pagination"

	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// A listing is one page of a list that is read from the store record by record.
type listing[T any] struct {
	// from finds the uids in order: the shortest index that the filter allows.
	from func(r store.Reader, wanted filter) (source, error)
	// show shows a resource, with its values if the list has a filter. It tells
	// whether the resource exists for the caller.
	show func(r store.Reader, uid uint64) (shown T, v values, ok bool, err error)
	// fields are those that the filter may name.
	fields []filtering.DeclarationOption
}

// list reads a page, and the token of the next.
func list[T any](ctx context.Context, c *core, req pagination.Request, l listing[T]) (items []T, next string, err error) {
	page, err := parsePage(call.CallerOf(ctx), req)
	if err != nil {
		return nil, "", err
	}
	var wanted filter
	if filtered, ok := req.(filtering.Request); ok {
		if wanted, err = parseFilter(filtered, l.fields...); err != nil {
			return nil, "", err
		}
	}
	err = c.store.View(ctx, func(r store.Reader) error {
		from, err := l.from(r, wanted)
		if err != nil {
			return err
		}
		items = nil
		next, err = page.fill(from, func(uid uint64, room bool) (bool, error) {
			shown, v, ok, err := l.show(r, uid)
			if err != nil || !ok {
				return false, err
			}
			if ok, err = wanted.matches(v); ok && room {
				items = append(items, shown)
			}
			return ok, err
		})
		return err
	})
	return items, next, err
}

// listAll reads a page of a list that is short enough to be read as a whole.
func listAll[S, T any](ctx context.Context, c *core, req pagination.Request,
	all func(store.Reader) ([]S, error), show func(store.Reader, S) (T, error),
) (items []T, next string, err error) {
	page, err := parsePage(call.CallerOf(ctx), req)
	if err != nil {
		return nil, "", err
	}
	err = c.store.View(ctx, func(r store.Reader) error {
		found, err := all(r)
		if err != nil {
			return err
		}
		var part []S
		part, next = slicePage(page, found)
		items = make([]T, len(part))
		for i, item := range part {
			if items[i], err = show(r, item); err != nil {
				return err
			}
		}
		return nil
	})
	return items, next, err
}

// every lists all records of a kind whose key is one uid.
func every(kind store.KindID) func(store.Reader, filter) (source, error) {
	return func(r store.Reader, _ filter) (source, error) { return allOf(r, kind), nil }
}
