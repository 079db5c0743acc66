package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The guide follows one candidate through the API; its blocks run in order,
// unchanged, in one shell.
func TestGuide(t *testing.T) {
	runGuide(t, withTool(t, "grpcurl"), func(string) bool { return true })
}

// TestGuideOverREST: a reader who has only curl gets to the end of it.
func TestGuideOverREST(t *testing.T) {
	runGuide(t, withTool(t, "curl"), func(block string) bool {
		if over := strings.Contains(block, "grpcurl "); over != strings.HasPrefix(block, "grpcurl ") {
			t.Errorf("a block has other commands before grpcurl:\n%s", block)
		}
		return !strings.HasPrefix(block, "grpcurl ")
	})
}

// runGuide runs those blocks of the guide that are chosen.
func runGuide(t *testing.T, tool string, chosen func(block string) bool) {
	t.Helper()
	guide, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	out, _ := serving(t, t.TempDir())
	script, run := "set -euo pipefail\n", 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(guide), -1) {
		if chosen(block[1]) {
			script += "echo '" + firstWords(block[1]) + "' >&2\n" + block[1]
			run++
		}
	}
	if run < 30 {
		t.Fatalf("%d blocks of the guide are run", run)
	}
	command := exec.Command("bash", "-c", script)
	command.Dir = t.TempDir()
	said := out.String()
	command.Env = append(os.Environ(), "H="+httpLine.FindStringSubmatch(said)[1], "G="+grpcLine.FindStringSubmatch(said)[1],
		"ADMIN="+keyLine.FindStringSubmatch(said)[1], "PATH="+tool+":"+os.Getenv("PATH"))
	if answer, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v, near the end of\n%s", err, answer)
	}
}

// firstWords names a block in an error.
func firstWords(block string) string {
	line, _, _ := strings.Cut(block, "\n")
	return strings.NewReplacer("'", "", "\\", "").Replace(line)
}

// withTool returns a folder that has the program: tools/go.mod has grpcurl. If it
// is missing, the test is skipped, or fails if everything is required.
func withTool(t *testing.T, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return filepath.Dir(path)
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-modfile=tools/go.mod", "-o", dir, "github.com/fullstorydev/grpcurl/cmd/grpcurl")
	build.Dir = "../.."
	if os.Getenv("ACQUIS_REQUIRE_ALL") == "" {
		t.Skipf("%s is not installed", program)
	}
	if answer, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s is not installed and cannot be built: %v\n%s", program, err, answer)
	}
	return dir
}
