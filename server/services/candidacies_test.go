package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestCandidacyIsKept: a candidacy presents the whole certification or some
// blocs; a single one is assessed by the methods for a single bloc.
func TestCandidacyIsKept(t *testing.T) {
	s := newStage(t)
	session := s.session("juin")
	for _, c := range []struct {
		candidate string
		blocs     []string // that the registrar names
		presents  []string
		variant   acquispb.Candidacy_MethodVariant_Enum
	}{
		{"camille", nil, []string{"B1", "B2", "B3", "B4"}, acquispb.Candidacy_MethodVariant_NORMAL},
		{"sacha", []string{"B2", "B3"}, []string{"B2", "B3"}, acquispb.Candidacy_MethodVariant_NORMAL},
		{"jo", []string{"B3"}, []string{"B3"}, acquispb.Candidacy_MethodVariant_BLOC_ONLY},
	} {
		s.candidate(c.candidate)
		request := enrolment("juin", c.candidate, c.blocs...)
		made := ask(s.registrar, s.CreateCandidacy, request)
		want := &acquispb.Candidacy{
			Name: "sessions/juin/candidacies/" + c.candidate, Candidate: "candidates/" + c.candidate, Scope: request.GetCandidacy().GetScope(),
			Blocs: c.blocs, AccessRoute: acquispb.Candidacy_AccessRoute_CONTINUING_TRAINING, PresentedBlocs: c.presents, MethodVariant: c.variant,
			State: acquispb.Candidacy_State_ENROLLED, Referentiel: session.GetReferentiel(), Etag: s.etag("sessions/juin/candidacies/" + c.candidate),
		}
		if diff := cmp.Diff(want, made, protocmp.Transform(), protocmp.IgnoreFields(want, "create_time", "update_time")); diff != "" {
			t.Errorf("%s:\n%s", c.candidate, diff)
		}
		if made.GetCreateTime().AsTime().IsZero() || !made.GetCreateTime().AsTime().Equal(made.GetUpdateTime().AsTime()) {
			t.Errorf("%s is enrolled at %v, changed at %v", c.candidate, made.GetCreateTime(), made.GetUpdateTime())
		}
		read := ask(s.lea, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: made.GetName()})
		if diff := cmp.Diff(made, read, protocmp.Transform()); diff != "" {
			t.Errorf("%s, read again:\n%s", c.candidate, diff)
		}
	}
}

// TestCandidacyIsRefused: nobody is enrolled twice, for blocs that they hold, or
// in something that does not exist.
func TestCandidacyIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.session("juillet")
	s.session("mars")
	ask(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/mars"})
	s.enrolled("juin", "camille", "B2")
	s.candidate("sacha")
	ask(s.registrar, s.RecordPriorBloc, prior("sacha", "B4"))
	s.candidate("jo")
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/jo", Ground: acquispb.ForgetGround_OBJECTION})
	taken := enrolment("juin", "sacha", "B1")
	taken.CandidacyId = "camille"
	create := func(request *acquispb.CreateCandidacyRequest) string {
		return try(s.registrar, s.CreateCandidacy, request)
	}
	s.refuses(s.written(),
		refusal{"a session that does not exist", create(enrolment("mai", "sacha")), "NOT_FOUND sessions/mai"},
		refusal{"a candidate who does not exist", create(enrolment("juin", "nobody")), "NOT_FOUND candidates/nobody"},
		refusal{"a candidate who was forgotten", create(enrolment("juin", "jo")), "CANDIDATE_FORGOTTEN of candidates/jo"},
		refusal{"a name that is taken", create(taken), "ALREADY_EXISTS sessions/juin/candidacies/camille"},
		refusal{"a second candidacy in the session", create(enrolment("juin", "camille", "B1")), "ALREADY_IN_SESSION of session juin"},
		refusal{"a bloc that is presented elsewhere", create(enrolment("juillet", "camille", "B2")), "BLOC_PRESENTED_ELSEWHERE of bloc B2"},
		refusal{"a bloc that is held", create(enrolment("juin", "sacha", "B4")), "BLOC_CAPITALISED of bloc B4"},
		refusal{"a bloc that does not exist", create(enrolment("juin", "sacha", "B9")), "BLOC_UNKNOWN at candidacy.blocs"},
		refusal{"a session that has ended", create(enrolment("mars", "sacha")), "SESSION_NOT_OPEN of session mars"},
	)
}

// TestCandidacyMoves: candidates leave as a whole or bloc by bloc, and come back.
func TestCandidacyMoves(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B2", "B3")
	said := func(c *acquispb.Candidacy) string {
		text := c.GetState().String() + " " + strings.Join(c.GetPresentedBlocs(), "+")
		for _, left := range c.GetDepartedBlocs() {
			text += " " + left.GetBloc() + ":" + left.GetCause().String()
		}
		return text
	}
	for _, move := range []struct {
		got  *acquispb.Candidacy
		want string
	}{
		{ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k, Blocs: []string{"B2"}, Etag: s.etag(k)}), "ENROLLED B3 B2:WITHDRAWN"},
		{ask(s.registrar, s.MarkCandidacyAbsent, &acquispb.MarkCandidacyAbsentRequest{Name: k}), "ABSENT  B2:WITHDRAWN B3:ABSENT"},
		{ask(s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: k, Blocs: []string{"B2"}}), "ENROLLED B2 B3:ABSENT"},
		{ask(s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: k, Etag: s.etag(k)}), "ENROLLED B2+B3"},
		{ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k}), "WITHDRAWN  B2:WITHDRAWN B3:WITHDRAWN"},
	} {
		if got := said(move.got); got != move.want {
			t.Errorf("it is %s, not %s", got, move.want)
		}
	}
	if one := ask(s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: k, Blocs: []string{"B3"}}); one.GetMethodVariant() != acquispb.Candidacy_MethodVariant_NORMAL {
		t.Errorf("a candidacy with one of two blocs left uses the method for a single one: %v", one)
	}
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	last := ask(s.reader, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k})
	if !last.GetUpdateTime().AsTime().After(last.GetCreateTime().AsTime()) || said(last) != "WITHDRAWN  B2:WITHDRAWN B3:WITHDRAWN" {
		t.Errorf("read again it is %v", last)
	}
	s.session("juillet")
	s.enrol("juillet", "camille", "B2")
	s.refuses(s.written(),
		refusal{"reinstated with a bloc presented elsewhere", try(s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: k}), "BLOC_PRESENTED_ELSEWHERE of bloc B2"},
		refusal{"withdrawn twice", try(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k}), "CANDIDACY_NOT_ENROLLED of candidacy juin/camille"},
		refusal{"withdrawn with a stale etag", try(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k, Etag: "5"}), "ETAG_STALE"},
		refusal{"a bloc that is not presented", try(s.registrar, s.MarkCandidacyAbsent, &acquispb.MarkCandidacyAbsentRequest{Name: "sessions/juillet/candidacies/camille", Blocs: []string{"B1"}}), "BLOC_NOT_PRESENTED at blocs"},
		refusal{"nobody", try(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: "sessions/juin/candidacies/nobody"}), "NOT_FOUND sessions/juin/candidacies/nobody"},
		refusal{"a session that does not exist", try(s.reader, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: "sessions/mai/candidacies/camille"}), "NOT_FOUND sessions/mai/candidacies/camille"},
	)
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: "sessions/juillet/candidacies/camille"})
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/camille", Ground: acquispb.ForgetGround_OBJECTION})
	if got := try(s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: k}); got != "CANDIDATE_FORGOTTEN of candidates/camille" {
		t.Errorf("a forgotten candidate is reinstated: %q", got)
	}
}

// TestCandidaciesAreListed: by session, over all sessions, by candidate and by
// state.
func TestCandidaciesAreListed(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.session("juillet")
	s.enrolled("juin", "camille", "B1")
	s.enrol("juillet", "camille", "B2")
	s.enrolled("juin", "sacha", "B1")
	s.enrolled("juillet", "jo", "B1")
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: "sessions/juin/candidacies/sacha"})
	list := func(parent, filter string) (names []string) {
		request := &acquispb.ListCandidaciesRequest{Parent: parent, Filter: filter, PageSize: 1}
		for {
			page := ask(s.reader, s.ListCandidacies, request)
			for _, c := range page.GetCandidacies() {
				names = append(names, segment(c.GetName(), 1)+"/"+segment(c.GetName(), 3))
			}
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				return names
			}
		}
	}
	for _, c := range []struct {
		parent, filter string
		want           []string
	}{
		{"sessions/juin", "", []string{"juin/camille", "juin/sacha"}},
		{"sessions/juillet", "", []string{"juillet/camille", "juillet/jo"}},
		{"sessions/-", "", []string{"juin/camille", "juillet/camille", "juin/sacha", "juillet/jo"}},
		{"sessions/-", `candidate = "candidates/camille"`, []string{"juin/camille", "juillet/camille"}},
		{"sessions/juillet", `candidate = "candidates/camille"`, []string{"juillet/camille"}},
		{"sessions/juillet", `candidate = "candidates/sacha"`, nil},
		{"sessions/-", `candidate = "candidates/nobody"`, nil},
		{"sessions/-", `state = WITHDRAWN`, []string{"juin/sacha"}},
		{"sessions/juin", `state = ENROLLED AND candidate = "candidates/camille"`, []string{"juin/camille"}},
		{"sessions/-", `candidate = "candidates/camille" OR state = WITHDRAWN`, []string{"juin/camille", "juillet/camille", "juin/sacha"}},
		{"sessions/-", `NOT candidate = "candidates/camille"`, []string{"juin/sacha", "juillet/jo"}},
	} {
		if got := list(c.parent, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s with %q lists %v, not %v", c.parent, c.filter, got, c.want)
		}
	}
	if got := try(s.reader, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/mai"}); got != "NOT_FOUND sessions/mai" {
		t.Errorf("a session that does not exist: %q", got)
	}
}
