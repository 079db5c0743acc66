package referentiel

import (
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"google.golang.org/protobuf/proto"
)

// withAward has three blocs, and an award rule.
func withAward(rule *storepb.AwardRule) func(*storepb.Referentiel) {
	return func(r *storepb.Referentiel) {
		for _, n := range []string{"2", "3"} {
			more := proto.CloneOf(r.Blocs[0])
			more.Code, more.Activities = "B"+n, nil
			for i, c := range more.Competences {
				c.Code = "X" + n + string(rune('a'+i))
				for j, k := range c.Criteria {
					k.Code = c.Code + "." + string(rune('1'+j))
				}
			}
			r.Blocs = append(r.Blocs, more)
		}
		r.Blocs[0].Credits = new(int32(10))
		r.Award = rule
	}
}

// The award rule: what it names exists, stands in one place, and can be reached.
func TestCheckAward(t *testing.T) {
	type choice = storepb.AwardRule_Choice
	type option = storepb.AwardRule_Option
	type requirement = storepb.AwardRule_Requirement
	runChecks(t, []checkCase{
		{"award: nothing wrong", withAward(&storepb.AwardRule{All: []string{"B1"}, Choose: []*choice{{From: []string{"B2", "B3"}, AtLeast: new(int32(1))}}}), nil},
		{"award: what there is not", withAward(&storepb.AwardRule{All: []string{"B9"}}),
			[]string{`award.all[0]: "B9" is not a bloc of this référentiel`}},
		{"award: in two places", withAward(&storepb.AwardRule{All: []string{"B1"}, Choose: []*choice{{From: []string{"B1"}, AtLeast: new(int32(1))}}}),
			[]string{`award.choose[0].from[0]: "B1" is named by award.all[0]`}},
		{"award: in an option too", withAward(&storepb.AwardRule{All: []string{"B1"}, Options: []*option{{Code: "A", Title: "A", Blocs: []string{"B1"}}}}),
			[]string{`award.options[0].blocs[0]: "B1" is named by award.all[0]`}},
		{"award: two options share", withAward(&storepb.AwardRule{Options: []*option{
			{Code: "A", Title: "A", Blocs: []string{"B1", "B2"}}, {Code: "B", Title: "B", Blocs: []string{"B1", "B3"}},
		}}), nil},
		{"award: two options, one code", withAward(&storepb.AwardRule{Options: []*option{
			{Code: "A", Title: "A", Blocs: []string{"B1"}}, {Code: "A", Title: "B", Blocs: []string{"B3"}},
		}}), []string{`award.options[1].code: "A" is the code of another option`}},
		{"award: neither number", withAward(&storepb.AwardRule{Choose: []*choice{{From: []string{"B1"}}}}),
			[]string{"award.choose[0]: must have either at_least or at_least_credits"}},
		{"award: more than there are", withAward(&storepb.AwardRule{Choose: []*choice{{From: []string{"B1"}, AtLeast: new(int32(2))}}}),
			[]string{"award.choose[0].at_least: is 2, but all of from come to 1"}},
		{"award: no credits", withAward(&storepb.AwardRule{Choose: []*choice{{From: []string{"B1", "B2"}, AtLeastCredits: new(int32(10))}}}),
			[]string{`award.choose[0].from[1]: "B2" has no credits`}},
		{"award: a requirement of an option that there is not", withAward(&storepb.AwardRule{Options: []*option{{Code: "A", Title: "A", Blocs: []string{"B1"}, Requirements: []string{"S"}}}}),
			[]string{`award.options[0].requirements[0]: "S" is not a requirement of this référentiel`}},
		{"award: a requirement with the code of a bloc", withAward(&storepb.AwardRule{Requirements: []*requirement{{Code: "B1", Title: "S", Kind: 2}}}),
			[]string{`award.requirements[0].code: "B1" is taken by blocs[0].code`}},
		{"award: a proof with a method", withAward(&storepb.AwardRule{Requirements: []*requirement{{Code: "S", Title: "S", Kind: 2, Method: &storepb.AssessmentMethod{Kind: 5, Title: "t"}}}}),
			[]string{"award.requirements[0]: is a PROOF, so it must have neither a method nor criteria nor a gate"}},
		{"award: an épreuve without criteria", withAward(&storepb.AwardRule{Requirements: []*requirement{{Code: "S", Title: "S", Kind: 1}}}),
			[]string{"award.requirements[0]: is an EPREUVE, so it must have a method and criteria, and no at_least"}},
	})
}
