package verify

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// A journal is the pass over all events: each by itself, its place in the Merkle
// log, and what became of the records that it names.
type journal struct {
	*verifier
	last   uint64
	time   *timestamppb.Timestamp // of the last event
	tree   store.Replay
	broken bool // an event is missing or unreadable: the tree cannot be grown further
	forked bool // a hash differed, and with it all above

	// missing records that an event wrote: that event. A later one may remove them.
	missing map[place]uint64
}

func (v *verifier) journal() error {
	j := &journal{verifier: v, missing: make(map[place]uint64)}
	if err := v.scan(store.KindEvent, nil, j.event); err != nil {
		return err
	}
	for _, p := range slices.SortedFunc(maps.Keys(j.missing), comparePlaces) {
		if event := j.missing[p]; v.erased[p].event > event {
			v.report.Erased++
		} else {
			v.subject(p.kind, []byte(p.key), event).wrong("is missing: no later event removes it and no forgetting lists it")
		}
	}
	v.report.Events = j.last
	if j.broken {
		return nil
	}
	root, err := j.tree.Root()
	v.report.Root = root.String()
	return err
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.key, b.key))
}

func (j *journal) event(r store.Record) error {
	sequence := store.LastUID(r.Key)
	s := j.subject(store.KindEvent, r.Key, sequence)
	add(&j.report.Records, "event", 1)
	if len(r.Key) != 8 {
		s.wrong("is no sequence of eight bytes")
		return nil
	}
	if sequence != j.last+1 {
		gap := store.SequenceKey(j.last + 1)
		j.subject(store.KindEvent, gap, j.last+1).wrong("is missing: event %d follows event %d", sequence, j.last)
		j.broken = true
	}
	j.last = sequence
	e := new(storepb.Event)
	if !decoded(r.Value, e) {
		s.wrong("cannot be decoded")
		j.broken = true
		return nil
	}
	j.head(s, e)
	j.leaf(s, e)
	return j.body(s, e)
}

// head checks what an event says of itself.
func (j *journal) head(s subject, e *storepb.Event) {
	if unknown(e.ProtoReflect()) {
		s.wrong("has fields that this program does not know")
	}
	if e.GetSequence() != s.event {
		s.wrong("says that it is event %d", e.GetSequence())
		j.broken = true
	}
	switch at := e.GetTime(); {
	case at.CheckValid() != nil || at.GetNanos()%1000 != 0:
		s.wrong("has no time in whole microseconds")
	case j.time != nil && at.AsTime().Before(j.time.AsTime()):
		s.wrong("is of %s, before the event before it", at.AsTime())
	default:
		if j.ahead(at) && !j.ahead(j.time) { // told once: those after it bear its time at least
			s.wrong("is of %s, which is yet to come", at.AsTime())
		}
		j.time = at
	}
	if len(e.GetBodyDigest()) != 32 {
		s.wrong("has a body digest of %d bytes", len(e.GetBodyDigest()))
	}
	if acts := e.GetActs(); !slices.IsSortedFunc(acts, bytes.Compare) ||
		slices.ContainsFunc(acts, func(act []byte) bool { return len(act) != 32 }) {
		s.wrong("has digests of acts that are none, or out of order")
	}
}

// leaf grows the tree by the event, and compares the hashes that this completes
// with those stored. Where one leaf differs so does every hash above it, later;
// then only leaves are still told.
func (j *journal) leaf(s subject, e *storepb.Event) {
	if j.broken {
		return
	}
	want, err := j.tree.Append(e)
	if err != nil {
		s.wrong("does not fit into the tree: %v", err)
		j.broken = true
		return
	}
	if len(want) != len(e.GetHashes()) {
		s.wrong("has %d hashes of the tree, its leaf completes %d", len(e.GetHashes()), len(want))
		return
	}
	for level, hash := range want {
		if !bytes.Equal(hash, e.GetHashes()[level]) && (level == 0 || !j.forked) {
			s.wrong("has another hash of level %d than its leaf and those before it give", level)
			j.forked = true
			return
		}
	}
	j.checked("hashes of the tree")
}

// body checks the body, and follows the records that it names.
func (j *journal) body(s subject, e *storepb.Event) error {
	if len(e.GetBody()) == 0 && len(e.GetBodySalt()) == 0 {
		if j.erased[place{store.KindEvent, string(s.key)}].event > s.event {
			j.report.Erased++
		} else {
			s.wrong("has no body, and no later forgetting lists it")
		}
		return nil
	}
	if !bytes.Equal(store.Digest(e.GetBodySalt(), e.GetBody()), e.GetBodyDigest()) {
		s.wrong("has another body than its digest says")
	}
	j.checked("bodies of events")
	b := new(storepb.EventBody)
	if !decoded(e.GetBody(), b) {
		s.wrong("has a body that cannot be decoded")
		return nil
	}
	if unknown(b.ProtoReflect()) {
		s.wrong("has a body with fields that this program does not know")
	}
	var before *storepb.RecordDigest
	for _, d := range b.GetRecords() {
		if before != nil && compareDigests(before, d) >= 0 {
			s.wrong("names its records out of order")
		}
		before = d
		if err := j.follow(s, d); err != nil {
			return err
		}
	}
	return nil
}

func compareDigests(a, b *storepb.RecordDigest) int {
	return cmp.Or(cmp.Compare(a.GetKind(), b.GetKind()), bytes.Compare(a.GetKey(), b.GetKey()))
}

// follow compares what an event did to a record with when the record says that
// it was last written. That the record is what that event wrote, the pass over
// all records tells.
func (j *journal) follow(s subject, d *storepb.RecordDigest) error {
	kind := store.KindID(d.GetKind())
	if d.GetKind() > 255 || !kind.Journaled() {
		s.wrong("names a record of kind %d, which no event names", d.GetKind())
		return nil
	}
	value, err := j.source.Get(kind, d.GetKey())
	at := place{kind, string(d.GetKey())}
	removed := len(d.GetDigest()) == 0
	switch {
	case errors.Is(err, store.ErrNotFound) && removed:
		if j.erased[at].event < s.event {
			j.subject(kind, d.GetKey(), s.event).wrong("was removed, and no forgetting lists it")
		}
		delete(j.missing, at)
		return nil
	case errors.Is(err, store.ErrNotFound):
		j.missing[at] = s.event
		return nil
	case err != nil:
		return err
	}
	envelope, ok := opened(value)
	if !ok {
		return nil // the pass over all records tells it
	}
	record := j.subject(kind, d.GetKey(), envelope.Sequence)
	switch {
	case envelope.Sequence < s.event && removed:
		record.wrong("is there, though event %d removed it", s.event)
	case envelope.Sequence < s.event:
		record.wrong("is an older version: event %d wrote it anew", s.event)
	}
	return nil
}
