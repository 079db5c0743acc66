package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// The benchmark's write is that of RecordAssessments: one record under one of
// many candidacies, one idempotency record under a digest, one event.
const (
	benchCandidacies = 500
	messageSize      = 200
	idempotencySize  = 80
	benchRounds      = 7
)

// BenchmarkUpdate runs 64 and 1 callers through the store, and through bare
// bbolt with the same group commit and the same bytes, in turns. The ratio is
// the median over the turns. ACQUIS_BENCH_RECORDS loads both before.
func BenchmarkUpdate(b *testing.B) {
	loaded, _ := strconv.Atoi(os.Getenv("ACQUIS_BENCH_RECORDS"))
	for _, callers := range []int{64, 1} {
		b.Run("callers="+strconv.Itoa(callers), func(b *testing.B) {
			s := open(b, b.TempDir())
			bare := openBare(b, b.TempDir())
			run(256, loaded, s.benchWrite)
			run(256, loaded, bare.benchWrite)
			ops := max(b.N/benchRounds, 8*callers)
			run(callers, ops, s.benchWrite)
			run(callers, ops, bare.benchWrite)
			var ours, theirs, ratios []float64
			b.ResetTimer()
			for range benchRounds {
				ours = append(ours, run(callers, ops, s.benchWrite))
				theirs = append(theirs, run(callers, ops, bare.benchWrite))
				ratios = append(ratios, ours[len(ours)-1]/theirs[len(theirs)-1])
			}
			b.StopTimer()
			b.ReportMetric(median(ours), "updates/s")
			b.ReportMetric(median(theirs), "bare/s")
			b.ReportMetric(median(ratios), "ratio")
			if err := errors.Join(s.Close(), bare.close()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// run makes so many calls from so many callers and returns calls per second.
func run(callers, ops int, call func(i int)) float64 {
	var next atomic.Int64
	var wait sync.WaitGroup
	began := time.Now()
	for range callers {
		wait.Go(func() {
			for i := int(next.Add(1)); i <= ops; i = int(next.Add(1)) {
				call(i)
			}
		})
	}
	wait.Wait()
	return float64(ops) / time.Since(began).Seconds()
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// benchKeys returns keys as the server makes them: candidacy and uid, and a
// digest.
func benchKeys(i int, uid uint64) (record, digest []byte) {
	record = binary.BigEndian.AppendUint64(nil, uint64(i*7919%benchCandidacies))
	record = binary.BigEndian.AppendUint64(record, uid)
	digest = store.Digest(record, nil)
	return record, digest
}

func (s *Store) benchWrite(i int) {
	act := store.Act{
		Actor: "assessor-1", RPC: "acquis.v1.SessionService/RecordAssessments",
		Resource: "sessions/s-001/candidacies/k-001", Kind: storepb.EventBody_Kind_ASSESSMENT, Time: time.Now(),
	}
	err := s.Update(context.Background(), act, func(w store.Writer) error {
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		record, digest := benchKeys(i, uid)
		return errors.Join(
			w.Put(store.KindAssessment, record, make([]byte, messageSize)),
			w.Put(store.KindIdempotency, digest, make([]byte, idempotencySize)))
	})
	if err != nil {
		panic(err)
	}
}

// bare is group-committed bbolt with nothing around it.
type bare struct {
	db    *bbolt.DB
	queue chan bareCall
	done  chan struct{}
	uid   uint64
}

type bareCall struct {
	i    int
	done chan error
}

func openBare(b *testing.B, dir string) *bare {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, boltOptions(engine.options(nil)))
	if err != nil {
		b.Fatal(err)
	}
	bare := &bare{db: db, queue: make(chan bareCall, queueSize), done: make(chan struct{})}
	go bare.write()
	return bare
}

func (b *bare) close() error {
	close(b.queue)
	<-b.done
	return b.db.Close()
}

func (b *bare) benchWrite(i int) {
	c := bareCall{i, make(chan error, 1)}
	b.queue <- c
	if err := <-c.done; err != nil {
		panic(err)
	}
}

func (b *bare) write() {
	defer close(b.done)
	for c := range b.queue {
		group := []bareCall{c}
		for range gatherRounds + 1 {
			group = b.drain(group)
			runtime.Gosched()
		}
		err := b.db.Update(func(tx *bbolt.Tx) error { return b.put(tx, group) })
		for _, c := range group {
			c.done <- err
		}
	}
}

func (b *bare) drain(group []bareCall) []bareCall {
	for len(group) < maxGroup {
		select {
		case c, ok := <-b.queue:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

const (
	envelopeBytes = 24
	eventBytes    = 405 // of an event with one record
)

func (b *bare) put(tx *bbolt.Tx, group []bareCall) error {
	t := newTable(tx)
	for _, c := range group {
		b.uid++
		record, digest := benchKeys(c.i, b.uid)
		if err := errors.Join(
			t.Put(store.KindAssessment, record, make([]byte, envelopeBytes+messageSize)),
			t.Put(store.KindIdempotency, digest, make([]byte, idempotencySize)),
			t.Put(store.KindEvent, store.SequenceKey(b.uid), make([]byte, eventBytes)),
		); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkView reads one record by key.
func BenchmarkView(b *testing.B) {
	s := open(b, b.TempDir())
	if err := write(s, "a"); err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.View(context.Background(), func(r store.Reader) error {
				_, err := r.Get(store.KindSession, []byte("a"))
				return err
			}); err != nil {
				panic(err)
			}
		}
	})
	b.StopTimer()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
