package services

import (
	"testing"

	"go.einride.tech/aip/filtering"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
)

// Whatever a caller sends, a parser answers or refuses; and what it accepts, it
// understands in one way only.

func FuzzPageToken(f *testing.F) {
	request := &acquispb.ListCandidatesRequest{PageSize: 3}
	first, err := parsePage(new(call.Caller), request)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first.next(7, true))
	f.Add("bm9uc2Vuc2U")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := parsePage(new(call.Caller), &acquispb.ListCandidatesRequest{PageSize: 3, PageToken: token})
		if err != nil {
			return
		}
		if p.checksum != first.checksum || p.size != 3 {
			t.Errorf("%q made a page of another list: %+v", token, p)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add(`state = OPEN AND centre = "LYON"`)
	f.Add(`NOT effective OR decide_time >= timestamp("2026-06-01T00:00:00Z")`)
	f.Add(`effective = true`)
	f.Add(`timestamp("x") < decide_time`)
	f.Add(`centre = "a.b" OR a.b.c`)
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(&acquispb.ListSessionsRequest{Filter: text},
			stringField("centre"), enumField("state", acquispb.Session_State_Enum(0).Type()),
			filtering.DeclareIdent("effective", filtering.TypeBool),
			filtering.DeclareIdent("decide_time", filtering.TypeTimestamp))
		if err != nil {
			return
		}
		parsed.equals("centre")
		if _, err := parsed.matches(values{"centre": "LYON", "state": "OPEN", "effective": true}); err != nil {
			t.Errorf("%q was accepted and cannot be evaluated: %v", text, err)
		}
	})
}
