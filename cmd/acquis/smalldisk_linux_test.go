package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/acquis-eval/acquis/backup"
)

// smallDisk mounts a file system of a few MiB until the test ends.
func smallDisk(t *testing.T) string {
	t.Helper()
	place := t.TempDir()
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place).CombinedOutput()
	if err != nil && os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
		t.Fatalf("no tmpfs can be mounted here, which a full disk needs: %v: %s", err, out)
	}
	if err != nil {
		t.Skipf("no tmpfs can be mounted here, which a full disk needs: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(place, 0) })
	return place
}

// If there is no room for a backup, a restore or a compaction, the error says so,
// nothing half-written is left, and the existing files are intact.
func TestNoRoom(t *testing.T) {
	_, file := backedUp(t)
	disk := smallDisk(t)
	dir, ballast := filepath.Join(disk, "data"), filepath.Join(disk, "ballast")
	succeeds(t, "", "restore", "--from", file, "--data-dir", dir)
	before := contents(t, dir)
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
	fails(t, "no space left", "compact", "--data-dir", dir)
	fails(t, "no room", "restore", "--from", file, "--data-dir", dir)
	out, stop := serving(t, t.TempDir())
	t.Setenv(keyVariable, keyLine.FindStringSubmatch(out.String())[1])
	call := []string{"backup", "--server", grpcLine.FindStringSubmatch(out.String())[1], "--to", filepath.Join(disk, "b")}
	fails(t, "no space left", call...)
	if after := contents(t, dir); !bytes.Equal(before, after) {
		t.Error("the store has changed")
	}
	for _, pattern := range []string{"b*", "data/*.new", "data/restore.partial", "data/*.replaced-*"} {
		if left, _ := filepath.Glob(filepath.Join(disk, pattern)); len(left) != 0 && pattern != "b*" || len(left) > 1 {
			t.Errorf("%v is left", left)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	succeeds(t, "bytes before", "compact", "--data-dir", dir)
	code, said, why := acquis(t, call...)
	for strings.Contains(why, "another backup") { // the server has not noticed yet that the first was abandoned
		code, said, why = acquis(t, call...)
	}
	if code != 0 {
		t.Errorf("a backup, once there is room: exit %d, %q %q", code, said, why)
	}
	stop()
}

// A backup stops while there is still some room, because a store on the same disk
// needs it.
func TestBackupLeavesRoom(t *testing.T) {
	disk := smallDisk(t)
	w, err := backup.Create(filepath.Join(disk, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4096)); err != nil {
		t.Errorf("on an empty disk: %v", err)
	}
	if err := errors.Join(w.Close(), os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 4<<20-256<<10), 0o600)); err != nil {
		t.Fatal(err)
	}
	if w, err = backup.Create(filepath.Join(disk, "b")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4096)); !errors.Is(err, backup.ErrNoRoom) {
		t.Errorf("with 256 KiB left: %v", err)
	}
	if err := errors.Join(w.Close(), os.WriteFile(filepath.Join(disk, "store"), make([]byte, 128<<10), 0o600)); err != nil {
		t.Errorf("no room is left: %v", err)
	}
}
