package services

import (
	"testing"

	"go.einride.tech/aip/pagination"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// TestPageTokens: a token is good for the list that gave it: same RPC, same
// parameters, same caller. Any other list refuses it.
func TestPageTokens(t *testing.T) {
	lea, noa := &call.Caller{Subject: "lea"}, &call.Caller{Subject: "noa"}
	first, err := parsePage(lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`})
	must(t, err)
	token := first.next(7, true)
	for name, s := range map[string]struct {
		caller  *call.Caller
		request pagination.Request
		good    bool
	}{
		"the same list":     {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: token}, true},
		"larger pages":      {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageSize: 9, PageToken: token}, true},
		"another filter":    {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", PageToken: token}, false},
		"another parent":    {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/t", Filter: `state = "ENROLLED"`, PageToken: token}, false},
		"another caller":    {noa, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: token}, false},
		"another RPC":       {lea, &acquispb.ListDecisionsRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: token}, false},
		"a part of a token": {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: token[:len(token)-4]}, false},
		"nonsense":          {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: "bm9uc2Vuc2U"}, false},
	} {
		p, err := parsePage(s.caller, s.request)
		if s.good && (err != nil || p.after != 7) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if !s.good && apierr.ReasonOf(err) != "PAGE_TOKEN_INVALID" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
