package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
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

// Where there is no room for a backup, for what it is restored to or for what is
// compacted, that is said, nothing half is left, and what was there is unharmed.
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
	backup := []string{"backup", "--server", grpcLine.FindStringSubmatch(out.String())[1], "--to", filepath.Join(disk, "b")}
	fails(t, "no space left", backup...)
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
	succeeds(t, "", backup...)
	stop()
}
