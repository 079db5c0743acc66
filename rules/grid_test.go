package rules

import (
	"fmt"
	"slices"
	"testing"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// genGrid draws a référentiel, a candidacy for all of it, and any acts.
func genGrid(t *rapid.T) (*Scheme, Candidacy, Acts) {
	spec := genSpec(mainR1).Draw(t, "r1")
	finding := genVerdict()
	if rapid.Bool().Draw(t, "marks") {
		spec.Scale, spec.Scales = "points", []Scale{{Code: "points", Marks: &Marks{"0", "100", "12.5"}, Pass: "62.5"}}
		finding = rapid.SampledFrom([]Verdict{"100", "87.5", "75", "62.5", "50", "0"})
	}
	scheme, err := NewScheme(spec)
	if err != nil {
		t.Fatal(err)
	}
	codes := scheme.Criteria()
	var acts Acts
	speak := func(who, code string, retracted bool) {
		verdict, seq := finding.Draw(t, "verdict"), uint64(len(acts.Assessments))
		acts.Assessments = append(acts.Assessments, Assessment{code, who, qualityOf[who], verdict, retracted, seq})
	}
	for _, who := range assessors[:rapid.IntRange(1, 3).Draw(t, "assessors")] {
		for _, code := range codes {
			speak(who, code, false)
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "second thoughts") {
		who, code := rapid.SampledFrom(assessors).Draw(t, "assessor"), rapid.SampledFrom(codes).Draw(t, "criterion")
		speak(who, code, rapid.Bool().Draw(t, "retracted"))
	}
	for _, code := range codes {
		if rapid.IntRange(0, 5).Draw(t, "exempted") == 0 {
			acts.Exemptions = append(acts.Exemptions, Exemption{Criterion: code, Granted: true})
		}
	}
	candidacy := Candidacy{State: Enrolled, Enrolled: scheme.BlocCodes()}
	for _, k := range Assess(scheme, candidacy, acts).criteria() {
		if k.disputed() && rapid.Bool().Draw(t, "settled") {
			acts.Settlements = append(acts.Settlements, Settlement{Criterion: k.Code, Verdict: finding.Draw(t, "verdict"), On: k.Opinions})
		}
	}
	return scheme, candidacy, acts
}

// qualityOf says in which quality people assess.
var qualityOf = map[string]string{"eve": "tutor", "paul": "evaluator", "bob": "arbiter"}

// genAgreements gives the référentiel an agreement, and some compétences one of their own.
func genAgreements(t *rapid.T, spec *Spec) {
	spec.Qualities = []string{"tutor", "evaluator", "arbiter"}
	half, third, rest := 50, 33, 17
	some := rapid.SampledFrom([]*Agreement{
		nil, {Kind: agreement.Unanimous}, {Kind: agreement.Mean}, {Kind: agreement.Mean, MaxGap: "50"}, {Kind: agreement.Mean, MaxGap: "12.5", ThirdReading: "arbiter"},
		{Kind: agreement.Weighted, Weights: []QualityWeight{{Quality: "tutor", Percent: &half}, {Quality: "evaluator", Percent: &half}}},
		{Kind: agreement.Weighted, Weights: []QualityWeight{{Quality: "tutor", Percent: &third}, {Quality: "evaluator", Percent: &rest}, {Quality: "arbiter", Percent: &half}}},
		{Kind: agreement.Joint},
	})
	draw := func(what string) *Agreement {
		a := some.Draw(t, what)
		if n := spec.Rules.MinAssessors; a != nil && a.Kind == agreement.Joint && (n == nil || *n < 2) {
			return nil
		}
		return a
	}
	spec.Agreement = draw("agreement")
	for i := range spec.Blocs {
		for j := range spec.Blocs[i].Units {
			if rapid.IntRange(0, 3).Draw(t, "own") == 0 {
				spec.Blocs[i].Units[j].Agreement = draw("agreement")
			}
			on := spec.Blocs[i].Units[j].Agreement
			if on == nil {
				on = spec.Agreement
			}
			if on != nil && on.Kind == agreement.Joint {
				spec.Blocs[i].Units[j].MinAssessors = nil // 1 is not enough
			}
		}
	}
}

// TestAnExemptionNeverLowers compares every compétence and bloc with and without
// one more exemption: what was acquired stays acquired, and nothing settled
// becomes pending again.
func TestAnExemptionNeverLowers(t *testing.T) {
	moves := []string{"ACQUIRED→ACQUIRED", "NOT_ACQUIRED→ACQUIRED", "PENDING→ACQUIRED", "CONTESTED→ACQUIRED"}
	untilReached(t, moves, func(t *rapid.T, moved map[string]int) {
		scheme, candidacy, acts := genGrid(t)
		before := outcomes(Assess(scheme, candidacy, acts))
		code := rapid.SampledFrom(scheme.Criteria()).Draw(t, "exempted")
		acts.Exemptions = append(acts.Exemptions, Exemption{Criterion: code, Granted: true, Seq: 1})
		for what, after := range outcomes(Assess(scheme, candidacy, acts)) {
			moved[fmt.Sprint(before[what], "→", after)]++
			lowered := before[what] == Acquired && after != Acquired
			reopened := before[what] == NotAcquired && after != NotAcquired && after != Acquired
			if lowered || reopened {
				t.Fatalf("exempting from %s turned %s from %s to %s", code, what, before[what], after)
			}
		}
	})
}

func outcomes(g Grid) map[string]Outcome {
	all := make(map[string]Outcome)
	for _, b := range g.Blocs {
		all[b.Code] = b.Outcome
		for _, c := range b.Units {
			all[c.Code] = c.Outcome
		}
	}
	return all
}

// TestBlocsNeverCompensate presents a bloc alone, with all others, and with all
// others without any verdicts: its outcome is the same.
func TestBlocsNeverCompensate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme, candidacy, acts := genGrid(t)
		among := Assess(scheme, candidacy, acts)
		code := rapid.SampledFrom(scheme.BlocCodes()).Draw(t, "bloc")
		alone := Assess(scheme, Candidacy{State: Enrolled, Enrolled: []string{code}}, acts)
		elsewhere := func(criterion string) bool { p, _ := scheme.Place(criterion); return p.Bloc != code }
		acts.Assessments = slices.DeleteFunc(slices.Clone(acts.Assessments), func(a Assessment) bool { return elsewhere(a.Criterion) })
		bare := Assess(scheme, candidacy, acts)
		for _, other := range []Grid{alone, bare} {
			if got, want := other.Bloc(code).Outcome, among.Bloc(code).Outcome; got != want {
				t.Fatalf("%s is %s, and %s among others", code, got, want)
			}
		}
	})
}

// TestOrderOfAssessorsDoesNotMatter lets the assessors speak in another order, each
// keeping the order of their own verdicts.
func TestOrderOfAssessorsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme, candidacy, acts := genGrid(t)
		before := Assess(scheme, candidacy, acts)
		turns := make([]string, len(acts.Assessments))
		own := make(map[string][]Assessment)
		for i, a := range acts.Assessments {
			turns[i] = a.Assessor
			own[a.Assessor] = append(own[a.Assessor], a)
		}
		for i, who := range rapid.Permutation(turns).Draw(t, "turns") {
			acts.Assessments[i], own[who] = own[who][0], own[who][1:]
			acts.Assessments[i].Seq = uint64(i)
		}
		if diff := cmp.Diff(before, Assess(scheme, candidacy, acts), cmpopts.IgnoreFields(Opinion{}, "Seq")); diff != "" {
			t.Fatal(diff)
		}
	})
}
