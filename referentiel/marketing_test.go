package referentiel

import (
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
)

// marketing is the embedded marketing référentiel.
func marketing(t testing.TB) *storepb.Referentiel {
	t.Helper()
	all, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.GetId() == "marketing" {
			return r
		}
	}
	t.Fatal("marketing is not embedded")
	return nil
}

// The shape of the marketing référentiel.
func TestMarketingCounts(t *testing.T) {
	type shape struct {
		Activities []string
		Criteria   map[string]int
	}
	got := make(map[string]shape)
	var dossiers []string
	criteria := 0
	for _, b := range marketing(t).GetBlocs() {
		s := shape{Criteria: make(map[string]int)}
		for _, a := range b.GetActivities() {
			s.Activities = append(s.Activities, a.GetCode())
		}
		for _, k := range b.GetCompetences() {
			s.Criteria[k.GetCode()] = len(k.GetCriteria())
			criteria += len(k.GetCriteria())
			if k.GetBlocOnlyMethod() != nil {
				dossiers = append(dossiers, k.GetCode())
			}
		}
		got[b.GetCode()] = s
	}
	want := map[string]shape{
		"B1": {[]string{"A1", "A2"}, map[string]int{"C1.1": 5, "C1.2": 5, "C1.3": 5}},
		"B2": {[]string{"A3", "A4", "A5"}, map[string]int{"C2.1": 3, "C2.2": 3, "C2.3": 3, "C2.4": 4}},
		"B3": {[]string{"A6", "A7", "A8"}, map[string]int{"C3.1": 4, "C3.2": 2, "C3.3": 5}},
		"B4": {[]string{"A9", "A10", "A11"}, map[string]int{"C4.1": 2, "C4.2": 3, "C4.3": 3, "C4.4": 8, "C4.5": 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if criteria != 58 {
		t.Errorf("%d criteria, want 58", criteria)
	}
	if diff := cmp.Diff([]string{"C1.1", "C1.2", "C2.1", "C2.2", "C2.3", "C2.4", "C3.3", "C4.3", "C4.4"}, dossiers); diff != "" {
		t.Errorf("dossiers: -want +got:\n%s", diff)
	}
}

// What the source does not have is not invented.
func TestMarketingInventsNothing(t *testing.T) {
	r := marketing(t)
	if r.GetRegister() != nil || r.GetCertificateur() != nil || r.GetRules() != nil || r.GetReplaces() != nil {
		t.Errorf("register %v, certificateur %v, rules %v, replaces %v: the source has none", r.GetRegister(), r.GetCertificateur(), r.GetRules(), r.GetReplaces())
	}
	for _, b := range r.GetBlocs() {
		for _, k := range b.GetCompetences() {
			for _, c := range k.GetCriteria() {
				if c.GetEliminatory() {
					t.Errorf("%s is eliminatory: the source has no eliminatory criterion", c.GetCode())
				}
			}
		}
	}
}

// Each embedded file is named after the référentiel that it holds.
func TestEmbeddedFilesAreNamedByID(t *testing.T) {
	all, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if _, err := data.Open("data/" + r.GetId() + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}
