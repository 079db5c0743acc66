package services

import (
	"fmt"
	"slices"
	"strings"
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

// TestPages: a list of so many, by pages of so many, of which a filter keeps some.
// Together the pages have each item once; only the last one says so.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		items, size uint64
		keeps       uint64   // every so many items
		want        []string // what each page shows, from the first item to the last
	}{
		{0, 3, 1, []string{"-"}},
		{2, 3, 1, []string{"1-2"}},
		{3, 3, 1, []string{"1-3"}},
		{4, 3, 1, []string{"1-3", "4-4"}},
		{6, 3, 1, []string{"1-3", "4-6"}},
		{6, 3, 2, []string{"2-6"}},
		{7, 3, 2, []string{"2-6"}}, // what is left is not kept: nothing tells that it is there
		{9, 2, 3, []string{"3-6", "9-9"}},
		{120, 0, 1, []string{"1-50", "51-100", "101-120"}},
		{12_000, 2, 6_000, []string{"-", "6000-6000", "12000-12000"}}, // a page reads so many, and no more
		{5_000, 1000, 10_000, []string{"-", "-"}},
	} {
		source := func(after uint64, limit int) (uids []uint64, err error) {
			for uid := after + 1; uid <= c.items && len(uids) < limit; uid++ {
				uids = append(uids, uid)
			}
			return uids, nil
		}
		var got []string
		read := uint64(0)
		request := &acquispb.ListCandidatesRequest{PageSize: int32(c.size)}
		for {
			page, err := parsePage(&call.Caller{Subject: "lea"}, request)
			must(t, err)
			var shown []uint64
			before := read
			token, err := page.fill(source, func(uid uint64, room bool) (bool, error) {
				read++
				if uid%c.keeps == 0 && room {
					shown = append(shown, uid)
				}
				return uid%c.keeps == 0, nil
			})
			must(t, err)
			if read-before > maxScanned {
				t.Errorf("a page reads %d", read-before)
			}
			text := "-"
			if len(shown) > 0 {
				text = fmt.Sprintf("%d-%d", shown[0], shown[len(shown)-1])
			}
			got = append(got, text)
			if request.PageToken = token; token == "" {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d items by %d, every %d: %q, not %q", c.items, c.size, c.keeps, got, c.want)
		}
	}
}

// TestSlices: of a list in memory too; one that has become shorter ends.
func TestSlices(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e"}
	for _, c := range []struct {
		after uint64
		size  int
		want  string
		more  bool
	}{
		{0, 2, "ab", true}, {2, 2, "cd", true}, {4, 2, "e", false}, {3, 2, "de", false}, {0, 5, "abcde", false}, {0, 9, "abcde", false}, {7, 2, "", false},
	} {
		part, token := slicePage(page{size: c.size, after: c.after}, list)
		if got := strings.Join(part, ""); got != c.want || (token != "") != c.more {
			t.Errorf("%d after %d: %q, then %q", c.size, c.after, got, token)
		}
	}
}
