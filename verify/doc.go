// Package verify checks a store offline: that its records match its journal, and
// that its decisions follow from its records.
//
// # The idea
//
// A store has primary data and much that is derived from it. Verify derives all
// of that again, from the stored bytes, and compares:
//
//	journal     every event and its place in the Merkle log      journal.go
//	records     every record and the event that last wrote it    records.go
//	references  what a record says of others                     kinds.go
//	            identifiers, versions and times                  numbers.go
//	            what a forgetting excuses                        forgetting.go
//	            what an event says of its records                stub.go, body.go, act.go
//	indexes     every entry, both ways                           index.go
//	candidacies enrolment, verdicts, settlements, exemptions     candidacy.go
//	decisions   every act of a jury, played again by the rules   decisions.go
//	checkpoint  one kept outside, against this journal           checkpoint.go
//
// What does not match becomes a [Finding] that names a record: the one that was
// changed, or one that clearly depends on it. Nothing is repaired, and verify
// does not stop at the first finding, so that the list shows what happened.
//
// # Acts of the past
//
// A decision depends on the records that existed when it was taken. Records that
// are never rewritten (assessments, case files, decisions, ties) are ordered by
// the events that wrote them, and each act sees those before it. Of records that
// are rewritten only the latest version is kept. What an act saw of them is still
// known, because the rules forbid later changes: a session with a candidacy or an
// act of its jury keeps its revision, a candidacy that left ENROLLED accepts no
// more acts, a juror who took part stays on the jury in the same quality, a
// session that ended is not written again, and one whose jury acted is never
// cancelled (sitting.go).
//
// # What may be missing
//
// A text, an identity, an accommodation, or the body of an event with its salt
// may be missing if the record of a later forgetting of that candidate lists it,
// and only then. Somebody who can write the file can append such a record, and
// the journal still extends every checkpoint. Therefore every event has a stub,
// which is never erased and to which its leaf commits: it says whom the event was
// about, and names everything that it wrote. What may never be erased must exist,
// as it was written or later rewritten; a body may be missing only together with
// an accommodation that its event wrote. For the same reason no later event may
// rewrite records that are written once or that have ended, nor give a record the
// name of another: the RPC and the resource in the bodies of earlier events show
// it (act.go).
//
// Earlier versions of records are gone too; the stubs show that they existed.
// Request ids are kept for a day, outside the journal, and are not checked.
//
// # What can never happen
//
// Verify writes to the store. A damaged store crashes the program: all bytes are
// treated as hostile. Memory grows with the store: it is read page by page,
// record by record, candidate by candidate. (Memory grows with revisions,
// sessions and forgotten data, but not with assessments.)
package verify
