package linear

import (
	"context"
	"errors"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestTheCheckerCanFail gives the checker histories of one candidacy, call after
// call.
func TestTheCheckerCanFail(t *testing.T) {
	const k = "k"
	record := linCall{candidacy: k, act: "record", verdicts: [linCriteria]string{linMet, linMet}}
	grid, withdraw := linCall{candidacy: k, act: "grid"}, linCall{candidacy: k, act: "withdraw"}
	deliberate := func(etag string) linCall { return linCall{candidacy: k, act: "deliberate", etag: etag} }
	ledger, decisions := linCall{candidacy: k, act: "ledger"}, linCall{candidacy: k, act: "decisions"}
	ok, refused, unknown := linAnswer{code: "OK"}, linAnswer{code: "FAILED_PRECONDITION"}, linAnswer{unknown: true}
	shows := func(etag, first, second string) linAnswer {
		g := linGrid{state: "ENROLLED", etag: etag, status: [linCriteria]string{"PENDING", "PENDING"}}
		for i, verdict := range []string{first, second} {
			if verdict != "" {
				g.status[i], g.verdicts[i][0] = verdict, verdict
			}
		}
		return linAnswer{code: "OK", grid: g}
	}
	empty, full := shows("a", "", ""), shows("b", linMet, linMet)
	awarded := linAnswer{code: "OK", outcome: "CAPITALISED AWARDED"}
	type said struct {
		call   linCall
		answer linAnswer
	}
	for _, c := range []struct {
		what    string
		want    porcupine.CheckResult
		history []said
	}{
		{"as it should be", porcupine.Ok, []said{{grid, empty}, {record, ok}, {grid, full}, {deliberate("b"), awarded}, {ledger, awarded}}},
		{"a lost write", porcupine.Illegal, []said{{record, ok}, {grid, empty}}},
		{"a stale read", porcupine.Illegal, []said{{record, ok}, {grid, full}, {grid, empty}}},
		{"half a batch", porcupine.Illegal, []said{{record, ok}, {grid, shows("b", linMet, "")}}},
		{"a refusal that wrote", porcupine.Illegal, []said{{record, refused}, {grid, full}}},
		{"an open call that takes effect late", porcupine.Ok, []said{{record, unknown}, {grid, empty}, {grid, full}}},
		{"an open call that never does", porcupine.Ok, []said{{record, unknown}, {grid, empty}}},
		{"an open call that is undone", porcupine.Illegal, []said{{record, unknown}, {grid, full}, {grid, empty}}},
		{"two open calls for three effects", porcupine.Illegal, []said{{record, unknown}, {withdraw, unknown}, {grid, full}, {ledger, awarded}}},
		{"an etag that an act left as it was", porcupine.Illegal, []said{{grid, empty}, {record, ok}, {grid, shows("a", linMet, linMet)}}},
		{"an etag that changed by itself", porcupine.Illegal, []said{{grid, empty}, {grid, shows("b", "", "")}}},
		{"a deliberation on a stale grid", porcupine.Illegal, []said{{record, ok}, {grid, full}, {record, ok}, {deliberate("b"), awarded}}},
		{"a stale grid that was not", porcupine.Illegal, []said{{record, ok}, {grid, full}, {deliberate("b"), linAnswer{code: "ABORTED"}}}},
		{"a bloc decided without the award", porcupine.Illegal, []said{{record, ok}, {grid, full}, {deliberate("b"), awarded}, {decisions, linAnswer{code: "OK", outcome: "CAPITALISED"}}}},
	} {
		var history []porcupine.Operation
		for i, s := range c.history {
			op := porcupine.Operation{Input: s.call, Output: s.answer, Call: int64(2 * i), Return: int64(2*i + 1)}
			if s.answer.unknown {
				op.Return = linOpen
			}
			history = append(history, op)
		}
		if got := porcupine.CheckOperationsTimeout(linModel(), history, linCheck); got != c.want {
			t.Errorf("%s: the checker says %s, want %s", c.what, got, c.want)
		}
	}
}

// TestForgetfulStoreIsFound: the checker detects a service that loses an
// acknowledged write.
func TestForgetfulStoreIsFound(t *testing.T) {
	w, _ := world.StartOn(t, t.TempDir(), func(s store.Store) store.Store { return forgetful{s} })
	h := newLinHistory(w, 1)
	<-h.play(t.Context(), newLinPlace(w, true), linHabits{})
	h.readLast(w)
	if result := porcupine.CheckOperationsTimeout(linModel(), h.operations, linCheck); result != porcupine.Illegal {
		t.Errorf("the checker says %s", result)
	}
}

// forgetful drops acts of registrars on candidacies, and acknowledges them.
type forgetful struct{ store.Store }

func (s forgetful) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if act.RPC != "acquis.v1.SessionService/WithdrawCandidacy" {
		return s.Store.Update(ctx, act, fn)
	}
	dropped := errors.New("dropped")
	err := s.Store.Update(ctx, act, func(w store.Writer) error {
		if err := fn(w); err != nil {
			return err
		}
		return dropped
	})
	if errors.Is(err, dropped) {
		return nil
	}
	return err
}
