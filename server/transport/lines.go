package transport

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/server/apierr"
)

// lines writes one log line per call. Of refused and public calls it writes
// only some per second and counts the others, so that unknown callers cannot
// fill the disk.
type lines struct {
	log     *slog.Logger
	unsaid  *prometheus.CounterVec // by code
	mu      sync.Mutex
	second  int64          // of the lines that written counts
	written map[string]int // by what was called and how it ended; "" counts all
	left    int            // lines dropped since the last line about that
	told    int64          // the second of that line
}

// How many lines unknown callers may cause per second: of one kind, and in
// total. The number of dropped lines is logged every tellEvery seconds.
const (
	linesOfAKind = 5
	linesInAll   = 50
	tellEvery    = 10
)

func newLines(log *slog.Logger) *lines {
	return &lines{log: log, written: make(map[string]int), unsaid: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "acquis_calls_not_logged_total",
		Help: "Refused and public calls that were not logged, by code.",
	}, []string{"grpc_code"})}
}

// write makes the record by hand, because looking up the source position, which
// is not logged, would be expensive.
func (l *lines) write(v *visit, err error) {
	level, code := slog.LevelInfo, status.Code(err)
	if code == codes.Internal || code == codes.Unavailable {
		level = slog.LevelError
	}
	if !l.log.Enabled(v.ctx, level) {
		return
	}
	reason := apierr.ReasonOf(err)
	strangers := v.public || code != codes.OK && code != codes.Internal
	if strangers && !l.room(v.name+reason, time.Now().Unix()) {
		l.unsaid.WithLabelValues(code.String()).Inc()
		return
	}
	now := time.Now()
	line := slog.NewRecord(now, level, "call", 0)
	line.AddAttrs(slog.String("rpc", v.name), slog.String("code", code.String()))
	if reason != "" {
		line.AddAttrs(slog.String("reason", reason))
	}
	if v.info.Failures > 0 {
		line.AddAttrs(slog.Int("failures", v.info.Failures))
	}
	// A whole number: slog writes fractions by reflection.
	line.AddAttrs(slog.Int64("duration_us", now.Sub(v.start).Microseconds()))
	if v.info.Issuer != "" {
		line.AddAttrs(slog.String("issuer", v.info.Issuer))
	} else {
		line.AddAttrs(slog.String("key", v.info.KeyID))
	}
	_ = l.log.Handler().Handle(v.ctx, line) // if the log cannot be written, nothing else can be done
}

// room tells whether one more line of a kind may be written in this second.
func (l *lines) room(kind string, second int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if second != l.second {
		l.second = second
		clear(l.written)
		l.tell()
	}
	if l.written[kind] >= linesOfAKind || l.written[""] >= linesInAll {
		l.left++
		return false
	}
	l.written[kind]++
	l.written[""]++
	return true
}

// tell logs how many lines were dropped, at intervals.
func (l *lines) tell() {
	if l.left == 0 || l.second < l.told+tellEvery {
		return
	}
	l.log.WarnContext(context.Background(), "log lines were dropped: refused and public calls, broken connections",
		"lines", l.left)
	l.left, l.told = 0, l.second
}
