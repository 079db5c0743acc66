package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/apierr"
)

// listKeysPath is the path of the RPC over gRPC.
const listKeysPath = "/acquis.v1.AdminService/ListKeys"

// A rawCall is a call over raw HTTP/2 that sends any part of a message, and then
// waits.
type rawCall struct {
	t      *testing.T
	framer *http2.Framer
}

func (s *stage) raw(key string, begun []byte, whole bool) *rawCall {
	s.t.Helper()
	return s.rawAt(listKeysPath, key, begun, whole)
}

func (s *stage) rawAt(path, key string, begun []byte, whole bool) *rawCall {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.grpcAddr)
	must(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte(http2.ClientPreface))
	must(s.t, err)
	c := &rawCall{s.t, http2.NewFramer(conn, conn)}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	must(s.t, c.framer.WriteSettings())
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "x"},
		{"content-type", "application/grpc"}, {"te", "trailers"}, {"authorization", "Bearer " + key},
	} {
		must(s.t, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
	}
	must(s.t, c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}))
	if begun != nil {
		must(s.t, c.framer.WriteData(1, whole, begun))
	}
	return c
}

// code waits for the status with which the call ends.
func (c *rawCall) code() codes.Code {
	c.t.Helper()
	for {
		frame, err := c.framer.ReadFrame()
		must(c.t, err)
		headers, ok := frame.(*http2.MetaHeadersFrame)
		if !ok {
			continue
		}
		for _, field := range headers.RegularFields() {
			if field.Name == "grpc-status" {
				var code codes.Code
				_, err := fmt.Sscan(field.Value, &code)
				must(c.t, err)
				return code
			}
		}
	}
}

// TestWhoCallsIsKnownBeforeAByteIsRead: a caller who may not call gets an answer
// although their message never comes; so does one whose message is too large,
// compressed, or too slow. It pins the behaviour of the gRPC library that we
// depend on: handlers of unary calls run before it reads, and we can read from
// its streams.
func TestWhoCallsIsKnownBeforeAByteIsRead(t *testing.T) {
	patient, impatient := newStage(t), newStage(t, hasty)
	for _, c := range []struct {
		what, key string
		begun     []byte // of the message: whether it is compressed, its length, its bytes
		want      codes.Code
	}{
		{"a wrong key", "nonsense", nil, codes.Unauthenticated},
		{"a key without the role", "reader", nil, codes.PermissionDenied},
		{"a key without the role, and a message that never ends", "reader", []byte{0, 0, 0, 16, 0, 1}, codes.PermissionDenied},
		{"a message too large for any call", "admin", []byte{0, 0xff, 0xff, 0xff, 0xff}, codes.ResourceExhausted},
		{"a message too large for this call", "admin", []byte{0, 0, 1, 0, 0}, codes.ResourceExhausted},
		{"a compressed message", "admin", []byte{1, 0, 0, 0, 2, 0, 0}, codes.InvalidArgument},
		{"no message", "admin", nil, codes.DeadlineExceeded},
		{"a message that never ends", "admin", []byte{0, 0, 0, 0, 9, 1}, codes.DeadlineExceeded},
		{"bytes that are not a message", "admin", []byte{0, 0, 0, 0, 2, 0xff, 0xff}, codes.InvalidArgument},
		{"a whole message", "admin", []byte{0, 0, 0, 0, 0}, codes.OK},
	} {
		whole := c.want == codes.OK || strings.HasPrefix(c.what, "bytes")
		at := patient
		if c.want == codes.DeadlineExceeded {
			at = impatient
		}
		if got := at.raw(at.secret(c.key), c.begun, whole).code(); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	patient.nothingIsLent()
	impatient.nothingIsLent()
}

// hasty gives requests little time to arrive, for requests that never do.
func hasty(o *Options) { o.Limits.ReceiveTimeout = 50 * time.Millisecond }

// TestBodiesThatNeverCome is the same over REST.
func TestBodiesThatNeverCome(t *testing.T) {
	patient, impatient := newStage(t), newStage(t, hasty)
	for _, c := range []struct {
		what, key, length string
		want              int
	}{
		{"a wrong key", "nonsense", "100", http.StatusUnauthorized},
		{"a key without the role", "reader", "100", http.StatusForbidden},
		{"a body too large for any call", "admin", "100000000", http.StatusRequestEntityTooLarge},
		{"a body too large for this call", "admin", "1000000", http.StatusRequestEntityTooLarge},
		{"a body that never comes", "admin", "100", http.StatusRequestTimeout},
	} {
		at := patient
		if c.want == http.StatusRequestTimeout {
			at = impatient
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(at.url, "http://"))
		must(t, err)
		_, err = fmt.Fprintf(conn, "POST /v1/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n", at.secret(c.key), c.length)
		must(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.what, res.StatusCode, c.want)
		}
		_ = res.Body.Close()
		_ = conn.Close()
	}
	patient.nothingIsLent()
	impatient.nothingIsLent()
}

// TestTheTimeToArriveEndsWithTheBody: a call may last longer than its request may
// take to arrive. If a request takes longer than that on a slow machine, the test
// gives it more time.
func TestTheTimeToArriveEndsWithTheBody(t *testing.T) {
	for toArrive := 50 * time.Millisecond; ; toArrive *= 4 {
		s := newStage(t, func(o *Options) { o.Limits.ReceiveTimeout = toArrive })
		s.onCreateKey = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(2 * toArrive):
				return nil
			}
		}
		rest, err := s.createKeyOverREST(), s.createKey()
		if tooSlow := apierr.TooSlow(toArrive).Error(); err != nil && err.Error() == tooSlow || strings.Contains(rest.body, "did not arrive") {
			continue
		}
		if rest.status != http.StatusOK {
			t.Errorf("REST: %d %s", rest.status, rest.body)
		}
		if err != nil {
			t.Errorf("gRPC: %v", err)
		}
		return
	}
}

func (s *stage) createKey() error {
	ctx := metadata.AppendToOutgoingContext(s.t.Context(), "authorization", "Bearer "+s.admin)
	key := &acquispb.CreateKeyRequest{Key: &acquispb.Key{Subject: "x", Roles: []acquispb.Role_Enum{acquispb.Role_READER}}}
	_, err := acquispb.NewAdminServiceClient(s.conn).CreateKey(ctx, key)
	return err
}

func (s *stage) createKeyOverREST() answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/keys", strings.NewReader(`{"subject":"x","roles":["READER"]}`))
	must(s.t, err)
	return s.answerTo(req, s.admin)
}

// TestNothingStaysLent: a call returns its slot and its bytes however it ends.
func TestNothingStaysLent(t *testing.T) {
	s := newStage(t)
	for name, end := range map[string]func(context.Context) error{
		"well":     func(context.Context) error { return nil },
		"refused":  func(context.Context) error { return apierr.InvalidField("x", "is wrong") },
		"a fault":  func(context.Context) error { return errors.New("of ours") },
		"panicked": func(context.Context) error { panic("of ours") },
		"given up": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		s.onListKeys = end
		ctx, cancel := context.WithCancel(t.Context())
		if name == "given up" {
			s.onListKeys = func(ctx context.Context) error { cancel(); return end(ctx) }
		}
		_ = s.listKeys(ctx, s.admin)
		cancel()
		if name != "given up" {
			s.get("/v1/keys", s.admin)
		}
		s.nothingIsLent()
	}
}

// nothingIsLent waits until there is no call, and then checks that nothing is
// lent.
func (s *stage) nothingIsLent() {
	s.t.Helper()
	for s.inside.Load() > 0 {
		runtime.Gosched()
	}
	for _, c := range s.Collectors() {
		metrics := make(chan prometheus.Metric, 1000)
		c.Collect(metrics)
		close(metrics)
		for m := range metrics {
			var value dto.Metric
			must(s.t, m.Write(&value))
			if g := value.GetGauge(); g != nil && g.GetValue() != 0 {
				s.t.Errorf("%v is %v", m.Desc(), g.GetValue())
			}
		}
	}
}

// TestManyMessagesAreLentOneByOne: a call that sends many messages holds the
// bytes of only one.
func TestManyMessagesAreLentOneByOne(t *testing.T) {
	s := newStage(t)
	stream, err := reflectionpb.NewServerReflectionClient(s.conn).ServerReflectionInfo(t.Context())
	must(t, err)
	for range 50 {
		must(t, stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
		_, err := stream.Recv()
		must(t, err)
	}
	if got := testutil.ToFloat64(s.budgets.smallPublic.Collectors()[1]); got > 2*bytesOfACall {
		t.Errorf("%v bytes are lent", got)
	}
	must(t, stream.CloseSend())
	_, err = stream.Recv()
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	s.nothingIsLent()
}

// TestTooManyCalls: a call over a limit learns when to try again, over both
// transports; over REST the connection of an unknown caller is closed, and that
// of a caller with a key is not.
func TestTooManyCalls(t *testing.T) {
	few := admission.DefaultLimits()
	for class := range few.Classes {
		few.Classes[class].Network = admission.Share{PerSecond: 1e-6, Burst: 1}
	}
	s := newStage(t, func(o *Options) { o.Limits.Admission, o.Limits.Hold = few, time.Millisecond })
	for range 2 {
		_ = s.listKeys(t.Context(), s.admin)
		s.get("/openapi.json", "")
		s.get("/v1/nothing", "")
	}
	if err := s.listKeys(t.Context(), s.admin); status.Code(err) != codes.ResourceExhausted || apierr.ReasonOf(err) != "OVERLOADED" {
		t.Errorf("gRPC: %v", err)
	}
	for path, hungUp := range map[string]bool{"/v1/keys": false, "/openapi.json": true, "/v1/nothing": true} {
		key := ""
		if !hungUp {
			key = s.admin
		}
		got := s.get(path, key)
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || got.hungUp != hungUp || !strings.Contains(got.body, "OVERLOADED") {
			t.Errorf("%s: %d, closed: %t, %v, %s", path, got.status, got.hungUp, got.header, got.body)
		}
	}
	if err := s.listKeys(t.Context(), "nonsense"); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("refused too often: %v", err)
	}
}

// TestStopTellsWhatItCutOff: calls that have not ended within the grace period
// are cut off and counted; if all ended, the number is 0.
func TestStopTellsWhatItCutOff(t *testing.T) {
	var logged lockedBuffer
	s := newStage(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	begun := make(chan struct{}, 2)
	s.onListKeys = func(ctx context.Context) error { begun <- struct{}{}; <-ctx.Done(); return ctx.Err() }
	ended := make(chan error, 2)
	go func() { ended <- s.listKeys(t.Context(), s.admin) }()
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/keys", nil)
		req.Header.Set("Authorization", "Bearer "+s.admin)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		ended <- err
	}()
	<-begun
	<-begun
	if got := s.Stop(0); got != 2 {
		t.Errorf("%d calls were cut off, want 2", got)
	}
	<-ended
	<-ended
	if said := logged.String(); !strings.Contains(said, "stopping") || strings.Count(said, "reason=SHUTTING_DOWN") != 2 {
		t.Errorf("the log says\n%s", said)
	}
	quiet := newStage(t)
	must(t, quiet.listKeys(t.Context(), quiet.admin))
	if got := quiet.Stop(time.Minute); got != 0 {
		t.Errorf("%d calls were cut off, but there were none", got)
	}
}

// TestOverloadedSaysWhatIsFull: the error for a client with an invalid key does
// not say that the service is busy.
func TestOverloadedSaysWhatIsFull(t *testing.T) {
	for _, c := range []struct {
		class admission.Class
		cause admission.Cause
		want  string
	}{
		{admission.Refused, admission.NetworkRate, "check key"},
		{admission.Refused, admission.NetworkAtOnce, "check key"},
		{admission.Public, admission.NetworkRate, "without a key"},
		{admission.Read, admission.SubjectAtOnce, "this caller"},
		{admission.Read, admission.NetworkAtOnce, "the service is too busy"},
		{admission.Refused, admission.QueueFull, "the service is too busy"},
	} {
		err := overloaded(&admission.Refusal{Class: c.class.String(), Cause: c.cause, RetryAfter: time.Second})
		if !strings.Contains(status.Convert(err).Message(), c.want) {
			t.Errorf("%s, %s: %v, want %q", c.class, c.cause, err, c.want)
		}
	}
}

// A lockedBuffer is a log with many concurrent writers.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
