// Command mutants plants faults in the code, one at a time, and reports which
// tests notice: it tests the tests. The faults are in mutants.txt.
//
//	go run ./systemtest/mutants                 all faults: hours
//	go run ./systemtest/mutants -only verify/   those whose names begin with it
//	go run ./systemtest/mutants -packages       without the systemtest
//	go run ./systemtest/mutants -build          only checks that each fits one place, and all build
//
// No file is changed: the go command gets a changed one in place of the real one
// (its flag -overlay). A fault is noticed first by the tests of its own package,
// then by those of the packages around, or only by the systemtest, far from its
// place: the sooner the better. A fault that nothing notices means that a test is
// missing.
//
// With -results, what is known about a fault is kept in a file, and a later run
// continues after it.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed mutants.txt
var listed string

func main() {
	var r run
	flag.StringVar(&r.only, "only", "", "only faults whose names begin with this")
	flag.StringVar(&r.tree, "tree", ".", "root of the code")
	flag.StringVar(&r.results, "results", "", "file that keeps the results")
	flag.BoolVar(&r.packages, "packages", false, "run the tests of packages only, not the systemtest")
	flag.BoolVar(&r.build, "build", false, "run no tests")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.all(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

// A run plants every fault that is requested.
type run struct {
	only, tree, results string
	packages, build     bool
}

func (r run) all(ctx context.Context) error {
	mutants, err := parse(listed)
	if err != nil {
		return err
	}
	code, err := readCode(r.tree)
	if err != nil {
		return err
	}
	mutants = slices.DeleteFunc(mutants, func(m mutant) bool { return !strings.HasPrefix(m.name, r.only) })
	if r.build {
		return r.buildAll(ctx, code, mutants)
	}
	known, err := readResults(r.results)
	if err != nil {
		return err
	}
	survived := 0
	for _, m := range mutants {
		result, ok := known[m.name]
		if !ok || !r.packages && result.by == byNone {
			if result, err = r.one(ctx, code, m); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			if err := result.append(r.results); err != nil {
				return err
			}
		}
		fmt.Println(result)
		if result.by == byNone || result.by == bySurvived {
			survived++
		}
	}
	if survived > 0 {
		return fmt.Errorf("%d faults were not noticed", survived)
	}
	return nil
}

// buildAll plants all faults at once.
func (r run) buildAll(ctx context.Context, code code, mutants []mutant) (err error) {
	planted, err := code.plant(mutants...)
	if err != nil {
		return err
	}
	goTool, err := newOverlay(r.tree, planted)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(goTool.dir)) }()
	out, err := goTool.run(ctx, "build", "./...")
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	fmt.Printf("%d faults fit, in %d files\n", len(mutants), len(planted))
	return nil
}

// one plants a fault and runs tests, those nearest to it first, until one fails.
func (r run) one(ctx context.Context, code code, m mutant) (_ result, err error) {
	planted, err := code.plant(m)
	if err != nil {
		return result{}, err
	}
	goTool, err := newOverlay(r.tree, planted)
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(goTool.dir)) }()
	if out, err := goTool.run(ctx, "build", "./..."); err != nil {
		return result{}, fmt.Errorf("does not build: %w\n%s", err, out)
	}
	began := time.Now()
	for _, stage := range r.stages(planted) {
		test, err := goTool.test(ctx, stage.tests)
		if err != nil {
			return result{}, err
		}
		if test != "" {
			return result{m.name, stage.name, test, time.Since(began)}, nil
		}
	}
	by := bySurvived
	if r.packages {
		by = byNone
	}
	return result{m.name, by, "", time.Since(began)}, nil
}

// A stage is some packages that are tested together.
type stage struct {
	name  string
	tests []string // packages, and flags for all of them
}

// What noticed a fault, if it is not a test of a package.
const (
	byNone     = "no package" // the systemtest was not run
	bySurvived = "SURVIVED"
)

// wholeService are the tests of the whole service, except attacks: those take
// minutes, and notice what is slow.
var wholeService = []string{
	"./systemtest", "./systemtest/callers", "./systemtest/requests", "./systemtest/transport", "./systemtest/privacy", "./systemtest/proofs",
	"./systemtest/stories", "./systemtest/disks", "./systemtest/linear",
}

// stages are in order of their distance from the fault.
func (r run) stages(planted plantings) []stage {
	all := []stage{
		{"its package", r.own(planted)},
		{"packages", []string{"./server/...", "./rules/...", "./store/...", "./verify"}},
		{"systemtest", wholeService},
	}
	if r.packages {
		return all[:2]
	}
	return all
}

// own are the packages in which faults are planted. Failing properties are shrunk
// only briefly, because nobody reads the result.
func (r run) own(planted plantings) []string {
	tests := planted.packages()
	for _, pkg := range tests {
		files, _ := filepath.Glob(filepath.Join(r.tree, pkg, "*_test.go"))
		for _, file := range files {
			if text, _ := os.ReadFile(file); len(tests) == 1 && bytes.Contains(text, []byte("pgregory.net/rapid")) {
				return append(tests, "-rapid.shrinktime=1s")
			}
		}
	}
	return tests
}
