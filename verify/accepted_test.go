package verify_test

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// same tells whether a store is unchanged.
func (v *vault) same(x *tamperer) bool { return len(v.differences(x)) == 0 }

// A differs is one record that changed; a value is nil if the record did not
// exist then.
type differs struct {
	place
	before, after []byte
}

func (v *vault) differences(x *tamperer) (all []differs) {
	for kind := range 256 {
		kind := store.KindID(kind)
		now, _ := x.Scan(kind, nil, nil, 1<<30)
		for _, r := range now {
			if before, _ := v.shelves.Get(kind, r.Key); before == nil || !bytes.Equal(before, r.Value) {
				all = append(all, differs{place{kind, r.Key}, before, r.Value})
			}
		}
		for _, r := range v.records[kind] {
			if _, err := x.Get(kind, r.Key); err != nil {
				all = append(all, differs{place{kind, r.Key}, r.Value, nil})
			}
		}
	}
	return all
}

// accepted judges a tampering that verify accepted, only by comparing the stores
// before and after. It returns its class, and what was lost that no class allows;
// empty if nothing was.
func (v *vault) accepted(x *tamperer) (is class, lost string) {
	listed := x.listed()
	truth, index := false, ""
	for _, d := range v.differences(x) {
		why, what := "", fmt.Sprintf("%v %x", d.kind, d.key)
		switch {
		case d.kind == store.KindEvent:
			truth, is, why = true, max(is, later), v.eventLost(d, listed)
		case d.kind.Journaled():
			truth, is, why = true, max(is, later), v.recordLost(d, listed)
		case d.kind == store.KindCheckpoint:
			is, why = max(is, checkpoints), v.checkpointForged(d)
		case d.kind == store.KindIdempotency:
			is = max(is, memory)
		default:
			index = what
		}
		if why != "" {
			return is, what + " " + why
		}
	}
	if index != "" && !truth {
		return is, index + " differs, but no record that it is derived from does"
	}
	return is, ""
}

// listed returns everything that forgettings list, and the events of these
// forgettings.
func (x *tamperer) listed() map[string]uint64 {
	listed := make(map[string]uint64)
	all, _ := x.Scan(store.KindForgetting, nil, nil, 1<<30)
	for _, r := range all {
		e, _ := store.OpenEnvelope(r.Value)
		forgetting := new(storepb.Forgetting)
		if proto.Unmarshal(e.Message, forgetting) != nil {
			continue
		}
		for _, erased := range forgetting.GetErased() {
			listed[fmt.Sprintf("%d %x", erased.GetKind(), erased.GetKey())] = e.Sequence
		}
	}
	return listed
}

// eventLost: an event that the checkpoint covers keeps everything but its body,
// and loses its body only together with the accommodation that it wrote.
func (v *vault) eventLost(d differs, listed map[string]uint64) string {
	if store.LastUID(d.key) > v.size {
		return ""
	}
	before, after := new(storepb.Event), new(storepb.Event)
	if d.before == nil || d.after == nil || proto.Unmarshal(d.before, before) != nil || proto.Unmarshal(d.after, after) != nil {
		return "is missing, or did not exist before"
	}
	stub, err := store.ReadStub(before)
	if err != nil || stub.GetKind() != storepb.EventBody_Kind_CANDIDACY_FILE || len(stub.GetRecords()) == 0 {
		return "is not about an accommodation"
	}
	for _, r := range stub.GetRecords() {
		if !r.GetErasable() || listed[fmt.Sprintf("%d %x", r.GetKind(), r.GetKey())] <= v.size {
			return "wrote something that was not forgotten"
		}
	}
	before.Body, before.BodySalt = nil, nil
	if !proto.Equal(before, after) || listed[fmt.Sprintf("%d %x", store.KindEvent, d.key)] <= v.size {
		return "has another content, or no forgetting lists it"
	}
	return ""
}

// recordLost: a record that the checkpoint covers is erased only if it may be,
// and rewritten only by an act that may follow.
func (v *vault) recordLost(d differs, listed map[string]uint64) string {
	before, _ := store.OpenEnvelope(d.before)
	after, _ := store.OpenEnvelope(d.after)
	switch {
	case d.before == nil && after.Sequence <= v.size:
		return "did not exist before"
	case d.before == nil || before.Sequence > v.size:
		return ""
	case d.after == nil:
		m := store.NewMessage(d.kind)
		if proto.Unmarshal(before.Message, m) != nil || !store.Erasable(m) || listed[fmt.Sprintf("%d %x", d.kind, d.key)] <= v.size {
			return "is gone"
		}
		return ""
	case after.Sequence <= v.size || d.kind.Once():
		return "was changed"
	}
	return undone(d.kind, before.Message, after.Message)
}

// undone says what an act after the checkpoint undid that it must not undo.
func undone(kind store.KindID, before, after []byte) string {
	old, now := store.NewMessage(kind), store.NewMessage(kind)
	if proto.Unmarshal(before, old) != nil || proto.Unmarshal(after, now) != nil {
		return "cannot be read"
	}
	switch m := old.(type) {
	case *storepb.Key:
		if m.GetRevokeTime() != nil && now.(*storepb.Key).GetRevokeTime() == nil {
			return "is no longer revoked"
		}
	case *storepb.Hold:
		if m.GetReleaseTime() != nil && now.(*storepb.Hold).GetReleaseTime() == nil {
			return "is no longer released"
		}
	case *storepb.Candidate:
		if m.GetForgetTime() != nil && now.(*storepb.Candidate).GetForgetTime() == nil {
			return "is no longer forgotten"
		}
	case *storepb.Candidacy:
		if m.GetState() == acquispb.Candidacy_State_DECIDED && now.(*storepb.Candidacy).GetState() != m.GetState() {
			return "is no longer decided"
		}
	}
	return ""
}

// checkpointForged: without the key somebody can only remove checkpoints, restore
// older ones, and change at what time of their day they were signed.
func (v *vault) checkpointForged(d differs) string {
	after := new(storepb.Checkpoint)
	if d.after == nil {
		return ""
	}
	if proto.Unmarshal(d.after, after) != nil {
		return "cannot be read"
	}
	for _, s := range append(v.past, v.shelves) {
		for _, r := range s.records[store.KindCheckpoint] {
			genuine := new(storepb.Checkpoint)
			if proto.Unmarshal(r.Value, genuine) == nil && genuine.GetNote() == after.GetNote() {
				return ""
			}
		}
	}
	return "was never signed here"
}
