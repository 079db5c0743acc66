package verify

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// A journal is the pass over all events: each event by itself, its position in
// the Merkle log, and the present state of the records that it names.
type journal struct {
	*verifier
	last   uint64
	time   *timestamppb.Timestamp // of the last event
	tree   store.Replay
	broken bool // an event is missing or unreadable: the tree cannot be continued
	forked bool // a hash differed, and with it all above it

	// missing are records that an event wrote but that do not exist. A later
	// event may remove them.
	missing map[place]wrote
}

func (v *verifier) journal() error {
	j := &journal{verifier: v, missing: make(map[place]wrote)}
	if err := v.scan(store.KindEvent, nil, j.event); err != nil {
		return err
	}
	for _, p := range slices.SortedFunc(maps.Keys(j.missing), comparePlaces) {
		v.subject(p.kind, []byte(p.key), j.missing[p].event).wrong("is missing: no later event removes it and no forgetting lists it")
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
		s.wrong("is not a sequence of eight bytes")
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
	b := bodyOf(e)
	if b.state == bodyUnreadable {
		s.wrong("has a body or a stub that cannot be decoded")
		return nil
	}
	j.body(s, b)
	return j.stub(s, b)
}

// head checks the fields of an event.
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
		s.wrong("is of %s, before the previous event", at.AsTime())
	default:
		if j.ahead(at) && !j.ahead(j.time) { // reported once: later events have its time at least
			s.wrong("is of %s, which is in the future", at.AsTime())
		}
		j.time = at
	}
	if len(e.GetBodyDigest()) != 32 {
		s.wrong("has a body digest of %d bytes", len(e.GetBodyDigest()))
	}
}

// leaf adds the event to the tree, and compares the hashes that it completes with
// those stored. If one leaf differs, so does every later hash above it; from then
// on only leaves are reported.
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
		s.wrong("has %d hashes of the tree, expected %d", len(e.GetHashes()), len(want))
		return
	}
	for level, hash := range want {
		if !bytes.Equal(hash, e.GetHashes()[level]) && (level == 0 || !j.forked) {
			s.wrong("has a wrong hash of level %d", level)
			j.forked = true
			return
		}
	}
	j.checked("hashes of the tree")
}

func compareDigests(a, b *storepb.RecordDigest) int {
	return cmp.Or(cmp.Compare(a.GetKind(), b.GetKind()), bytes.Compare(a.GetKey(), b.GetKey()))
}
