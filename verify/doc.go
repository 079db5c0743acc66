// Package verify checks a store at rest, offline: that its records are those of
// its journal, and that its decisions follow from its records.
//
// # The idea
//
// A store holds one truth and much that follows from it. Verify derives
// everything that follows anew, from the bytes that are stored, and compares:
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
// What does not fit becomes a [Finding] that names a record: the one that was
// changed, or one that plainly depends on it. Nothing is repaired, and nothing
// stops at the first finding, so that a look at the list tells what happened.
//
// # Acts of the past
//
// A decision rests on what was there when it was taken. Records that are never
// rewritten (assessments, case files, decisions, ties) are put in order by the
// events that wrote them, and each act sees those before it. Of records that
// are rewritten only the latest version is kept; what an act saw of them is
// known all the same, because the rules forbid that it changes afterwards: a
// session with a candidacy or an act of its jury keeps its revision, a candidacy
// that left ENROLLED takes no more acts, a juror who took part stays on the jury
// in the same quality, a session that ended is not written again, and one whose
// jury acted is never cancelled (sitting.go).
//
// # What is missing by right
//
// A text, an identity, an accommodation, or the body of an event with its salt
// may be missing if the record of a later forgetting of that candidate lists it,
// and only then. Who can write the file can append such a record, and the journal
// still extends every checkpoint. So every event has a stub, which is never erased
// and to which its leaf commits: it says whom the event was about, and names all
// that it wrote. What may never be erased must be there, as it was written or
// rewritten later; a body may be missing only with an accommodation that its event
// wrote. For the same reason no later event may write again what is written once, nor
// what has ended, nor give a record the name of another: the RPC and the resource in
// the bodies of earlier events tell (act.go).
//
// Earlier versions of records are gone too; that they existed, the stubs tell.
// Request ids are kept for a day, outside the journal, and are not checked.
//
// # What can never happen
//
// The store is written to. A store that is damaged, however badly, ends the
// program: all bytes are taken for hostile. Memory grows with the store: it is
// read page by page, record by record, candidate by candidate. (It grows with
// revisions, sessions and what was forgotten; not with assessments.)
package verify
