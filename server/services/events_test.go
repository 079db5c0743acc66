package services

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/store"
)

// TestEventsAreListed: the journal has one event for each act, in order, page by
// page, and from any position.
func TestEventsAreListed(t *testing.T) {
	s := newStage(t)
	began := s.written()
	made := s.candidate("camille")
	s.session("juin")
	s.enrol("juin", "camille", "B3")
	s.judged(s.lea, "sessions/juin/candidacies/camille", met, "B3")
	events := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: int64(began)}).GetEvents()
	want := []*acquispb.Event{
		{Kind: acquispb.Event_Kind_CANDIDATE, Actor: "registrar", Rpc: "acquis.v1.CandidateService/CreateCandidate", Resource: "candidates/camille"},
		{Kind: acquispb.Event_Kind_SESSION, Actor: "registrar", Rpc: "acquis.v1.SessionService/CreateSession", Resource: "sessions/juin"},
		{Kind: acquispb.Event_Kind_CANDIDACY, Actor: "registrar", Rpc: "acquis.v1.SessionService/CreateCandidacy", Resource: "sessions/juin/candidacies/camille"},
		{Kind: acquispb.Event_Kind_ASSESSMENT, Actor: "lea", Rpc: "acquis.v1.SessionService/RecordAssessments", Resource: "sessions/juin/candidacies/camille"},
	}
	if diff := cmp.Diff(want, events, protocmp.Transform(), protocmp.IgnoreFields(want[0], "name", "sequence", "event_time", "record_digests")); diff != "" {
		t.Errorf("the journal:\n%s", diff)
	}
	first := events[0]
	if first.GetSequence() != int64(began)+1 || first.GetName() != fmt.Sprintf("events/%d", began+1) ||
		!first.GetEventTime().AsTime().Equal(made.GetCreateTime().AsTime()) || len(first.GetRecordDigests()) != 2 {
		t.Errorf("the first event is %v", first)
	}
	if unkept := newStage(t); len(ask(unkept.auditor, unkept.ListEvents, &acquispb.ListEventsRequest{After: 1000}).GetEvents()) != 0 {
		t.Error("there are events after the last one")
	}
	var sequences []int64
	request := &acquispb.ListEventsRequest{After: int64(began), PageSize: 3}
	for pages := 1; ; pages++ {
		page := ask(s.auditor, s.ListEvents, request)
		for _, e := range page.GetEvents() {
			sequences = append(sequences, e.GetSequence()-int64(began))
		}
		if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
			break
		}
		if pages > 2 {
			t.Fatal("the journal has no last page")
		}
	}
	if !slices.Equal(sequences, []int64{1, 2, 3, 4}) {
		t.Errorf("page by page: %v", sequences)
	}
	exact := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: int64(began), PageSize: 4})
	if len(exact.GetEvents()) != 4 || exact.GetNextPageToken() != "" {
		t.Errorf("a last page that is full is %d events, then %q", len(exact.GetEvents()), exact.GetNextPageToken())
	}
}

// TestErasedEvent: the journal shows that the body of an event was erased.
func TestErasedEvent(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n"})
	told := int64(s.written())
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/camille", Ground: acquispb.ForgetGround_OBJECTION})
	event := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: told - 1, PageSize: 1}).GetEvents()[0]
	want := &acquispb.Event{Name: fmt.Sprintf("events/%d", told), Sequence: told, EventTime: event.GetEventTime()}
	if diff := cmp.Diff(want, event, protocmp.Transform()); diff != "" || event.GetEventTime() == nil {
		t.Errorf("the event is %v", event)
	}
	must(t, s.store.View(t.Context(), func(r store.Reader) error {
		events, err := r.Events(uint64(told)-1, 1)
		if len(events) != 1 || len(events[0].GetBody()) != 0 {
			t.Errorf("the store has %v", events)
		}
		return err
	}))
	if _, err := eventFrom(&storepb.Event{Body: []byte{0xff}}, visibility.View{}); err == nil {
		t.Error("a damaged body is shown")
	}
}
