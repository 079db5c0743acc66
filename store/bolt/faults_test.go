package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/acquis-eval/acquis/store"
)

func TestNoRoom(t *testing.T) {
	write := func(n syscall.Errno) error { return &fs.PathError{Op: "write", Path: FileName, Err: n} }
	for _, c := range []struct {
		err  error
		want bool
	}{
		{write(syscall.ENOSPC), true},
		{write(syscall.EDQUOT), true},
		{write(syscall.EFBIG), true},
		{fmt.Errorf("wrapped: %w", write(syscall.ENOSPC)), true},
		{berrors.ErrMaxSizeReached, true},
		{write(syscall.EIO), false},
		{syscall.ENOSPC, false}, // from fdatasync
		{syscall.EIO, false},
		{errors.New("file resize error: no space left on device"), false},
	} {
		if got := noRoom(c.err); got != c.want {
			t.Errorf("noRoom(%v) = %v", c.err, got)
		}
	}
}

// TestNoRoomButPublished: a commit that found no room although readers see its
// header is not just a full disk: its outcome is unknown.
func TestNoRoomButPublished(t *testing.T) {
	s := open(t, t.TempDir())
	if err := write(s, "a"); err != nil {
		t.Fatal(err)
	}
	s.progress.change(func() { s.progress.tx-- }) // as if the last commit had not been synced
	err := s.failed(&fs.PathError{Op: "write", Path: FileName, Err: syscall.ENOSPC})
	if !errors.Is(err, store.ErrUnknownOutcome) || errors.Is(err, store.ErrNoRoom) {
		t.Errorf("its callers get %v", err)
	}
	if err := s.Health(); !errors.Is(err, store.ErrReadOnly) || errors.Is(err, store.ErrNoRoom) {
		t.Errorf("then the store is %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func write(s *Store, key string) error {
	return s.Update(context.Background(), store.Act{}, func(w store.Writer) error {
		return w.Put(store.KindSession, []byte(key), []byte(key))
	})
}

// wantKeys fails unless the records of kind session have those keys.
func wantKeys(t *testing.T, s *Store, want ...string) {
	t.Helper()
	err := s.View(context.Background(), func(r store.Reader) error {
		records, err := r.Scan(store.KindSession, nil, nil, 99)
		got := []string{}
		for _, record := range records {
			got = append(got, string(record.Key))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("records %v, want %v", got, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestUndurable: a View waits for a transaction that bbolt shows but that is not
// synced, and is refused once its sync has failed.
func TestUndurable(t *testing.T) {
	p := newProgress(7, 3)
	ctx := context.Background()
	if err := p.waitTx(ctx, 7); err != nil {
		t.Errorf("a durable transaction: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := p.waitTx(short, 8); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a transaction under way: %v", err)
	}
	waits := make(chan error)
	go func() { waits <- p.waitTx(ctx, 8) }()
	p.synced(8, 4, new(kindSet))
	if err := <-waits; err != nil {
		t.Errorf("a transaction that was synced: %v", err)
	}
	before := p.kinds[store.KindKey].Load()
	go func() { waits <- p.waitTx(ctx, 9) }()
	p.fail(syscall.EIO)
	if err := <-waits; !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a transaction whose sync failed: %v", err)
	}
	if p.kinds[store.KindKey].Load() == before {
		t.Error("cached values can still be used")
	}
	if err := p.waitTx(ctx, 8); err != nil {
		t.Errorf("an older one then: %v", err)
	}
}

// TestUndurableAtTheEnd: nothing waits for a sync once the store is closed;
// otherwise a View could block Close forever, and Close the View.
func TestUndurableAtTheEnd(t *testing.T) {
	p := newProgress(7, 3)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	waits := make(chan error)
	go func() { waits <- p.waitTx(ctx, 8) }()
	p.close()
	if err := <-waits; !errors.Is(err, store.ErrClosed) {
		t.Errorf("a transaction under way: %v", err)
	}
	if err := p.waitTx(ctx, 7); err != nil {
		t.Errorf("a durable transaction: %v", err)
	}
}

// TestViewWhileClosing: the commit that marks a clean stop is also durable, so a
// View that begins just after it can read.
func TestViewWhileClosing(t *testing.T) {
	s := open(t, t.TempDir())
	if err := errors.Join(write(s, "a"), s.markClean()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.View(ctx, func(store.Reader) error { return nil }); err != nil {
		t.Errorf("a View behind the mark: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestViewIsDurable compares what Views see with what is known to be synced.
func TestViewIsDurable(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	stop := make(chan struct{})
	wrote := make(chan error)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				wrote <- nil
				return
			default:
			}
			if err := write(s, fmt.Sprint(i%10)); err != nil {
				wrote <- err
				return
			}
		}
	}()
	for s.progress.durableTx() < 60 {
		tx, err := s.begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if tx.ID() > s.progress.durableTx() {
			t.Fatalf("a View of transaction %d, synced is %d", tx.ID(), s.progress.durableTx())
		}
		_ = tx.Rollback()
	}
	close(stop)
	if err := errors.Join(<-wrote, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestChangedKinds: a write of sessions does not invalidate cached keys.
func TestChangedKinds(t *testing.T) {
	s := open(t, t.TempDir())
	if err := write(s, "a"); err != nil {
		t.Fatal(err)
	}
	var changed []store.KindID
	for kind := range s.progress.kinds {
		if s.Changed(store.KindID(kind)) > 0 {
			changed = append(changed, store.KindID(kind))
		}
	}
	if want := []store.KindID{store.KindSession, store.KindEvent}; !slices.Equal(changed, want) {
		t.Errorf("%v changed, want %v", changed, want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestChangedInTime: a View that sees a transaction also sees that its kinds have
// changed.
func TestChangedInTime(t *testing.T) {
	const commits = 20_000
	p := newProgress(0, 0)
	go func() {
		for tx := 1; tx <= commits; tx++ {
			p.synced(tx, 0, &kindSet{store.KindKey: true})
		}
	}()
	for tx := 0; tx < commits; {
		tx = p.durableTx()
		if changed := p.kinds[store.KindKey].Load(); changed < uint64(tx) {
			t.Fatalf("transaction %d can be seen, and keys have changed %d times", tx, changed)
		}
	}
}

func TestPanicIsAnError(t *testing.T) {
	s := open(t, t.TempDir())
	err := s.Update(context.Background(), store.Act{}, func(store.Writer) error { panic("bolt") })
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "bolt" || len(p.Stack) == 0 {
		t.Errorf("error %#v", err)
	}
	if err := errors.Join(write(s, "a"), s.Close()); err != nil {
		t.Error(err)
	}
}

// TestGoexit: a closure that ends the writer's goroutine does not keep other
// callers from getting their answer.
func TestGoexit(t *testing.T) {
	s := open(t, t.TempDir())
	err := s.Update(context.Background(), store.Act{}, func(store.Writer) error { runtime.Goexit(); return nil })
	if !errors.Is(err, errExit) {
		t.Errorf("the update: %v", err)
	}
	if err := write(s, "a"); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("the next: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestCallerLeaves: a caller whose context ends while its closure runs or commits
// gets an unknown outcome; one that leaves before its turn learns that nothing
// happened. Either way the closure does not run once Update has returned.
func TestCallerLeaves(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	running, left := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.Update(ctx, store.Act{}, func(w store.Writer) error {
			close(running)
			<-left
			return w.Put(store.KindSession, []byte("a"), nil)
		})
	}()
	<-running
	// A second one waits behind it and leaves before its turn.
	second, cancelSecond := context.WithCancel(context.Background())
	go func() {
		done <- s.Update(second, store.Act{}, func(store.Writer) error { t.Error("fn ran"); return nil })
	}()
	for len(s.queue) == 0 {
		runtime.Gosched()
	}
	cancelSecond()
	if err := <-done; !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("one whose closure did not run: %v", err)
	}
	cancel()
	select {
	case err := <-done:
		t.Fatalf("Update returned while its closure ran: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	close(left)
	if err := <-done; err != nil && !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("one whose closure ran: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
