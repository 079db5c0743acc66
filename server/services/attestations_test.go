package services

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/acquis-eval/acquis/credential"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestGuessesAreCounted: unknown codes and credentials count as failed attempts,
// malformed ones do not, and after too many attempts there is no answer.
func TestGuessesAreCounted(t *testing.T) {
	st := memstore.New()
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	who, err := authn.New(authn.Options{Store: st, Limits: authn.AttemptLimits{PerAddress: 2}, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }})
	must(t, err)
	c := serve(t, st, Options{Authn: who, Now: func() time.Time { return noon }})
	s := &attestationService{core: c}
	ask := func(code, credential string) error {
		_, err := s.VerifyAttestation(t.Context(), &acquispb.VerifyAttestationRequest{Code: code, Credential: credential})
		return err
	}
	for _, malformed := range []string{"", "3", "3333-3333-3333-3334"} {
		if got := apierr.ReasonOf(ask(malformed, "")); got != "INVALID_FIELD" {
			t.Errorf("%q is answered with %s", malformed, got)
		}
	}
	if err := errors.Join(ask(credential.NewCode(), ""), ask("", "a.b.c")); err != nil {
		t.Errorf("malformed codes were guesses: %v", err)
	}
	if got := apierr.ReasonOf(ask(credential.NewCode(), "")); got != "TOO_MANY_ATTEMPTS" {
		t.Errorf("the third guess is answered with %q", got)
	}
	noon = noon.Add(time.Minute)
	if err := ask(credential.NewCode(), ""); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// attest attests a decision.
func (s *stage) attest(decision string, withName bool) *acquispb.IssueAttestationResponse {
	s.Helper()
	return ask(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decision, IncludeName: withName})
}

// shown is what anybody sees who presents a code or a credential.
func (s *stage) shown(code, credential string) *acquispb.VerifyAttestationResponse {
	s.Helper()
	return ask(s.anybody, s.VerifyAttestation, &acquispb.VerifyAttestationRequest{Code: code, Credential: credential})
}

// claims returns those of a credential, and checks its signature with the
// notary's key.
func (s *stage) claims(credential string) (text string, claims map[string]any) {
	s.Helper()
	parts := strings.Split(credential, ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	must(s, err)
	if !ed25519.Verify(s.core.notary.Public(), []byte(parts[0]+"."+parts[1]), signature) {
		s.Error("the notary's key did not sign the credential")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(s, err)
	must(s, json.Unmarshal(payload, &claims))
	return string(payload), claims
}

// TestAttestation: a decision is attested for outsiders. Its code and its
// credential show the public act, even after the decision was superseded.
func TestAttestation(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Issuer = credential.Issuer{URL: "https://certificateur.example", Name: "École"} })
	session := s.session("juin")
	decided := s.decided("juin", "camille", met, "B2", "B3").GetDecisions()
	made := s.attest(decided[1].GetName(), false)
	want := &acquispb.Attestation{Decision: decided[1].GetName(), Author: "registrar", State: acquispb.Attestation_State_VALID}
	if diff := cmp.Diff(want, made.GetAttestation(), protocmp.Transform(), protocmp.IgnoreFields(want, "name", "issue_time")); diff != "" ||
		!strings.HasPrefix(made.GetAttestation().GetName(), "attestations/") || made.GetAttestation().GetIssueTime() == nil {
		t.Errorf("the attestation is %v\n%s", made.GetAttestation(), diff)
	}
	marketing := s.marketing()
	act := &acquispb.VerifyAttestationResponse{
		State: acquispb.Attestation_State_VALID, Kind: acquispb.Decision_Kind_BLOC, Bloc: "B3", BlocTitle: marketing.GetBlocs()[2].GetTitle(),
		Outcome: capitalised, Certification: marketing.GetDisplayName(), Register: marketing.GetRegister(),
		Referentiel: session.GetReferentiel(), DecideTime: decided[1].GetDecideTime(), IssueTime: made.GetAttestation().GetIssueTime(),
	}
	check := func(how string, got *acquispb.VerifyAttestationResponse) {
		t.Helper()
		if diff := cmp.Diff(act, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s shows:\n%s", how, diff)
		}
	}
	check("the code", s.shown(made.GetCode(), ""))
	check("the code as it is typed", s.shown(strings.ToLower(strings.ReplaceAll(made.GetCode(), "-", " ")), ""))
	check("the code as a document shows it", s.shown(strings.ReplaceAll(made.GetCode(), "-", "\u00A0\u2013\u00A0"), ""))
	check("the credential", s.shown("", made.GetCredential()+"\n"))
	check("the credential as mail breaks it", s.shown("", made.GetCredential()[:76]+"\r\n "+made.GetCredential()[76:]))
	text, claims := s.claims(made.GetCredential())
	for _, word := range []string{"Martin", "Camille", "camille", "juin", "registrar", "chair", "member"} {
		if strings.Contains(text, word) {
			t.Errorf("the credential reveals %q", word)
		}
	}
	uid := segment(decided[1].GetName(), 3)
	if claims["iss"] != "https://certificateur.example" || !strings.Contains(text, `"urn:acquis:`+session.GetReferentiel()+`/blocs/B3"`) ||
		!strings.Contains(text, `"`+uid+`"`) {
		t.Errorf("the credential says %s", text)
	}
	ask(s.chair, s.RectifyDecision, rectification(decided[1].GetName(), "juin", notCapitalised))
	act.State = acquispb.Attestation_State_SUPERSEDED
	check("the code, once the decision is superseded,", s.shown(made.GetCode(), ""))
	check("the credential, then,", s.shown("", made.GetCredential()))
	if got := s.export(s.registrar, "camille").GetAttestations(); len(got) != 1 || got[0].GetState() != acquispb.Attestation_State_SUPERSEDED || got[0].GetAuthor() != "registrar" {
		t.Errorf("exported: %v", got)
	}
	named, _ := s.claims(s.attest(decided[0].GetName(), true).GetCredential())
	if !strings.Contains(named, `"Camille Martin"`) {
		t.Errorf("a credential that names its holder says %s", named)
	}
}

// TestAwardIsAttested: an award has no bloc.
func TestAwardIsAttested(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	award := s.decided("juin", "camille", met).GetDecisions()[4]
	made := s.attest(award.GetName(), false)
	got := s.shown(made.GetCode(), "")
	if got.GetKind() != acquispb.Decision_Kind_AWARD || got.GetOutcome() != acquispb.Decision_Outcome_AWARDED || got.GetBloc()+got.GetBlocTitle() != "" {
		t.Errorf("an award is shown as %v", got)
	}
	if text, _ := s.claims(made.GetCredential()); !strings.Contains(text, `"urn:acquis:`+award.GetReferentiel()+`"`) || !strings.Contains(text, "B4 ") {
		t.Errorf("its credential says %s", text)
	}
}

// TestAttestationIsRefused: for a decision that cannot be attested, is
// superseded, or is about a forgotten candidate, whose attestations stay valid.
func TestAttestationIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	failed := s.decided("juin", "sacha", notMet, "B3").GetDecisions()[0].GetName()
	s.candidate("camille")
	held := ask(s.registrar, s.RecordPriorBloc, prior("camille", "B4")).GetDecisions()[0].GetName()
	taken := s.decided("juin", "jo", met, "B3").GetDecisions()[0].GetName()
	ask(s.chair, s.RectifyDecision, rectification(taken, "juin", notCapitalised))
	good := s.attest(held, true)
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/camille", Ground: acquispb.ForgetGround_OBJECTION})
	ask(s.anybody, s.GetCheckpoint, &acquispb.GetCheckpointRequest{Name: "checkpoint"}) // otherwise signed meanwhile
	issue := func(decision string, withName bool) string {
		return try(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decision, IncludeName: withName})
	}
	s.refuses(s.written(),
		refusal{"a bloc that is not capitalised", issue(failed, false), "NOTHING_TO_ATTEST"},
		refusal{"a decision that is superseded", issue(taken, false), "DECISION_SUPERSEDED"},
		refusal{"about a forgotten candidate", issue(held, false), "CANDIDATE_FORGOTTEN of candidates/camille"},
		refusal{"with the name of a forgotten candidate", issue(held, true), "CANDIDATE_FORGOTTEN of candidates/camille"},
		refusal{"of a decision that does not exist", issue("candidates/jo/decisions/1", false), "NOT_FOUND candidates/jo/decisions/1"},
	)
	if got := s.shown(good.GetCode(), ""); got.GetState() != acquispb.Attestation_State_VALID {
		t.Errorf("an attestation about a candidate forgotten since is %v", got)
	}
	// The last byte of the signature has few possible values, so the first is
	// altered.
	from := strings.LastIndex(good.GetCredential(), ".") + 1
	first := map[bool]string{true: "B", false: "A"}[good.GetCredential()[from] == 'A']
	altered := good.GetCredential()[:from] + first + good.GetCredential()[from+1:]
	for what, got := range map[string]*acquispb.VerifyAttestationResponse{
		"a code that was never issued": s.shown("3333-3333-3333-3333", ""), "an altered credential": s.shown("", altered),
	} {
		if want := (&acquispb.VerifyAttestationResponse{State: acquispb.Attestation_State_UNKNOWN}); !proto.Equal(want, got) {
			t.Errorf("%s is %v", what, got)
		}
	}
	if got := try(s.anybody, s.VerifyAttestation, &acquispb.VerifyAttestationRequest{Credential: "a.b"}); got != "INVALID_FIELD at credential" {
		t.Errorf("something that is not a credential: %q", got)
	}
}

// TestNobodyAttests: without a complete issuer nothing is attested, and an earlier
// request still gets its answer.
func TestNobodyAttests(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	held := ask(s.registrar, s.RecordPriorBloc, prior("camille", "B4")).GetDecisions()[0].GetName()
	before := &acquispb.IssueAttestationRequest{Decision: held, RequestId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
	ask(s.registrar, s.IssueAttestation, before)
	for _, issuer := range []credential.Issuer{{}, {URL: "https://certificateur.example"}, {Name: "École"}} {
		s.open(Options{Now: s.clock.Now, Issuer: issuer})
		ask(s.anybody, s.GetCheckpoint, &acquispb.GetCheckpointRequest{Name: "checkpoint"}) // otherwise signed meanwhile
		s.refuses(s.written(), refusal{"an attestation", try(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: held}), "ISSUER_NOT_CONFIGURED"})
		if got := try(s.registrar, s.IssueAttestation, before); got != "" {
			t.Errorf("the same request again: %q", got)
		}
	}
}

// TestHolderName: a name as on a diploma.
func TestHolderName(t *testing.T) {
	for want, id := range map[string]*storepb.Identity{
		"Camille Martin":                        {BirthName: "Martin", GivenNames: []string{"Camille"}},
		"Camille Jo Martin, nom d'usage Durand": {BirthName: "Martin", GivenNames: []string{"Camille", "Jo"}, UsageName: "Durand"},
		"Camille Petit":                         {BirthName: "Petit", GivenNames: []string{"Camille"}, UsageName: "Petit"},
	} {
		if got := holderName(id); got != want {
			t.Errorf("%v is called %q", id, got)
		}
	}
}
