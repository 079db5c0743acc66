// Package store keeps the records of Acquis and the journal of their changes. It
// defines what an engine must do (Engine, Store) and contains everything that
// does not depend on the engine.
//
// # The idea
// A request is one closure: it reads, decides and writes, and its writes become
// durable together or not at all. While it runs, its writes are in a Draft, an
// Overlay over the state that it reads, so that it sees its own writes and nobody
// else does. When it returns nil, the engine turns the draft into an Entry (the
// records as they will be stored, and one event) and stores the entry in its
// transaction. Many closures share one transaction: each sees the results of
// those before it, and if one fails, its Draft is dropped.
//
// A closure reads one record or one page at a time. If each of these reads is a
// round trip over a network, announcing the next ones (Reader.Prefetch) makes
// them one, and the code that reads does not change.
//
// # What is stored
//
// Records are stored under (kind, key) and are found and scanned in the order of
// their keys' bytes. Kinds below 64 are primary data and are journaled; their
// records are stored in an envelope:
//
//	8 bytes   sequence of the event that last wrote the record, big-endian
//	16 bytes  salt, random, new at every write but of what is amended (KindID.Amended)
//	rest      the message, which is all that a Reader returns
//
// Kinds from 64 on are indexes, which can be rebuilt, and records that may be
// deleted: they are stored without an envelope and appear in no event.
// Checkpoints, which are also among them, are silent: they describe the journal,
// and an Update that writes nothing else leaves no event.
//
// # The journal
//
// An Update that writes appends one event: sequence, time, and the salted digests
// of a body and a stub. The body says who did what to which resource. The stub
// names every journaled record written, each with HMAC-SHA-256(salt, message),
// and the one candidate whom they are about. If a record is erased together with
// its salt, its digest reveals nothing, and nothing needs repair: the events form
// the Merkle log of golang.org/x/mod/sumdb/tlog over leaves that contain only
// sequence, time and digests (see AppendLeaf). The hashes that leaf n completes
// are stored with event n, so that Tree can prove membership and growth.
//
// A body may be erased, because the RPC of an act on an accommodation reveals
// that there was one. The stub stays (stub.go), so that no act can be hidden by
// erasing the body of its event. The stub has no digests of records that may be
// erased: the body has them, and both are erased together.
//
// Body and stub say whom an act was about, so no outsider may see either.
// Therefore the leaf of an event with decisions also commits to their public acts
// separately (acts.go): each can be shown without the others.
//
// # What can never happen
//
// The body of an event is erased although the event wrote records that may not
// be: EraseEvent refuses. A write without its event, or an event without its
// writes: they are one Entry. A gap or a duplicate in the sequence: a Head gives
// each number once, and the event is stored under it. An event earlier than the
// one before it. A reader that keeps memory of the engine: this package returns
// only copies. A digest over other bytes than those stored: both come from the
// same slice.
package store
