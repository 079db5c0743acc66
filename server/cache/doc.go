// Package cache keeps values that were read from records until a record of
// their kind changes. The store reports changes (store.Store.Changed), so a
// [Cache] returns what a View would read at that moment: a revoked key is
// refused by the next call.
package cache
