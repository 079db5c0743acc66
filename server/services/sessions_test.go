package services

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestSessionIsKept: a session has what the registrar entered, and pins the
// revision that was current then.
func TestSessionIsKept(t *testing.T) {
	s := newStage(t)
	current := s.marketing()
	made := s.session("juin", func(given *acquispb.Session) { given.Assessors = assessing("lea", "noa") })
	want := aSession()
	want.Name, want.Etag, want.State, want.Assessors = "sessions/juin", s.etag("sessions/juin"), acquispb.Session_State_OPEN, assessing("lea", "noa")
	want.Referentiel = current.GetRevision()
	if diff := cmp.Diff(want, made, protocmp.Transform(), protocmp.IgnoreFields(want, "create_time", "update_time")); diff != "" {
		t.Errorf("the answer differs from what was said:\n%s", diff)
	}
	if made.GetCreateTime().AsTime().IsZero() || !made.GetCreateTime().AsTime().Equal(made.GetUpdateTime().AsTime()) {
		t.Errorf("made at %v, changed at %v", made.GetCreateTime(), made.GetUpdateTime())
	}
	read := ask(s.auditor, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"})
	if diff := cmp.Diff(made, read, protocmp.Transform()); diff != "" {
		t.Errorf("read again:\n%s", diff)
	}
	short := s.session("court", func(given *acquispb.Session) { given.EndDate, given.Centre = nil, nil })
	if short.GetEndDate().GetDay() != 15 || short.GetCentre() != nil {
		t.Errorf("a session of one day, of no centre, is %v", short)
	}
	pinned := s.session("ancien", func(given *acquispb.Session) { given.Referentiel = current.GetRevision() })
	if pinned.GetReferentiel() != current.GetRevision() {
		t.Errorf("a session of a named revision is of %s", pinned.GetReferentiel())
	}
}

// TestSessionIsRefused: invalid sessions, and changes that are not allowed.
func TestSessionIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	create := func(id string, change func(*acquispb.Session)) *acquispb.CreateSessionRequest {
		given := aSession()
		change(given)
		return &acquispb.CreateSessionRequest{SessionId: id, Session: given}
	}
	update := func(given *acquispb.Session, mask ...string) *acquispb.UpdateSessionRequest {
		given.Name = "sessions/juin"
		return &acquispb.UpdateSessionRequest{Session: given, UpdateMask: maskOf(mask)}
	}
	now := s.etag("sessions/juin")
	unchanged := func(*acquispb.Session) {}
	of := func(referentiel string) func(*acquispb.Session) {
		return func(given *acquispb.Session) { given.Referentiel = referentiel }
	}
	paris := func(given *acquispb.Session) { given.Centre.Code = "PARIS" }
	unknown := "referentiels/marketing/revisions/00000000000000000000000000000000"
	lyon := s.registrar.of("LYON")
	s.refuses(s.written(),
		refusal{"a name that is taken", try(s.registrar, s.CreateSession, create("juin", unchanged)), "ALREADY_EXISTS sessions/juin"},
		refusal{"a référentiel that does not exist", try(s.registrar, s.CreateSession, create("s", of("referentiels/sales"))), "NOT_FOUND referentiels/sales"},
		refusal{"a revision that does not exist", try(s.registrar, s.CreateSession, create("s", of(unknown))), "NOT_FOUND " + unknown},
		refusal{"a session of another centre", try(lyon, s.CreateSession, create("s", paris)), "OTHER_CENTRE"},
		refusal{"a session moved to another centre", try(lyon, s.UpdateSession, update(&acquispb.Session{
			Etag: now, Centre: &acquispb.Session_Centre{Code: "PARIS"},
		})), "OTHER_CENTRE"},
		refusal{"a session without a centre", try(lyon, s.UpdateSession, update(&acquispb.Session{Etag: now}, "centre")), "OTHER_CENTRE"},
		refusal{"a change without an etag", try(s.registrar, s.UpdateSession, update(&acquispb.Session{DisplayName: "x"})), "ETAG_MISSING at etag"},
		refusal{"a change with a stale etag", try(s.registrar, s.UpdateSession, update(&acquispb.Session{Etag: "0", DisplayName: "x"})), "ETAG_STALE"},
		refusal{"a field that sessions do not have", try(s.registrar, s.UpdateSession, update(&acquispb.Session{Etag: now}, "room")), "INVALID_FIELD at updateMask"},
		refusal{"an end before the start", try(s.registrar, s.UpdateSession, update(&acquispb.Session{Etag: now, EndDate: day(2026, 6, 1)})), "INVALID_FIELD at session.endDate"},
		refusal{"a change to a référentiel that does not exist", try(s.registrar, s.UpdateSession, update(&acquispb.Session{Etag: now, Referentiel: "referentiels/sales"})), "NOT_FOUND referentiels/sales"},
		refusal{"a session closed with a stale etag", try(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin", Etag: "0"}), "ETAG_STALE"},
		refusal{"a session cancelled with a stale etag", try(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/juin", Etag: "0"}), "ETAG_STALE"},
		refusal{"closing one that does not exist", try(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/mai"}), "NOT_FOUND sessions/mai"},
		refusal{"reading one that does not exist", try(s.reader, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/mai"}), "NOT_FOUND sessions/mai"},
	)
}

// TestSessionIsChanged: a change replaces what it names, the rest stays, and the
// version increases.
func TestSessionIsChanged(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit())
	made := s.session("juin")
	changed := ask(s.registrar.of("LYON"), s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{
		Name: made.GetName(), Etag: made.GetEtag(), DisplayName: "Jury d'été", Referentiel: "referentiels/petit", Assessors: assessing("lea"),
	}})
	want := aSession()
	want.Name, want.Etag, want.State, want.CreateTime = made.GetName(), s.etag(made.GetName()), made.GetState(), made.GetCreateTime()
	want.DisplayName, want.Assessors = "Jury d'été", assessing("lea")
	want.Referentiel = ask(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/petit"}).GetRevision()
	if diff := cmp.Diff(want, changed, protocmp.Transform(), protocmp.IgnoreFields(want, "update_time")); diff != "" {
		t.Errorf("after the change:\n%s", diff)
	}
	if !changed.GetUpdateTime().AsTime().After(made.GetUpdateTime().AsTime()) {
		t.Error("the update time did not change")
	}
	read := ask(s.reader, s.GetSession, &acquispb.GetSessionRequest{Name: made.GetName()})
	if diff := cmp.Diff(changed, read, protocmp.Transform()); diff != "" {
		t.Errorf("read again:\n%s", diff)
	}
}

// TestSessionHasBegun: the référentiel is fixed from the first candidacy, and
// members who sat on the jury from the first act; nothing changes after the
// session has ended.
func TestSessionHasBegun(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit())
	s.session("juin")
	change := func(given *acquispb.Session, mask ...string) string {
		given.Name = "sessions/juin"
		given.Etag = ask(s.registrar, s.GetSession, &acquispb.GetSessionRequest{Name: given.GetName()}).GetEtag()
		return try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: given, UpdateMask: maskOf(mask)})
	}
	s.decided("juin", "camille", met, "B3")
	third := &acquispb.JuryMember{Subject: "third", DisplayName: "Une autre"}
	grown := append(aSession().GetJury(), third)
	if got := change(&acquispb.Session{Jury: grown}); got != "" {
		t.Errorf("one more member: %s", got)
	}
	if got := change(&acquispb.Session{DisplayName: "encore", Referentiel: s.marketing().GetRevision()}); got != "" {
		t.Errorf("the same référentiel again: %s", got)
	}
	k := s.enrolled("juin", "sacha", "B3")
	s.refuses(s.written(),
		refusal{"another référentiel", change(&acquispb.Session{Referentiel: "referentiels/petit"}), "REFERENTIEL_FIXED of session juin"},
		refusal{"a jury without the member", change(&acquispb.Session{Jury: []*acquispb.JuryMember{grown[0], third}}), "MEMBER_TOOK_PART of member member"},
		refusal{"a session closed too early", try(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin"}), "CANDIDACY_UNDECIDED of candidacy juin/sacha"},
		refusal{"a session that took place", try(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/juin"}),
			"CANDIDACY_DECIDED of candidacy juin/camille, JURY_ACTED of session juin"},
	)
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	closed := ask(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin", Etag: s.etag("sessions/juin")})
	if closed.GetState() != acquispb.Session_State_CLOSED || s.stored("sessions/juin").GetVersion() != 4 {
		t.Errorf("the session that was closed is %v", closed)
	}
	s.refuses(s.written(),
		refusal{"a change of a closed session", change(&acquispb.Session{DisplayName: "trop tard"}), "SESSION_NOT_OPEN of session juin"},
		refusal{"a session closed twice", try(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin"}), "SESSION_NOT_OPEN of session juin"},
	)
}

// TestSessionIsCancelled: enrolled candidacies are cancelled with it, those that
// had left keep their state.
func TestSessionIsCancelled(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	enrolled, left := s.enrolled("juin", "camille"), s.enrolled("juin", "sacha")
	ask(s.registrar, s.MarkCandidacyAbsent, &acquispb.MarkCandidacyAbsentRequest{Name: left})
	cancelled := ask(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/juin"})
	if cancelled.GetState() != acquispb.Session_State_CANCELLED || s.stored("sessions/juin").GetVersion() != 2 ||
		!cancelled.GetUpdateTime().AsTime().After(cancelled.GetCreateTime().AsTime()) {
		t.Errorf("the session is %v", cancelled)
	}
	of := func(name string) *acquispb.Candidacy {
		return ask(s.registrar, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: name})
	}
	if k := of(enrolled); k.GetState() != acquispb.Candidacy_State_CANCELLED || s.stored(enrolled).GetVersion() != 2 || !k.GetUpdateTime().AsTime().After(k.GetCreateTime().AsTime()) {
		t.Errorf("the enrolled candidacy is %v", k)
	}
	if k := of(left); k.GetState() != acquispb.Candidacy_State_ABSENT || s.stored(left).GetVersion() != 2 {
		t.Errorf("the absent candidacy is %v", k)
	}
	s.session("juillet")
	s.enrol("juillet", "camille") // nothing holds them back
}

// TestSessionsAreListed: in order of creation, filtered by state, référentiel and
// centre.
func TestSessionsAreListed(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit())
	s.session("un")
	s.session("deux", func(given *acquispb.Session) { given.Centre.Code = "PARIS" })
	s.session("trois", func(given *acquispb.Session) { given.Referentiel, given.Centre = "referentiels/petit", nil })
	ask(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/un"})
	list := func(filter string) (names []string) {
		for _, session := range ask(s.reader, s.ListSessions, &acquispb.ListSessionsRequest{Filter: filter}).GetSessions() {
			names = append(names, segment(session.GetName(), 1))
		}
		return names
	}
	revision := s.marketing().GetRevision()
	for filter, want := range map[string][]string{
		"":                   {"un", "deux", "trois"},
		"state = OPEN":       {"deux", "trois"},
		"state = CANCELLED":  {"un"},
		"state != CANCELLED": {"deux", "trois"},
		`centre = "PARIS"`:   {"deux"},
		`referentiel = "petit" OR centre = "PARIS"`:  {"deux", "trois"},
		`referentiel = "referentiels/petit"`:         {"trois"},
		`referentiel = "` + revision + `"`:           {"un", "deux"},
		`referentiel = "marketing" AND state = OPEN`: {"deux"},
		`NOT centre = "LYON"`:                        {"deux", "trois"},
		`referentiel != "marketing"`:                 {"trois"},
		`centre.code = "P*" state = OPEN`:            {"deux"},
		`centre:*`:                                   {"un", "deux"},
		`centre = "NICE"`:                            nil,
	} {
		if got := list(filter); !slices.Equal(got, want) {
			t.Errorf("%q lists %v, not %v", filter, got, want)
		}
	}
	for _, bad := range []string{`room = "1"`, `state = "OPEN`, `state = SHUT`, `centre > "A"`, `"A" = centre`, `true`} {
		if got := try(s.reader, s.ListSessions, &acquispb.ListSessionsRequest{Filter: bad}); got != "FILTER_INVALID at filter" {
			t.Errorf("%q gets %q", bad, got)
		}
	}
}
