package verify_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// testForgeries changes several records consistently, and makes all digests and
// the whole tree match again: only the rules still contradict it.
func testForgeries(t *testing.T, v *vault) {
	for _, x := range []tampering{v.lessPresented(), v.presentedAgain(), v.otherQuality(), v.jurorGone(), v.verdictsRaised(), v.settledOnOthers(), v.undividedAttested()} {
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			if err := by.clear(store.KindCheckpoint); err != nil {
				return err
			}
			return by.reseal()
		}, verify.Options{})
		world.Must(t, err)
		if report.OK() {
			t.Errorf("%s: not detected", x.name)
		} else if first := report.Findings[0]; !x.isNamed(first) {
			t.Errorf("%s: named first: %v", x.name, first)
		}
	}
}

// rewrite changes the messages of the records that change accepts, and names
// them.
func (v *vault) rewrite(name string, kind store.KindID, change func(store.Record, proto.Message) bool) tampering {
	x := tampering{name: name}
	puts := make(map[string][]byte)
	for _, r := range v.records[kind] {
		envelope, m := message(v.t, kind, r.Value)
		if !change(r, m) {
			continue
		}
		encoded, err := proto.Marshal(m)
		world.Must(v.t, err)
		puts[string(r.Key)] = append(envelope[:len(envelope):len(envelope)], encoded...)
		x.names = append(x.names, place{kind, r.Key})
	}
	if len(puts) == 0 {
		v.t.Fatalf("%s: there is no record to change", name)
	}
	x.do = func(by *tamperer) error {
		for key, value := range puts {
			if err := by.put(kind, []byte(key), value); err != nil {
				return err
			}
		}
		return nil
	}
	return x
}

// lessPresented: a candidacy for the whole certification, yet undecided, presents
// one bloc less.
func (v *vault) lessPresented() tampering {
	done := false
	return v.rewrite("one bloc less", store.KindCandidacy, func(_ store.Record, m proto.Message) bool {
		c := m.(*storepb.Candidacy)
		if done || c.GetState() != acquispb.Candidacy_State_ENROLLED || c.GetScope() != acquispb.Candidacy_Scope_WHOLE ||
			len(c.GetEnrolledBlocs()) < 2 || len(c.GetDepartedBlocs()) > 0 {
			return false
		}
		done, c.EnrolledBlocs = true, c.GetEnrolledBlocs()[1:]
		return true
	})
}

// presentedAgain: a bloc that nobody had decided is said to be presented again, which may
// choose another method.
func (v *vault) presentedAgain() tampering {
	done := false
	return v.rewrite("presented again", store.KindCandidacy, func(_ store.Record, m proto.Message) bool {
		c := m.(*storepb.Candidacy)
		if done || len(c.GetEnrolledBlocs()) == 0 || len(c.GetResitBlocs()) > 0 {
			return false
		}
		done, c.ResitBlocs = true, c.GetEnrolledBlocs()[:1]
		return true
	})
}

// undividedAttested: an attestation is about a bloc of what is not divisible.
func (v *vault) undividedAttested() tampering {
	var bloc uint64
	for _, r := range v.records[store.KindDecision] {
		_, m := message(v.t, store.KindDecision, r.Value)
		if _, act, err := casefile.Act(m.(*storepb.Decision)); err == nil && act.GetReferentiel() == "caces" {
			bloc = m.(*storepb.Decision).GetUid()
		}
	}
	done := false
	return v.rewrite("a bloc of what is not divisible, attested", store.KindAttestation, func(_ store.Record, m proto.Message) bool {
		if done || bloc == 0 {
			return false
		}
		done, m.(*storepb.Attestation).DecisionUid = true, bloc
		return true
	})
}

// vaultSession is the session whose candidacy decideAll decided.
func (v *vault) vaultSession() (uid uint64) {
	for _, r := range v.records[store.KindSession] {
		if _, m := message(v.t, store.KindSession, r.Value); m.(*storepb.Session).GetLabel() == "s-v" {
			uid = m.(*storepb.Session).GetUid()
		}
	}
	return uid
}

// otherQuality: every decision of a session names its second member as external.
func (v *vault) otherQuality() tampering {
	session := v.vaultSession()
	return v.rewrite("another quality", store.KindDecision, func(_ store.Record, m proto.Message) bool {
		d, how := m.(*storepb.Decision), new(storepb.DecisionCircumstances)
		world.Must(v.t, proto.Unmarshal(d.GetCircumstances(), how))
		if how.GetSessionUid() != session {
			return false
		}
		how.MembersPresent[1].External = true
		encoded, err := proto.Marshal(how)
		world.Must(v.t, err)
		d.Circumstances = encoded
		return true
	})
}

// jurorGone: a session no longer lists a member who decided in it. The decisions
// contradict it.
func (v *vault) jurorGone() tampering {
	session := v.vaultSession()
	x := v.rewrite("a juror less", store.KindSession, func(_ store.Record, m proto.Message) bool {
		s := m.(*storepb.Session)
		if s.GetUid() == session {
			s.Jury = s.GetJury()[:1]
		}
		return s.GetUid() == session
	})
	x.names = append(x.names, v.otherQuality().names...)
	return x
}

// verdictsRaised: all verdicts of the session that were not met are met. Then
// nothing supports its exemption and settlement.
func (v *vault) verdictsRaised() tampering {
	session := v.vaultSession()
	candidacies := make(map[uint64]bool)
	for _, r := range v.records[store.KindCandidacy] {
		_, m := message(v.t, store.KindCandidacy, r.Value)
		candidacies[m.(*storepb.Candidacy).GetUid()] = m.(*storepb.Candidacy).GetSessionUid() == session
	}
	x := v.rewrite("verdicts raised", store.KindAssessment, func(r store.Record, m proto.Message) bool {
		changed := false
		for _, line := range m.(*storepb.Assessment).GetVerdicts() {
			if candidacies[store.FirstUID(r.Key)] && line.GetVerdict() == acquispb.Verdict_NOT_MET {
				line.Verdict, changed = acquispb.Verdict_MET, true
			}
		}
		return changed
	})
	for _, r := range v.records[store.KindAssessment] {
		if candidacies[store.FirstUID(r.Key)] {
			x.names = append(x.names, place{store.KindAssessment, r.Key})
		}
	}
	return x
}

// settledOnOthers: a settlement is based on other verdicts than existed.
func (v *vault) settledOnOthers() tampering {
	return v.rewrite("settled on other verdicts", store.KindAssessment, func(_ store.Record, m proto.Message) bool {
		settled := m.(*storepb.Assessment).GetSettlements()
		if len(settled) > 0 {
			settled[0].On[0].Verdict = acquispb.Verdict_PARTIALLY_MET
		}
		return len(settled) > 0
	})
}
