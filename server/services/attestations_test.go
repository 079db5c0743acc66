package services

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/credential"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestGuessesAreCounted: codes and credentials of nobody count as bad
// credentials, what is malformed is no guess, and who guessed too often is not
// answered.
func TestGuessesAreCounted(t *testing.T) {
	st := memstore.New()
	defer st.Close()
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	who, err := authn.New(authn.Options{Store: st, Limits: authn.AttemptLimits{PerAddress: 2}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }})
	must(t, err)
	c := serve(t, st, Options{Authn: who, Now: func() time.Time { return noon }})
	s := &attestationService{core: c}
	ask := func(code, credential string) error {
		_, err := s.VerifyAttestation(t.Context(), &acquispb.VerifyAttestationRequest{Code: code, Credential: credential})
		return err
	}
	for _, malformed := range []string{"", "3", "3333-3333-3333-3334"} {
		if got := apierr.ReasonOf(ask(malformed, "")); got != "INVALID_FIELD" {
			t.Errorf("%q is answered with %s", malformed, got)
		}
	}
	if err := errors.Join(ask(credential.NewCode(), ""), ask("", "a.b.c")); err != nil {
		t.Errorf("malformed codes were guesses: %v", err)
	}
	if got := apierr.ReasonOf(ask(credential.NewCode(), "")); got != "TOO_MANY_ATTEMPTS" {
		t.Errorf("the third guess is answered with %q", got)
	}
	noon = noon.Add(time.Minute)
	if err := ask(credential.NewCode(), ""); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
