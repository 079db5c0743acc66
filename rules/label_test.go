package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules/words"
)

// TestRefusalsNameLabels: a refusal shows the label that the caller knows, never
// the id by which the rules identify a session or candidacy.
func TestRefusalsNameLabels(t *testing.T) {
	scheme, err := NewScheme(Spec{Revision: mainR1, Blocs: oneBloc(Criterion{Code: "C1.1.1"})})
	if err != nil {
		t.Fatal(err)
	}
	enrolled := Candidacy{ID: "1", Label: "juin/k", Session: "2", Revision: mainR1, State: Enrolled, Enrolled: []string{"B1"}}
	decided, other := enrolled, enrolled
	decided.State, other.ID = Decided, "3"
	open := Session{ID: "2", Label: "juin", Revision: mainR1, State: SessionOpen}
	cancelled := open
	cancelled.State = SessionCancelled
	before := Case{
		Scheme: scheme, Candidacy: enrolled, Session: open,
		Candidate: Candidate{Catalogue: everything{newWorld()}, Candidacies: []Candidacy{other}},
	}
	after := before
	after.Session, after.Candidacy = cancelled, decided
	_, stale := before.Deliberate(Sitting{}, Deliberation{SeenEtag: "1", CurrentEtag: "2"})
	_, late := after.Deliberate(Sitting{}, Deliberation{})
	_, nothing := before.Reinstate(nil)
	_, final := after.Reinstate(nil)
	_, award := after.Award(Sitting{}, Revision{Referentiel: "other"})
	seen := make(map[words.RefusalRule]bool)
	for _, r := range slices.Concat(stale, late, nothing, final, award, open.Close([]Candidacy{enrolled}),
		open.Cancel([]Candidacy{decided}, []string{"ann"}), open.ChangeRevision(mainR2, []Candidacy{enrolled}, nil)) {
		noun, code, _ := strings.Cut(strings.TrimPrefix(r.Subject, "jury of "), " ")
		if noun == "session" && code != "juin" || noun == "candidacy" && code != "juin/k" {
			t.Errorf("%s is about %q", r.Rule, r.Subject)
		}
		seen[r.Rule] = true
	}
	for _, rule := range []words.RefusalRule{
		words.GridStale, words.JuryTooSmall, words.SessionNotOpen, words.CandidacyNotEnrolled, words.NothingToReinstate, words.AlreadyInSession, words.CandidacyFinal,
		words.SessionIsCancelled, words.OtherReferentiel, words.CandidacyUndecided, words.CandidacyDecided, words.ReferentielFixed,
	} {
		if !seen[rule] {
			t.Errorf("nothing was refused by %s", rule)
		}
	}
}
