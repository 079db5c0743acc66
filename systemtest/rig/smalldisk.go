package rig

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

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A SmallDisk is a real file system with little room, which can be filled.
type SmallDisk struct {
	Dir     string
	ballast string
}

// SmallDisks are the available kinds: one in memory, and one that has a journal
// and allocates blocks only when it writes.
var SmallDisks = []string{"tmpfs", "ext4"}

// NewSmallDisk mounts a disk with that much room until the test ends. Only root
// can.
func NewSmallDisk(t *testing.T, kind string, megabytes int) *SmallDisk {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		skip(t, "only root, on Linux, can mount a small disk")
	}
	d := &SmallDisk{Dir: t.TempDir()}
	d.ballast = filepath.Join(d.Dir, "ballast")
	mount := []string{"mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "acquis", d.Dir}
	if kind == "ext4" {
		image := filepath.Join(t.TempDir(), "image")
		world.Must(t, os.WriteFile(image, nil, 0o600))
		world.Must(t, os.Truncate(image, int64(megabytes)<<20*4/3)) // its own tables and journal take the rest
		if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
			skip(t, "no ext4 can be made: "+err.Error()+string(out))
		}
		mount = []string{"mount", "-o", "loop", image, d.Dir}
	}
	if out, err := exec.Command(mount[0], mount[1:]...).CombinedOutput(); err != nil {
		skip(t, "no small disk can be mounted: "+err.Error()+string(out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", d.Dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return d
}

// Fill uses all the room, except that many bytes.
func (d *SmallDisk) Fill(t *testing.T, room int64) {
	t.Helper()
	f, err := os.Create(d.ballast)
	world.Must(t, err)
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
	world.Must(t, err)
	world.Must(t, f.Truncate(size-room))
	world.Must(t, f.Close())
}

// Free gives the room back.
func (d *SmallDisk) Free(t *testing.T) {
	t.Helper()
	world.Must(t, os.Remove(d.ballast))
}
