package referentiel

import (
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// weighted is an agreement of two qualities.
func weighted(tutor, evaluator int32) *storepb.Agreement {
	return &storepb.Agreement{Kind: acquispb.Agreement_Kind_WEIGHTED, Weights: []*storepb.Agreement_Weight{
		{Quality: "tutor", Percent: &tutor}, {Quality: "evaluator", Percent: &evaluator},
	}}
}

// Agreements of several assessors, and the qualities in which they assess.
func TestCheckAgreement(t *testing.T) {
	qualities := func(r *storepb.Referentiel) {
		r.AssessorQualities = []*storepb.AssessorQuality{{Code: "tutor", Title: "Tuteur"}, {Code: "evaluator", Title: "Évaluateur"}}
	}
	of := func(a *storepb.Agreement) func(r *storepb.Referentiel) {
		return func(r *storepb.Referentiel) { qualities(r); r.Rules.Agreement = a }
	}
	runChecks(t, []checkCase{
		{"weights", of(weighted(20, 80)), nil},
		{"mean with a gap and a third reading", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "50", ThirdReading: "tutor"}), nil},
		{"together", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_JOINT}), nil},
		{"of a compétence", func(r *storepb.Referentiel) { qualities(r); competence(r).Agreement = weighted(50, 50) }, nil},
		{"weights that are not 100", of(weighted(20, 70)), []string{"rules.agreement.weights: are 90 percent in all; must be 100"}},
		{"no weights", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_WEIGHTED}), []string{"rules.agreement.weights: must not be empty"}},
		{"a weight of a quality that is not declared", func(r *storepb.Referentiel) { r.Rules.Agreement = weighted(50, 50) }, []string{
			`rules.agreement.weights[0].quality: "tutor" is not one of assessor_qualities`,
			`rules.agreement.weights[1].quality: "evaluator" is not one of assessor_qualities`,
		}},
		{"two weights of a quality", func(r *storepb.Referentiel) {
			of(weighted(50, 50))(r)
			r.Rules.Agreement.Weights[1].Quality = "tutor"
		}, []string{`rules.agreement.weights[1].quality: "tutor" has a weight already`}},
		{"a weight without percent", func(r *storepb.Referentiel) {
			of(weighted(100, 1))(r)
			r.Rules.Agreement.Weights[1].Percent = nil
		}, []string{"rules.agreement.weights[1].percent: must not be empty"}},
		{"a gap of what has none", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_UNANIMOUS, MaxGap: "4"}),
			[]string{"rules.agreement.max_gap: must be left out: only a MEAN has it"}},
		{"a gap below 0", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "-4"}),
			[]string{`rules.agreement.max_gap: "-4" must be a number such as "4" or "2.5", not below 0, with at most 4 digits before the point and 3 after it`}},
		{"a gap larger than the scale", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "100.5"}),
			[]string{"rules.agreement.max_gap: is 100.5; what is found on the scale is at most 100 apart"}},
		{"a gap larger than the marks", func(r *storepb.Referentiel) {
			of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "20.5"})(r)
			r.Scales = []*storepb.Scale{{Code: "note", Title: "Note", Marks: &storepb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"}}}
			r.Rules.Scale = "note"
		}, []string{"rules.agreement.max_gap: is 20.5; what is found on the scale is at most 20 apart"}},
		{"a third reading without a gap", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, ThirdReading: "tutor"}),
			[]string{"rules.agreement.third_reading: must be left out: only a MEAN with max_gap has it"}},
		{"a third reading of an unknown quality", of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "4", ThirdReading: "x"}),
			[]string{`rules.agreement.third_reading: "x" is not one of assessor_qualities`}},
		{"weights of what has none", func(r *storepb.Referentiel) {
			of(weighted(50, 50))(r)
			r.Rules.Agreement.Kind = acquispb.Agreement_Kind_MEAN
		}, []string{"rules.agreement.weights: must be left out: only WEIGHTED has them"}},
		{"together, but one is enough", func(r *storepb.Referentiel) {
			of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_JOINT})(r)
			r.Rules.MinAssessors = nil
		}, []string{"rules.agreement.kind: is JOINT, so min_assessors must be 2 at least; it is 1"}},
		{"together, but one is enough for an épreuve", func(r *storepb.Referentiel) {
			of(&storepb.Agreement{Kind: acquispb.Agreement_Kind_JOINT})(r)
			r.Blocs = append(r.Blocs, byEpreuves())
			r.Blocs[1].Epreuves[0].MinAssessors = new(int32(1))
		}, []string{"rules.agreement.kind: is JOINT, so min_assessors must be 2 at least; it is 1"}},
		{"together on an épreuve that needs two", func(r *storepb.Referentiel) {
			qualities(r)
			r.Rules.MinAssessors = nil
			r.Blocs = append(r.Blocs, byEpreuves())
			r.Blocs[1].Epreuves[0].Agreement = &storepb.Agreement{Kind: acquispb.Agreement_Kind_JOINT}
		}, nil},
		{"no kind", of(&storepb.Agreement{MaxGap: "4"}), []string{
			"rules.agreement.max_gap: must be left out: only a MEAN has it",
			"rules.agreement.kind: must be UNANIMOUS, MEAN, WEIGHTED or JOINT",
		}},
		{"a quality twice", func(r *storepb.Referentiel) { qualities(r); r.AssessorQualities[1].Code = "tutor" },
			[]string{`assessor_qualities[1].code: "tutor" is taken by assessor_qualities[0].code`}},
		{"a quality without a title", func(r *storepb.Referentiel) { qualities(r); r.AssessorQualities[1].Title = "" },
			[]string{"assessor_qualities[1].title: must not be empty"}},
	})
}

// The colleges of a jury, and its chair.
func TestCheckJury(t *testing.T) {
	of := func(colleges ...*storepb.JuryRule_College) func(r *storepb.Referentiel) {
		return func(r *storepb.Referentiel) { r.Rules.Jury.Colleges = colleges }
	}
	runChecks(t, []checkCase{
		{"colleges", of(&storepb.JuryRule_College{Code: "E", Title: "Employeurs", AtLeast: new(int32(0))}, &storepb.JuryRule_College{Code: "S", Title: "Salariés"}), nil},
		{"parity", of(&storepb.JuryRule_College{Code: "E", Title: "Employeurs", Parity: true}, &storepb.JuryRule_College{Code: "S", Title: "Salariés", Parity: true}), nil},
		{"parity of one", of(&storepb.JuryRule_College{Code: "E", Title: "Employeurs", Parity: true}, &storepb.JuryRule_College{Code: "S", Title: "Salariés"}),
			[]string{"rules.jury.colleges: have one with parity only; parity is between two at least"}},
		{"a college twice", of(&storepb.JuryRule_College{Code: "E", Title: "Employeurs"}, &storepb.JuryRule_College{Code: "E", Title: "Salariés"}),
			[]string{`rules.jury.colleges[1].code: "E" is the code of another college`}},
		{"a college of 51", of(&storepb.JuryRule_College{Code: "E", Title: "Employeurs", AtLeast: new(int32(51))}),
			[]string{"rules.jury.colleges[0].at_least: is 51; must be 0 to 50"}},
		{"a casting vote", func(r *storepb.Referentiel) { r.Rules.Jury.CastingVote = true }, nil},
		{"a casting vote of no chair", func(r *storepb.Referentiel) {
			r.Rules.Jury.CastingVote, r.Rules.Jury.Chair = true, acquispb.JuryRule_Chair_NONE
		}, []string{"rules.jury.casting_vote: must be left out: the jury needs no chair"}},
		{"no such chair", func(r *storepb.Referentiel) { r.Rules.Jury.Chair = 9 },
			[]string{"rules.jury.chair: 9 is neither REQUIRED nor NONE"}},
	})
}
