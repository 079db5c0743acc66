package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// A wrote says which event wrote a record that no longer exists.
type wrote struct {
	event     uint64
	candidate uint64 // of the event
	erasable  bool
}

// stub checks the part of an event that is never erased, whether or not its body
// exists: its form, the records that it names, and whom it is about.
func (j *journal) stub(s subject, b body) error {
	if unknown(b.stub.ProtoReflect()) {
		s.wrong("has a stub with fields that this program does not know")
	}
	if len(b.event.GetStubSalt()) != 16 {
		s.wrong("has a stub with a salt of %d bytes", len(b.event.GetStubSalt()))
	}
	var before *storepb.RecordDigest
	var about store.About
	var decided [][]byte
	for _, d := range b.stub.GetRecords() {
		if before != nil && compareDigests(before, d) >= 0 {
			s.wrong("names its records out of order")
		}
		before = d
		if !s.names(d) {
			continue
		}
		value, err := j.source.Get(store.KindID(d.GetKind()), d.GetKey())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		j.follow(s, b, d, value, err == nil)
		envelope, _ := opened(value)
		decision := new(storepb.Decision)
		if store.KindID(d.GetKind()) == store.KindDecision && decoded(envelope.Message, decision) {
			decided = append(decided, store.ActDigest(decision))
		}
		if about.Record(j.reader, store.KindID(d.GetKind()), d.GetKey(), envelope.Message) != nil {
			continue // damaged, which is reported with all other records
		}
	}
	if says, follows := b.stub.GetCandidateUid(), about.Candidate(); says != follows {
		s.after("is about candidate %d, its records about candidate %d", says, follows)
	}
	if !slices.EqualFunc(store.Acts(decided, b.event.GetStubSalt()), b.event.GetActs(), bytes.Equal) {
		s.after("commits to public acts that are not those of its decisions")
	}
	j.checked("stubs of events")
	return j.resource(s, b)
}

// A deferred is a finding about an event that is a consequence of a wrong record
// or index entry, and is reported after it.
type deferred struct {
	subject
	problem string
}

// after reports that the event does not match, after all findings about records.
func (s subject) after(format string, args ...any) {
	if len(s.v.deferred) >= s.v.opts.Limit {
		s.v.report.More++
		return
	}
	s.v.deferred = append(s.v.deferred, deferred{s, fmt.Sprintf(format, args...)})
}

func (v *verifier) tellDeferred() {
	for _, d := range v.deferred {
		d.wrong("%s", d.problem)
	}
}

// names checks what a stub says about one record.
func (s subject) names(d *storepb.RecordDigest) bool {
	kind, n := store.KindID(d.GetKind()), len(d.GetDigest())
	switch {
	case d.GetKind() > 255 || !kind.Journaled():
		s.wrong("names a record of kind %d, which no event names", d.GetKind())
		return false
	case d.GetErasable() && kind != store.KindPersonal && kind != store.KindCaseFile:
		s.wrong("calls %v %s erasable, but it never is", kind, readable(kind, d.GetKey()))
	case n != 0 && (n != 32 || d.GetErasable() || kind == store.KindPersonal):
		s.wrong("names %v %s with a digest of %d bytes", kind, readable(kind, d.GetKey()), n)
	}
	return true
}

// follow compares what an event did to a record with the event that the record
// names as its last writer. The pass over all records checks that the content is
// what that event wrote.
func (j *journal) follow(s subject, b body, d *storepb.RecordDigest, value []byte, there bool) {
	at := place{store.KindID(d.GetKind()), string(d.GetKey())}
	if !there {
		j.absent(s, b, d, at)
		return
	}
	envelope, ok := opened(value)
	if !ok {
		return // the pass over all records reports it
	}
	record := j.subject(at.kind, d.GetKey(), envelope.Sequence)
	switch {
	case removed(d):
		record.wrong("exists, although event %d removed it", s.event)
	case envelope.Sequence < s.event:
		record.wrong("is an older version: event %d wrote a newer one", s.event)
	case envelope.Sequence > s.event:
		record.rewritten(b, d, envelope)
	}
}

// rewritten checks that a record of an earlier event may have been written again.
// Otherwise an appended event could replace a verdict, or undo a revocation, and
// the earlier content would be lost.
func (s subject) rewritten(b body, d *storepb.RecordDigest, now store.Envelope) {
	message, earlier := store.NewMessage(s.kind), b.event.GetSequence()
	if s.kind.Once() {
		s.wrong("was written by event %d before, and is never rewritten", earlier)
		return
	}
	if final(b) {
		s.wrong("was written by event %d for the last time, by %s, and is never rewritten", earlier, b.GetRpc())
		return
	}
	if message == nil || !decoded(now.Message, message) {
		return // reported with all other records
	}
	end, ended := "", false
	switch m := message.(type) {
	case *storepb.Key:
		end, ended = "revoke", m.GetRevokeTime() != nil
		m.RevokeTime = nil
	case *storepb.Hold:
		end, ended = "release", m.GetReleaseTime() != nil
		m.Releaser, m.ReleaseTime = "", nil
	default:
		return
	}
	before, err := proto.Marshal(message)
	if err != nil || !ended || !bytes.Equal(store.Digest(now.Salt, before), d.GetDigest()) {
		s.wrong("was written by event %d before, and is only rewritten to %s it", earlier, end)
	}
}

// absent checks a record that does not exist: an event must have written it, its
// kind must be erasable, and the event of a forgetting must have removed it.
func (j *journal) absent(s subject, b body, d *storepb.RecordDigest, at place) {
	before, known := j.missing[at]
	record := j.subject(at.kind, d.GetKey(), s.event)
	if !removed(d) {
		if known && at.kind.Once() {
			record.wrong("was written by event %d before, and is never rewritten", before.event)
		}
		if known && before.candidate != b.stub.GetCandidateUid() {
			record.wrong("was written by event %d before, about candidate %d, not %d", before.event, before.candidate, b.stub.GetCandidateUid())
		}
		j.missing[at] = wrote{s.event, b.stub.GetCandidateUid(), d.GetErasable()}
		return
	}
	delete(j.missing, at)
	erased := j.erased[at]
	switch {
	case !known:
		record.wrong("was removed, although no event wrote it")
	case !before.erasable:
		record.wrong("was removed, which no forgetting does: event %d wrote it for good", before.event)
	case erased.event != s.event:
		record.wrong("was removed, but no forgetting of that event lists it")
	case erased.candidate != before.candidate:
		record.wrong("was forgotten with candidate %d, but is about candidate %d", erased.candidate, before.candidate)
	case at.kind == store.KindCaseFile && j.erased[place{store.KindEvent, string(store.SequenceKey(before.event))}].by != erased.by:
		record.wrong("was forgotten, but not the body of event %d, which is about it", before.event)
	default:
		j.report.Erased++
	}
}

// flagged checks that the stub of its event calls a record erasable if and only
// if it is.
func (s subject) flagged(message proto.Message, b body) {
	if d, found := b.find(s.kind, s.key); found && d.GetErasable() != store.Erasable(message) {
		s.wrong("is erasable: %t; event %d says %t", store.Erasable(message), s.event, d.GetErasable())
	}
}

// body checks the body of an event against its digest and its stub. If it is
// missing, that must be allowed.
func (j *journal) body(s subject, b body) {
	e := b.event
	if b.state == bodyErased {
		if why := j.keeps(s.event, b); why != "" {
			s.wrong("has no body, %s", why)
			return
		}
		j.report.Erased++
		return
	}
	if !bytes.Equal(store.Digest(e.GetBodySalt(), e.GetBody()), e.GetBodyDigest()) {
		s.wrong("has a body that does not match its digest")
	}
	if unknown(b.EventBody.ProtoReflect()) {
		s.wrong("has a body with fields that this program does not know")
	}
	erasable := 0
	for _, d := range b.stub.GetRecords() {
		if d.GetErasable() {
			erasable++
		}
	}
	if n := len(b.GetErasableDigests()); n != erasable {
		s.wrong("has a body with digests of %d records, its stub calls %d erasable", n, erasable)
	}
	j.checked("bodies of events")
}
