package services

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestAccessesAreBounded: a reader of many files in one hour leaves several
// records of limited size, and each candidate is found in the right one.
func TestAccessesAreBounded(t *testing.T) {
	s := memstore.New()
	const count = 2*maxAccessList + 50
	var reads []access
	err := s.Update(t.Context(), store.Act{RPC: "test", Time: time.Now()}, func(w store.Writer) error {
		reads = nil
		for i := range count {
			uid, err := w.NewUID()
			if err != nil {
				return err
			}
			label := fmt.Sprintf("c-%d", i)
			if err := store.Candidates.PutIndexed(w, store.Key(uid), &storepb.Candidate{Uid: uid, Label: label}); err != nil {
				return err
			}
			reads = append(reads, access{subject: "reader", rpc: "r", name: candidateName(label)})
		}
		return putAccesses(w, append(reads, reads[7]), time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		all, err := store.Accesses.All(r, nil)
		if err != nil {
			return err
		}
		if len(all) != 3 || slices.ContainsFunc(all, func(a *storepb.Access) bool { return len(a.GetCandidateUids()) > maxAccessList }) {
			t.Errorf("%d records", len(all))
		}
		for _, read := range reads {
			uid, err := candidateOf(r, read.name)
			if err != nil {
				return err
			}
			found, err := store.Accesses.Listed(r, store.KindCandidateAccess, uid)
			if len(found) != 1 || !slices.Contains(found[0].GetCandidateUids(), uid) || err != nil {
				t.Errorf("%s is found in %v: %v", read.name, found, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccessesAfterTheClockWasSetBack: a read whose hour is in the future,
// because the clock was set back before it was journaled, is recorded in the hour
// of its event.
func TestAccessesAfterTheClockWasSetBack(t *testing.T) {
	s := memstore.New()
	now := time.Date(2026, 6, 15, 9, 40, 0, 0, time.UTC)
	err := s.Update(t.Context(), store.Act{RPC: "test", Time: now}, func(w store.Writer) error {
		if err := store.Candidates.PutIndexed(w, store.Key(1), &storepb.Candidate{Uid: 1, Label: "c"}); err != nil {
			return err
		}
		early, late := now.Add(-time.Hour).Truncate(time.Hour), now.Add(time.Hour).Truncate(time.Hour)
		return putAccesses(w, []access{{"reader", "r", candidateName("c"), late}, {"reader", "s", candidateName("c"), early}}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		all, err := store.Accesses.All(r, nil)
		if len(all) != 2 || all[0].GetHourTime().AsTime().Hour() != 9 || all[1].GetHourTime().AsTime().Hour() != 8 {
			t.Errorf("noted: %v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// journaled are the reads in the store: who, how, whose files.
func (s *stage) journaled() (reads []string) {
	s.Helper()
	must(s, s.store.View(s.Context(), func(r store.Reader) error {
		all, err := store.Accesses.All(r, nil)
		for _, a := range all {
			shown, err := s.core.accessFrom(r, a, visibility.View{})
			must(s, err)
			reads = append(reads, fmt.Sprintf("%s %s %s %s", a.GetSubject(), segment(a.GetRpc(), 1),
				strings.ReplaceAll(strings.Join(shown.GetCandidates(), " "), "candidates/", ""), a.GetHourTime().AsTime().Format("15:04")))
		}
		return err
	}))
	return reads
}

// TestReadsAreNoted: reads of files are journaled, once an hour; a refused call
// shows nothing, and is not journaled.
func TestReadsAreNoted(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k, other := s.enrolled("juin", "camille", "B3"), s.enrolled("juin", "sacha", "B3")
	get := &acquispb.GetCandidateRequest{Name: "candidates/camille"}
	ask(s.reader, s.GetCandidate, get)
	ask(s.reader, s.GetCandidate, get)
	ask(s.registrar, s.ListCandidates, &acquispb.ListCandidatesRequest{})
	s.grid(s.lea, k)
	ask(s.lea, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: other})
	ask(s.lea, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"}) // not a file of a candidate
	try(s.reader, s.GetGrid, &acquispb.GetGridRequest{Name: k + "/grid"})
	try(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/nobody"})
	try(s.as("stranger", acquispb.Role_JURY), s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k})
	if got := s.journaled(); got != nil {
		t.Errorf("a read waits for the disk: %v", got)
	}
	s.services.Flush()
	want := []string{
		"reader GetCandidate camille 09:00", "registrar ListCandidates camille sacha 09:00", "lea GetGrid camille 09:00", "lea GetCandidacy sacha 09:00",
	}
	if got := s.journaled(); !slices.Equal(got, want) {
		t.Errorf("journaled: %q", got)
	}
	written := s.written()
	ask(s.reader, s.GetCandidate, get)
	if s.services.Flush(); s.written() != written {
		t.Error("the same read in the same hour is journaled again")
	}
	s.clock.advance(time.Hour)
	ask(s.reader, s.GetCandidate, get)
	ask(s.chair, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k})
	s.services.Flush()
	want = append(want, "reader GetCandidate camille 10:00", "chair ListExemptions camille 10:00")
	if got := s.journaled(); !slices.Equal(got, want) {
		t.Errorf("an hour later: %q", got)
	}
	last := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: int64(written)}).GetEvents()[0]
	if last.GetKind() != acquispb.Event_Kind_READ || last.GetActor()+last.GetResource() != "" {
		t.Errorf("the event itself names %v", last)
	}
}

// TestReadsAreJournaledBesides: waiting reads are journaled with the next write,
// and no call waits for that; if the store refuses the write, they are put back.
func TestReadsAreJournaledBesides(t *testing.T) {
	gate := &shutStore{Store: memstore.New()}
	s := newStage(t, func(o *Options) { o.Store, o.AccessDelay = gate, time.Hour })
	s.candidate("camille")
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.services.Run(ctx) })
	ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
	before := s.written()
	s.candidate("sacha")
	patience, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	must(t, s.store.Wait(patience, before+1)) // the candidate, then the read
	cancel()
	running.Wait()
	if got := s.journaled(); len(got) != 1 {
		t.Errorf("journaled: %q", got)
	}
	gate.shut.Store(true)
	ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/sacha"})
	s.services.Flush()
	gate.shut.Store(false)
	s.services.Flush()
	if got := s.journaled(); len(got) != 2 || !strings.HasPrefix(got[1], "reader GetCandidate sacha") {
		t.Errorf("after the store accepted no writes: %q", got)
	}
}

// A shutStore accepts no writes while it is shut.
type shutStore struct {
	store.Store
	shut atomic.Bool
}

func (s *shutStore) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if s.shut.Load() {
		return store.ErrReadOnly
	}
	return s.Store.Update(ctx, act, fn)
}

// TestReadsThatWaitAreBounded: beyond a limit waiting reads are counted, and
// lost.
func TestReadsThatWaitAreBounded(t *testing.T) {
	s := newStage(t)
	a := s.core.accesses
	a.wait(make([]access, maxPending-1)...)
	a.wait(make([]access, 3)...)
	if lost := testutil.ToFloat64(s.services.Collectors()[0]); len(a.pending) != maxPending || lost != 2 {
		t.Errorf("%d wait, %v are lost", len(a.pending), lost)
	}
}

// TestAccessesAreListed: by candidate, by reader, by RPC and by time.
func TestAccessesAreListed(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	s.candidate("sacha")
	read := func(who person, candidate string) {
		ask(who, s.GetCandidate, &acquispb.GetCandidateRequest{Name: candidateName(candidate)})
		s.services.Flush()
	}
	read(s.reader, "camille")
	read(s.registrar, "camille")
	ask(s.reader, s.ListCandidates, &acquispb.ListCandidatesRequest{})
	s.clock.advance(time.Hour)
	read(s.reader, "sacha")
	list := func(filter string) (lines []string) {
		request := &acquispb.ListAccessesRequest{Filter: filter, PageSize: 1}
		for {
			page := ask(s.auditor, s.ListAccesses, request)
			for _, a := range page.GetAccesses() {
				lines = append(lines, fmt.Sprint(a.GetSubject(), " ", segment(a.GetRpc(), 1), " ", len(a.GetCandidates())))
			}
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				return lines
			}
		}
	}
	first, second, both, last := "reader GetCandidate 1", "registrar GetCandidate 1", "reader ListCandidates 2", "reader GetCandidate 1"
	for filter, want := range map[string][]string{
		"":                                  {first, second, both, last},
		`candidate = "candidates/camille"`:  {first, second, both},
		`candidate = "candidates/sacha"`:    {both, last},
		`candidate = "candidates/nobody"`:   nil,
		`candidate != "candidates/camille"`: {last},
		`subject = "registrar"`:             {second},
		`candidate = "candidates/camille" AND subject = "reader"`:                     {first, both},
		`rpc = "acquis.v1.CandidateService/ListCandidates"`:                           {both},
		`hour_time > timestamp("2026-06-15T09:00:00Z")`:                               {last},
		`hour_time = timestamp("2026-06-15T09:00:00Z") AND NOT subject = "registrar"`: {first, both},
	} {
		if got := list(filter); !slices.Equal(got, want) {
			t.Errorf("%q lists %q, not %q", filter, got, want)
		}
	}
	shown := ask(s.auditor, s.ListAccesses, &acquispb.ListAccessesRequest{Filter: `subject = "registrar"`}).GetAccesses()[0]
	if !strings.HasPrefix(shown.GetName(), "accesses/") || !slices.Equal(shown.GetCandidates(), []string{"candidates/camille"}) ||
		!shown.GetHourTime().AsTime().Equal(time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("a read is shown as %v", shown)
	}
}
