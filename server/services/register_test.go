package services

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/acquis-eval/acquis/credential"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// registered says everything of the registration of a référentiel and of its certificateur.
func registered(given *acquispb.Referentiel) {
	given.Register = &acquispb.Register{
		Kind: acquispb.Register_Kind_RNCP, Number: "RNCP35340", Level: proto.Int32(6), EqfLevel: proto.Int32(6),
		Nsf: []string{"312m"}, Formacode: []string{"34052"}, Rome: []string{"M1705", "E1103"},
		DecisionDate: "2023-06-20", RegistrationDate: "2023-06-21", ExpiryDate: "2026-06-20", DeliveryDeadline: "2026-12-20",
		Divisible: proto.Bool(true),
	}
	given.Certificateur = &acquispb.Certificateur{LegalName: "École de vente SAS", TradeName: "École V", Siret: "73282932000074"}
}

// inRS registers a référentiel in the répertoire spécifique.
func inRS(divisible *bool) func(*acquispb.Referentiel) {
	return func(given *acquispb.Referentiel) {
		given.Register = &acquispb.Register{Kind: acquispb.Register_Kind_RS, Number: "RS5616", Divisible: divisible}
	}
}

// acquires has a candidate acquire petit, the one bloc and so the whole.
func (s *stage) acquires(session, candidate string) *acquispb.DeliberateResponse {
	s.Helper()
	k := s.enrolled(session, candidate, "B1")
	ask(s.lea, s.RecordAssessments, verdicts(k, met, "C1.1.1", "C1.1.2"))
	return s.deliberated(k)
}

// TestRegisterIsNamed: what a référentiel says of its registration and its certificateur,
// every field of it, is read again, and named by the ledger and by an attestation.
func TestRegisterIsNamed(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(registered))
	want := petit(registered)
	for _, m := range []proto.Message{want.GetRegister(), want.GetCertificateur()} {
		fields := m.ProtoReflect().Descriptor().Fields()
		for i := range fields.Len() {
			if !m.ProtoReflect().Has(fields.Get(i)) {
				t.Errorf("%s is not tried", fields.Get(i).FullName())
			}
		}
	}
	s.session("juin", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	decided := s.acquires("juin", "camille")
	made := s.attest(decided.GetDecisions()[0].GetName(), false)
	listed := ask(s.lea, s.ListReferentiels, &acquispb.ListReferentielsRequest{}).GetReferentiels()
	for name, got := range map[string]interface {
		GetRegister() *acquispb.Register
		GetCertificateur() *acquispb.Certificateur
		ProtoReflect() protoreflect.Message
	}{
		"the référentiel": ask(s.lea, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/petit"}),
		"its summary":     listed[len(listed)-1],
		"the ledger":      decided.GetCapitalisation(),
		"an attestation":  s.shown(made.GetCode(), ""),
	} {
		if diff := cmp.Diff(want.GetRegister(), got.GetRegister(), protocmp.Transform()); diff != "" {
			t.Errorf("the register in %s:\n%s", name, diff)
		}
		if diff := cmp.Diff(want.GetCertificateur(), got.GetCertificateur(), protocmp.Transform()); diff != "" {
			t.Errorf("the certificateur in %s:\n%s", name, diff)
		}
	}
}

// TestRegisterIsRefused: what is wrong with a register is told as of any other field.
func TestRegisterIsRefused(t *testing.T) {
	s := newStage(t)
	publish := func(change func(*acquispb.Referentiel)) string {
		return try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: "petit", Referentiel: petit(registered, change)})
	}
	s.refuses(s.written(),
		refusal{"a SIRET with a wrong digit", publish(func(r *acquispb.Referentiel) { r.Certificateur.Siret = "73282932000075" }),
			"REFERENTIEL_INVALID at referentiel.certificateur.siret"},
		refusal{"a number of another register", publish(func(r *acquispb.Referentiel) { r.Register.Number = "RS5616" }),
			"REFERENTIEL_INVALID at referentiel.register.number"},
		refusal{"a deadline before the end", publish(func(r *acquispb.Referentiel) { r.Register.DeliveryDeadline = "2026-06-19" }),
			"REFERENTIEL_INVALID at referentiel.register.deliveryDeadline"},
		refusal{"a day that is none", publish(func(r *acquispb.Referentiel) { r.Register.ExpiryDate = "20/06/2026" }),
			"INVALID_FIELD at referentiel.register.expiryDate"},
		refusal{"no kind", publish(func(r *acquispb.Referentiel) { r.Register.Kind = 0 }),
			"INVALID_FIELD at referentiel.register.kind"},
	)
}

// TestWhatIsNotDivisible: it attests no bloc, but counts each; what is divisible attests
// both. In the répertoire spécifique a référentiel says so.
func TestWhatIsNotDivisible(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Issuer = credential.Issuer{URL: "https://certificateur.example", Name: "École"} })
	s.publish("caces", petit(inRS(nil)))
	s.publish("clea", petit(inRS(proto.Bool(true))))
	for _, id := range []string{"caces", "clea"} {
		s.session(id, func(given *acquispb.Session) { given.Referentiel = "referentiels/" + id })
		decided := s.acquires(id, "camille-"+id)
		if got := decided.GetCapitalisation(); got.GetDivisible() != (id == "clea") || got.GetCertification().GetStatus() != acquispb.Capitalisation_CertificationStatus_Status_AWARDED {
			t.Errorf("%s: the ledger says %v", id, got)
		}
		bloc, award := decided.GetDecisions()[0].GetName(), decided.GetDecisions()[1].GetName()
		s.attest(award, false)
		if id == "clea" {
			s.attest(bloc, false)
			continue
		}
		s.refuses(s.written(), refusal{"a bloc", try(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: bloc}),
			"CERTIFICATION_NOT_DIVISIBLE of bloc B1"})
	}
}

// TestRegistrationEnds: an enrolment after the last day of the registration and an award
// after the deadline have a warning, wherever they are shown, and stand. Days are those
// of the service's zone.
func TestRegistrationEnds(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	must(t, err)
	s := newStage(t, func(o *Options) {
		o.Zone, o.Issuer = paris, credential.Issuer{URL: "https://certificateur.example", Name: "École"}
	})
	s.publish("petit", petit(registered))
	s.session("juin", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	until := func(year int, month time.Month, day, hour, minute int) {
		s.clock.advance(time.Date(year, month, day, hour, minute, 0, 0, paris).Sub(s.clock.Now()))
	}
	warnings := func(of interface{ GetWarnings() []*acquispb.Warning }, want ...*acquispb.Warning) {
		t.Helper()
		if diff := cmp.Diff(want, of.GetWarnings(), protocmp.Transform()); diff != "" {
			t.Errorf("warnings:\n%s", diff)
		}
	}
	enrol := func(candidate string) *acquispb.Candidacy {
		s.candidate(candidate)
		return ask(s.registrar, s.CreateCandidacy, &acquispb.CreateCandidacyRequest{
			Parent: "sessions/juin", Candidacy: &acquispb.Candidacy{Candidate: "candidates/" + candidate, Scope: acquispb.Candidacy_Scope_WHOLE},
		})
	}
	until(2026, 6, 20, 23, 59) // 21:59 UTC
	warnings(enrol("in-time"))
	until(2026, 6, 21, 0, 1) // still the 20th in UTC
	expired := &acquispb.Warning{Rule: "REGISTRATION_EXPIRED", Date: "2026-06-20", Text: "the registration of the certification ended on 2026-06-20"}
	late := enrol("late")
	warnings(late, expired)
	warnings(ask(s.registrar, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: late.GetName()}), expired)
	listed := ask(s.registrar, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/juin"}).GetCandidacies()
	warnings(listed[0])
	warnings(listed[1], expired)

	award := func(k *acquispb.Candidacy) *acquispb.Decision {
		ask(s.lea, s.RecordAssessments, verdicts(k.GetName(), met, "C1.1.1", "C1.1.2"))
		return s.deliberated(k.GetName()).GetDecisions()[1]
	}
	until(2026, 12, 20, 23, 50)
	warnings(award(listed[0]))
	until(2026, 12, 21, 0, 10)
	passed := &acquispb.Warning{Rule: "DELIVERY_DEADLINE_PASSED", Date: "2026-12-20", Text: "the certification could be awarded until 2026-12-20"}
	awarded := award(listed[1])
	warnings(awarded, passed)
	warnings(ask(s.registrar, s.GetDecision, &acquispb.GetDecisionRequest{Name: awarded.GetName()}), passed)
	if state := s.shown(s.attest(awarded.GetName(), false).GetCode(), "").GetState(); state != acquispb.Attestation_State_VALID {
		t.Errorf("an award after the deadline is %v", state)
	}
	minutes := ask(s.chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/juin/deliberationRecord"}).GetEntries()
	warnings(minutes[1].GetDecisions()[0])
	warnings(minutes[1].GetDecisions()[1], passed)
}
