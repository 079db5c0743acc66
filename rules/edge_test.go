package rules

import (
	"testing"

	"github.com/acquis-eval/acquis/rules/words"
)

// TestImpossibleRecords: records that no act of this package writes acquire and
// award nothing.
func TestImpossibleRecords(t *testing.T) {
	scheme, err := NewScheme(Spec{Revision: mainR1, Blocs: oneBloc(Criterion{Code: "C1.1.1"})})
	if err != nil {
		t.Fatal(err)
	}
	k := Candidacy{State: Enrolled, Enrolled: []string{"B1"}}
	grid := Assess(scheme, k, Acts{Exemptions: []Exemption{{Criterion: "C1.1.1", Granted: true}}})
	if got := grid.Blocs[0].Outcome; got != NotAcquired {
		t.Errorf("with every criterion exempted the bloc is %s", got)
	}
	nobody := newWorld()
	if got := nobody.candidate().Ledger(mainR1, "").Certification; got != CertificationInProgress {
		t.Errorf("an unknown revision is %s", got)
	}
	s := Session{ID: "s1", Revision: mainR1, State: SessionOpen, Jury: []Member{{Subject: "ann", External: true, Chair: true}, {Subject: "bob"}}}
	c := Case{Scheme: scheme, Session: s, Candidate: nobody.candidate(), Candidacy: k}
	c.Acts.Assessments = []Assessment{{Criterion: "C1.1.1", Assessor: "eve", Verdict: Met}}
	_, refusals := c.Deliberate(Sitting{"ann", []string{"ann", "bob"}}, Deliberation{})
	if len(refusals) != 1 || refusals[0].Rule != words.GridStale {
		t.Errorf("a jury that saw no grid: %v", refusals)
	}
}

// TestActsLeaveTheirInputAlone passes slices with spare capacity, into which a
// careless append would write while another goroutine may be reading.
func TestActsLeaveTheirInputAlone(t *testing.T) {
	scheme, err := NewScheme(Spec{Revision: mainR1, Blocs: oneBloc(Criterion{Code: "C1.1.1"})})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	w.schemes[mainR1] = scheme
	c := Case{
		Scheme:    scheme,
		Session:   Session{ID: "s1", Revision: mainR1, State: SessionOpen, Jury: []Member{{Subject: "ann", External: true, Chair: true}, {Subject: "bob"}}},
		Candidate: w.candidate(),
		Candidacy: Candidacy{State: Enrolled, Enrolled: []string{"B1"}, Left: make([]Departed, 0, 4)},
		Acts:      Acts{Assessments: []Assessment{{Criterion: "C1.1.1", Assessor: "eve", Verdict: Met}}},
	}
	c.Candidate.Decisions = make([]Decision, 0, 4)
	sitting := Sitting{"ann", []string{"ann", "bob"}}
	if _, refusals := c.Deliberate(sitting, Deliberation{SeenEtag: "e", CurrentEtag: "e"}); len(refusals) > 0 {
		t.Fatal(refusals)
	}
	if _, refusals := c.Leave(Absent, nil); len(refusals) > 0 {
		t.Fatal(refusals)
	}
	if got := c.Candidate.Decisions[:1][0]; got != (Decision{}) {
		t.Errorf("Deliberate wrote %+v into its caller's slice", got)
	}
	if got := c.Candidacy.Left[:1][0]; got != (Departed{}) {
		t.Errorf("Leave wrote %+v into its caller's slice", got)
	}
}

// everything is a catalogue in which any bloc counts as any other.
type everything struct{ *world }

func (everything) Counts(wanted, held BlocRef) bool { return true }

// TestAnAwardIsNoDecisionOnABloc: even if every bloc counts as every other.
func TestAnAwardIsNoDecisionOnABloc(t *testing.T) {
	w := newWorld()
	scheme, err := NewScheme(Spec{Revision: mainR1, Blocs: oneBloc(Criterion{Code: "C1.1.1"})})
	if err != nil {
		t.Fatal(err)
	}
	w.schemes[mainR1] = scheme
	c := Candidate{Catalogue: everything{w}, Decisions: []Decision{{ID: "d1", Kind: AwardDecision, Revision: mainR1, Outcome: Awarded}}}
	if got := c.Ledger(mainR1, "").Bloc("B1").Status; got != LedgerNotPresented {
		t.Errorf("by an award alone the bloc is %s", got)
	}
}

// TestTheLedgerGoesBySeq: ids are names and say nothing about the order of
// decisions.
func TestTheLedgerGoesBySeq(t *testing.T) {
	w := newWorld()
	scheme, err := NewScheme(Spec{Revision: mainR1, Blocs: oneBloc(Criterion{Code: "C1.1.1"})})
	if err != nil {
		t.Fatal(err)
	}
	w.schemes[mainR1] = scheme
	bloc := Decision{Kind: BlocDecision, Revision: mainR1, Bloc: "B1", Outcome: Capitalised}
	second, first := bloc, bloc
	second.ID, second.Seq = "a", 2
	first.ID, first.Seq = "b", 1
	w.decisions = []Decision{second, first}
	if got := w.candidate().Ledger(mainR1, "").Bloc("B1").Decision; got != "b" {
		t.Errorf("held by %q, want the first, b", got)
	}
}
