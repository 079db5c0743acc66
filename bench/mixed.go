package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The mixed day: of so many calls one is a deliberation, twenty record verdicts,
// a hundred read.
const (
	dayCalls      = 121
	dayRecordings = 20
	daySlices     = 5 // over which latencies are told: minutes, in the long form
	dayWarm       = 4 // the share of a slice that goes before, unmeasured: a fourth
)

// The kinds of calls of a day.
const (
	aDeliberation = iota
	aRecording
	aRead
	kindsOfDay
)

// A lived is one call of the day.
type lived struct {
	kind     int
	at, took time.Duration
}

// dayReads are the reads of 100 calls, by how many of them there are.
func (w *world) dayReads(b *bench) (reads []*side, err error) {
	for _, r := range []struct {
		job   job
		count int
	}{{w.grid(), 40}, {w.referentiel(), 20}, {w.capitalisation(), 20}, {w.decision(), 10}, {w.candidate(), 10}} {
		s, err := w.overGRPC(b.ctx, r.job.name, r.job)
		if err != nil {
			return nil, err
		}
		reads = append(reads, slices.Repeat([]*side{s}, r.count)...)
	}
	return reads, nil
}

// mixedDay lets many callers do what a day brings, on a server that has just
// started.
func (b *bench) mixedDay(s *seeded) error {
	b.step("mixed day: %s on %d candidacies", b.form.day, s.size)
	w, err := b.open(s)
	if err != nil {
		return err
	}
	before, err := fileSize(s.dir)
	if err != nil {
		return err
	}
	call, err := w.dayCall(b)
	if err != nil {
		return err
	}
	if _, err := live(b.ctx, b.form.day/daySlices/dayWarm, call); err != nil {
		return err
	}
	calls, err := live(b.ctx, b.form.day, call)
	if err != nil {
		return err
	}
	after, err := fileSize(s.dir)
	if err != nil {
		return err
	}
	share, heap := w.errors.collector()
	b.tellDay(s.size, calls)
	collecting := single("Mixed day, share of the collector : all processor time", share, 100, "%")
	collecting.OfA, collecting.OfB = "collector", "all"
	b.add(collecting)
	b.note("The live heap of the mixed day was at most %s MiB; the file grew from %s to %s MiB.",
		figure(heap/(1<<20)), figure(before/(1<<20)), figure(after/(1<<20)))
	return w.stop()
}

// dayCall is the i-th call of the day.
func (w *world) dayCall(b *bench) (func(caller, i int) (kind int, err error), error) {
	reads, err := w.dayReads(b)
	if err != nil {
		return nil, err
	}
	records, err := w.overGRPC(b.ctx, "RecordAssessments", w.recording())
	if err != nil {
		return nil, err
	}
	decides := w.deliberates(b.ctx, deliberateName)
	if next, err := w.firstUndecided(b.ctx); err != nil {
		return nil, err
	} else {
		decides.calls.Store(int64(next))
	}
	var started atomic.Int64
	return func(caller, _ int) (kind int, err error) {
		i := int(started.Add(1) - 1)
		s := reads[(i*37)%len(reads)] // 37 scatters the kinds of reads
		switch at := i % dayCalls; {
		case at == 0:
			kind, s = aDeliberation, decides
		case at <= dayRecordings:
			kind, s = aRecording, records
		default:
			kind = aRead
		}
		return kind, s.call(caller, int(s.calls.Add(1)-1))
	}, nil
}

// live has the callers call for so long.
func live(ctx context.Context, length time.Duration, call func(caller, i int) (int, error)) ([]lived, error) {
	var wait sync.WaitGroup
	all := make([][]lived, callers)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	for caller := range callers {
		wait.Go(func() {
			for at := time.Duration(0); at < length && ctx.Err() == nil; {
				kind, err := call(caller, len(all[caller]))
				if err != nil {
					cancel(err)
					return
				}
				end := time.Since(began)
				all[caller] = append(all[caller], lived{kind, at, end - at})
				at = end
			}
		})
	}
	wait.Wait()
	return slices.Concat(all...), context.Cause(ctx)
}

// tellDay makes rows of a day: the tail of each kind, and the last slice against
// the first.
func (b *bench) tellDay(size int, day []lived) {
	length := b.form.day / daySlices
	var whole [kindsOfDay][]float64
	var slice [daySlices][kindsOfDay][]float64
	var ended [daySlices]float64
	for _, c := range day {
		whole[c.kind] = append(whole[c.kind], milliseconds(c.took))
		n := min(int(c.at/length), daySlices-1)
		slice[n][c.kind] = append(slice[n][c.kind], milliseconds(c.took))
		if at := int((c.at + c.took) / length); at < daySlices {
			ended[at]++
		}
	}
	names := [kindsOfDay]string{"deliberations (with their grids)", "recordings", "reads"}
	for kind, took := range whole {
		slices.Sort(took)
		row := Row{
			Name: "Mixed day, " + names[kind] + ": p99 : p50", A: quantile(took, 0.99), B: quantile(took, 0.5),
			OfA: "p99", OfB: "p50", Unit: "ms",
		}
		if row.Ratio = row.A / row.B; kind == aRead {
			row = row.atMost(10)
		}
		b.add(row)
	}
	seconds := length.Seconds()
	last, first := ended[daySlices-1]/seconds, ended[0]/seconds
	b.add(Row{
		Name: "Mixed day, throughput: last slice : first", A: last, B: first, Ratio: last / first, OfA: "last", OfB: "first",
		Unit: "calls/s", Spread: spread(ended[:]),
	}.atLeast(0.9))
	text := fmt.Sprintf("Mixed day on %d candidacies, reads by slice of %s, p50/p99 in ms:", size, length)
	for _, s := range slice {
		slices.Sort(s[aRead])
		text += fmt.Sprintf(" %s/%s", figure(quantile(s[aRead], 0.5)), figure(quantile(s[aRead], 0.99)))
	}
	b.note("%s.", text)
}
