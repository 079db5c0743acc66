package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/verify"
)

// A store that the demo left verifies, with output for people and for machines;
// one that was tampered with does not; verify writes to neither.
func TestVerifyDemo(t *testing.T) {
	dir := t.TempDir()
	if err := play(t.Context(), engine(), console{io.Discard, io.Discard}, dir, "demo", time.Now, tell); err != nil {
		t.Fatal(err)
	}
	before := stored(t, dir)
	if code, out, errs := acquis(t, "verify", "--data-dir", dir); code != 0 || !strings.Contains(out, "Everything fits.") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	var report struct {
		OK       bool
		Events   int
		Root     string
		Findings []struct{ Kind, Key, Problem string }
	}
	asJSON := func(want int, args ...string) {
		t.Helper()
		code, out, errs := acquis(t, append([]string{"verify", "--json", "--data-dir", dir}, args...)...)
		if err := json.Unmarshal([]byte(out), &report); err != nil || code != want || report.OK != (want == 0) {
			t.Fatalf("exit code %d, want %d: %v\n%s%s", code, want, err, out, errs)
		}
	}
	asJSON(0)
	if report.Events < 40 || len(report.Findings) != 0 {
		t.Errorf("reported %+v", report)
	}
	checkpoint, events := filepath.Join(t.TempDir(), "checkpoint"), report.Events
	for text, want := range map[string]int{
		report.Root: 0, strings.Repeat("A", 43) + "=": 1,
	} {
		note := fmt.Sprintf("demo\n%d\n%s\n", events, text)
		if err := os.WriteFile(checkpoint, []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
		asJSON(want, "--checkpoint", checkpoint)
	}
	if !bytes.Equal(stored(t, dir), before) {
		t.Error("the store was changed")
	}
	tamper(t, dir, func(tx *bbolt.Tx) error {
		names := tx.Bucket([]byte{byte(store.KindName)})
		key, _ := names.Cursor().First()
		return names.Delete(key)
	})
	code, out, _ := acquis(t, "verify", "--data-dir", dir)
	if code != 1 || !strings.HasPrefix(out, "name ") || !strings.Contains(out, "is missing, although it follows from") {
		t.Errorf("tampered: exit code %d\n%s", code, out)
	}
}

func stored(t *testing.T, dir string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, storeFile))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// tamper changes a store at rest without its engine.
func tamper(t *testing.T, dir string, fn func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, storeFile), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(fn); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Verify refuses what it cannot verify with a clear error, and does not change
// it.
func TestVerifyRefuses(t *testing.T) {
	running := filepath.Join(t.TempDir(), "data")
	serving(t, running)
	newer, foreign := filepath.Join(t.TempDir(), "data"), t.TempDir()
	_, stop := serving(t, newer)
	stop()
	tamper(t, newer, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("acquis store\n\x00\x00\x00\x09"))
	})
	if err := os.WriteFile(filepath.Join(foreign, storeFile), []byte("Bonjour"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"a running server", "stop the server first", []string{"--data-dir", running}},
		{"a newer format", "written by a newer program", []string{"--data-dir", newer}},
		{"something else", "not an Acquis store", []string{"--data-dir", foreign}},
		{"nothing", "holds no store", []string{"--data-dir", t.TempDir()}},
		{"no checkpoint", "no such file", []string{"--data-dir", running, "--checkpoint", filepath.Join(foreign, "none")}},
		{"what is no checkpoint", "--checkpoint " + filepath.Join(foreign, storeFile) + ": ", []string{"--data-dir", newer, "--checkpoint", filepath.Join(foreign, storeFile)}},
		{"no findings", "--limit", []string{"--limit", "0"}},
	} {
		code, out, errs := acquis(t, append([]string{"verify"}, c.args...)...)
		if code == 0 || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %s%s", c.name, code, out, errs)
		}
	}
}

// A new store verifies too.
func TestVerifyEmpty(t *testing.T) {
	dir := t.TempDir()
	opened(t, dir)
	if code, out, errs := acquis(t, "verify", "--data-dir", dir); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// TestVerifySummaryIsExplained: each line of the summary is in the table of
// docs/verify.md, whether everything fits or not.
func TestVerifySummaryIsExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, r := range []*verify.Report{
		{Events: 7, Root: "r", Erased: 3, Signers: []string{"k"}},
		{Findings: []verify.Finding{{Kind: "event", Key: "1", Problem: "is missing"}}},
	} {
		var out bytes.Buffer
		if err := showReport(&out, r); err != nil {
			t.Fatal(err)
		}
		_, summary, _ := strings.Cut("\n"+out.String(), "\nJournal")
		for line := range strings.Lines("Journal" + summary) {
			line = strings.TrimSpace(line)
			if line == "" || line == "k" || strings.HasPrefix(line, "docs/verify.md") {
				continue
			}
			lines++
			if title, _, _ := strings.Cut(line, ":"); !strings.Contains(string(page), "`"+title+":") && !strings.Contains(string(page), "`"+line+"`") {
				t.Errorf("docs/verify.md does not explain %q", line)
			}
		}
	}
	if lines != 12 {
		t.Errorf("%d lines", lines)
	}
}
