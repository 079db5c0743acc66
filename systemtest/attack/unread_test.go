package attack

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Attacks that read large answers slowly or not at all.

// voluminous is the candidacy with a large grid: verdicts with long comments.
const voluminous = "sessions/s/candidacies/k-100"

// comments returns a megabyte of comments in JSON: one for each criterion of a
// revision.
func comments(revision string) string {
	var all []string
	for _, code := range criterionCode.FindAllString(revision, -1) {
		all = append(all, fmt.Sprintf(`{"criterion":%q,"verdict":"MET","comment":%q}`, strings.Trim(code, `"`), strings.Repeat("\U0001F4DC", 4000)))
	}
	return `{"assessments":[` + strings.Join(all, ",") + `]}`
}

var criterionCode = regexp.MustCompile(`"C\d+\.\d+\.\d+"`)

// gridOf is a request for a grid.
func gridOf(candidacy string) []byte {
	raw, err := proto.Marshal(&acquispb.GetGridRequest{Name: candidacy + "/grid"})
	if err != nil {
		panic(err) // the request is ours
	}
	return raw
}

// unreadGrids requests large answers, computed for each call, and blocks them:
// the windows of the streams are closed, that of the connection is open.
func unreadGrids(ctx context.Context, t *target) {
	crowd(t.number(4, 10), func(int) {
		for ctx.Err() == nil {
			p, err := t.greet(ctx, way{}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			if err == nil {
				t.asked(ctx, p, getGrid, t.Keys["assessor"], gridOf(voluminous))
			}
			if p != nil {
				p.Close()
			}
			t.cameBefore(ctx, "connection cut")
			pause(ctx, 10*time.Millisecond)
		}
	})
}

// asked makes a hundred calls, and waits until the server closes the connection.
func (t *target) asked(ctx context.Context, p *peer, method, key string, request []byte) {
	for i := range uint32(100) {
		err := p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: p.request(method, key), EndHeaders: true})
		if err == nil {
			err = p.WriteData(stream(i), true, message(request))
		}
		if err == nil {
			err = p.flush()
		}
		if err != nil {
			return
		}
		t.tried(1)
		pause(ctx, time.Millisecond)
	}
	for p.flush() == nil && ctx.Err() == nil {
		pause(ctx, 100*time.Millisecond)
		_ = p.WriteWindowUpdate(0, 1)
	}
}

// unreadAt requests large answers over HTTP/1, on many connections, and reads
// none.
func unreadAt(path, role string) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		request := bytes.Repeat([]byte("GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+t.Keys[role]+"\r\n\r\n"), 20)
		crowd(100, func(int) {
			for ctx.Err() == nil {
				conn, err := t.dial(ctx, t.REST)
				if err != nil {
					t.came("no connection")
					pause(ctx, 100*time.Millisecond)
					continue
				}
				if tcp, ok := conn.(*net.TCPConn); ok {
					_ = tcp.SetReadBuffer(4096) // best effort
				}
				stop := context.AfterFunc(ctx, func() { conn.Close() })
				t.tried(20)
				for err == nil && ctx.Err() == nil {
					_, err = conn.Write(request)
					pause(ctx, 10*time.Millisecond)
				}
				stop()
				conn.Close()
				t.cameBefore(ctx, "connection cut")
			}
		})
	}
}
