package agreement

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
)

// Given is an agreement as a référentiel gives it. Its fields are named as référentiels
// name them.
type Given struct {
	Kind         Kind
	MaxGap       string // a decimal; empty: any
	ThirdReading string // code of a quality; empty: there is none
	Weights      []Weight
}

// Weight is the share of a quality, in percent.
type Weight struct {
	Quality string
	Percent *int
}

// Compile compiles an agreement, in a référentiel with those qualities and of so many
// assessors at least, and reports everything that is wrong with it.
func (g *Given) Compile(qualities []string, atLeast int, report func(field, format string, args ...any)) *Agreement {
	a := &Agreement{Kind: g.Kind, third: g.ThirdReading}
	if g.MaxGap != "" {
		gap, ok := exact.Parse(g.MaxGap)
		if !ok || gap.Less(exact.Number{}) {
			report("max_gap", `%q must be a number such as "4" or "2.5", not below 0, with at most 4 digits before the point and 3 after it`, g.MaxGap)
		}
		a.Gap = &gap
	}
	if g.ThirdReading != "" && !slices.Contains(qualities, g.ThirdReading) {
		report("third_reading", "%q is not one of assessor_qualities", g.ThirdReading)
	}
	g.weigh(a, qualities, report)
	g.onlyWith(report)
	switch g.Kind {
	case Unanimous, Mean, Weighted:
	case Joint:
		if atLeast < 2 {
			report("kind", "is JOINT, so min_assessors must be 2 at least; it is %d", atLeast)
		}
	default:
		report("kind", "must be UNANIMOUS, MEAN, WEIGHTED or JOINT")
	}
	return a
}

// weigh compiles the weights.
func (g *Given) weigh(a *Agreement, qualities []string, report func(field, format string, args ...any)) {
	sum := 0
	for i, w := range g.Weights {
		item := fmt.Sprintf("weights[%d]", i)
		switch {
		case !slices.Contains(qualities, w.Quality):
			report(item+".quality", "%q is not one of assessor_qualities", w.Quality)
		case slices.Contains(a.Qualities(), w.Quality):
			report(item+".quality", "%q has a weight already", w.Quality)
		}
		percent := 0
		switch {
		case w.Percent == nil:
			report(item+".percent", "must not be empty")
		case *w.Percent < 1 || *w.Percent > 100:
			report(item+".percent", "is %d; must be 1 to 100", *w.Percent)
		default:
			percent = *w.Percent
		}
		sum += percent
		a.weights = append(a.weights, weight{w.Quality, percent})
	}
	if len(g.Weights) > 0 && sum != 100 {
		report("weights", "are %d percent in all; must be 100", sum)
	}
}

// onlyWith reports what only another kind has, and what this kind lacks.
func (g *Given) onlyWith(report func(field, format string, args ...any)) {
	if g.MaxGap != "" && g.Kind != Mean {
		report("max_gap", "must be left out: only a MEAN has it")
	}
	if g.ThirdReading != "" && (g.Kind != Mean || g.MaxGap == "") {
		report("third_reading", "must be left out: only a MEAN with max_gap has it")
	}
	switch {
	case g.Kind == Weighted && len(g.Weights) == 0:
		report("weights", "must not be empty")
	case g.Kind != Weighted && len(g.Weights) > 0:
		report("weights", "must be left out: only WEIGHTED has them")
	}
}
