package cache

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/acquis-eval/acquis/store"
)

// Cache keeps values that were read from records of one kind until one of these
// records changes, as the store reports (store.Store.Changed). So it returns
// what a View would read at that moment, and a revoked key is refused from the
// next call on. Nearly every call needs a key, many the current revision of a
// référentiel, and both rarely change; docs/performance.md has the gain.
type Cache[K comparable, V any] struct {
	store store.Store
	kind  store.KindID

	mu     sync.Mutex
	values *simplelru.LRU[K, atNumber[V]]
}

// atNumber is a value that a View read after the change counter had that
// number.
type atNumber[V any] struct {
	number uint64
	value  V
}

// mostUnchanged is enough for the keys of a large installation.
const mostUnchanged = 10_000

func New[K comparable, V any](s store.Store, kind store.KindID) *Cache[K, V] {
	values, _ := simplelru.NewLRU[K, atNumber[V]](mostUnchanged, nil) // it fails only for a number below one
	return &Cache[K, V]{store: s, kind: kind, values: values}
}

// Get returns the result of read, which may depend only on the key and on
// records of the kind. Errors are not cached. The value is shared and must not
// be changed.
func (u *Cache[K, V]) Get(ctx context.Context, key K, read func(store.Reader) (V, error)) (value V, err error) {
	if err := ctx.Err(); err != nil {
		return value, err // as a View would
	}
	number := u.store.Changed(u.kind) // before the View: what it reads may be newer, never older
	if found, ok := u.find(key); ok && found.number == number {
		return found.value, nil
	}
	err = u.store.View(ctx, func(r store.Reader) (err error) {
		value, err = read(r)
		return err
	})
	if err == nil {
		u.keep(key, atNumber[V]{number, value})
	}
	return value, err
}

func (u *Cache[K, V]) find(key K) (atNumber[V], bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.values.Get(key)
}

func (u *Cache[K, V]) keep(key K, found atNumber[V]) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.values.Add(key, found)
}
