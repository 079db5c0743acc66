package verify_test

import (
	"testing"
	"time"

	"github.com/acquis-eval/acquis/referentiel/examples"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// TestYears: what was decided over years, while blocs and awards expired, is decided again
// as it was: each act by its own day, whatever is over by now.
func TestYears(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	p := examples.NewPlayer(w.Conn, w.Keys["admin"])
	p.SetClock = w.Clock.Set
	played := 0
	for _, id := range []string{"caces", "clea", "us-emt", "bpjeps-apsf"} {
		of, err := examples.Load(id)
		world.Must(t, err)
		world.Must(t, p.Publish(t.Context(), of.Referentiel))
		for _, c := range of.Cases {
			if c.Waits == "" {
				world.Must(t, p.Play(t.Context(), of, c))
				played++
			}
		}
	}
	stop()
	source := world.Look(t, dir)
	report, err := verify.Verify(t.Context(), source, verify.Options{Now: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)})
	world.Must(t, err)
	world.Must(t, source.Close())
	for _, f := range report.Findings {
		t.Error(f)
	}
	if played < 15 {
		t.Errorf("only %d cases", played)
	}
}
