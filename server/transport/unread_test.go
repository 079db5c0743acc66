package transport

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/listen"
)

// Callers over HTTP/2 whose windows are closed: whatever they are answered stays in
// memory, with its stream and headers, when its handler has ended.

// unread makes many equal calls on one connection that takes no data, and waits until
// all but so many are over: their answers have data. If the server closes the
// connection, it does not begin later calls.
func (s *stage) unread(address string, calls, left int, message []byte, fields ...string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", address)
	must(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte(http2.ClientPreface))
	must(s.t, err)
	framer := http2.NewFramer(conn, conn)
	must(s.t, framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := range calls {
		block.Reset()
		for f := 0; f < len(fields); f += 2 {
			must(s.t, encoder.WriteField(hpack.HeaderField{Name: fields[f], Value: fields[f+1]}))
		}
		id := uint32(2*i + 1)
		must(s.t, framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: message == nil}))
		if message != nil {
			must(s.t, framer.WriteData(id, true, message))
		}
	}
	must(s.t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	for over := 0; over < calls-left; {
		frame, err := framer.ReadFrame()
		if err != nil {
			s.t.Errorf("%v: %d of %d calls are over, %d should not be: %v", fields[:6], over, calls, left, err)
			return
		}
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			calls = int(frame.LastStreamID+1) / 2
		case *http2.HeadersFrame, *http2.DataFrame:
			if frame.Header().Flags.Has(http2.FlagDataEndStream) {
				over++
			}
		}
	}
}

// TestUnreadStreamsAreFew: a caller who reads nothing over gRPC keeps few streams, of
// answers of any size, in one call or several. The others are refused, for which a
// window is not needed. Without a key they are those of a network.
func TestUnreadStreamsAreFew(t *testing.T) {
	const calls = 90 // fewer than a connection may have, and a network at once
	most := int(admission.PublicAnswersBudget.PerCaller / bytesOfAStream)
	empty, services := []byte{0, 0, 0, 0, 0}, []byte{0, 0, 0, 0, 3, 7<<3 | 2, 1, '*'}
	unlimited := admission.DefaultLimits()
	for class := range unlimited.Classes {
		unlimited.Classes[class].Network, unlimited.Classes[class].Waiting = admission.Share{}, calls
		unlimited.Classes[class].Patience = time.Minute
	}
	for path, message := range map[string][]byte{
		"/" + healthCheck: empty, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": services,
	} {
		s := newStage(t, func(o *Options) { o.Limits.Admission = unlimited })
		s.unread(s.grpcAddr, calls, most, message, ":method", "POST", ":scheme", "http", ":path", path,
			":authority", "x", "content-type", "application/grpc", "te", "trailers")
	}
}

// overHTTP2 serves REST as over TLS, but without it.
func (s *stage) overHTTP2() (address string) {
	s.t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	rest := s.newREST(s.rest.Handler)
	rest.Protocols.SetUnencryptedHTTP2(true)
	served := make(chan error, 1)
	go func() { served <- rest.Serve(explaining{listen.New(inner, "h2", s.limits.Listen, nil), s.Transport}) }()
	s.t.Cleanup(func() {
		_ = rest.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			s.t.Error(err)
		}
	})
	return inner.Addr().String()
}

// TestUnreadAnswersCount: an answer over REST counts as a call of its network or its
// caller until it was sent: a refusal, a document, one of a call with a key.
func TestUnreadAnswersCount(t *testing.T) {
	few := admission.DefaultLimits()
	for class := range few.Classes {
		few.Classes[class].Network, few.Classes[class].Subject.AtOnce = admission.Share{AtOnce: 4}, 3
	}
	const refused = 2 // at once, that were not admitted
	for path, c := range map[string]struct {
		key  string
		want int
	}{
		"/v1/nothing":   {"nonsense", 4},
		"/openapi.json": {"", int(admission.PublicAnswersBudget.PerCaller/bytesOfAStream) + 4}, // documents, and refusals
		"/v1/keys":      {"admin", 3},
	} {
		s := newStage(t, func(o *Options) { o.Limits.Admission, o.Limits.Hold = few, 0 })
		s.budgets.refusals = admission.NewBudget("refusals", admission.BudgetLimits{Bytes: refused * bytesOfAStream, PerCaller: 1 << 20})
		s.unread(s.overHTTP2(), 90, c.want+refused, nil, ":method", "GET", ":scheme", "http", ":path", path,
			":authority", "x", "authorization", "Bearer "+s.secret(c.key))
	}
}
