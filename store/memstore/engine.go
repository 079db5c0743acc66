package memstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/acquis-eval/acquis/store"
)

// An Engine is a store.Engine whose places are names: it keeps the last state of
// each. The zero value is ready to use.
type Engine struct {
	mu     sync.Mutex
	held   map[string]bool
	states map[string]*state // by place; copies have their own names
	copies int               // how many copies were named
}

// hold takes a place. last is nil if there is no store.
func (e *Engine) hold(place string) (last *state, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.held[place] {
		return nil, fmt.Errorf("%w (%s)", store.ErrInUse, place)
	}
	if e.held == nil {
		e.held, e.states = make(map[string]bool), make(map[string]*state)
	}
	e.held[place] = true
	return e.states[place], nil
}

// holdStore takes a place that has a store.
func (e *Engine) holdStore(place string) (*state, error) {
	last, err := e.hold(place)
	if err == nil && last == nil {
		e.leave(place, nil)
		err = fmt.Errorf("%w (%s)", store.ErrNoStore, place)
	}
	return last, err
}

// leave releases a place, with its new state; nil if it has none.
func (e *Engine) leave(place string, last *state) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.held, place)
	delete(e.states, place)
	if last != nil {
		e.states[place] = last
	}
}

// Open implements store.Engine.
func (e *Engine) Open(place string, how store.Opening) (store.Store, error) {
	hold := e.hold
	if how.Existing {
		hold = e.holdStore
	}
	last, err := hold(place)
	if err != nil {
		return nil, err
	}
	if last == nil {
		last = newState()
	}
	s, err := newStore(last, func(last *state) { e.leave(place, last) })
	if err != nil {
		e.leave(place, last)
		return nil, err
	}
	return s, nil
}

// Look implements store.Engine.
func (e *Engine) Look(place string) (store.AtRest, error) {
	last, err := e.holdStore(place)
	if err != nil {
		return nil, err
	}
	return &atRest{last, func() { e.leave(place, last) }}, nil
}

// LookAtCopy implements store.Engine.
func (e *Engine) LookAtCopy(name string) (store.AtRest, error) {
	e.mu.Lock()
	kept := e.states[name]
	e.mu.Unlock()
	if kept != nil {
		return &atRest{kept, func() {}}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	s, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, name)
	}
	return &atRest{s, func() {}}, nil
}

// Restore implements store.Engine.
func (e *Engine) Restore(place string, write func(io.Writer) error) error {
	last, err := e.hold(place)
	if err != nil {
		return err
	}
	defer func() { e.leave(place, last) }()
	if last != nil {
		return fmt.Errorf("memstore: there is a store already (%s)", place)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	restored, err := read(r)
	_, restErr := io.Copy(io.Discard, r) // until write returns
	if err := errors.Join(restErr, err); err != nil {
		return err
	}
	last = restored
	return nil
}

// Replace implements store.Engine.
func (e *Engine) Replace(place string, fill func(made, old string) error) (kept string, err error) {
	last, err := e.hold(place)
	if err != nil {
		return "", err
	}
	defer func() { e.leave(place, last) }()
	made := place + "/made"
	defer e.leave(made, nil)
	if last != nil {
		kept = e.keep(place, last)
	}
	if err := fill(made, kept); err != nil {
		return "", err
	}
	filled, err := e.holdStore(made)
	if err != nil {
		return "", err
	}
	last = filled
	return kept, nil
}

// keep gives a state its own name.
func (e *Engine) keep(place string, s *state) (name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.copies++
	name = fmt.Sprintf("%s.replaced-%d", place, e.copies)
	e.states[name] = s
	return name
}

// Compact implements store.Engine. A state never contains erased data.
func (e *Engine) Compact(place string) (store.Compaction, error) {
	last, err := e.holdStore(place)
	if err != nil {
		return store.Compaction{}, err
	}
	defer e.leave(place, last)
	size := last.size()
	return store.Compaction{What: place, Before: size, After: size}, nil
}

// atRest is a state that is not being served.
type atRest struct {
	*state
	leave func()
}

// Kinds implements store.AtRest.
func (a *atRest) Kinds() (kinds []store.KindID, err error) {
	for kind := range 1 << 8 {
		if found, _ := a.Scan(store.KindID(kind), nil, nil, 1); len(found) > 0 {
			kinds = append(kinds, store.KindID(kind))
		}
	}
	return kinds, nil
}

// LastUID implements store.AtRest.
func (a *atRest) LastUID() uint64 { return a.uid }

// Foreign implements store.AtRest: a state has only records.
func (a *atRest) Foreign() ([]string, error) { return nil, nil }

// Close implements store.AtRest.
func (a *atRest) Close() error {
	a.leave()
	return nil
}
