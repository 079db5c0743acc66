package main

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A side is one of those who do the same job in a contest.
type side struct {
	name string
	call func(caller, i int) error // the i-th call of the side, by one of the callers

	calls atomic.Int64 // made so far, over all rounds
}

// A sample is what a side did in one round.
type sample struct {
	rate     float64 // calls per second
	p50, p99 float64 // milliseconds
}

// A contest lets its sides take turns.
type contest struct {
	callers int
	rounds  int
	time    time.Duration // of a side in a round
	most    int           // calls of a side in a round; 0: any number
	sides   []*side
}

// results are the samples of a side, round by round.
type results map[*side][]sample

// run runs a short round that is not counted, to fill pools and caches, and then
// the rounds. Who begins changes with the round, so that nobody always follows
// the same neighbour.
func (c contest) run() (results, error) {
	found := results{}
	for _, s := range c.sides {
		if _, err := c.round(s, c.time/4); err != nil {
			return nil, err
		}
	}
	for round := range c.rounds {
		for i := range c.sides {
			s := c.sides[(i+round)%len(c.sides)]
			taken, err := c.round(s, c.time)
			if err != nil {
				return nil, err
			}
			found[s] = append(found[s], taken)
		}
	}
	return found, nil
}

// round lets a side's callers call until the time is up.
func (c contest) round(s *side, length time.Duration) (sample, error) {
	var wait sync.WaitGroup
	var left atomic.Int64
	var failed atomic.Bool
	left.Store(int64(c.most))
	took := make([][]float64, c.callers)
	errs := make([]error, c.callers)
	began := time.Now()
	for caller := range c.callers {
		wait.Go(func() {
			for now := time.Now(); now.Sub(began) < length && !failed.Load() && (c.most == 0 || left.Add(-1) >= 0); {
				if errs[caller] = s.call(caller, int(s.calls.Add(1)-1)); errs[caller] != nil {
					failed.Store(true)
					return
				}
				end := time.Now()
				took[caller] = append(took[caller], milliseconds(end.Sub(now)))
				now = end
			}
		})
	}
	wait.Wait()
	elapsed := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return sampleOf(slices.Concat(took...), elapsed), nil
}

func sampleOf(took []float64, elapsed time.Duration) sample {
	slices.Sort(took)
	return sample{rate: float64(len(took)) / elapsed.Seconds(), p50: quantile(took, 0.5), p99: quantile(took, 0.99)}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// A measure picks a figure of a sample.
type measure struct {
	unit string
	of   func(sample) float64
}

// The measures.
var (
	calls = measure{"calls/s", func(s sample) float64 { return s.rate }}
	p50   = measure{"ms", func(s sample) float64 { return s.p50 }}
	p99   = measure{"ms", func(s sample) float64 { return s.p99 }}
)

// compare makes the row of two sides.
func (r results) compare(name string, m measure, a, b *side) Row {
	row := compare(name, r.series(m, a), r.series(m, b))
	row.OfA, row.OfB, row.Unit = a.name, b.name, m.unit
	return row
}

func (r results) series(m measure, s *side) []float64 {
	all := make([]float64, len(r[s]))
	for i, taken := range r[s] {
		all[i] = m.of(taken)
	}
	return all
}
