// Package notary signs checkpoints of a store's journal: on demand, at a
// limited rate, and only of durable events, because a View sees nothing else.
//
// Each checkpoint is stored before anybody gets it, and the next one must
// extend it: a journal that was rolled back or tampered with is not signed.
// Health reports this to operators.
//
// The key that signs is recorded in the journal at its first use, and stays
// listed there: what it signed stays valid after it is replaced. It also signs
// attestations (package credential).
package notary
