package transport

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/server/call"
)

// TestLinesAreBounded: refused and public calls leave a few lines per second, of
// each kind and in total, and dropped lines are counted and reported. A
// successful call with a key, and an internal error, always leave one.
func TestLinesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := newLines(slog.New(slog.NewTextHandler(&out, nil)))
		write := func(n int, name string, public bool, code codes.Code) (lines int) {
			before := strings.Count(out.String(), "msg=call ")
			for range n {
				l.write(&visit{method: &method{name: name, public: public}, ctx: context.Background(), info: new(call.Info), start: time.Now()}, status.Error(code, ""))
			}
			return strings.Count(out.String(), "msg=call ") - before
		}
		for _, c := range []struct {
			what    string
			n       int
			name    string
			public  bool
			code    codes.Code
			written int
		}{
			{"well, with a key", 1000, "x/Get", false, codes.OK, 1000},
			{"refused", 1000, "x/Get", false, codes.PermissionDenied, linesOfAKind},
			{"public", 1000, "x/Public", true, codes.OK, linesOfAKind},
		} {
			if got := write(c.n, c.name, c.public, c.code); got != c.written {
				t.Errorf("%s: %d lines, want %d", c.what, got, c.written)
			}
		}
		many := 0
		for i := range 100 {
			many += write(10, strings.Repeat("x", i+1), false, codes.NotFound)
		}
		if want := linesInAll - 2*linesOfAKind; many != want {
			t.Errorf("of many kinds: %d lines, want %d", many, want)
		}
		time.Sleep(tellEvery * time.Second)
		if got := write(1, "x/Get", false, codes.PermissionDenied); got != 1 || !strings.Contains(out.String(), "lines=2950") {
			t.Errorf("a second later: %d lines; the report of dropped lines: %s", got, out.String()[max(0, out.Len()-400):])
		}
		if got := testutil.ToFloat64(l.unsaid.WithLabelValues("PermissionDenied")); got != 1000-linesOfAKind {
			t.Errorf("%v refused calls are counted as not logged", got)
		}
	})
}
