package systemtest

import (
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestMainPath follows one candidate from enrolment to award over each transport;
// then everything must be there after a restart.
func TestMainPath(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, stop := world.Start(t, dir)
			w.MainPath(w.Transports()[name])
			before := w.REST("reader", "GET", "/v1/sessions/s-001/deliberationRecord", "").Raw
			events := w.Events()
			stop()
			again, _ := world.Start(t, dir)
			if again.Keys["admin"] != "" {
				t.Error("a second start made another first key")
			}
			again.Keys = w.Keys
			if after := again.REST("reader", "GET", "/v1/sessions/s-001/deliberationRecord", "").Raw; len(after) != len(before) {
				t.Errorf("the minutes changed over a restart:\n%s\n%s", before, after)
			}
			if got := again.Events(); got != events {
				t.Errorf("%d events after the restart, %d before", got, events)
			}
		})
	}
}
