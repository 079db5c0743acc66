package memstore

import (
	"fmt"
	"io"
	"sync"
)

// An Engine holds the states of closed stores by the names of their places. The
// zero value is ready to use.
type Engine struct {
	mu     sync.Mutex
	places map[string]*place
}

type place struct {
	state *state
	open  bool
}

// Open opens the store at a place, or makes an empty one.
func (e *Engine) Open(name string) (*Store, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.place(name)
	if p.open {
		return nil, fmt.Errorf("memstore: %s is in use", name)
	}
	p.open = true
	return newStore(p.state, func(last *state) {
		e.mu.Lock()
		defer e.mu.Unlock()
		p.state, p.open = last, false
	})
}

// Restore makes what Snapshot wrote the store at a place.
func (e *Engine) Restore(name string, snapshot io.Reader) error {
	restored, err := read(snapshot)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.place(name).state = restored
	return nil
}

func (e *Engine) place(name string) *place {
	if e.places == nil {
		e.places = make(map[string]*place)
	}
	if e.places[name] == nil {
		e.places[name] = &place{state: newState()}
	}
	return e.places[name]
}
