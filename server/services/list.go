package services

import (
	"context"
	"errors"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/store"
)

// A listing is one page of a list that is read from the store record by record.
type listing[T any] struct {
	// from finds the uids in order: the shortest index that the filter allows.
	from func(r store.Reader, wanted filter.Filter[T]) (source, error)
	// show shows a resource, and tells whether it exists for the caller.
	show func(r store.Reader, uid uint64) (shown T, ok bool, err error)
	// fields are those that the filter may name, if the list has one.
	fields filter.Fields[T]
}

// list reads a page, and the token of the next.
func list[T any](ctx context.Context, c *core, req pageRequest, l listing[T]) (items []T, next string, err error) {
	page, err := c.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return nil, "", err
	}
	var wanted filter.Filter[T]
	if filtered, ok := req.(interface{ GetFilter() string }); ok {
		if wanted, err = parseFilter(filtered.GetFilter(), l.fields); err != nil {
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
			shown, ok, err := l.show(r, uid)
			if err != nil || !ok || !wanted.Matches(shown) {
				return false, err
			}
			if room {
				items = append(items, shown)
			}
			return true, nil
		})
		return err
	})
	return items, next, err
}

// listAll reads a page of a list that is short enough to be read as a whole. at is
// where an item is in it (slicePage).
func listAll[S, T any](ctx context.Context, c *core, req pageRequest,
	all func(store.Reader) ([]S, error), at func(S) uint64, show func(store.Reader, S) (T, error),
) (items []T, next string, err error) {
	page, err := c.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return nil, "", err
	}
	err = c.store.View(ctx, func(r store.Reader) error {
		found, err := all(r)
		if err != nil {
			return err
		}
		var part []S
		part, next = slicePage(page, found, at)
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
func every[T any](kind store.KindID) func(store.Reader, filter.Filter[T]) (source, error) {
	return func(r store.Reader, _ filter.Filter[T]) (source, error) { return allOf(r, kind), nil }
}

func parseFilter[T any](text string, fields filter.Fields[T]) (filter.Filter[T], error) {
	parsed, err := filter.Parse(text, fields)
	if err != nil {
		return parsed, apierr.Invalid(acquispb.ErrorReason_FILTER_INVALID, apierr.Field("filter", err.Error()))
	}
	return parsed, nil
}

// allOf lists the uids of a kind whose key is one uid.
func allOf(r store.Reader, kind store.KindID) source {
	return func(after uint64, limit int) ([]uint64, error) {
		records, err := r.Scan(kind, nil, store.Key(after), limit)
		if err != nil {
			return nil, err
		}
		uids := make([]uint64, len(records))
		for i, record := range records {
			uids[i] = store.LastUID(record.Key)
		}
		return uids, nil
	}
}

// indexOfNamed lists the uids that an index has for the owner with that name:
// none if there is no such owner, as a filter that names one matches nothing.
func indexOfNamed(r store.Reader, index store.KindID, c store.Collection, name string) (source, error) {
	owner, err := store.Lookup(r, c, segment(name, 1))
	if errors.Is(err, store.ErrNotFound) {
		return func(uint64, int) ([]uint64, error) { return nil, nil }, nil
	}
	return indexOf(r, index, owner), err
}

// indexOf lists the uids that an index has for owner.
func indexOf(r store.Reader, index store.KindID, owner uint64) source {
	return func(after uint64, limit int) ([]uint64, error) {
		return store.ListUIDs(r, index, owner, after, limit)
	}
}
