package show

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/rules/words"
)

// small is a référentiel of one bloc, as a message and compiled for the rules.
func small(t *testing.T) (*acquispb.Referentiel, *rules.Scheme) {
	t.Helper()
	bloc := &acquispb.Bloc{Code: "B1", Title: "Vendre"}
	spec := rules.Spec{Blocs: []rules.Bloc{{Code: "B1"}}}
	for _, code := range []string{"C1.1", "C1.2"} {
		competence := &acquispb.Competence{Code: code, Statement: "Savoir " + code, Method: &acquispb.AssessmentMethod{Title: "un oral"}}
		if code == "C1.1" {
			competence.BlocOnlyMethod = &acquispb.AssessmentMethod{Title: "un dossier"}
		}
		ruled := rules.Unit{Code: code, HasBlocOnlyMethod: code == "C1.1"}
		for _, k := range []string{".1", ".2", ".3"} {
			competence.Criteria = append(competence.Criteria, &acquispb.Criterion{Code: code + k, Statement: "Il sait " + code + k})
			ruled.Criteria = append(ruled.Criteria, rules.Criterion{Code: code + k, Eliminatory: k == ".3"})
		}
		bloc.Competences = append(bloc.Competences, competence)
		spec.Blocs[0].Units = append(spec.Blocs[0].Units, ruled)
	}
	scheme, err := rules.NewScheme(spec)
	if err != nil {
		t.Fatal(err)
	}
	return &acquispb.Referentiel{Blocs: []*acquispb.Bloc{bloc}}, scheme
}

// gridOf is one of many grids: n determines its verdicts.
func gridOf(scheme *rules.Scheme, n int) rules.Grid {
	var acts rules.Acts
	for i, code := range scheme.Criteria() {
		verdict := []rules.Verdict{"", rules.Met, rules.PartiallyMet, rules.NotMet}[(n>>(2*i))%4]
		if verdict != "" {
			acts.Assessments = append(acts.Assessments, rules.Assessment{Criterion: code, Assessor: "eve", Verdict: verdict, Seq: 1})
		}
	}
	return rules.Assess(scheme, rules.Candidacy{Enrolled: []string{"B1"}}, acts)
}

// heard returns the texts of a grid, or an error if they cannot be read.
type heard struct{ broken bool }

func (h heard) Assessment(criterion string, o rules.Opinion, shown *acquispb.Assessment) error {
	if h.broken {
		return errors.New("no text")
	}
	shown.Criterion, shown.Assessor, shown.Verdict = criterion, o.Assessor, verdict(o.Verdict)
	return nil
}

func verdict(v rules.Verdict) acquispb.Verdict_Enum {
	shown, _, _ := Finding(v, rules.ByVerdict)
	return shown
}

func (h heard) Settlement(s *rules.Settlement) (*acquispb.Settlement, error) {
	if h.broken {
		return nil, errors.New("no text")
	}
	return &acquispb.Settlement{Criterion: s.Criterion, Verdict: verdict(s.Verdict), Authors: s.Authors}, nil
}

// TestGridsAreShared: many goroutines show, read and send grids of one revision
// at the same time. Each grid equals one that shares nothing, and no shared
// message changes; the race detector would report concurrent changes.
func TestGridsAreShared(t *testing.T) {
	referentiel, scheme := small(t)
	before, grids := proto.CloneOf(referentiel), NewGrids(referentiel)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 100 {
				grid := gridOf(scheme, worker*37+i*101)
				shown, err := grids.Blocs(grid, heard{})
				if err != nil {
					t.Error(err)
				}
				message := &acquispb.Grid{Blocs: shown}
				if _, err := proto.Marshal(message); err != nil {
					t.Error(err)
				}
				if _, err := protojson.Marshal(message); err != nil {
					t.Error(err)
				}
				alone, err := NewGrids(before).Blocs(grid, heard{})
				if err != nil || !proto.Equal(&acquispb.Grid{Blocs: alone}, message) {
					t.Errorf("a shared grid differs: %v", cmp.Diff(&acquispb.Grid{Blocs: alone}, message, protocmp.Transform()))
				}
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(before, referentiel, protocmp.Transform()); diff != "" {
		t.Error("the référentiel changed:", diff)
	}
	for code, k := range grids.criteria {
		for _, kept := range *k.reasons.kept.Load() {
			if len(kept.shown) != 1 || cap(kept.shown) != 1 || !proto.Equal(reason(kept.of), kept.shown[0]) {
				t.Errorf("%s: %v is kept as %v", code, kept.of, kept.shown)
			}
		}
	}
}

// TestWhatIsShared: two grids of one revision share exactly what is not about a
// person.
func TestWhatIsShared(t *testing.T) {
	referentiel, scheme := small(t)
	grids := NewGrids(referentiel)
	seen := make(map[protoreflect.ProtoMessage]bool)
	for range 2 {
		shown, err := grids.Blocs(gridOf(scheme, 0b01_01_01_01_01_01), heard{})
		if err != nil {
			t.Fatal(err)
		}
		b := shown[0]
		if b.GetOutcome() != acquispb.Outcome_ACQUIRED || b.GetCompetences()[1].GetOutcome() != acquispb.Outcome_ACQUIRED ||
			b.GetCompetences()[1].GetCriteria()[2].GetStatus() != acquispb.CriterionStatus_MET {
			t.Errorf("an acquired bloc is shown as %v", b)
		}
		walk(&acquispb.Grid{Blocs: shown}, func(m proto.Message) {
			_, ofReason := m.(*acquispb.Reason)
			_, ofMethod := m.(*acquispb.AssessmentMethod)
			if again := seen[m]; again && !ofReason && !ofMethod {
				t.Errorf("%T is shared: %v", m, m)
			}
			seen[m] = true
		})
	}
	counts := make(map[string]int)
	for m := range seen {
		counts[fmt.Sprintf("%T", m)[len("*acquispb."):]]++
	}
	want := map[string]int{
		"Grid": 2, "Grid_GridBloc": 2, "Grid_GridCompetence": 4, "Grid_GridCriterion": 12, "Assessment": 12,
		"AssessmentMethod": 2, "Reason": 1 + 2 + 6, // of the bloc, its compétences, their criteria
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
}

// walk calls see for a message and all messages in it.
func walk(m proto.Message, see func(proto.Message)) {
	see(m)
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				walk(value.List().Get(i).Message().Interface(), see)
			}
		default:
			walk(value.Message().Interface(), see)
		}
		return true
	})
}

// TestReasonsAreBounded: a limited number of reasons is kept in each place, and
// others are shown too.
func TestReasonsAreBounded(t *testing.T) {
	var s sharedReasons
	for i := range mostReasons + 100 {
		shown := s.list([]words.Reason{{Rule: words.PointsReached, Competence: "C1.1", Points: i}})
		if len(shown) != 1 || !strings.HasPrefix(shown[0].GetText(), fmt.Sprintf("C1.1: %d points", i)) {
			t.Fatalf("reason %d is shown as %v", i, shown)
		}
	}
	if kept := *s.kept.Load(); len(kept) != mostReasons {
		t.Errorf("%d are kept", len(kept))
	}
}

// TestShowCut: what was cut from a grid is unset in its message, and does not
// look like an outcome.
func TestShowCut(t *testing.T) {
	referentiel, scheme := small(t)
	grid := gridOf(scheme, 0b01_01_01_01_01_01).Seen(visibility.Of("zoe", []visibility.Role{visibility.RoleAssessor}))
	shown, err := NewGrids(referentiel).Blocs(grid, heard{broken: true}) // no text is requested either
	if err != nil {
		t.Fatal(err)
	}
	want := &acquispb.Grid{Blocs: []*acquispb.Grid_GridBloc{{Code: "B1", Title: "Vendre"}}}
	for _, c := range referentiel.GetBlocs()[0].GetCompetences() {
		competence := &acquispb.Grid_GridCompetence{Code: c.GetCode(), Statement: c.GetStatement(), Method: c.GetMethod()}
		if c.GetCode() == "C1.1" {
			competence.Method = c.GetBlocOnlyMethod() // one bloc is presented; the other compétence does not have this method
		}
		for i, k := range c.GetCriteria() {
			competence.Criteria = append(competence.Criteria, &acquispb.Grid_GridCriterion{Code: k.GetCode(), Statement: k.GetStatement(), Eliminatory: i == 2})
		}
		want.Blocs[0].Competences = append(want.Blocs[0].Competences, competence)
	}
	if diff := cmp.Diff(want, &acquispb.Grid{Blocs: shown}, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// TestWhatCannotBeRead: a grid whose texts cannot be read is an error.
func TestWhatCannotBeRead(t *testing.T) {
	referentiel, scheme := small(t)
	if shown, err := NewGrids(referentiel).Blocs(gridOf(scheme, 1), heard{broken: true}); err == nil || shown != nil {
		t.Errorf("shows %v, %v", shown, err)
	}
	settled := gridOf(scheme, 0)
	settled.Blocs[0].Units[0].Criteria[0].Settlement = new(rules.Settlement)
	if shown, err := NewGrids(referentiel).Blocs(settled, heard{broken: true}); err == nil || shown != nil {
		t.Errorf("shows %v, %v", shown, err)
	}
}
