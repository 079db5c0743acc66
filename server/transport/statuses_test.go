package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestRefusalKeepsTheConnection: a call that is refused after its body has arrived
// ends cleanly even if its answer takes long. A deadline for a rest of the body that
// does not exist would end the context of its connection, and with it the next call.
func TestRefusalKeepsTheConnection(t *testing.T) {
	s := newStage(t)
	ended := make(chan error, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.rest.Handler.ServeHTTP(w, r)
		select {
		case <-r.Context().Done():
		case <-time.After(3 * lastOfBody):
		}
		ended <- r.Context().Err()
	}))
	server.Config.ConnContext = s.rest.ConnContext
	server.Start()
	defer server.Close()
	for _, body := range []string{`{"nonsense":1}`, `{`, `{"subject":""}`} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/keys", strings.NewReader(body))
		must(t, err)
		if a := s.answerTo(req, s.admin); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
		if err := <-ended; err != nil {
			t.Errorf("%s: after it was refused: %v", body, err)
		}
	}
}
