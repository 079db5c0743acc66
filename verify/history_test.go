package verify_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// verified verifies the store in dir, which must not change.
func verified(t testing.TB, dir string, opts verify.Options) *verify.Report {
	t.Helper()
	file := filepath.Join(dir, world.StoreFile)
	before, err := os.Stat(file)
	world.Must(t, err)
	bytes, err := os.ReadFile(file)
	world.Must(t, err)
	source := world.Look(t, dir)
	report, err := verify.Verify(t.Context(), source, opts)
	world.Must(t, err)
	world.Must(t, source.Close())
	after, err := os.Stat(file)
	world.Must(t, err)
	again, err := os.ReadFile(file)
	world.Must(t, err)
	if !after.ModTime().Equal(before.ModTime()) || sha256.Sum256(bytes) != sha256.Sum256(again) {
		t.Errorf("verifying changed the store")
	}
	return report
}

// TestVerifyHistory: everything that the service wrote verifies; 10,000 events in
// the long form.
func TestVerifyHistory(t *testing.T) {
	seed, events := uint64(1), uint64(1_000)
	if world.Long() {
		seed, events = uint64(time.Now().UnixNano()), 10_000
	}
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	began := time.Now()
	history(w, t, seed, 64, int(events)+100) // some do nothing
	stop()
	wrote := time.Since(began)
	began = time.Now()
	report := verified(t, dir, verify.Options{})
	for _, f := range report.Findings {
		t.Error(f)
	}
	if report.Events < events {
		t.Errorf("only %d events", report.Events)
	}
	t.Logf("seed %d: %d events written in %v, verified in %v", seed, report.Events, wrote, time.Since(began))
	if report.Erased == 0 {
		t.Error("nothing was forgotten")
	}
	t.Logf("stored %v, erased %d", report.Records, report.Erased)
	t.Logf("checked %v", report.Checked)
}

// TestVerifyPurged: what a retention period erased, in part or as a whole, may be
// missing.
func TestVerifyPurged(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir, world.Retain(t, "5y", "30d", "30d"))
	history(w, t, 11, 16, 200)
	w.Clock.Advance(90 * 24 * time.Hour)
	w.Do("registrar", "POST", "/v1/candidates:purge", `{}`)
	stop()
	report := verified(t, dir, verify.Options{})
	for _, f := range report.Findings {
		t.Error(f)
	}
	if report.Erased < 10 {
		t.Errorf("only %d things were erased", report.Erased)
	}
}
