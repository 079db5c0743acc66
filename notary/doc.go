// Package notary signs checkpoints of a store's journal: on demand, at most once in
// a while, and only of what is durable, since a View sees nothing else.
//
// Each checkpoint is kept in the store before anybody gets it, and the next one must
// extend it: a journal that was rolled back or tampered with is not signed. That the
// service then has two stories to tell, its operators must hear (Health).
//
// The key that signs is entered in the journal at its first use, and stays listed
// there: what it signed stays good after another has taken its place. It also signs
// attestations (package credential).
package notary
