package transport

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/server/admission"
)

// holding lets a network make one call of each class, and then holds its calls for longer than any
// test lasts.
func holding(o *Options) {
	o.Limits.Hold, o.Limits.Admission = 24*time.Hour, admission.DefaultLimits()
	for class := range o.Limits.Admission.Classes {
		o.Limits.Admission.Classes[class].Network = admission.Share{PerSecond: 1e-6, Burst: 1}
	}
}

// TestRefusalsAreHeld: whoever calls too often without a good key waits for the
// refusal, over both transports, for documents too. Whoever has a key does not, even if
// they call too often, nor does the first call that is refused.
func TestRefusalsAreHeld(t *testing.T) {
	s := newStage(t, holding)
	if err := s.listKeys(t.Context(), "nonsense"); status.Code(err) != codes.Unauthenticated {
		t.Fatalf("the first refusal: %v", err)
	}
	s.get("/openapi.json", "")
	ctx, giveUp := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	go func() { ended <- s.listKeys(ctx, "nonsense") }()
	for _, path := range []string{"/v1/nothing", "/openapi.json"} {
		go func() { ended <- s.getUntil(ctx, path) }()
	}
	s.waitForHeld(3)
	for _, want := range []codes.Code{codes.OK, codes.ResourceExhausted} {
		if err := s.listKeys(t.Context(), s.admin); status.Code(err) != want {
			t.Errorf("a caller with a key: %v, not %s", err, want)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("a call was not held: %v", err)
	default:
	}
	giveUp()
	for range 3 {
		if err := <-ended; err == nil {
			t.Error("a held call was answered")
		}
	}
	s.waitForHeld(0)
}

// TestRefusalsWithoutABody: a refused call whose network leaves many answers unread is
// answered with headers alone; others say how long their body is, also over HTTP/2.
func TestRefusalsWithoutABody(t *testing.T) {
	s := newStage(t, holding, func(o *Options) { o.Limits.Hold = 0 })
	if got := s.get("/v1/nothing", ""); got.status != http.StatusNotFound || got.header.Get("Content-Length") != strconv.Itoa(len(got.body)) {
		t.Errorf("the first: %d %v %s", got.status, got.header, got.body)
	}
	for _, budget := range []admission.BudgetLimits{admission.RefusalsBudget, {}} {
		s.budgets.refusals = admission.NewBudget("refusals", budget)
		got := s.get("/v1/nothing", "")
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || (got.body == "") != (budget.Bytes == 0) {
			t.Errorf("with %d bytes: %d %v %q", budget.Bytes, got.status, got.header, got.body)
		}
		if length := got.header.Get("Content-Length"); length != strconv.Itoa(len(got.body)) {
			t.Errorf("its length is %q, not %d", length, len(got.body))
		}
	}
}

// TestHeldCallsAreFew: calls are answered at once if many are held.
func TestHeldCallsAreFew(t *testing.T) {
	s := newStage(t, holding)
	s.held.Store(heldAtOnce)
	for _, want := range []codes.Code{codes.Unauthenticated, codes.ResourceExhausted, codes.ResourceExhausted} {
		if err := s.listKeys(t.Context(), "nonsense"); status.Code(err) != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if held := s.held.Load(); held != heldAtOnce {
		t.Errorf("%d are held", held)
	}
}

// TestStopEndsHeldCalls: they do not outlast the grace period.
func TestStopEndsHeldCalls(t *testing.T) {
	s := newStage(t, holding)
	_ = s.listKeys(t.Context(), "nonsense")
	ended := make(chan error, 1)
	go func() { ended <- s.listKeys(t.Context(), "nonsense") }()
	s.waitForHeld(1)
	if cut := s.Stop(time.Millisecond); cut != 1 {
		t.Errorf("%d calls were cut off", cut)
	}
	if err := <-ended; err == nil {
		t.Error("a call with a bad key succeeded")
	}
}

// waitForHeld waits until so many calls are held.
func (s *stage) waitForHeld(n int64) {
	s.t.Helper()
	for s.held.Load() != n {
		if s.t.Context().Err() != nil {
			s.t.Fatalf("%d calls are held, not %d", s.held.Load(), n)
		}
		time.Sleep(time.Millisecond)
	}
}

// getUntil asks over REST for as long as the context lasts.
func (s *stage) getUntil(ctx context.Context, path string) error {
	answer, err := http.DefaultTransport.RoundTrip(s.target(http.MethodGet, path).WithContext(ctx))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
