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

	times  int          // how often one call does the job; 0: once
	server *process     // that answers; nil: several, or this one
	calls  atomic.Int64 // made so far, over all rounds
}

// A sample is what a side did in one round.
type sample struct {
	rate     float64 // calls per second
	p50, p99 float64 // milliseconds
	cpu      float64 // microseconds of the server for a call; 0: not known
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
	used, err := s.cpuTime()
	if err != nil {
		return sample{}, err
	}
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
	after, err := s.cpuTime()
	return sampleOf(slices.Concat(took...), max(s.times, 1), elapsed, after-used), err
}

func sampleOf(took []float64, times int, elapsed, cpu time.Duration) sample {
	slices.Sort(took)
	made := float64(len(took) * times)
	return sample{
		rate: made / elapsed.Seconds(), p50: quantile(took, 0.5), p99: quantile(took, 0.99),
		cpu: float64(cpu.Microseconds()) / made,
	}
}

// cpuTime is what the side's server has used of the processor.
func (s *side) cpuTime() (time.Duration, error) {
	if s.server == nil {
		return 0, nil
	}
	return processorTime(s.server.cmd.Process.Pid)
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
	cpu   = measure{"µs", func(s sample) float64 { return s.cpu }}
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
