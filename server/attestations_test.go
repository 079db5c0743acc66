package server

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store/bolt"
)

// counted counts guesses, and refuses the third.
type counted struct{ asked, failed int }

var errGuessedTooOften = errors.New("guessed too often")

func (c *counted) allow(context.Context) error {
	c.asked++
	if c.failed >= 2 {
		return errGuessedTooOften
	}
	return nil
}

func (c *counted) wrong(context.Context) { c.failed++ }

// TestGuessesAreCounted: codes and credentials of nobody count as guesses, what
// is malformed is no guess, and who guessed too often is not answered.
func TestGuessesAreCounted(t *testing.T) {
	st, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c, err := newCore(Options{Store: st, Log: slog.DiscardHandler, Limits: DefaultLimits})
	if err != nil {
		t.Fatal(err)
	}
	limit := new(counted)
	c.guesses = limit
	s := &attestationService{core: c}
	ask := func(code, credential string) error {
		_, err := s.VerifyAttestation(t.Context(), &acquispb.VerifyAttestationRequest{Code: code, Credential: credential})
		return err
	}
	for _, malformed := range []string{"", "3", "3333-3333-3333-3334"} {
		if ask(malformed, "") == nil {
			t.Errorf("%q is answered", malformed)
		}
	}
	if limit.asked != 0 {
		t.Errorf("%d malformed codes were guesses", limit.asked)
	}
	if err := errors.Join(ask(newCode(), ""), ask("", "a.b.c")); err != nil || limit.failed != 2 {
		t.Errorf("%d guesses were counted, want 2: %v", limit.failed, err)
	}
	if err := ask(newCode(), ""); !errors.Is(err, errGuessedTooOften) {
		t.Errorf("the third is answered: %v", err)
	}
}
