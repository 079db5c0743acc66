package services

import (
	"strings"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
)

// referentielFrom shows a stored revision as the API does.
func referentielFrom(stored *storepb.ReferentielRevision, compiled *referentiel.Compiled) *acquispb.Referentiel {
	content := stored.GetContent()
	shown := &acquispb.Referentiel{
		Revision:    revisionName(content.GetId(), stored.GetId()),
		DisplayName: content.GetDisplayName(),
		Rules:       rulesFrom(content.GetRules()),
		Scales:      scalesFrom(content.GetScales()),
		Award:       awardFrom(content.GetAward()),
		CreateTime:  stored.GetCreateTime(),

		RulesInForce:  rulesInForce(content.GetRules(), compiled.Scheme()),
		Register:      registerFrom(content.GetRegister()),
		Certificateur: certificateurFrom(content.GetCertificateur()),

		AssessorQualities: qualitiesFrom(content.GetAssessorQualities()),
	}
	for _, section := range content.GetPreamble() {
		shown.Preamble = append(shown.Preamble, &acquispb.Referentiel_Section{
			Title: section.GetTitle(), Paragraphs: section.GetParagraphs(),
		})
	}
	for _, bloc := range content.GetBlocs() {
		shown.Blocs = append(shown.Blocs, blocFrom(bloc))
	}
	for _, r := range content.GetReplaces() {
		replacement := &acquispb.Replacement{Bloc: r.GetBloc(), ReplacedReferentiel: replacedName(r), ReplacedBloc: r.GetReplacedBloc()}
		for _, h := range r.GetTogetherWith() {
			replacement.TogetherWith = append(replacement.TogetherWith, &acquispb.Replacement_Held{ReplacedReferentiel: replacedName(h), ReplacedBloc: h.GetReplacedBloc()})
		}
		shown.Replaces = append(shown.Replaces, replacement)
	}
	return shown
}

// replacedName is the name of what a bloc is replaced of.
func replacedName(r interface {
	GetReferentiel() string
	GetRevision() string
},
) string {
	if r.GetRevision() == "" {
		return referentielName(r.GetReferentiel())
	}
	return revisionName(r.GetReferentiel(), r.GetRevision())
}

func rulesFrom(r *storepb.Rules) *acquispb.Rules {
	if r == nil {
		return nil
	}
	shown := &acquispb.Rules{
		CompetenceThresholdPercent: r.CompetenceThresholdPercent,
		BlocThresholdPercent:       r.BlocThresholdPercent,
		MinAssessors:               r.MinAssessors,
		CompetenceGate:             gateFrom(r.GetCompetenceGate()),
		BlocGate:                   gateFrom(r.GetBlocGate()),
		Scale:                      r.GetScale(),
		Agreement:                  agreementFrom(r.GetAgreement()),
		Jury:                       juryRuleFrom(r.GetJury()),
		Validity:                   validitiesFrom(r.GetValidity()),
	}
	return shown
}

func rulesInForce(given *storepb.Rules, scheme *rules.Scheme) *acquispb.Rules {
	shown := &acquispb.Rules{
		CompetenceGate: gateFrom(given.GetCompetenceGate()),
		BlocGate:       gateFrom(given.GetBlocGate()),
		Scale:          given.GetScale(),
		Validity:       validitiesFrom(given.GetValidity()),
		MinAssessors:   proto.Int32(int32(scheme.MinAssessors().Value)),
		Agreement:      agreementFrom(given.GetAgreement()),
		Jury:           juryRuleInForce(given.GetJury(), scheme.Jury()),
	}
	if shown.Agreement == nil {
		shown.Agreement = &acquispb.Agreement{Kind: acquispb.Agreement_Kind_UNANIMOUS}
	}
	if shown.CompetenceGate == nil {
		shown.CompetenceThresholdPercent = proto.Int32(int32(scheme.CompetenceThreshold().Value))
	}
	if shown.BlocGate == nil {
		shown.BlocThresholdPercent = proto.Int32(int32(scheme.BlocThreshold().Value))
	}
	return shown
}

func blocFrom(b *storepb.Bloc) *acquispb.Bloc {
	shown := &acquispb.Bloc{Code: b.GetCode(), Title: b.GetTitle(), Gate: gateFrom(b.GetGate()), Credits: b.Credits, Validity: validityFrom(b.GetValidity())}
	for _, a := range b.GetActivities() {
		shown.Activities = append(shown.Activities, &acquispb.Activity{Code: a.GetCode(), Title: a.GetTitle()})
	}
	for _, c := range b.GetCompetences() {
		competence := &acquispb.Competence{
			Code: c.GetCode(), Statement: c.GetStatement(),
			Method: methodFrom(c.GetMethod()), BlocOnlyMethod: methodFrom(c.GetBlocOnlyMethod()),
			Variants: variantsFrom(c.GetVariants()), MaxAttempts: c.MaxAttempts,
			Gate: gateFrom(c.GetGate()), Weight: c.Weight, BonusAbove: c.GetBonusAbove(),
			Agreement: agreementFrom(c.GetAgreement()),
		}
		competence.Criteria = criteriaFrom(c.GetCriteria())
		shown.Competences = append(shown.Competences, competence)
	}
	for _, e := range b.GetEpreuves() {
		shown.Epreuves = append(shown.Epreuves, epreuveFrom(e))
	}
	return shown
}

func methodFrom(m *storepb.AssessmentMethod) *acquispb.AssessmentMethod {
	if m == nil {
		return nil
	}
	return &acquispb.AssessmentMethod{
		Kind:                   m.GetKind(),
		Title:                  m.GetTitle(),
		Instructions:           m.GetInstructions(),
		Deliverables:           m.GetDeliverables(),
		AccommodationFramework: m.GetAccommodationFramework(),
	}
}

// referentielOf is the stored content of a référentiel from the API, without what
// the service fills in: publishing the result of GetReferentiel gives the same
// revision.
func referentielOf(id string, given *acquispb.Referentiel) *storepb.Referentiel {
	content := &storepb.Referentiel{
		Id:          id,
		DisplayName: given.GetDisplayName(),
		Rules:       rulesOf(given.GetRules()),
		Scales:      scalesOf(given.GetScales()),

		Register:          registerOf(given.GetRegister()),
		Certificateur:     certificateurOf(given.GetCertificateur()),
		Award:             awardOf(given.GetAward()),
		AssessorQualities: qualitiesOf(given.GetAssessorQualities()),
	}
	for _, section := range given.GetPreamble() {
		content.Preamble = append(content.Preamble, &storepb.Section{
			Title: section.GetTitle(), Paragraphs: section.GetParagraphs(),
		})
	}
	for _, bloc := range given.GetBlocs() {
		content.Blocs = append(content.Blocs, blocOf(bloc))
	}
	for _, r := range given.GetReplaces() {
		replaced, revision := replacedOf(r.GetReplacedReferentiel())
		replacement := &storepb.Replacement{Bloc: r.GetBloc(), Referentiel: replaced, Revision: revision, ReplacedBloc: r.GetReplacedBloc()}
		for _, h := range r.GetTogetherWith() {
			replaced, revision := replacedOf(h.GetReplacedReferentiel())
			replacement.TogetherWith = append(replacement.TogetherWith, &storepb.Replacement_Held{Referentiel: replaced, Revision: revision, ReplacedBloc: h.GetReplacedBloc()})
		}
		content.Replaces = append(content.Replaces, replacement)
	}
	return content
}

// replacedOf is the référentiel of a name, and its revision if one is named.
func replacedOf(name string) (id, revision string) {
	id, revision, _ = strings.Cut(strings.TrimPrefix(name, "referentiels/"), "/revisions/")
	return id, revision
}

func rulesOf(r *acquispb.Rules) *storepb.Rules {
	if r == nil {
		return nil
	}
	stored := &storepb.Rules{
		CompetenceThresholdPercent: r.CompetenceThresholdPercent,
		BlocThresholdPercent:       r.BlocThresholdPercent,
		MinAssessors:               r.MinAssessors,
		CompetenceGate:             gateOf(r.GetCompetenceGate()),
		BlocGate:                   gateOf(r.GetBlocGate()),
		Scale:                      r.GetScale(),
		Agreement:                  agreementOf(r.GetAgreement()),
		Jury:                       juryRuleOf(r.GetJury()),
		Validity:                   validitiesOf(r.GetValidity()),
	}
	return stored
}

func blocOf(b *acquispb.Bloc) *storepb.Bloc {
	stored := &storepb.Bloc{Code: b.GetCode(), Title: b.GetTitle(), Gate: gateOf(b.GetGate()), Credits: b.Credits, Validity: validityOf(b.GetValidity())}
	for _, a := range b.GetActivities() {
		stored.Activities = append(stored.Activities, &storepb.Activity{Code: a.GetCode(), Title: a.GetTitle()})
	}
	for _, c := range b.GetCompetences() {
		competence := &storepb.Competence{
			Code: c.GetCode(), Statement: c.GetStatement(),
			Method: methodOf(c.GetMethod()), BlocOnlyMethod: methodOf(c.GetBlocOnlyMethod()),
			Variants: variantsOf(c.GetVariants()), MaxAttempts: c.MaxAttempts,
			Gate: gateOf(c.GetGate()), Weight: c.Weight, BonusAbove: c.GetBonusAbove(),
			Agreement: agreementOf(c.GetAgreement()),
		}
		competence.Criteria = criteriaOf(c.GetCriteria())
		stored.Competences = append(stored.Competences, competence)
	}
	for _, e := range b.GetEpreuves() {
		stored.Epreuves = append(stored.Epreuves, epreuveOf(e))
	}
	return stored
}

func methodOf(m *acquispb.AssessmentMethod) *storepb.AssessmentMethod {
	if m == nil {
		return nil
	}
	return &storepb.AssessmentMethod{
		Kind:                   m.GetKind(),
		Title:                  m.GetTitle(),
		Instructions:           m.GetInstructions(),
		Deliverables:           m.GetDeliverables(),
		AccommodationFramework: m.GetAccommodationFramework(),
	}
}

func registerFrom(r *storepb.Register) *acquispb.Register {
	if r == nil {
		return nil
	}
	return &acquispb.Register{
		Kind:             r.GetKind(),
		Number:           r.GetNumber(),
		Level:            r.Level,
		EqfLevel:         r.EqfLevel,
		Nsf:              r.GetNsf(),
		Formacode:        r.GetFormacode(),
		Rome:             r.GetRome(),
		DecisionDate:     r.GetDecisionDate(),
		RegistrationDate: r.GetRegistrationDate(),
		ExpiryDate:       r.GetExpiryDate(),
		DeliveryDeadline: r.GetDeliveryDeadline(),
		Divisible:        r.Divisible,
	}
}

func certificateurFrom(c *storepb.Certificateur) *acquispb.Certificateur {
	if c == nil {
		return nil
	}
	return &acquispb.Certificateur{LegalName: c.GetLegalName(), TradeName: c.GetTradeName(), Siret: c.GetSiret()}
}

func registerOf(r *acquispb.Register) *storepb.Register {
	if r == nil {
		return nil
	}
	return &storepb.Register{
		Kind:             r.GetKind(),
		Number:           r.GetNumber(),
		Level:            r.Level,
		EqfLevel:         r.EqfLevel,
		Nsf:              r.GetNsf(),
		Formacode:        r.GetFormacode(),
		Rome:             r.GetRome(),
		DecisionDate:     r.GetDecisionDate(),
		RegistrationDate: r.GetRegistrationDate(),
		ExpiryDate:       r.GetExpiryDate(),
		DeliveryDeadline: r.GetDeliveryDeadline(),
		Divisible:        r.Divisible,
	}
}

func certificateurOf(c *acquispb.Certificateur) *storepb.Certificateur {
	if c == nil {
		return nil
	}
	return &storepb.Certificateur{LegalName: c.GetLegalName(), TradeName: c.GetTradeName(), Siret: c.GetSiret()}
}
