// Package store keeps the records of Acquis and the journal of what changed
// them. It defines what an engine must do (Engine, Store) and holds, written once, all
// that does not depend on the engine.
//
// # The idea
//
// A request is one closure: it reads, decides and writes, and what it wrote
// becomes durable whole or not at all. While it runs, its writes lie in a
// Draft, an Overlay over the state that it reads, so that it sees its own
// writes and nobody else does. When it returns nil, the engine turns the draft
// into an Entry (the records as they will be stored, and one event) and stores
// that in its transaction. Many closures share one transaction: each runs over
// what those before it left, and one that fails leaves only a Draft to drop.
//
// A closure reads one record or one page at a time. If each of these reads is a round
// trip over a network, announcing the next ones (Reader.Prefetch) makes them one, and
// the code that reads stays as it is.
//
// # What is stored
//
// Records lie under (kind, key) and are found and scanned in the order of
// their keys' bytes. Kinds below 64 are the truth and are journaled; a record
// of theirs is stored in an envelope:
//
//	8 bytes   sequence of the event that last wrote the record, big-endian
//	16 bytes  salt, random, new at every write but of what is amended (KindID.Amended)
//	rest      the message, which is all that a Reader returns
//
// Kinds from 64 on are indexes, which can be rebuilt, and records that may be
// forgotten: they are stored bare and appear in no event. Checkpoints among them
// are silent too: they speak of the journal, and an Update that writes nothing
// else leaves no event.
//
// # The journal
//
// An Update that writes appends one event: sequence, time, and the salted digests
// of a body and a stub. The body says who did what to which resource. The stub
// names every journaled record written, each with HMAC-SHA-256(salt, message), and
// the one candidate whom they are about. Whoever erases a record's salt with it
// leaves a digest that says nothing, and nothing to repair: the events form the
// Merkle log of golang.org/x/mod/sumdb/tlog over leaves that hold only sequence,
// time and digests (see AppendLeaf). The hashes that leaf n completes are stored
// with event n, so that Tree can prove membership and growth.
//
// A body may be erased, because that of an accommodation tells by its RPC that
// there was one. The stub stays (stub.go), so that no act can be hidden by erasing
// the body of its event. Of records that may be erased the stub has no digest: the
// body has it, and both go together.
//
// Body and stub name whom an act was about, so no outsider may see either. The
// leaf of an event that holds decisions therefore commits to their public acts
// by themselves as well (acts.go): one can be shown without the others.
//
// # What can never happen
//
// An event without its body whose records may not be erased: EraseEvent refuses.
// A write without its event, or an event without its writes: they are one
// Entry. A gap or a double in the sequence: a Head gives each number once, and
// the event is stored under it. An event earlier than the one before it. A
// reader that holds memory of the engine: all that leaves this package is a
// copy. A digest over other bytes than those stored: both come from the same
// slice.
package store
