package transport

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestBrokenConnectionsAreSampled: unknown callers can break any number of
// connections without filling the disk with log lines; the number of dropped
// lines is logged.
func TestBrokenConnectionsAreSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var written bytes.Buffer
		server := NewHTTPServer(nil, slog.New(slog.NewJSONHandler(&written, nil)))
		for i := range 1000 {
			server.ErrorLog.Printf("http2: server connection error from 192.0.2.7:%d: PROTOCOL_ERROR", i)
		}
		if n := strings.Count(written.String(), "PROTOCOL_ERROR"); n == 0 || n > linesOfAKind {
			t.Errorf("%d lines of 1000 were written", n)
		}
		time.Sleep(tellEvery * time.Second)
		server.ErrorLog.Print("http: one more")
		if want := fmt.Sprintf(`"lines":%d`, 1000-linesOfAKind); !strings.Contains(written.String(), want) || !strings.Contains(written.String(), "one more") {
			t.Errorf("%s is not in %s", want, written.String())
		}
		if strings.Contains(written.String(), "192.0.2.7") {
			t.Error("an address is in the log")
		}
	})
}
