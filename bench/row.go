package main

import (
	"fmt"
	"math"
	"slices"
)

// A Row is one line of the result: a against b.
type Row struct {
	Name   string   `json:"name"`
	Ratio  float64  `json:"ratio"` // a / b
	Target *float64 `json:"target,omitempty"`
	AtMost bool     `json:"atMost,omitempty"` // the target is an upper limit
	A      float64  `json:"a"`
	B      float64  `json:"b"`
	Spread float64  `json:"spread"` // of the ratios of single rounds: the width of their middle half / median

	OfA  string `json:"aIs"` // what a is
	OfB  string `json:"bIs"`
	Unit string `json:"unit"`
}

// met tells whether the row reaches its target, or has none.
func (r Row) met() bool {
	switch {
	case r.Target == nil:
		return true
	case r.AtMost:
		return r.Ratio <= *r.Target
	}
	return r.Ratio >= *r.Target
}

// atLeast sets what the ratio should reach.
func (r Row) atLeast(target float64) Row {
	r.Target = &target
	return r
}

// atMost sets what the ratio should not exceed.
func (r Row) atMost(target float64) Row {
	r.Target, r.AtMost = &target, true
	return r
}

// compare makes a row of figures that were taken in turns: a[i] and b[i] are of
// one round.
func compare(name string, a, b []float64) Row {
	rounds := make([]float64, min(len(a), len(b)))
	for i := range rounds {
		rounds[i] = a[i] / b[i]
	}
	return Row{Name: name, A: median(a), B: median(b), Ratio: median(a) / median(b), Spread: spread(rounds)}
}

// single makes a row of one figure and the limit that it is held against.
func single(name string, figure, limit float64, unit string) Row {
	return Row{Name: name, A: figure, B: limit, Ratio: figure / limit, OfA: "Acquis", OfB: "limit", Unit: unit}
}

// median returns the middle of the figures, and of an even number of them the
// mean of the two in the middle.
func median(of []float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	of = slices.Sorted(slices.Values(of))
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}

// spread is the width of the middle half of the figures in terms of their median:
// what one outlier does not change, as it does not change the median.
func spread(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median(of)
}

// quantile returns the figure below which q of them lie. They are sorted.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// figure writes a number as people read it: three digits that count.
func figure(f float64) string {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return "–"
	case size >= 100 || size == 0:
		return fmt.Sprintf("%.0f", f)
	case size >= 10:
		return fmt.Sprintf("%.1f", f)
	case size >= 1:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.3f", f)
}
