package systemtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A smallDisk is a real file system that has little room, and can have none.
type smallDisk struct {
	dir     string
	ballast string
}

// smallDisks are the kinds that can be had: one in memory, and one that keeps a
// journal and gives out its blocks when it must write.
var smallDisks = []string{"tmpfs", "ext4"}

// newSmallDisk mounts one with so much room until the test ends. Only root may.
func newSmallDisk(t *testing.T, kind string, megabytes int) *smallDisk {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		skip(t, "only root, on Linux, can mount a small disk")
	}
	d := &smallDisk{dir: t.TempDir()}
	d.ballast = filepath.Join(d.dir, "ballast")
	mount := []string{"mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "acquis", d.dir}
	if kind == "ext4" {
		image := filepath.Join(t.TempDir(), "image")
		must(t, os.WriteFile(image, nil, 0o600))
		must(t, os.Truncate(image, int64(megabytes)<<20*4/3)) // its own tables and journal take the rest
		if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
			skip(t, "no ext4 can be made: "+err.Error()+string(out))
		}
		mount = []string{"mount", "-o", "loop", image, d.dir}
	}
	if out, err := exec.Command(mount[0], mount[1:]...).CombinedOutput(); err != nil {
		skip(t, "no small disk can be mounted: "+err.Error()+string(out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return d
}

// fill takes all the room there is, but for so many bytes.
func (d *smallDisk) fill(t *testing.T, room int64) {
	t.Helper()
	f, err := os.Create(d.ballast)
	must(t, err)
	for size := 1 << 20; size >= 512; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_ = f.Sync() // an error says that it is full
	size, err := f.Seek(0, io.SeekEnd)
	must(t, err)
	must(t, f.Truncate(size-room))
	must(t, f.Close())
}

// free gives it back.
func (d *smallDisk) free(t *testing.T) {
	t.Helper()
	must(t, os.Remove(d.ballast))
}
