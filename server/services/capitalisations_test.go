package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// ruled summarises decisions in a few words.
func ruled(decisions ...*acquispb.Decision) (lines []string) {
	for _, d := range decisions {
		line := strings.TrimSpace(fmt.Sprintf("%s %s %s", d.GetKind(), d.GetBloc(), d.GetOutcome()))
		if !d.GetEffective() {
			line += " superseded"
		}
		lines = append(lines, strings.ReplaceAll(line, "  ", " "))
	}
	return lines
}

// held summarises a ledger: each bloc, and the certification.
func held(ledger *acquispb.Capitalisation) string {
	var text []string
	for _, bloc := range ledger.GetBlocs() {
		text = append(text, bloc.GetCode()+" "+bloc.GetStatus().String())
	}
	return strings.Join(text, ", ") + "; " + ledger.GetCertification().GetStatus().String()
}

func (s *stage) ledger(candidate string) *acquispb.Capitalisation {
	s.Helper()
	return ask(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: capitalisationName(candidate, "marketing")})
}

func departure(bloc string, outcome acquispb.Decision_Outcome_Enum, motive string) *acquispb.DeliberateRequest_BlocDecision {
	return &acquispb.DeliberateRequest_BlocDecision{Bloc: bloc, Outcome: outcome, Motive: motive}
}

const (
	capitalised    = acquispb.Decision_Outcome_CAPITALISED
	notCapitalised = acquispb.Decision_Outcome_NOT_CAPITALISED
)

// TestDeliberation: the jury decides every presented bloc, as the rules compute
// or otherwise with a motive. The decisions show who sat, and the ledger what is
// held.
func TestDeliberation(t *testing.T) {
	s := newStage(t)
	session := s.session("juin")
	k := s.enrolled("juin", "camille", "B2", "B3")
	s.judged(s.lea, k, met, "B2")
	s.judged(s.lea, k, notMet, "B3")
	answer := s.deliberated(k, departure("B3", capitalised, "au vu du dossier"))
	want := &acquispb.Decision{
		Kind: acquispb.Decision_Kind_BLOC, Bloc: "B3", Outcome: capitalised, ComputedOutcome: acquispb.Outcome_NOT_ACQUIRED,
		Referentiel: session.GetReferentiel(), Session: "sessions/juin", Candidacy: k, Motive: "au vu du dossier",
		MembersPresent: session.GetJury(), Author: "chair", RulesVersion: rules.Version, Effective: true, DecideDate: day(2026, 6, 15),
	}
	got := answer.GetDecisions()[1]
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, "name", "reasons", "decide_time")); diff != "" ||
		len(got.GetReasons()) == 0 || got.GetDecideTime() == nil || !strings.HasPrefix(got.GetName(), "candidates/camille/decisions/") {
		t.Errorf("what departs from what was computed: %v\n%s", got, diff)
	}
	if first := answer.GetDecisions()[0]; first.GetMotive() != "" || first.GetComputedOutcome() != acquispb.Outcome_ACQUIRED || first.GetName() == got.GetName() {
		t.Errorf("what follows it: %v", first)
	}
	ledger := s.ledger("camille")
	if diff := cmp.Diff(answer.GetCapitalisation(), ledger, protocmp.Transform(), protocmp.IgnoreFields(ledger, "as_of_date")); diff != "" {
		t.Errorf("the ledger of the answer is another:\n%s", diff)
	}
	if held(ledger) != "B1 NOT_PRESENTED, B2 CAPITALISED, B3 CAPITALISED, B4 NOT_PRESENTED; IN_PROGRESS" ||
		ledger.GetName() != "candidates/camille/capitalisations/marketing" || ledger.GetReferentiel() != session.GetReferentiel() ||
		ledger.GetBlocs()[2].GetDecision() != got.GetName() || ledger.GetBlocs()[2].GetTitle() != s.marketing().GetBlocs()[2].GetTitle() ||
		ledger.GetBlocs()[0].GetDecision() != "" || ledger.GetCertification().GetDecision() != "" {
		t.Errorf("the ledger is %v", ledger)
	}
	candidacy := ask(s.registrar, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k})
	if candidacy.GetState() != acquispb.Candidacy_State_DECIDED || s.stored(k).GetVersion() != 2 || len(candidacy.GetDepartedBlocs()) != 0 ||
		!candidacy.GetUpdateTime().AsTime().After(candidacy.GetCreateTime().AsTime()) {
		t.Errorf("the candidacy is %v", candidacy)
	}
	failed := s.decided("juin", "sacha", notMet, "B3")
	if lines := ruled(failed.GetDecisions()...); !slices.Equal(lines, []string{"BLOC B3 NOT_CAPITALISED"}) ||
		held(failed.GetCapitalisation()) != "B1 NOT_PRESENTED, B2 NOT_PRESENTED, B3 NOT_CAPITALISED, B4 NOT_PRESENTED; IN_PROGRESS" {
		t.Errorf("a failed candidate gets %v: %s", lines, held(failed.GetCapitalisation()))
	}
}

// TestDeliberationIsRefused: something is not assessed, has changed, or not
// enough members are present.
func TestDeliberationIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin", func(given *acquispb.Session) {
		given.Jury = append(given.Jury, &acquispb.JuryMember{Subject: "third", DisplayName: "Une autre", External: true, Chair: true})
	})
	k := s.enrolled("juin", "camille", "B2", "B3")
	s.judged(s.lea, k, met, "B2")
	pending := s.deliberation(k)
	s.judged(s.lea, k, met, "B3")
	ask(s.noa, s.RecordAssessments, verdicts(k, notMet, "C3.1.1"))
	ask(s.member, s.SettleCriteria, settle(k, "C3.1.1", met, "vu"))
	ask(s.admin, s.CreateKey, &acquispb.CreateKeyRequest{Key: &acquispb.Key{Subject: "third", Roles: []acquispb.Role_Enum{acquispb.Role_REGISTRAR}}})
	with := func(change func(*acquispb.DeliberateRequest)) *acquispb.DeliberateRequest {
		request := s.deliberation(k)
		change(request)
		return request
	}
	line := func(bloc, motive string) *acquispb.DeliberateRequest {
		return with(func(r *acquispb.DeliberateRequest) {
			r.BlocDecisions = []*acquispb.DeliberateRequest_BlocDecision{departure("B3", capitalised, ""), departure(bloc, notCapitalised, motive)}
		})
	}
	present := func(members ...string) *acquispb.DeliberateRequest {
		return with(func(r *acquispb.DeliberateRequest) { r.MembersPresent = members })
	}
	s.grid(s.chair, k)
	nobody := with(func(r *acquispb.DeliberateRequest) { r.Candidacy = "sessions/juin/candidacies/nobody" })
	s.refuses(s.written(),
		refusal{"a grid that has changed", try(s.chair, s.Deliberate, pending), "GRID_STALE of candidacy juin/camille"},
		refusal{"another etag", try(s.chair, s.Deliberate, with(func(r *acquispb.DeliberateRequest) { r.GridEtag = "x" })), "GRID_STALE of candidacy juin/camille"},
		refusal{"a departure without a motive", try(s.chair, s.Deliberate, line("B2", "")), "DEPARTURE_WITHOUT_MOTIVE of bloc B2"},
		refusal{"a bloc that does not exist", try(s.chair, s.Deliberate, line("B9", "m")), "BLOC_UNKNOWN at blocDecisions[1].bloc"},
		refusal{"a bloc that is not presented", try(s.chair, s.Deliberate, line("B1", "m")), "BLOC_NOT_PRESENTED at blocDecisions[1].bloc"},
		refusal{"a juror alone", try(s.chair, s.Deliberate, present("chair")), "JURY_TOO_SMALL of jury of session juin"},
		refusal{"a jury without the caller", try(s.chair, s.Deliberate, present("member", "chair2")), "MEMBER_NOT_ON_JURY of member chair2, CALLER_NOT_PRESENT of member chair"},
		refusal{"a member with a key that excludes them", try(s.chair, s.Deliberate, present("chair", "member", "third")), "ROLES_EXCLUDED"},
		refusal{"nobody", try(s.chair, s.Deliberate, nobody), "NOT_FOUND sessions/juin/candidacies/nobody"},
	)
	ask(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "member", Kind: acquispb.Tie_Kind_TRAINER})
	if got := try(s.chair, s.Deliberate, s.deliberation(k)); got != "MEMBER_TIED of member member" {
		t.Errorf("with a member who is tied: %q", got)
	}
	other := s.enrolled("juin", "sacha", "B2")
	if got := try(s.chair, s.Deliberate, s.deliberation(other)); got != "BLOC_PENDING of bloc B2" {
		t.Errorf("a bloc without verdicts: %q", got)
	}
	s.judged(s.lea, other, met, "B2")
	s.deliberated(other)
	if got := try(s.chair, s.Deliberate, s.deliberation(other)); got != "CANDIDACY_NOT_ENROLLED of candidacy juin/sacha" {
		t.Errorf("what is decided already: %q", got)
	}
}

// TestAlreadyHeld: a bloc that was acquired elsewhere meanwhile is not decided
// again; the members who sat are recorded anyway.
func TestAlreadyHeld(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	ask(s.registrar, s.RecordPriorBloc, prior("camille", "B3"))
	answer := s.deliberated(k)
	if len(answer.GetDecisions()) != 0 || held(answer.GetCapitalisation()) != "B1 NOT_PRESENTED, B2 NOT_PRESENTED, B3 CAPITALISED, B4 NOT_PRESENTED; IN_PROGRESS" {
		t.Errorf("decided: %v", answer)
	}
	candidacy := ask(s.registrar, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k})
	if got := candidacy.GetDepartedBlocs(); len(got) != 1 || got[0].GetBloc() != "B3" || got[0].GetCause() != acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD ||
		candidacy.GetState() != acquispb.Candidacy_State_DECIDED {
		t.Errorf("the candidacy is %v", candidacy)
	}
	change := &acquispb.Session{Name: "sessions/juin", Etag: s.etag("sessions/juin"), Jury: []*acquispb.JuryMember{{Subject: "third", DisplayName: "x"}}}
	if got := try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: change}); got != "MEMBER_TOOK_PART of member chair, MEMBER_TOOK_PART of member member" {
		t.Errorf("a member who sat without deciding anything leaves the jury: %q", got)
	}
}

// TestAward: the act of a jury that completes the certification awards it; if a
// registrar's act completes it, a jury still has to award it.
func TestAward(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.publish("petit", petit())
	s.session("petite", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	s.candidate("jo")
	award := func(session string, members ...string) *acquispb.AwardRequest {
		return &acquispb.AwardRequest{Name: capitalisationName("jo", "marketing"), Session: sessionName(session), MembersPresent: members}
	}
	for _, bloc := range []string{"B1", "B2", "B3"} {
		ask(s.registrar, s.RecordPriorBloc, prior("jo", bloc))
	}
	early := try(s.chair, s.Award, award("juin", "chair", "member"))
	last := ask(s.registrar, s.RecordPriorBloc, prior("jo", "B4"))
	if held(last.GetCapitalisation()) != "B1 CAPITALISED, B2 CAPITALISED, B3 CAPITALISED, B4 CAPITALISED; COMPLETE" {
		t.Errorf("with the last bloc: %s", held(last.GetCapitalisation()))
	}
	s.refuses(s.written(),
		refusal{"too early", early, "CERTIFICATION_NOT_COMPLETE of bloc B4"},
		refusal{"by one juror", try(s.chair, s.Award, award("juin", "chair")), "JURY_TOO_SMALL of jury of session juin"},
		refusal{"by a jury of another référentiel", try(s.chair, s.Award, award("petite", "chair", "member")), "OTHER_REFERENTIEL of session petite"},
		refusal{"in a session that does not exist", try(s.chair, s.Award, award("mai", "chair", "member")), "NOT_FOUND sessions/mai"},
		refusal{"of something that does not exist", try(s.chair, s.Award, &acquispb.AwardRequest{
			Name: "candidates/jo/capitalisations/sales", Session: "sessions/juin", MembersPresent: []string{"chair", "member"},
		}), "NOT_FOUND referentiels/sales"},
		refusal{"to nobody", try(s.chair, s.Award, &acquispb.AwardRequest{
			Name: "candidates/nobody/capitalisations/marketing", Session: "sessions/juin", MembersPresent: []string{"chair", "member"},
		}), "NOT_FOUND candidates/nobody/capitalisations/marketing"},
	)
	registrars := ask(s.admin, s.CreateKey, keyFor("member", acquispb.Role_REGISTRAR)).GetKey().GetName()
	if got := try(s.chair, s.Award, award("juin", "chair", "member")); got != "ROLES_EXCLUDED" {
		t.Errorf("with a member with a key that excludes them: %q", got)
	}
	ask(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: registrars})
	made := ask(s.chair, s.Award, award("juin", "chair", "member"))
	decision := made.GetDecisions()[0]
	if !slices.Equal(ruled(made.GetDecisions()...), []string{"AWARD AWARDED"}) || decision.GetSession() != "sessions/juin" || decision.GetCandidacy() != "" ||
		len(decision.GetMembersPresent()) != 2 || made.GetCapitalisation().GetCertification().GetDecision() != decision.GetName() {
		t.Errorf("the award is %v", made)
	}
	if got := try(s.chair, s.Award, award("juin", "chair", "member")); !strings.HasPrefix(got, "AWARD_ALREADY_STANDS of ") {
		t.Errorf("a second award: %q", got)
	}
	whole := s.decided("juin", "camille", met)
	if lines := ruled(whole.GetDecisions()...); !slices.Equal(lines, []string{
		"BLOC B1 CAPITALISED", "BLOC B2 CAPITALISED", "BLOC B3 CAPITALISED", "BLOC B4 CAPITALISED", "AWARD AWARDED",
	}) || held(whole.GetCapitalisation()) != "B1 CAPITALISED, B2 CAPITALISED, B3 CAPITALISED, B4 CAPITALISED; AWARDED" {
		t.Errorf("a candidate who acquires everything at once: %v, %s", lines, held(whole.GetCapitalisation()))
	}
}

// TestPriorBloc: a bloc acquired before is recognised once, with its proof.
func TestPriorBloc(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	answer := ask(s.registrar, s.RecordPriorBloc, prior("camille", "B4"))
	want := &acquispb.Decision{
		Kind: acquispb.Decision_Kind_PRIOR_BLOC, Bloc: "B4", Outcome: capitalised, Referentiel: s.marketing().GetRevision(),
		Proof: "PV 2024-3", Author: "registrar", RulesVersion: rules.Version, Effective: true, DecideDate: day(2026, 6, 15),
	}
	if diff := cmp.Diff(want, answer.GetDecisions()[0], protocmp.Transform(), protocmp.IgnoreFields(want, "name", "decide_time", "reasons")); diff != "" {
		t.Errorf("what was recognised:\n%s", diff)
	}
	s.candidate("jo")
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/jo", Ground: acquispb.ForgetGround_OBJECTION})
	elsewhere := prior("camille", "B1")
	elsewhere.Name = "candidates/camille/capitalisations/sales"
	s.refuses(s.written(),
		refusal{"a bloc that is held", try(s.registrar, s.RecordPriorBloc, prior("camille", "B4")), "BLOC_CAPITALISED of bloc B4"},
		refusal{"a bloc that does not exist", try(s.registrar, s.RecordPriorBloc, prior("camille", "B9")), "BLOC_UNKNOWN at bloc"},
		refusal{"of nobody", try(s.registrar, s.RecordPriorBloc, prior("nobody", "B1")), "NOT_FOUND candidates/nobody/capitalisations/marketing"},
		refusal{"of a forgotten candidate", try(s.registrar, s.RecordPriorBloc, prior("jo", "B1")), "CANDIDATE_FORGOTTEN of candidates/jo"},
		refusal{"of something that does not exist", try(s.registrar, s.RecordPriorBloc, elsewhere), "NOT_FOUND referentiels/sales"},
		refusal{"a ledger of something that does not exist", try(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: elsewhere.GetName()}), "NOT_FOUND referentiels/sales"},
		refusal{"a ledger of an unknown candidate", try(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: "candidates/nobody/capitalisations/marketing"}), "NOT_FOUND candidates/nobody/capitalisations/marketing"},
	)
}
