package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store/memstore"
)

// pagesOf makes tokens as those of a store are made that was bootstrapped.
func pagesOf(t testing.TB) pages {
	t.Helper()
	return newStage(t).core.pages
}

// onwards is the token of a request for the page behind that which ended with next: none
// if there is none, since an empty one is refused.
func onwards(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

// TestPageTokens: a token is good for the list that gave it: same RPC, same
// parameters, same caller, same store. Any other list refuses it, and says what to do.
func TestPageTokens(t *testing.T) {
	lea, noa := &call.Caller{Subject: "lea"}, &call.Caller{Subject: "noa"}
	lyon := &call.Caller{Subject: "lea", Centre: "LYON"}
	pages := pagesOf(t)
	first, err := pages.parse(lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`})
	must(t, err)
	token := first.next(7, true)
	foreign, err := pagesOf(t).parse(lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`})
	must(t, err)
	for name, s := range map[string]struct {
		caller  *call.Caller
		request pageRequest
		good    bool
	}{
		"the same list":     {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: &token}, true},
		"larger pages":      {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageSize: 9, PageToken: &token}, true},
		"another filter":    {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", PageToken: &token}, false},
		"another parent":    {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/t", Filter: `state = "ENROLLED"`, PageToken: &token}, false},
		"another caller":    {noa, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: &token}, false},
		"another centre":    {lyon, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: &token}, false},
		"another RPC":       {lea, &acquispb.ListDecisionsRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: &token}, false},
		"another store":     {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(foreign.next(7, true))}, false},
		"a part of a token": {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(token[:len(token)-4])}, false},
		"a longer token":    {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(token + "AAAA")}, false},
		"two tokens":        {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(token + token)}, false},
		"a space":           {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(" ")}, false},
		"a token in lines":  {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new(token + "\n")}, false},
		"nonsense":          {lea, &acquispb.ListCandidaciesRequest{Parent: "sessions/s", Filter: `state = "ENROLLED"`, PageToken: new("bm9uc2Vuc2U")}, false},
	} {
		p, err := pages.parse(s.caller, s.request)
		if s.good && (err != nil || p.after != 7) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if !s.good && (apierr.ReasonOf(err) != "PAGE_TOKEN_INVALID" || !strings.Contains(err.Error(), "send the nextPageToken of the page before")) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// TestPageTokensTellNothing: a token shows neither the position in it nor whether two
// positions are the same, and every changed character is noticed.
func TestPageTokensTellNothing(t *testing.T) {
	lea, request := &call.Caller{Subject: "lea"}, &acquispb.ListCandidatesRequest{}
	pages := pagesOf(t)
	first, err := pages.parse(lea, request)
	must(t, err)
	token := first.next(7, true)
	if token == first.next(7, true) {
		t.Error("the same position has the same token")
	}
	if len(token) != len(first.next(1<<60, true)) {
		t.Error("the length of a token depends on its position")
	}
	for i := range token {
		for _, other := range []string{"A", "b", "_", "="} {
			changed := token[:i] + other + token[i+1:]
			request.PageToken = &changed
			if p, err := pages.parse(lea, request); changed != token && err == nil {
				t.Fatalf("%q instead of %q is taken: %d", changed, token, p.after)
			}
		}
	}
}

// TestPageTokensOutliveTheServer: services that are made anew over the same store take
// the tokens of those before.
func TestPageTokensOutliveTheServer(t *testing.T) {
	s := newStage(t)
	lea, request := &call.Caller{Subject: "lea"}, &acquispb.ListCandidatesRequest{}
	first, err := s.core.pages.parse(lea, request)
	must(t, err)
	request.PageToken = new(first.next(7, true))
	again, err := newPages(t.Context(), s.store)
	must(t, err)
	if p, err := again.parse(lea, request); err != nil || p.after != 7 {
		t.Errorf("after a restart: %d, %v", p.after, err)
	}
	if _, err := newPages(t.Context(), memstore.New()); err == nil {
		t.Error("a store without events has a key")
	}
}

// TestPageSizes: none is the usual size, and more than there may be is as many as
// there may be (AIP-158); negative ones are refused by the contract.
func TestPageSizes(t *testing.T) {
	pages := pagesOf(t)
	for size, want := range map[int32][2]int{0: {50, 50}, 1: {1, 1}, 100: {100, 100}, 1000: {1000, 100}, 1001: {1000, 100}, 1<<31 - 1: {1000, 100}} {
		for i, request := range []pageRequest{
			&acquispb.ListCandidatesRequest{PageSize: size}, &acquispb.PurgeCandidatesRequest{PageSize: size}, &acquispb.ExportCandidateRequest{PageSize: size},
		} {
			p, err := pages.parse(new(call.Caller), request)
			must(t, err)
			if p.size != want[min(i, 1)] {
				t.Errorf("%d of %T: %d", size, request, p.size)
			}
		}
	}
}

// TestTokensFitOnlyTheirList: of any two requests by any two callers, a token of one is
// good for the other if and only if they differ in nothing but the pages.
func TestTokensFitOnlyTheirList(t *testing.T) {
	pages := pagesOf(t)
	draw := func(t *rapid.T) (*call.Caller, pageRequest, string) {
		subject := rapid.SampledFrom([]string{"lea", "lea", "lea", "noa"}).Draw(t, "subject")
		centre := rapid.SampledFrom([]string{"", "", "LYON", "PARIS"}).Draw(t, "centre")
		parent := rapid.SampledFrom([]string{"", "sessions/s"}).Draw(t, "parent")
		filter := rapid.SampledFrom([]string{"", "sessions/s"}).Draw(t, "filter")
		size := rapid.Int32Range(0, 2000).Draw(t, "size")
		id := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "request id")
		var request pageRequest
		switch rapid.IntRange(0, 4).Draw(t, "RPC") {
		case 0:
			request = &acquispb.ListCandidaciesRequest{Parent: parent, Filter: filter, PageSize: size}
		case 1:
			request = &acquispb.ListDecisionsRequest{Parent: parent, Filter: filter, PageSize: size}
		case 2:
			request, parent = &acquispb.ListSessionsRequest{Filter: filter, PageSize: size}, ""
		case 3:
			request, parent, filter = &acquispb.PurgeCandidatesRequest{ValidateOnly: parent != "", PageSize: size, RequestId: id}, fmt.Sprint(parent != ""), ""
		default:
			request, parent, filter = &acquispb.ListKeysRequest{PageSize: size}, "", ""
		}
		return &call.Caller{Subject: subject, Centre: centre}, request, fmt.Sprintf("%T %q %q %q %q", request, subject, centre, parent, filter)
	}
	rapid.Check(t, func(t *rapid.T) {
		caller, request, what := draw(t)
		given, err := pages.parse(caller, request)
		if err != nil {
			t.Fatal(err)
		}
		after := rapid.Uint64().Draw(t, "after")
		caller, request, other := draw(t)
		next := proto.Clone(request).ProtoReflect()
		next.Set(next.Descriptor().Fields().ByName("page_token"), protoreflect.ValueOfString(given.next(after, true)))
		p, err := pages.parse(caller, next.Interface().(pageRequest))
		if good := err == nil; good != (what == other) || good && p.after != after {
			t.Errorf("a token of %s at %s: %d, %v", what, other, p.after, err)
		}
	})
}

// FuzzPageToken: nobody can make a token.
func FuzzPageToken(f *testing.F) {
	pages := pagesOf(f)
	first, err := pages.parse(new(call.Caller), &acquispb.ListCandidatesRequest{})
	must(f, err)
	given := first.next(7, true)
	f.Add("bm9uc2Vuc2U")
	f.Add(given)
	f.Add(given[:30])
	f.Fuzz(func(t *testing.T, token string) {
		p, err := pages.parse(new(call.Caller), &acquispb.ListCandidatesRequest{PageToken: new(token)})
		if err == nil && token != "" && token != given {
			t.Errorf("%q is taken: %d", token, p.after)
		}
	})
}

// TestPages: a list of so many, by pages of so many, of which a filter keeps some.
// Together the pages have each item once; only the last one says so.
func TestPages(t *testing.T) {
	tokens := pagesOf(t)
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
			page, err := tokens.parse(&call.Caller{Subject: "lea"}, request)
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
			if request.PageToken = onwards(token); token == "" {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d items by %d, every %d: %q, not %q", c.items, c.size, c.keeps, got, c.want)
		}
	}
}

// TestSlices: of a list in memory too. A page begins behind the place of the last item
// before it, whether that item is still there or not.
func TestSlices(t *testing.T) {
	tokens := pagesOf(t)
	at := func(letter string) uint64 { return uint64(letter[0]-'a') + 1 }
	for _, c := range []struct {
		list  string
		after string // the last item of the page before
		size  int
		want  string
		more  bool
	}{
		{"abcde", "", 2, "ab", true},
		{"abcde", "b", 2, "cd", true},
		{"abcde", "d", 2, "e", false},
		{"abcde", "c", 2, "de", false},
		{"abcde", "", 5, "abcde", false},
		{"abcde", "", 9, "abcde", false},
		{"abcde", "g", 2, "", false},
		{"cde", "b", 2, "cd", true}, // without those before
		{"bcde", "a", 2, "bc", true},
		{"", "b", 2, "", false},
	} {
		after := uint64(0)
		if c.after != "" {
			after = at(c.after)
		}
		part, token := slicePage(page{size: c.size, after: after, tokens: tokens}, strings.Split(c.list, "")[:len(c.list)], at)
		if got := strings.Join(part, ""); got != c.want || (token != "") != c.more {
			t.Errorf("%d after %q of %q: %q, then %q", c.size, c.after, c.list, got, token)
			continue
		}
		if next, err := tokens.open(token, nil); c.more && (err != nil || next != at(part[len(part)-1])) {
			t.Errorf("%d after %q of %q goes on after %d, %v", c.size, c.after, c.list, next, err)
		}
	}
}
