package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// A faultyFile is a store's file whose descriptor can be redirected to a device
// that fails: /dev/full refuses every write, /dev/null accepts writes but no
// sync. The memory map stays on the file.
type faultyFile struct {
	*os.File
	whole int // a descriptor of the file itself
}

func openFaulty(t *testing.T) (*Store, *faultyFile) {
	t.Helper()
	f := new(faultyFile)
	s, err := Engine{OpenFile: func(name string, flag int, perm os.FileMode) (file *os.File, err error) {
		f.File, err = os.OpenFile(name, flag, perm)
		return f.File, err
	}}.open(t.TempDir(), store.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	if f.whole, err = syscall.Dup(int(f.Fd())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(f.whole) })
	return s, f
}

func (f *faultyFile) lead(t *testing.T, device string) {
	t.Helper()
	d, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil && os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
		t.Fatalf("this machine has no %s, which stands for a broken disk: %v", device, err)
	}
	if err != nil {
		t.Skipf("this machine has no %s, which stands for a broken disk: %v", device, err)
	}
	defer d.Close() //nolint:errcheck // only its copy matters
	f.redirect(t, int(d.Fd()))
}

func (f *faultyFile) heal(t *testing.T) { t.Helper(); f.redirect(t, f.whole) }

func (f *faultyFile) redirect(t *testing.T, to int) {
	t.Helper()
	if err := syscall.Dup3(to, int(f.Fd()), syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
}

// withFreePages leaves pages to reuse, because a commit that grows the file fails
// in other ways first.
func withFreePages(t *testing.T, s *Store) {
	t.Helper()
	put := func(n int) error {
		return s.Update(context.Background(), store.Act{}, func(w store.Writer) error {
			return w.Put(store.KindName, []byte("large"), make([]byte, n))
		})
	}
	if err := errors.Join(put(1<<20), put(1), write(s, "a"), write(s, "b")); err != nil {
		t.Fatal(err)
	}
}

func TestNoRoomHeals(t *testing.T) {
	s, f := openFaulty(t)
	withFreePages(t, s)
	f.lead(t, "/dev/full")
	if err := write(s, "c"); !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write without room: %v", err)
	}
	if err := s.Health(); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Health without room: %v", err)
	}
	wantKeys(t, s, "a", "b")
	if err := write(s, "c"); !errors.Is(err, store.ErrReadOnly) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the next write without room: %v", err)
	}
	f.heal(t)
	waitHealthy(t, s)
	if err := write(s, "d"); err != nil {
		t.Errorf("a write once there is room: %v", err)
	}
	wantKeys(t, s, "a", "b", "d")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// waitHealthy waits for the store to find out by itself that there is room again:
// its health status may keep all writers away.
func waitHealthy(t *testing.T, s *Store) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.Health() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("Health with room: %v", s.Health())
		}
	}
}

func TestFailedSync(t *testing.T) {
	s, f := openFaulty(t)
	withFreePages(t, s)
	f.lead(t, "/dev/null")
	if err := write(s, "c"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a write whose sync failed: %v", err)
	}
	f.heal(t)
	if err := write(s, "d"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a write after a failed sync: %v", err)
	}
	if err := s.Health(); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Health after a failed sync: %v", err)
	}
	if err := s.Wait(context.Background(), 99); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Wait after a failed sync: %v", err)
	}
	wantKeys(t, s, "a", "b")
	file := f.Name()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if markedClean(t, file) {
		t.Error("a store with unknown disk content is marked as cleanly closed")
	}
	again := open(t, filepath.Dir(file))
	wantKeys(t, again, "a", "b")
	if err := errors.Join(write(again, "e"), again.Close()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
