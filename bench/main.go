package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A form is how long a run takes, and how far it goes.
type form struct {
	name   string
	rounds int
	round  time.Duration // of one side
	sizes  []int         // of stores, in candidacies; the others are compared with the first
	day    time.Duration // the mixed day
	dayOn  int           // the size of its store
}

// The forms. Many short rounds beat few long ones: what disturbs a machine for a
// second falls on both sides.
var (
	quick  = form{"quick", 4, 200 * time.Millisecond, []int{1_000, 10_000}, 5 * time.Second, 10_000}
	normal = form{"normal", 11, 500 * time.Millisecond, []int{1_000, 10_000, 100_000}, 30 * time.Second, 10_000}
	full   = form{"full", 15, time.Second, []int{1_000, 100_000, 1_000_000}, 5 * time.Minute, 1_000_000}
)

// callers is how many call at once, where nothing else is said.
const callers = 64

// A bench is one run.
type bench struct {
	ctx    context.Context
	form   form
	dir    string // of everything that the run makes
	self   string // this binary
	acquis string // the program that users run
	before string // an older one that it is held against; empty: limits and peers are
	out    io.Writer
	report Report
	exits  []func()
}

// atExit has fn called at the end of the run; the last comes first.
func (b *bench) atExit(fn func()) { b.exits = append(b.exits, fn) }

// add takes rows into the report.
func (b *bench) add(rows ...Row) { b.report.Results = append(b.report.Results, rows...) }

// note takes something into the report that rows cannot say.
func (b *bench) note(format string, args ...any) {
	b.report.Notes = append(b.report.Notes, fmt.Sprintf(format, args...))
}

// skip notes that a part was left out, or fails where nothing may be.
func (b *bench) skip(what string, why error) error {
	if os.Getenv("ACQUIS_REQUIRE_ALL") == "1" {
		return fmt.Errorf("%s: %w", what, why)
	}
	b.note("Left out: %s: %v.", what, why)
	return nil
}

// step tells what is under way.
func (b *bench) step(format string, args ...any) {
	_, _ = fmt.Fprintf(b.out, "%s  %s\n", time.Now().Format("15:04:05"), fmt.Sprintf(format, args...)) // nobody may be looking
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == childWord {
		exit(beChild(ctx, os.Args[2:]))
	}
	exit(run(ctx, os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err) // nobody is left to tell
		os.Exit(1)
	}
	os.Exit(0)
}

// run reads the flags, measures, and tells what came of it. A target that is
// missed is no error: it stands in the table.
func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	isQuick := flags.Bool("quick", false, "the short form: under two minutes, and rough")
	isFull := flags.Bool("full", false, "the long form: a million candidacies, more than an hour and 30 GB of disk")
	jsonFile := flags.String("json", "", "write the report to this `file` as JSON")
	markdownFile := flags.String("markdown", "", "write the report to this `file` as Markdown")
	only := flags.String("only", "", "only these `parts`: limits, peers, growth, mixed; with --before, these RPCs")
	before := flags.String("before", "", "compare the processor time of calls with this older acquis `program`, and nothing else")
	day := flags.Duration("day", 0, "how long the mixed day lasts; by default as long as the form says")
	dir := flags.String("dir", os.TempDir(), "where stores are made, and removed; the disk that is measured")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	b := &bench{ctx: ctx, form: normal, before: *before, out: os.Stderr}
	switch {
	case *isQuick && *isFull:
		return errors.New("--quick and --full exclude each other")
	case *isQuick:
		b.form = quick
	case *isFull:
		b.form = full
	}
	if *day > 0 {
		b.form.day = *day
	}
	b.report = Report{Form: b.form.name, Time: time.Now().UTC(), Machine: machine()}
	if err := b.measure(*dir, *only); err != nil {
		return err
	}
	if err := b.report.markdown(os.Stdout); err != nil {
		return err
	}
	return b.report.save(*jsonFile, *markdownFile)
}

// measure runs the parts in a directory that is gone afterwards.
func (b *bench) measure(dir, only string) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(dir, "acquis-bench-"); err != nil {
		return err
	}
	defer func() {
		for _, end := range slices.Backward(b.exits) {
			end()
		}
		err = errors.Join(err, os.RemoveAll(b.dir))
	}()
	wanted := func(part string) bool { return only == "" || slices.Contains(strings.Split(only, ","), part) }
	b.step("builds acquis")
	if err := b.build(); err != nil {
		return err
	}
	if b.before != "" {
		return b.paired(wanted)
	}
	base, err := b.openStore(b.form.sizes[0])
	if err != nil {
		return err
	}
	if wanted("limits") {
		if err := b.limits(base); err != nil {
			return fmt.Errorf("limits: %w", err)
		}
	}
	if wanted("peers") {
		if err := b.peers(base); err != nil {
			return fmt.Errorf("peers: %w", err)
		}
	}
	if wanted("growth") || wanted("mixed") {
		return b.sizes(base, wanted("growth"), wanted("mixed"))
	}
	return nil
}
