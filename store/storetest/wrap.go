package storetest

import "github.com/acquis-eval/acquis/store"

// Wrap returns an engine whose stores are wrapped as they are opened.
func Wrap(e store.Engine, wrap func(store.Store) store.Store) store.Engine {
	return wrapped{e, wrap}
}

type wrapped struct {
	store.Engine
	wrap func(store.Store) store.Store
}

func (w wrapped) Open(place string, how store.Opening) (store.Store, error) {
	s, err := w.Engine.Open(place, how)
	if err != nil {
		return nil, err
	}
	return w.wrap(s), nil
}
