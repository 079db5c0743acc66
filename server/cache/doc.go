// Package cache keeps what was read of records as long as no record of their kind
// changes. The store says when one does (store.Store.Changed), so what a [Cache]
// returns is what a View would read at that moment: a key that was revoked is
// refused by the very next call.
package cache
