package verify_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// A tampering is one change to a store, and the records one of which verify must
// name first.
type tampering struct {
	name  string
	do    func(*tamperer) error
	names []place
}

func (x tampering) isNamed(f verify.Finding) bool {
	return slices.ContainsFunc(x.names, func(p place) bool { return f.Is(p.kind, p.key) })
}

type place struct {
	kind store.KindID
	key  []byte
}

func compare(a, b place) int { return cmp.Or(cmp.Compare(a.kind, b.kind), bytes.Compare(a.key, b.key)) }

// TestVerifyTampered: a store that was tampered with does not verify.
func TestVerifyTampered(t *testing.T) {
	v := newVault(t)
	for name, test := range map[string]func(*testing.T, *vault){
		"named": testTampering, "forged": testForging, "forged with care": testForgeries, "excused": testExcuses, "flipped": testFlips,
		"lost": testLostIndexEntries, "rolled back": testGivenCheckpoint,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, v.copyFor(t))
		})
	}
}

// testTampering: every change to a record, an event or an index entry is
// detected, and the record named first is that one or one that clearly depends on
// it.
func testTampering(t *testing.T, v *vault) {
	if report, err := v.tampered(func(*tamperer) error { return nil }, verify.Options{}); err != nil || !report.OK() {
		t.Fatalf("untouched: %v %v", err, report)
	}
	for _, kind := range []store.KindID{store.KindTie, store.KindCaseFile, store.KindDecision, store.KindSigner, store.KindHold, store.KindForgetting, store.KindCheckpoint} {
		if len(v.records[kind]) == 0 {
			t.Fatalf("the store to tamper with has no %v", kind)
		}
	}
	count := make(map[string]int)
	for _, family := range []struct {
		name string
		all  []tampering
	}{
		{"a field", v.fields()}, {"a record", v.whole()}, {"rolled back", v.rollbacks()},
		{"an index entry", v.indexes()}, {"an event", v.events()}, {"the store", v.rest()},
	} {
		for _, x := range family.all {
			report, err := v.tampered(x.do, verify.Options{})
			world.Must(t, err)
			if report.OK() {
				t.Errorf("%s: not detected", x.name)
				continue
			}
			first := report.Findings[0]
			if !x.isNamed(first) {
				t.Errorf("%s: named first: %v", x.name, first)
			}
			count[family.name]++
		}
	}
	total := 0
	for _, n := range count {
		total += n
	}
	if total < 200 {
		t.Errorf("only %d tamperings", total)
	}
	t.Logf("%d tamperings found and named: %v", total, count)
}

// testLostIndexEntries: an index entry that is lost, or leads elsewhere, is
// reported as such. Decisions are not questioned because of it: the records are
// unchanged.
func testLostIndexEntries(t *testing.T, v *vault) {
	most := 5
	if world.Long() {
		most = 20
	}
	for _, kind := range store.Kinds() {
		if !kind.Index() {
			continue
		}
		for _, r := range v.records[kind][:min(len(v.records[kind]), most)] {
			elsewhere := append(store.Key(store.FirstUID(r.Key)+1), r.Key[min(8, len(r.Key)):]...)
			there, err := v.Get(kind, elsewhere)
			isThere := err == nil && bytes.Equal(there, r.Value)
			for what, do := range map[string]func(*tamperer) error{
				"lost":       func(x *tamperer) error { return x.remove(kind, r.Key) },
				"put double": func(x *tamperer) error { return x.put(kind, elsewhere, r.Value) },
			} {
				if what == "put double" && isThere {
					continue
				}
				report, err := v.tampered(do, verify.Options{})
				world.Must(t, err)
				if report.OK() {
					t.Errorf("%v %x %s: not detected", kind, r.Key, what)
				}
				for _, f := range report.Findings {
					if f.Kind != kind.String() {
						t.Errorf("%v %x %s: %v", kind, r.Key, what, f)
					}
				}
			}
		}
	}
}

// fields changes every field of every kind of record, in the last record that has
// it, because decisions depend on everything in the last candidacy.
func (v *vault) fields() (all []tampering) {
	done := make(map[string]bool)
	for _, kind := range slices.Sorted(maps.Keys(v.records)) {
		if !kind.Journaled() && kind != store.KindEvent && kind != store.KindCheckpoint {
			continue
		}
		for _, r := range slices.Backward(v.records[kind]) {
			if kind == store.KindRevision && len(r.Value) > 4096 {
				continue // the small ones have the same fields
			}
			envelope, m := message(v.t, kind, r.Value)
			for _, changed := range mutants(v.t, m) {
				name := fmt.Sprintf("%v: %s", kind, changed.path)
				if done[name] {
					continue
				}
				done[name] = true
				all = append(all, tampering{
					name, func(x *tamperer) error { return x.put(kind, r.Key, slices.Concat(envelope, changed.bytes)) },
					v.namesOf(kind, r),
				})
			}
		}
	}
	return all
}

// namesOf returns the records that verify may name if one was tampered with:
// itself; what a forgetting lists, which is missing without it; the latest
// checkpoint, which equals that of its day.
func (v *vault) namesOf(kind store.KindID, r store.Record) []place {
	names := []place{{kind, r.Key}}
	if kind == store.KindCheckpoint {
		return append(names, place{kind, store.LatestCheckpoint()})
	}
	if kind != store.KindForgetting {
		return names
	}
	_, m := message(v.t, kind, r.Value)
	for _, e := range m.(*storepb.Forgetting).GetErased() {
		names = append(names, place{store.KindID(e.GetKind()), e.GetKey()})
	}
	return names
}

// journaled lists the journaled kinds in the store.
func (v *vault) journaled() []store.KindID {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.records)), func(kind store.KindID) bool { return !kind.Journaled() })
}

// whole tampers with whole records: it removes, adds, swaps and truncates them.
func (v *vault) whole() (all []tampering) {
	for _, kind := range v.journaled() {
		first, last := v.records[kind][0], v.records[kind][len(v.records[kind])-1]
		named := append(v.namesOf(kind, first), v.namesOf(kind, last)...)
		add := func(name string, do func(*tamperer) error, names ...place) {
			all = append(all, tampering{fmt.Sprintf("%v: %s", kind, name), do, append(names, named...)})
		}
		flip := func(at int) func(*tamperer) error {
			return func(x *tamperer) error {
				changed := bytes.Clone(first.Value)
				changed[at] ^= 1
				return x.put(kind, first.Key, changed)
			}
		}
		add("removed", func(x *tamperer) error { return x.remove(kind, first.Key) })
		add("of another event", flip(7))
		add("of no event", flip(0))
		add("with another salt", flip(12))
		add("without its message", func(x *tamperer) error { return x.put(kind, first.Key, first.Value[:24]) })
		add("cut", func(x *tamperer) error { return x.put(kind, first.Key, first.Value[:20]) })
		add("not to be decoded", func(x *tamperer) error { return x.put(kind, first.Key, append(bytes.Clone(first.Value), 0xff)) })
		more := bytes.Clone(first.Key)
		more[len(more)-1] ^= 0x80
		add("added", func(x *tamperer) error { return x.put(kind, more, first.Value) }, place{kind, more})
		if !bytes.Equal(first.Key, last.Key) {
			add("swapped", func(x *tamperer) error {
				if err := x.put(kind, first.Key, last.Value); err != nil {
					return err
				}
				return x.put(kind, last.Key, first.Value)
			}, place{kind, last.Key})
		}
	}
	return all
}

// rollbacks replaces records with earlier versions.
func (v *vault) rollbacks() (all []tampering) {
	for _, kind := range append(v.journaled(), store.KindCheckpoint) {
		now := make(map[string][]byte)
		for _, r := range v.records[kind] {
			now[string(r.Key)] = r.Value
		}
		for _, r := range v.past[0].records[kind] {
			if bytes.Equal(now[string(r.Key)], r.Value) {
				continue
			}
			all = append(all, tampering{
				fmt.Sprintf("%v: rolled back", kind), func(x *tamperer) error { return x.put(kind, r.Key, r.Value) }, v.namesOf(kind, r),
			})
		}
	}
	return all
}

func (v *vault) indexes() (all []tampering) {
	for _, kind := range store.Kinds() {
		if !kind.Index() {
			continue
		}
		first := v.records[kind][0]
		more := bytes.Clone(first.Key)
		more[len(more)-1] ^= 1
		for _, r := range v.records[kind] {
			if bytes.Equal(r.Key, more) {
				more = append(more, 'x')
			}
		}
		other := bytes.Clone(first.Value)
		other[len(other)-1] ^= 1
		for name, do := range map[string]func(*tamperer) error{
			"removed":            func(x *tamperer) error { return x.remove(kind, first.Key) },
			"with another value": func(x *tamperer) error { return x.put(kind, first.Key, other) },
			"with no value":      func(x *tamperer) error { return x.put(kind, first.Key, nil) },
			"added":              func(x *tamperer) error { return x.put(kind, more, first.Value) },
			"under a wrong key": func(x *tamperer) error {
				if err := x.remove(kind, first.Key); err != nil {
					return err
				}
				return x.put(kind, more, first.Value)
			},
		} {
			all = append(all, tampering{fmt.Sprintf("%v: %s", kind, name), do, []place{{kind, first.Key}, {kind, more}}})
		}
	}
	return all
}

func (v *vault) events() (all []tampering) {
	events := v.records[store.KindEvent]
	last := len(events) - 1
	for _, n := range []int{0, 1, last / 2, last - 1, last} {
		this, next := events[n], events[min(n+1, last)]
		names := []place{{store.KindEvent, this.Key}, {store.KindEvent, next.Key}}
		add := func(name string, do func(*tamperer) error) {
			all = append(all, tampering{fmt.Sprintf("event %d: %s", n+1, name), do, names})
		}
		if n < last { // only a checkpoint shows that the last one is missing, unless a record names it
			add("removed", func(x *tamperer) error { return x.remove(store.KindEvent, this.Key) })
			add("swapped with the next", func(x *tamperer) error {
				if err := x.put(store.KindEvent, this.Key, next.Value); err != nil {
					return err
				}
				return x.put(store.KindEvent, next.Key, this.Value)
			})
			add("in the place of the next", func(x *tamperer) error { return x.put(store.KindEvent, next.Key, this.Value) })
		}
		add("not to be decoded", func(x *tamperer) error { return x.put(store.KindEvent, this.Key, []byte{0xff}) })
		add("empty", func(x *tamperer) error { return x.put(store.KindEvent, this.Key, nil) })
		add("with a hash too many", func(x *tamperer) error {
			_, m := message(v.t, store.KindEvent, this.Value)
			event := m.(*storepb.Event)
			event.Hashes = append(event.Hashes, event.GetHashes()[0])
			return x.putEvent(event)
		})
		add("erased, but not forgotten", func(x *tamperer) error {
			_, m := message(v.t, store.KindEvent, this.Value)
			m.(*storepb.Event).Body, m.(*storepb.Event).BodySalt = nil, nil
			value, err := proto.Marshal(m)
			world.Must(v.t, err)
			return x.put(store.KindEvent, this.Key, value)
		})
	}
	after := store.SequenceKey(uint64(len(events) + 1))
	return append(all, tampering{
		"an event added", func(x *tamperer) error { return x.put(store.KindEvent, after, events[last].Value) },
		[]place{{store.KindEvent, after}},
	})
}

// rest tampers with data that is not a record of a known kind.
func (v *vault) rest() []tampering {
	return []tampering{
		{"the last event removed", func(x *tamperer) error {
			return x.remove(store.KindEvent, v.records[store.KindEvent][len(v.records[store.KindEvent])-1].Key)
		}, v.lastWritten()},
		{"uids given again", func(x *tamperer) error { x.uid = 3; return nil }, []place{{store.KindEvent, nil}}},
		{"an unknown kind of primary data", func(x *tamperer) error { return x.put(40, []byte("k"), []byte("v")) }, []place{{40, nil}}},
		{"an unknown kind of index", func(x *tamperer) error { return x.put(120, []byte("k"), []byte("v")) }, []place{{120, nil}}},
	}
}

// lastWritten returns the records that the last event wrote.
func (v *vault) lastWritten() (all []place) {
	for _, kind := range v.journaled() {
		for _, r := range v.records[kind] {
			if binary.BigEndian.Uint64(r.Value) == uint64(len(v.records[store.KindEvent])) {
				all = append(all, place{kind, r.Key})
			}
		}
	}
	return all
}

// unseen are fields of a decided candidacy, its acts and of decisions that a
// forger who makes everything else match can change without contradicting the
// rules, because nothing follows from them.
func unseen() []string {
	return []string{
		"assessment: texts cleared", // verdicts need no comment
		"assessment: record_time.seconds", "assessment: record_time.nanos", "casefile: record_time.seconds", "casefile: record_time.nanos",
		"casefile: request.kind", "casefile: decision.granted", // accommodations decide nothing
		"candidacy: departed_blocs cut", "candidacy: departed_blocs.cause", // before a decision
		"candidacy: scope", // if all blocs are named
		"candidacy: access_route", "candidacy: version", "candidacy: sitting.members_present.display_name",
		"candidacy: create_time.seconds", "candidacy: create_time.nanos", "candidacy: update_time.seconds", "candidacy: update_time.nanos",
		"decision: act_salt flipped", "decision: circumstances_salt flipped",
	}
}

// testForging changes decisions and what they depend on, and makes all digests
// and the whole tree match again. That contradicts the rules, unless nothing
// follows from it; and a checkpoint kept outside reveals all of it.
func testForging(t *testing.T, v *vault) {
	opts := verify.Options{Checkpoint: v.note}
	forged, seen := 0, 0
	var escaped []string
	for _, x := range v.fields() {
		if kind := x.names[0].kind; kind < store.KindCandidacy || kind > store.KindDecision {
			continue
		}
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			// They have no key to sign others.
			if err := by.clear(store.KindCheckpoint); err != nil {
				return err
			}
			return by.reseal()
		}, opts)
		world.Must(t, err)
		forged++
		last := len(report.Findings) - 1
		switch {
		case last < 0 || !report.Findings[last].Is(store.KindCheckpoint, nil):
			t.Errorf("%s: the checkpoint does not show it", x.name)
		case last > 0:
			seen++
		default:
			escaped = append(escaped, x.name)
			if !slices.Contains(unseen(), x.name) {
				t.Errorf("%s: contradicts nothing", x.name)
			}
		}
	}
	t.Logf("%d forged: %d contradict the rules, all contradict the checkpoint; without a checkpoint %q are not detected", forged, seen, escaped)
}

// testGivenCheckpoint: what contradicts the checkpoint from outside is told before what is
// wrong with those in the store, and however many findings there are.
func testGivenCheckpoint(t *testing.T, v *vault) {
	text, _, _ := strings.Cut(string(v.note), "\n\n")
	lines := strings.Split(text, "\n")
	lines[1] = "1000000" // events
	opts := verify.Options{Checkpoint: []byte(strings.Join(lines, "\n") + "\n\n"), Limit: 1}
	for want, kind := range map[int]store.KindID{0: store.KindCheckpoint, 1: store.KindEvent} { // where the finding is, if records of the kind are rubbish
		report, err := v.tampered(func(by *tamperer) error {
			for _, r := range v.records[kind][:2] {
				if err := by.put(kind, r.Key, []byte{0xFF}); err != nil {
					return err
				}
			}
			return nil
		}, opts)
		world.Must(t, err)
		if n := len(report.Findings); n != want+1 || report.More == 0 {
			t.Fatalf("%v is rubbish: %d findings and %d more: %v", kind, n, report.More, report.Findings)
		}
		if f := report.Findings[want]; !f.Is(store.KindCheckpoint, nil) || !strings.Contains(f.Problem, "rolled back") && kind == store.KindCheckpoint {
			t.Errorf("%v is rubbish: finding %d is %v", kind, want, f)
		}
	}
}
