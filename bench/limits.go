package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// limits holds Acquis against what carries it: gRPC and net/http with answers of
// the same size that were encoded before, bbolt with records of the same size,
// the disk itself.
func (b *bench) limits(w *world) error {
	b.step("limits: reads")
	jobs := []job{w.referentiel(), w.grid(), w.capitalisation()}
	var inGRPC, inREST []int
	for _, j := range jobs {
		size, err := w.answerSize(b.ctx, j)
		if err != nil {
			return err
		}
		answer, err := w.answer(b.ctx, j)
		if err != nil {
			return err
		}
		inGRPC, inREST = append(inGRPC, size), append(inREST, len(answer))
	}
	usual, err := b.spawnLimits(inGRPC, inREST, 0)
	if err != nil {
		return err
	}
	targets := []struct{ gRPC, plainHTTP, rest float64 }{{gRPC: 0.85, plainHTTP: 0.75}, {gRPC: 0.5, rest: 0.2}, {gRPC: 0.5, rest: 0.5}}
	for i, j := range jobs {
		found, err := b.read(w, j, usual, inGRPC[i], inREST[i])
		if err != nil {
			return err
		}
		b.add(
			found.overGRPC.target(targets[i].gRPC), found.overREST.target(targets[i].plainHTTP),
			found.between.target(targets[i].rest), found.cpuOfGRPC, found.cpuOfREST)
	}
	if err := usual.stop(); err != nil {
		return err
	}
	if err := b.sameCollector(w, inGRPC[:1], inREST[:1]); err != nil {
		return err
	}
	return b.commits(w)
}

// sameCollector compares the référentiel once more, with limits whose collector
// runs as seldom as that of Acquis: how much of the ratio is that choice.
func (b *bench) sameCollector(w *world, inGRPC, inREST []int) error {
	tuned, err := b.spawnLimits(inGRPC, inREST, acquisGOGC)
	if err != nil {
		return err
	}
	found, err := b.read(w, w.referentiel(), tuned, inGRPC[0], inREST[0])
	if err != nil {
		return err
	}
	for _, row := range []Row{found.overGRPC, found.overREST} {
		row.Name += fmt.Sprintf(", at GOGC=%d as Acquis", acquisGOGC)
		b.add(row)
	}
	return tuned.stop()
}

// acquisGOGC is what cmd/acquis sets.
const acquisGOGC = 400

// limitServers are what carries Acquis, without it.
type limitServers struct{ echo, plain *child }

func (b *bench) spawnLimits(inGRPC, inREST []int, gogc int) (s limitServers, err error) {
	if s.echo, err = b.spawn(order{Kind: "echo", Sizes: unique(inGRPC), GOGC: gogc}); err != nil {
		return s, err
	}
	s.plain, err = b.spawn(order{Kind: "http", Sizes: unique(inREST), GOGC: gogc})
	return s, err
}

func (s limitServers) stop() error { return errors.Join(s.echo.stop(), s.plain.stop()) }

// target sets what the row should reach, 0: nothing.
func (r Row) target(atLeast float64) Row {
	if atLeast == 0 {
		return r
	}
	return r.atLeast(atLeast)
}

func unique(sizes []int) []int { return slices.Compact(slices.Sorted(slices.Values(sizes))) }

// reading are the rows of one job that reads.
type reading struct{ overGRPC, overREST, between, cpuOfGRPC, cpuOfREST Row }

func (b *bench) read(w *world, j job, limits limitServers, inGRPC, inREST int) (rows reading, err error) {
	ours, err := w.overGRPC(b.ctx, "Acquis", j)
	if err != nil {
		return rows, err
	}
	rest, err := w.overREST(b, "Acquis", j)
	if err != nil {
		return rows, err
	}
	conn, err := dial(limits.echo.Address)
	if err != nil {
		return rows, err
	}
	defer conn.Close()
	ctx, request := w.as(b.ctx, j.subject), filled(64) // the same headers
	bare := &side{name: "echo", server: limits.echo.process, call: func(int, int) error { return invoke(ctx, conn, echoMethod(inGRPC), request) }}
	cached, err := b.reads("net/http", limits.plain.process, limits.plain.Address, w.keys[j.subject], []string{"/" + strconv.Itoa(inREST)})
	if err != nil {
		return rows, err
	}
	found, err := b.contest(ours, bare, rest, cached).run()
	if err != nil {
		return rows, err
	}
	rows.overGRPC = found.compare(j.name+" over gRPC : echo of the same size", calls, ours, bare)
	rows.overREST = found.compare(j.name+" over REST : net/http with cached bytes", calls, rest, cached)
	rows.between = found.compare(j.name+" over REST : over gRPC", calls, rest, ours)
	rows.cpuOfGRPC = found.compare(j.name+" over gRPC, processor time of the server : echo", cpu, ours, bare)
	rows.cpuOfREST = found.compare(j.name+" over REST, processor time of the server : net/http", cpu, rest, cached)
	rows.between.OfA, rows.between.OfB = "REST", "gRPC"
	return rows, nil
}

// contest lets sides take turns as long as the form says.
func (b *bench) contest(sides ...*side) contest {
	return contest{callers: callers, rounds: b.form.rounds, time: b.form.round, sides: sides}
}

// commits holds the call that writes most against bbolt and the disk: many
// callers, then one.
func (b *bench) commits(w *world) error {
	b.step("limits: commits")
	bare, noCall, ours, err := b.bareBehindEcho(w)
	if err != nil {
		return err
	}
	disk, err := openDisk(b.dir)
	if err != nil {
		return err
	}
	defer disk.file.Close()
	synced := &side{name: "fdatasync", call: func(_, i int) error { return disk.write(i) }}
	many, err := b.contest(ours, bare).run()
	if err != nil {
		return err
	}
	single := b.contest(ours, bare, noCall, synced)
	single.callers = 1
	one, err := single.run()
	if err != nil {
		return err
	}
	b.add(
		many.compare("RecordAssessments (4 verdicts) : bare bbolt group commit behind echo", calls, ours, bare).atLeast(0.6),
		many.compare("RecordAssessments, processor time of the server : bare bbolt behind echo", cpu, ours, bare),
		one.compare("RecordAssessments, one caller : bare bbolt commit, no call", calls, ours, noCall).atLeast(0.6),
		one.compare("RecordAssessments, one caller : bare bbolt commit behind echo", calls, ours, bare),
		one.compare("Bare bbolt commit : fdatasync of the disk", calls, noCall, synced),
	)
	return nil
}

// bareBehindEcho starts the bare store and makes the sides of the contest: it with
// a call for each commit, with next to no calls, and Acquis.
func (b *bench) bareBehindEcho(w *world) (bare, noCall, ours *side, err error) {
	size, err := w.answerSize(b.ctx, w.recording())
	if err != nil {
		return nil, nil, nil, err
	}
	dir := filepath.Join(b.dir, "bare")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, nil, err
	}
	c, err := b.spawn(order{Kind: "bare", Dir: dir, Sizes: []int{size, w.seeded.record, w.seeded.event}})
	if err != nil {
		return nil, nil, nil, err
	}
	conn, err := dial(c.Address)
	if err != nil {
		return nil, nil, nil, err
	}
	b.atExit(func() { _ = conn.Close() }) // nothing was left to send
	ctx, request := w.as(b.ctx, assessor), filled(128)
	calling := func(method string) func(int, int) error {
		return func(int, int) error { return invoke(ctx, conn, method, request) }
	}
	bare = &side{name: "bare bbolt", server: c.process, call: calling(bareMethod)}
	noCall = &side{name: "bare bbolt", server: c.process, call: calling(bareMany), times: bareCommits}
	ours, err = w.overGRPC(b.ctx, "Acquis", w.recording())
	return bare, noCall, ours, err
}
