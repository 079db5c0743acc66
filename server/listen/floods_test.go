package listen

import (
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An attacker speaks HTTP/2 by hand, and discards what it receives.
type attacker struct {
	*http2.Framer
	conn   net.Conn
	stream uint32
	block  []byte
	ended  chan struct{} // closed when the server has closed the connection
}

func newAttacker(t *testing.T, address string) *attacker {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	a := &attacker{Framer: http2.NewFramer(conn, nil), conn: conn, ended: make(chan struct{})}
	a.AllowIllegalWrites = true
	t.Cleanup(func() {
		conn.Close()
		<-a.ended
	})
	go func() {
		defer close(a.ended)
		_, _ = io.Copy(io.Discard, conn)
	}()
	if _, err := io.WriteString(conn, preface); err != nil {
		t.Fatal(err)
	}
	if err := a.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return a
}

// open begins a call for which the server waits for the rest of its body.
func (a *attacker) open() error { return a.headers(false, true) }

func (a *attacker) headers(endStream, endHeaders bool) error {
	if a.stream == 0 {
		var block writer
		encoder := hpack.NewEncoder(&block)
		for _, field := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":authority", "x"},
			{":path", "/grpc.testing.TestService/StreamingInputCall"}, {"content-type", "application/grpc"}, {"te", "trailers"},
		} {
			if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
				return err
			}
		}
		a.block = block
		a.stream = 1
	} else {
		a.stream += 2
	}
	// The first block has filled the table of the server, and may be repeated:
	// each adds the same fields.
	return a.WriteHeaders(http2.HeadersFrameParam{
		StreamID: a.stream, BlockFragment: a.block, EndStream: endStream, EndHeaders: endHeaders,
	})
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// flood sends until the server closes the connection, and tells whether that
// happens before a number that no budget permits.
func (a *attacker) flood(send func(a *attacker) error) bool {
	for range 2_000_000 {
		if send(a) != nil {
			<-a.ended
			return true
		}
	}
	return false
}

var floods = []struct {
	name  string
	cause kind
	begin func(a *attacker) error // nil: nothing
	send  func(a *attacker) error
}{
	{"rapid reset", resetFrame, nil, func(a *attacker) error {
		return errors.Join(a.open(), a.WriteRSTStream(a.stream, http2.ErrCodeCancel))
	}},
	{"resets without a request", resetFrame, (*attacker).open, func(a *attacker) error {
		return a.WriteRSTStream(1, http2.ErrCodeCancel)
	}},
	{"requests over the number of streams", headersFrame, nil, (*attacker).open},
	{"SETTINGS", settingsFrame, nil, func(a *attacker) error { return a.WriteSettings() }},
	{"unsolicited SETTINGS acknowledgement", settingsFrame, nil, (*attacker).WriteSettingsAck},
	{"PING", pingFrame, nil, func(a *attacker) error { return a.WritePing(false, [8]byte{}) }},
	{"unsolicited PING acknowledgement", pongFrame, nil, func(a *attacker) error { return a.WritePing(true, [8]byte{}) }},
	{"WINDOW_UPDATE", windowFrame, nil, func(a *attacker) error { return a.WriteWindowUpdate(0, 1) }},
	{"WINDOW_UPDATE of a stream", windowFrame, (*attacker).open, func(a *attacker) error {
		return a.WriteWindowUpdate(1, 1)
	}},
	{"PRIORITY", priorityFrame, nil, func(a *attacker) error {
		return a.WritePriority(1, http2.PriorityParam{StreamDep: 3})
	}},
	{"CONTINUATION", continuationFrame, func(a *attacker) error { return a.headers(false, false) }, func(a *attacker) error {
		return a.WriteContinuation(1, false, nil)
	}},
	{"empty DATA", smallDataFrame, (*attacker).open, func(a *attacker) error { return a.WriteData(1, false, nil) }},
	{"padded DATA", smallDataFrame, (*attacker).open, func(a *attacker) error {
		return a.WriteDataPadded(1, false, nil, make([]byte, 255))
	}},
	{"unknown frames", otherFrame, nil, func(a *attacker) error { return a.WriteRawFrame(0x42, 0, 0, nil) }},
}

// TestFloods: both libraries are protected from a peer that floods them, and the
// cause is counted, unless the library closed the connection first. gRPC has its
// own limit for PING.
func TestFloods(t *testing.T) {
	for _, door := range []struct {
		name   string
		serve  func(*testing.T, *Listener)
		counts func(k kind, name string) bool
	}{
		{"gRPC", serveGRPC, func(k kind, _ string) bool { return k != pingFrame }},
		{"HTTP", serveHTTP, func(_ kind, name string) bool { return true }},
	} {
		for _, f := range floods {
			t.Run(door.name+"/"+f.name, func(t *testing.T) {
				l := loopback(t, roomy, nil)
				door.serve(t, l)
				a := newAttacker(t, l.Addr().String())
				if f.begin != nil {
					if err := f.begin(a); err != nil {
						t.Fatal(err)
					}
				}
				if !a.flood(f.send) {
					t.Fatal("the server does not stop the flood")
				}
				if got := cuts(t, l); door.counts(f.cause, f.name) && got != cutFloods[f.cause]+" 1" {
					t.Errorf("cut off: %q", got)
				}
			})
		}
	}
}

// TestFloodCostsOpenings: a peer that reconnects after a flood must wait, others
// need not.
func TestFloodCostsOpenings(t *testing.T) {
	limits := roomy
	limits.Openings = 1
	l := loopback(t, limits, nil)
	serveHTTP(t, l)
	if !newAttacker(t, l.Addr().String()).flood(floods[0].send) {
		t.Fatal("the server does not stop the flood")
	}
	l.mu.Lock()
	if s, ok := l.networks.spent.Peek(Network(l.Addr())); !ok || s.openings != 2*burstSeconds {
		t.Errorf("after a flood %v are spent", s)
	}
	l.mu.Unlock()

	n := newNetworks(Limits{PerNetwork: 10, Openings: 10})
	now := still()
	attacker, other := Network(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}), Network(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 2)})
	if cause := n.enter(attacker, now); cause != "" {
		t.Fatal(cause)
	}
	n.leave(attacker)
	for range 10 {
		n.punish(attacker, now)
	}
	if cause := n.enter(attacker, now); cause != refusedRate {
		t.Errorf("at once after a flood: %q", cause)
	}
	if cause := n.enter(other, now); cause != "" {
		t.Errorf("another network: %q", cause)
	}
	if cause := n.enter(attacker, now.Add(burstSeconds*1e9+2e8)); cause != "" {
		t.Errorf("ten floods still count after %d seconds: %q", burstSeconds, cause)
	}
}
