package attack

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

const (
	candidacies = 16 // of the session
	everyCall   = 20 * time.Millisecond
	givenUp     = 5 * time.Second // a call that takes longer counts as failed
)

// A bystander has a key, and makes calls. They begin at fixed times, even if
// earlier ones are still running, and their duration counts from the planned
// beginning: a caller that waits for a slow answer before the next call would see
// only one of the slow ones.
type bystander struct {
	conn *grpc.ClientConn
	key  string

	mu    sync.Mutex
	times []time.Duration
	wrong map[string]int
}

func newBystander(d door) *bystander {
	return &bystander{conn: connect(d.GRPC, d.TLS), key: d.Keys["bystander"], wrong: make(map[string]int)}
}

// warm makes a call of each kind for each candidacy.
func (b *bystander) warm(ctx context.Context) error {
	for i := range 2 * candidacies {
		if err := b.call(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// work calls until ctx ends, and returns when all calls have ended.
func (b *bystander) work(ctx context.Context) {
	ticker := time.NewTicker(everyCall)
	defer ticker.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case due := <-ticker.C:
			calls.Go(func() { b.timed(due, i) })
		}
	}
}

func (b *bystander) timed(due time.Time, i int) {
	ctx, cancel := context.WithTimeout(context.Background(), givenUp)
	defer cancel()
	err := b.call(ctx, i)
	took := time.Since(due)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times = append(b.times, took)
	if err != nil {
		b.wrong[err.Error()]++
	}
}

const (
	recordAssessments = acquispb.SessionService_RecordAssessments_FullMethodName
	getGrid           = acquispb.SessionService_GetGrid_FullMethodName
)

func (b *bystander) call(ctx context.Context, i int) error {
	method, request := getGrid, proto.Message(&acquispb.GetGridRequest{Name: candidacy(i/2) + "/grid"})
	if i%2 == 0 {
		method, request = recordAssessments, &acquispb.RecordAssessmentsRequest{
			Candidacy: candidacy(i / 2),
			Assessments: []*acquispb.Assessment{
				{Criterion: "C1.1.1", Verdict: acquispb.Verdict_MET, Comment: "vu"},
				{Criterion: "C1.1.2", Verdict: acquispb.Verdict_NOT_MET},
			},
		}
	}
	raw, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	var answer []byte
	return b.conn.Invoke(withKey(ctx, b.key), method, raw, &answer)
}

func candidacy(i int) string { return fmt.Sprintf("sessions/s/candidacies/k-%d", i%candidacies) }

// quantile returns the time within which that share of the calls was answered.
func (b *bystander) quantile(share float64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(b.times))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// failures returns how many calls failed, and the most common error.
func (b *bystander) failures() (n int, how string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	most := 0
	for text, times := range b.wrong {
		n += times
		if times > most {
			most, how = times, text
		}
	}
	return n, how
}
