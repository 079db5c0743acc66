package server

import "container/list"

// recent is a map that holds the entries used last, up to a number: what callers
// make it hold cannot grow. It is not safe for concurrent use.
type recent[K comparable, V any] struct {
	most    int
	order   *list.List // of *entry, the one used last in front
	entries map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, order: list.New(), entries: make(map[K]*list.Element)}
}

// get returns an entry, which counts as used.
func (r *recent[K, V]) get(key K) (value V, ok bool) {
	element, ok := r.entries[key]
	if !ok {
		return value, false
	}
	r.order.MoveToFront(element)
	return element.Value.(*entry[K, V]).value, true
}

// put adds or replaces an entry, and lets go of the one used longest ago where
// there is no room.
func (r *recent[K, V]) put(key K, value V) {
	r.remove(key)
	r.entries[key] = r.order.PushFront(&entry[K, V]{key, value})
	if oldest := r.order.Back(); r.order.Len() > r.most {
		r.remove(oldest.Value.(*entry[K, V]).key)
	}
}

func (r *recent[K, V]) remove(key K) {
	if element, ok := r.entries[key]; ok {
		r.order.Remove(element)
		delete(r.entries, key)
	}
}
