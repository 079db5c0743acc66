package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A goTool is the go command over a tree in which some files are replaced.
type goTool struct {
	tree, dir string
	flags     string // the flags for that, also for a go command that a test runs
}

func newOverlay(tree string, planted plantings) (goTool, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return goTool{}, err
	}
	g := goTool{tree: tree, dir: dir}
	replaced := make(map[string]string)
	for file, text := range planted {
		original, err := filepath.Abs(filepath.Join(tree, file))
		if err != nil {
			return g, err
		}
		replaced[original] = filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replaced[original], []byte(text), 0o600); err != nil {
			return g, err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return g, err
	}
	flags, err := exec.Command("go", "env", "GOFLAGS").Output()
	if err != nil {
		return g, err
	}
	list := filepath.Join(dir, "overlay.json")
	g.flags = strings.TrimSpace(string(flags)) + " -overlay=" + list
	return g, os.WriteFile(list, overlay, 0o600)
}

// run returns what the command printed. If it is interrupted, its children end too.
func (g goTool) run(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = g.tree
	command.Env = append(os.Environ(), "GOFLAGS="+g.flags)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	return command.CombinedOutput()
}

// maxFlakes limits how often a stage is repeated.
const maxFlakes = 3

// test returns a test of these packages that fails; "" if none does. A test that
// passes at the second try says nothing about the fault: then all are run again.
func (g goTool) test(ctx context.Context, tests []string) (failed string, err error) {
	for range maxFlakes {
		out, err := g.run(ctx, slices.Concat([]string{"test", "-failfast", "-vet=off", "-timeout=20m"}, tests)...)
		if ctx.Err() != nil || err == nil {
			return "", ctx.Err()
		}
		failed, again := failedTest(out)
		if failed == "" {
			return "", fmt.Errorf("go test: %w\n%s", err, out)
		}
		_, err = g.run(ctx, slices.Concat([]string{"test", "-vet=off", "-count=1", "-timeout=20m"}, again, flagsOf(tests))...)
		if ctx.Err() != nil || err != nil {
			return failed, ctx.Err()
		}
		fmt.Fprintln(os.Stderr, "mutants: a flake:", failed)
	}
	return "", fmt.Errorf("%s fails only sometimes", failed)
}

func flagsOf(tests []string) []string {
	return slices.DeleteFunc(slices.Clone(tests), func(arg string) bool { return !strings.HasPrefix(arg, "-") })
}

var (
	failedOne = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	failedAll = regexp.MustCompile(`(?m)^FAIL\s+(\S+/\S+)`)
)

// failedTest returns the name of the first test that failed, or of the package if
// it failed as a whole, as with a panic or a hanging test; and how to run it
// again.
func failedTest(out []byte) (name string, again []string) {
	pkg := failedAll.FindSubmatch(out)
	if pkg == nil {
		return "", nil
	}
	again = []string{string(pkg[1])}
	if one := failedOne.FindSubmatch(out); one != nil {
		return string(one[1]), append(again, "-run=^"+string(one[1])+"$")
	}
	return path.Base(string(pkg[1])) + " as a whole", again
}
