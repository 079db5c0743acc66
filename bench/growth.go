package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/store/bolt"
)

// Targets of growth.
const (
	mostSlower  = 1.5 // p50, against the smallest store
	mostStart   = 1.0 // seconds
	mostHeap    = 300 // MiB
	mostFile    = 12  // KiB a candidacy, compacted
	fileWorst   = 30 << 10
	mostDecided = 30 // deliberations of a round
)

// sizes compares stores of each size with the smallest, and runs the mixed day on
// the one that the form names.
func (b *bench) sizes(base *world, growth, mixed bool) error {
	small, err := base.jobs(b)
	if err != nil {
		return err
	}
	for _, n := range b.form.sizes[1:] {
		if !growth && n != b.form.dayOn {
			continue
		}
		if free, err := freeSpace(b.dir); err != nil {
			return err
		} else if need := uint64(n) * fileWorst; free < need {
			if err := b.skip(fmt.Sprintf("the store of %d candidacies", n), fmt.Errorf("the disk has %d GiB left, not %d", free>>30, need>>30)); err != nil {
				return err
			}
			continue
		}
		if err := b.size(n, small, growth, mixed && n == b.form.dayOn); err != nil {
			return fmt.Errorf("%d candidacies: %w", n, err)
		}
	}
	return nil
}

func (b *bench) size(n int, small []*side, growth, mixed bool) error {
	b.step("makes a store of %d candidacies", n)
	began := time.Now()
	s, err := b.seed(n)
	if err != nil {
		return err
	}
	b.note("The store of %d candidacies was made in %s.", n, time.Since(began).Round(time.Second))
	if growth {
		if err := b.grown(s, small); err != nil {
			return err
		}
	}
	if mixed {
		if err := b.mixedDay(s); err != nil {
			return err
		}
	}
	return os.RemoveAll(s.dir)
}

// grown measures a store: its file, its calls, what it takes, how it starts.
func (b *bench) grown(s *seeded, small []*side) error {
	if err := b.weighFile(s); err != nil {
		return err
	}
	w, err := b.open(s)
	if err != nil {
		return err
	}
	b.add(single(fmt.Sprintf("Start after a clean stop, %d candidacies", s.size), w.started.Seconds(), mostStart, "s").atMost(1))
	if err := b.growthOfCalls(w, small); err != nil {
		return err
	}
	if err := b.weighProcess(w); err != nil {
		return err
	}
	if err := b.backup(w); err != nil {
		return err
	}
	b.step("growth: crash and start")
	w.kill()
	again, err := b.serve(s.dir, s.ring)
	if err != nil {
		return err
	}
	b.add(single(fmt.Sprintf("Start after a crash, %d candidacies", s.size), again.started.Seconds(), mostStart, "s"))
	return again.stop()
}

// jobs are one side for each main call.
func (w *world) jobs(b *bench) (sides []*side, err error) {
	for _, j := range []job{w.referentiel(), w.candidate(), w.grid(), w.capitalisation(), w.decision(), w.candidacies(), w.recording()} {
		s, err := w.overGRPC(b.ctx, j.name, j)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	return append(sides, w.creates(b.ctx, "CreateCandidate"), w.deliberates(b.ctx, deliberateName)), nil
}

// deliberations is how many a round may have, so that those of all rounds, and the
// one before them, do not decide more candidacies than the smallest store has for it.
func (f form) deliberations() int {
	_, deliberated, _, _ := parts(f.sizes[0])
	rounds := (len(f.sizes) - 1) * (f.rounds + 1)
	return min(mostDecided, int(deliberated.to-deliberated.from)/rounds)
}

const deliberateName = "GetGrid and Deliberate"

func (b *bench) growthOfCalls(w *world, small []*side) error {
	b.step("growth: calls")
	large, err := w.jobs(b)
	if err != nil {
		return err
	}
	for i, s := range large {
		c := b.contest(s, small[i])
		if s.name == deliberateName {
			c.most = b.form.deliberations()
		}
		found, err := c.run()
		if err != nil {
			return err
		}
		for _, m := range []struct {
			name string
			of   measure
		}{{"p50", p50}, {"p99", p99}} {
			row := found.compare(fmt.Sprintf("%s, %s, %d : %d candidacies", s.name, m.name, w.size, b.form.sizes[0]), m.of, s, small[i])
			row.OfA, row.OfB = fmt.Sprint(w.size), fmt.Sprint(b.form.sizes[0])
			if m.name == "p50" {
				row = row.atMost(mostSlower)
			}
			b.add(row)
		}
	}
	return nil
}

// weighFile measures the file as it was written, and a compacted one. The copy is
// a second name of the same file: compaction reads it and puts another in its place.
func (b *bench) weighFile(s *seeded) error {
	written, err := fileSize(s.dir)
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "compacted")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(s.dir, bolt.FileName), filepath.Join(dir, bolt.FileName)); err != nil {
		return err
	}
	began := time.Now()
	if out, err := exec.CommandContext(b.ctx, b.acquis, "compact", "--data-dir", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("compact: %w: %s", err, out)
	}
	took := time.Since(began)
	compacted, err := fileSize(dir)
	if err != nil {
		return err
	}
	kib := func(size float64) float64 { return size / 1024 / float64(s.size) }
	b.add(
		single(fmt.Sprintf("File of a candidacy, as written, %d", s.size), kib(written), mostFile, "KiB"),
		single(fmt.Sprintf("File of a candidacy, compacted, %d", s.size), kib(compacted), mostFile, "KiB").atMost(1))
	b.note("Compacting the store of %d candidacies took %s.", s.size, took.Round(time.Millisecond))
	return os.RemoveAll(dir)
}

// weighProcess measures the memory that is not pages of the file.
func (b *bench) weighProcess(w *world) error {
	_, heap := w.errors.collector()
	resident, err := w.metric(b.ctx, "process_resident_memory_bytes")
	if err != nil {
		return err
	}
	anonymous, err := w.anonymous()
	if err != nil {
		return err
	}
	const mib = 1 << 20
	b.add(
		single(fmt.Sprintf("Live Go heap, largest, %d candidacies", w.size), heap/mib, mostHeap, "MiB").atMost(1),
		single(fmt.Sprintf("Memory that is no page of a file, %d candidacies", w.size), anonymous/mib, mostHeap, "MiB"))
	b.note("With %d candidacies the process had %s MiB resident, pages of the file included.", w.size, figure(resident/mib))
	return nil
}

// backup times a backup of the running store.
func (b *bench) backup(w *world) error {
	b.step("growth: backup")
	if !b.knows("backup") {
		b.note("Left out: the time of a backup: this acquis has no command backup.")
		return nil
	}
	file := filepath.Join(b.dir, "backup")
	cmd := exec.CommandContext(b.ctx, b.acquis, "backup", "--server", w.grpc, "--to", file)
	cmd.Env = append(os.Environ(), "ACQUIS_KEY="+w.keys[services.FirstSubject])
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("backup: %w: %s", err, out)
	}
	row := Row{
		Name: fmt.Sprintf("Backup of the running store, %d candidacies : copy of its file", w.size),
		A:    time.Since(began).Seconds(), OfA: "backup", OfB: "copy", Unit: "s",
	}
	began = time.Now()
	if err := copyFile(file, filepath.Join(w.dir, bolt.FileName)); err != nil {
		return err
	}
	row.B = time.Since(began).Seconds()
	row.Ratio = row.A / row.B
	b.add(row)
	return os.RemoveAll(file)
}

// copyFile copies a file and makes the copy durable: the least that a backup is.
func copyFile(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Sync()
}

// knows tells whether the program that is measured has a command.
func (b *bench) knows(command string) bool {
	return exec.CommandContext(b.ctx, b.acquis, command, "--help").Run() == nil
}
