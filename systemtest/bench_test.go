package systemtest

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/grpc/metadata"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/systemtest/world"
)

const (
	benchCallers     = 64
	benchCandidacies = 500
	benchRounds      = 5
	benchTime        = time.Second
)

// BenchmarkRecordAssessments has 64 callers record 4 verdicts per call on 500
// candidacies over gRPC. In the same run 64 callers put records of that size into
// bare bbolt with group commit: five alternating rounds, medians, the ratio.
func BenchmarkRecordAssessments(b *testing.B) {
	w, _ := world.Start(b, b.TempDir())
	w.NewKey("registrar", "REGISTRAR")
	w.NewKey("assessor", "ASSESSOR")
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`)
	for i := range benchCandidacies {
		w.Do("registrar", "POST", fmt.Sprintf("/v1/candidates?candidateId=c-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
		w.Do("registrar", "POST", fmt.Sprintf("/v1/sessions/s/candidacies?candidacyId=k-%d", i), fmt.Sprintf(`{"candidate":"candidates/c-%d","scope":"WHOLE"}`, i))
	}
	ctx := metadata.AppendToOutgoingContext(b.Context(), "authorization", "Bearer "+w.Keys["assessor"])
	client := acquispb.NewSessionServiceClient(w.Conn)
	bare := newBareStore(b)
	var ours, theirs []float64
	for b.Loop() {
		for range benchRounds {
			ours = append(ours, rate(func(i int) error {
				_, err := client.RecordAssessments(ctx, benchRequest(i))
				return err
			}, b))
			theirs = append(theirs, rate(bare.put, b))
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(ours[len(ours)/2], "calls/s")
	b.ReportMetric(theirs[len(theirs)/2], "bare-puts/s")
	b.ReportMetric(ours[len(ours)/2]/theirs[len(theirs)/2], "ratio")
	b.ReportMetric(0, "ns/op")
}

func benchRequest(i int) *acquispb.RecordAssessmentsRequest {
	request := &acquispb.RecordAssessmentsRequest{Candidacy: fmt.Sprintf("sessions/s/candidacies/k-%d", i%benchCandidacies)}
	for n := range 4 {
		request.Assessments = append(request.Assessments, &acquispb.Assessment{
			Criterion: fmt.Sprintf("C1.1.%d", n+1), Verdict: acquispb.Verdict_MET,
		})
	}
	return request
}

// rate returns how many calls per second 64 callers make.
func rate(call func(i int) error, b *testing.B) float64 {
	b.Helper()
	var calls atomic.Int64
	var callers sync.WaitGroup
	started := time.Now()
	for range benchCallers {
		callers.Go(func() {
			for time.Since(started) < benchTime {
				if err := call(int(calls.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	callers.Wait()
	return float64(calls.Load()) / time.Since(started).Seconds()
}

// A bareStore is the minimum for durable group commits: one writer, one bucket,
// ascending keys, records as large as a call and its event.
type bareStore struct {
	db    *bbolt.DB
	queue chan chan error
	next  uint64
}

func newBareStore(b *testing.B) *bareStore {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
	world.Must(b, err)
	s := &bareStore{db: db, queue: make(chan chan error, 1024)}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.write()
	}()
	b.Cleanup(func() {
		close(s.queue)
		<-stopped
		world.Must(b, db.Close())
	})
	return s
}

func (s *bareStore) put(int) error {
	done := make(chan error, 1)
	s.queue <- done
	return <-done
}

func (s *bareStore) write() {
	value := make([]byte, 450)
	for first := range s.queue {
		group := []chan error{first}
		for range 3 {
			runtime.Gosched()
			for len(s.queue) > 0 && len(group) < 1024 {
				group = append(group, <-s.queue)
			}
		}
		err := s.db.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
			if err != nil {
				return err
			}
			bucket.FillPercent = 0.9
			for range group {
				s.next++
				if err := bucket.Put(binary.BigEndian.AppendUint64(nil, s.next), value); err != nil {
					return err
				}
			}
			return nil
		})
		for _, done := range group {
			done <- err
		}
	}
}
