package listen

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"pgregory.net/rapid"
)

// still is a clock that stands still.
func still() time.Time { return time.Unix(0, 0) }

func newFrames(now func() time.Time) *frames {
	f := new(frames)
	f.init(now)
	return f
}

// verdict feeds pieces, and returns what was flooded and how many bytes had come.
func verdict(pieces ...[]byte) (flooded kind, rest int, phase phase) {
	f := newFrames(still)
	for _, p := range pieces {
		if k := f.read(p); k != none {
			return k, 0, 0
		}
	}
	return none, f.rest, f.phase
}

// TestAnyChunks: the result depends on the bytes, not on how reads split them.
func TestAnyChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := drawFrames(t)
		var pieces [][]byte
		for rest := input; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		k1, r1, p1 := verdict(input)
		k2, r2, p2 := verdict(pieces...)
		if k1 != k2 || r1 != r2 || p1 != p2 {
			t.Fatalf("whole: %v %v %v, in %d pieces: %v %v %v", k1, r1, p1, len(pieces), k2, r2, p2)
		}
	})
}

// drawFrames returns frames among which one kind may be frequent.
func drawFrames(t *rapid.T) []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	framer := http2.NewFramer(&b, nil)
	framer.AllowIllegalWrites = true
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		frameType := http2.FrameType(rapid.IntRange(0, 12).Draw(t, "type"))
		flags := http2.Flags(rapid.Byte().Draw(t, "flags"))
		payload := make([]byte, rapid.IntRange(0, 100).Draw(t, "length"))
		for range rapid.SampledFrom([]int{1, 3, 150, 250}).Draw(t, "times") {
			_ = framer.WriteRawFrame(frameType, flags, 1, payload)
		}
	}
	return b.Bytes()
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(preface), byte(0))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), byte(0))
	f.Add(append([]byte(preface), bytes.Repeat([]byte{0, 0, 0, typeReset, 0, 0, 0, 0, 1}, 1100)...), byte(0))
	f.Add(append([]byte(preface), 0xff, 0xff, 0xff, typeData, 0xff, 0xff, 0xff, 0xff, 0xff), byte(0))
	f.Fuzz(func(t *testing.T, input []byte, piece byte) {
		k1, r1, p1 := verdict(input)
		var pieces [][]byte
		for rest := input; len(rest) > 0; {
			n := 1 + len(rest)%int(piece%31+1)
			pieces, rest = append(pieces, rest[:min(n, len(rest))]), rest[min(n, len(rest)):]
		}
		k2, r2, p2 := verdict(pieces...)
		if k1 != k2 || r1 != r2 || p1 != p2 {
			t.Fatalf("whole: %v %v %v, in %d pieces: %v %v %v", k1, r1, p1, len(pieces), k2, r2, p2)
		}
	})
}

// TestHTTP1Passes: bytes that are not HTTP/2 are not counted.
func TestHTTP1Passes(t *testing.T) {
	resets := bytes.Repeat([]byte{0, 0, 0, typeReset, 0, 0, 0, 0, 1}, 5000)
	for _, begin := range []string{"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nXX"} {
		if k, _, phase := verdict([]byte(begin), resets); k != none || phase != inOther {
			t.Errorf("%q: %v in phase %v", begin, k, phase)
		}
	}
	if k, _, _ := verdict([]byte(preface), resets); k != resetFrame {
		t.Errorf("HTTP/2: %v", k)
	}
}

// TestBudgets: each kind's budget can be used up, refills with time and, if it
// should, with what the server writes; never to more than it was.
func TestBudgets(t *testing.T) {
	for k, b := range budgets {
		now := still()
		f := newFrames(func() time.Time { return now })
		spend := func() (n int) {
			for f.spend(kind(k)) {
				n++
			}
			return n
		}
		most := int(b.most)
		if n := spend(); n != most {
			t.Errorf("%s: %d at once, want %d", cutFloods[k], n, most)
		}
		if now = now.Add(time.Second); spend() != int(b.perSecond) {
			t.Errorf("%s: a second does not bring back %v", cutFloods[k], b.perSecond)
		}
		if now = now.Add(time.Hour); spend() != most {
			t.Errorf("%s: an hour does not bring back all", cutFloods[k])
		}
		f.written.Add(1000)
		if n, want := spend(), int(1000*b.perByte); n != want {
			t.Errorf("%s: 1000 bytes bring back %d, want %d", cutFloods[k], n, want)
		}
		f.written.Add(1 << 40)
		if n := spend(); b.perByte > 0 && n != most {
			t.Errorf("%s: a terabyte brings back %d, want %d", cutFloods[k], n, most)
		}
	}
}

// TestFloodsDoNotPayForThemselves: the server's answer to a frame of a flood
// refills less than that frame cost.
func TestFloodsDoNotPayForThemselves(t *testing.T) {
	for k, answer := range map[kind]float32{
		pingFrame:     headerLength + 8,       // PING, acknowledged
		settingsFrame: headerLength,           // SETTINGS, acknowledged
		headersFrame:  headerLength + 4,       // RST_STREAM
		windowFrame:   headerLength + 4,       // RST_STREAM
		resetFrame:    headerLength + 8 + 100, // an answer to a cancelled call
	} {
		if back := budgets[k].perByte * answer; back > 0.7 {
			t.Errorf("%s: %v of each frame come back", cutFloods[k], back)
		}
	}
}

// TestRequestsBringTheirShare: a thousand calls with a priority, an extension and
// two pieces of body each are not a flood.
func TestRequestsBringTheirShare(t *testing.T) {
	f := newFrames(still)
	f.read([]byte(preface))
	for i := range 3000 {
		for _, frameType := range []byte{typeHeaders, typePriority, 0x10, typeData, typeData} {
			if k := f.read([]byte{0, 0, 0, frameType, 0, 0, 0, 0, 1}); k != none {
				t.Fatalf("call %d: %s", i, cutFloods[k])
			}
		}
	}
}

// TestRestsOfWindows: a body whose pieces end where a window does is not a flood.
func TestRestsOfWindows(t *testing.T) {
	f := newFrames(still)
	f.read([]byte(preface))
	large := append([]byte{0, 0x10, 0, typeData, 0, 0, 0, 0, 1}, make([]byte, 0x1000)...)
	for i := range 3 * int(budgets[smallDataFrame].most) {
		if k := f.read(large); k != none {
			t.Fatalf("piece %d: %s", i, cutFloods[k])
		}
		if k := f.read([]byte{0, 0, 1, typeData, 0, 0, 0, 0, 1, 'x'}); k != none {
			t.Fatalf("rest %d: %s", i, cutFloods[k])
		}
	}
}

func BenchmarkFrames(b *testing.B) {
	var unary, upload bytes.Buffer
	for _, buffer := range []*bytes.Buffer{&unary, &upload} {
		framer := http2.NewFramer(buffer, nil)
		if buffer == &upload {
			_ = framer.WriteData(1, false, make([]byte, 16<<10))
			_ = framer.WriteData(1, false, make([]byte, 16<<10-2*headerLength))
			continue
		}
		for buffer.Len() < 32<<10 {
			_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: make([]byte, 60), EndHeaders: true})
			_ = framer.WriteData(1, true, make([]byte, 200))
			_ = framer.WriteWindowUpdate(0, 100)
			_ = framer.WritePing(true, [8]byte{})
		}
	}
	for name, input := range map[string][]byte{"unary": unary.Bytes(), "upload": upload.Bytes()} {
		b.Run(name, func(b *testing.B) {
			f := newFrames(time.Now)
			f.read([]byte(preface))
			b.SetBytes(int64(len(input)))
			for b.Loop() {
				f.written.Add(64 << 10)
				if k := f.read(input); k != none {
					b.Fatal(cutFloods[k])
				}
			}
		})
	}
}
