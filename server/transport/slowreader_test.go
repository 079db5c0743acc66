package transport

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/acquis-eval/acquis/server/admission"
)

// A slowReader is a caller who reads nothing; the test decides what happens
// meanwhile.
type slowReader struct {
	*httptest.ResponseRecorder
	meanwhile func()
}

func (s slowReader) Write(p []byte) (int, error) {
	s.meanwhile()
	return s.ResponseRecorder.Write(p)
}

// TestSlowReadersOfDocuments: a slow reader of a document does not block other
// calls that need no key, from the same network or from any.
func TestSlowReadersOfDocuments(t *testing.T) {
	limits := admission.DefaultLimits()
	limits.Classes[admission.Public].Network.AtOnce, limits.Classes[admission.Public].All.AtOnce = 1, 1
	doors := &Transport{
		gate: admission.NewGate(limits), budgets: newBudgets(), metrics: newMetrics(),
		log: slog.New(slog.DiscardHandler), lines: newLines(slog.New(slog.DiscardHandler)),
	}
	doors.limits.complete()
	doors.limits.CallTimeout = doors.limits.ReceiveTimeout
	doors.document = doors.documentMethod()
	page, err := newPage(Document{Type: "text/plain", Body: []byte("long")})
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{Transport: doors}
	read := func(meanwhile func()) int {
		w := slowReader{httptest.NewRecorder(), meanwhile}
		g.servePage(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/long", nil), page)
		return w.Code
	}
	var other int
	if code := read(func() { other = read(func() {}) }); code != http.StatusOK || other != http.StatusOK {
		t.Errorf("the slow caller gets %d, another meanwhile %d", code, other)
	}
}
