package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/gate"
	"pgregory.net/rapid"
)

func genSpec(revision Revision) *rapid.Generator[Spec] {
	return rapid.Custom(func(t *rapid.T) Spec {
		spec := Spec{Revision: revision, Rules: Numbers{
			CompetenceThreshold: genNumber(50, 60, 75, 100).Draw(t, "competence threshold"),
			BlocThreshold:       genNumber(50, 66, 100).Draw(t, "bloc threshold"),
			MinAssessors:        genNumber(1, 2).Draw(t, "assessors"),
			MinMembers:          genNumber(1, 2, 3).Draw(t, "members"),
			MinExternalPercent:  genNumber(0, 33, 50).Draw(t, "externals"),
		}}
		for b := range rapid.IntRange(1, 3).Draw(t, "blocs") {
			bloc, epreuves := Bloc{Code: fmt.Sprintf("B%d", b+1)}, rapid.Bool().Draw(t, "epreuves")
			for c := range rapid.IntRange(1, 3).Draw(t, "units") {
				bloc.Units = append(bloc.Units, genUnit(fmt.Sprintf("C%d.%d", b+1, c+1), epreuves).Draw(t, "unit"))
			}
			spec.Blocs = append(spec.Blocs, bloc)
		}
		genGates(t, &spec)
		spec.Validity = Validity{Blocs: genPeriod().Draw(t, "blocs"), Award: genPeriod().Draw(t, "award")}
		if rapid.IntRange(0, 3).Draw(t, "own") == 0 {
			own := genPeriod().Draw(t, "validity")
			spec.Blocs[0].Validity = &own
		}
		genAgreements(t, &spec)
		return spec
	})
}

func genUnit(code string, epreuve bool) *rapid.Generator[Unit] {
	return rapid.Custom(func(t *rapid.T) Unit {
		u := Unit{Code: code, Epreuve: epreuve, HasBlocOnlyMethod: rapid.Bool().Draw(t, "dossier")}
		for k := range rapid.IntRange(1, 3).Draw(t, "criteria") {
			eliminatory := rapid.IntRange(0, 4).Draw(t, "eliminatory") == 0
			u.Criteria = append(u.Criteria, Criterion{Code: fmt.Sprintf("%s.%d", code, k+1), Eliminatory: eliminatory})
		}
		u.MaxAttempts = genNumber(1, 2, 20).Draw(t, "attempts")
		u.Variants = rapid.SampledFrom([][]When{nil, {{Routes: []AccessRoute{"VAE"}}}, {{SingleBloc: true, Attempt: First}, {Attempt: Resit}}}).Draw(t, "variants")
		if epreuve {
			u.MinAssessors = genNumber(1, 2).Draw(t, "assessors")
			if u.AsWhole = len(u.Criteria) == 1; u.AsWhole {
				u.Criteria[0].Code = code
			}
		}
		return u
	})
}

// genPeriod draws a validity, which often has no end.
func genPeriod() *rapid.Generator[calendar.Period] {
	return rapid.SampledFrom([]calendar.Period{{}, {}, {}, calendar.Months(1), calendar.Years(1)})
}

// gates are those of stories. All that gates can be is tested in package gate.
var gates = []gate.Given{
	{Mean: &gate.Mean{Threshold: "50"}},
	{Mean: &gate.Mean{Threshold: "66.667", RoundTo: "0.5"}, Floor: "50"},
	{Mean: &gate.Mean{Threshold: "75"}, Count: &gate.Count{AtLeast: new(1)}},
	{Count: &gate.Count{Percent: new(67)}, AtMost: &gate.AtMost{Number: new(1), Below: "50"}},
	{Floor: "50", Shortfall: &gate.Shortfall{Below: "100", AtMost: "80"}},
	{Mean: &gate.Mean{Threshold: "0"}, AtMost: &gate.AtMost{Number: new(0), Below: "50"}, Shortfall: &gate.Shortfall{Below: "75", AtMost: "0"}},
}

// genGates gives some blocs and compétences gates, and shares to what is below them.
func genGates(t *rapid.T, spec *Spec) {
	own := func() *gate.Given {
		if rapid.IntRange(0, 2).Draw(t, "has a gate") > 0 {
			return nil
		}
		g := rapid.SampledFrom(gates).Draw(t, "gate")
		return &g
	}
	share := func(s *Share, bonus bool) {
		s.Weight = genNumber(1, 2, 5).Draw(t, "weight")
		if bonus && rapid.IntRange(0, 3).Draw(t, "bonus") == 0 {
			s.BonusAbove = rapid.SampledFrom([]string{"0", "50", "80"}).Draw(t, "above")
		}
	}
	for i := range spec.Blocs {
		b := &spec.Blocs[i]
		b.Gate = own()
		for j := range b.Units {
			c := &b.Units[j]
			if b.Gate != nil && b.Gate.Mean != nil {
				share(&c.Share, b.Gate.Count == nil && j > 0 && !slices.ContainsFunc(c.Criteria, func(k Criterion) bool { return k.Eliminatory }))
			}
			if c.Gate = own(); c.Gate != nil && c.Gate.Mean == nil {
				continue
			}
			for k := range c.Criteria {
				share(&c.Criteria[k].Share, (c.Gate == nil || c.Gate.Count == nil) && k > 0 && !c.Criteria[k].Eliminatory)
			}
		}
	}
}

// genNumber draws one of the values, or none.
func genNumber(values ...int) *rapid.Generator[*int] {
	return rapid.Ptr(rapid.SampledFrom(values), true)
}

func genVerdict() *rapid.Generator[Verdict] {
	return rapid.SampledFrom([]Verdict{Met, Met, Met, PartiallyMet, NotMet})
}
