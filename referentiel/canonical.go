package referentiel

import (
	"crypto/sha256"
	"encoding/hex"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"google.golang.org/protobuf/proto"
)

// # The canonical encoding
//
// This is all that is needed to compute the id of a revision elsewhere. It must
// never change, because decisions name these ids.
//
//	id       = the first 16 bytes of SHA-256(encoding), as 32 lower-case hex digits
//	encoding = "acquis.referentiel.v1\n" message
//	message  = field* 0x00
//	field    = number value
//
// number is one byte: the field's number in
// proto/acquis/store/v1/referentiel.proto. Fields are in ascending order of
// number. A value depends on the field's type:
//
//	text      length, then that many bytes of UTF-8 in normal form NFC
//	number    4 bytes, most significant first
//	yes       0x01
//	answer    0x01 for yes, 0x00 for no: a yes or no that proto declares optional
//	message   as above
//	list      how many items, then each: a text, a number or a message
//
// where lengths and counts are 4 bytes, most significant first.
//
// A field is left out if it is an empty text, an empty list, the number 0, no,
// or a message without fields. Numbers that proto declares optional are an
// exception, and answers too: they are left out if the référentiel does not set
// them, and written if it does, even if the number is 0 or the default. A
// threshold that was chosen differs from a default one, because reasons say which
// it is.
//
// A number in the RNCP has a place of its own: the text of field 3 of the
// référentiel, which proto does not have any more. Its register, field 9, then is
// without kind and number.
//
// Every value determines where it ends, so two different contents that pass
// [Check] never have the same encoding.

// ID is the id of a revision: 128 bits of a digest of its content, as 32
// lower-case hexadecimal digits. r must have passed [Check].
func ID(r *storepb.Referentiel) string {
	return digest(encode(r))
}

func digest(encoding []byte) string {
	sum := sha256.Sum256(encoding)
	return hex.EncodeToString(sum[:16])
}

// encode is the canonical encoding of a référentiel.
func encode(r *storepb.Referentiel) []byte {
	e := encoder("acquis.referentiel.v1\n")
	e.text(1, r.GetId())
	e.text(2, r.GetDisplayName())
	e.text(3, rncpNumber(r.GetRegister()))
	each(&e, 4, r.GetPreamble(), (*encoder).section)
	each(&e, 5, r.GetBlocs(), (*encoder).bloc)
	e.message(6, func(e *encoder) { e.rules(r.GetRules()) })
	each(&e, 7, r.GetReplaces(), (*encoder).replacement)
	each(&e, 8, r.GetScales(), (*encoder).scale)
	e.message(9, func(e *encoder) { e.register(r.GetRegister()) })
	e.message(10, func(e *encoder) { e.certificateur(r.GetCertificateur()) })
	e.message(11, func(e *encoder) { e.award(r.GetAward()) })
	each(&e, 13, r.GetAssessorQualities(), (*encoder).quality)
	e.end()
	return e
}

// encodeBloc is the encoding of what a candidate shows to acquire a bloc, and of what it
// takes. Two blocs are identical if their encodings are. How long a bloc is valid, how many
// credits it has and how often it may be presented does not belong to it: whoever holds it
// has shown the same.
func encodeBloc(b *storepb.Bloc) []byte {
	e := encoder("acquis.referentiel.bloc.v1\n")
	what := proto.CloneOf(b)
	what.Validity, what.Credits = nil, nil
	for _, c := range what.GetCompetences() {
		c.MaxAttempts = nil
	}
	for _, u := range what.GetEpreuves() {
		u.MaxAttempts = nil
	}
	e.bloc(what)
	e.end()
	return e
}

// rncpNumber is the number in the RNCP; empty if there is none, or another register's.
func rncpNumber(r *storepb.Register) string {
	if r.GetKind().String() == "RNCP" {
		return r.GetNumber()
	}
	return ""
}

func (e *encoder) register(r *storepb.Register) {
	if r == nil {
		return
	}
	if rncpNumber(r) == "" {
		e.kind(1, int32(r.GetKind()))
		e.text(2, r.GetNumber())
	}
	e.number(3, r.Level)
	e.number(4, r.EqfLevel)
	e.texts(5, r.GetNsf())
	e.texts(6, r.GetFormacode())
	e.texts(7, r.GetRome())
	e.text(8, r.GetDecisionDate())
	e.text(9, r.GetRegistrationDate())
	e.text(10, r.GetExpiryDate())
	e.text(11, r.GetDeliveryDeadline())
	e.answer(12, r.Divisible)
}

func (e *encoder) certificateur(c *storepb.Certificateur) {
	e.text(1, c.GetLegalName())
	e.text(2, c.GetTradeName())
	e.text(3, c.GetSiret())
}

// encodeRequirement is the encoding of a requirement. Documents prove what they prove,
// whatever number a revision asks for.
func encodeRequirement(r *storepb.AwardRule_Requirement) []byte {
	e := encoder("acquis.referentiel.requirement.v1\n")
	r = proto.CloneOf(r)
	r.AtLeast = nil
	e.requirement(r)
	e.end()
	return e
}

func (e *encoder) section(s *storepb.Section) {
	e.text(1, s.GetTitle())
	e.texts(2, s.GetParagraphs())
}

func (e *encoder) bloc(b *storepb.Bloc) {
	e.text(1, b.GetCode())
	e.text(2, b.GetTitle())
	each(e, 3, b.GetActivities(), (*encoder).activity)
	each(e, 4, b.GetCompetences(), (*encoder).competence)
	e.message(5, func(e *encoder) { e.gate(b.GetGate()) })
	e.number(6, b.Credits)
	each(e, 7, b.GetEpreuves(), (*encoder).epreuve)
	e.message(8, func(e *encoder) { e.validity(b.GetValidity()) })
}

func (e *encoder) award(a *storepb.AwardRule) {
	e.texts(1, a.GetAll())
	each(e, 2, a.GetChoose(), (*encoder).choice)
	each(e, 3, a.GetOptions(), (*encoder).option)
	each(e, 4, a.GetRequirements(), (*encoder).requirement)
}

func (e *encoder) requirement(r *storepb.AwardRule_Requirement) {
	e.text(1, r.GetCode())
	e.text(2, r.GetTitle())
	if kind := int32(r.GetKind()); kind != 0 {
		e.number(3, &kind)
	}
	e.message(4, func(e *encoder) { e.method(r.GetMethod()) })
	each(e, 5, r.GetCriteria(), (*encoder).criterion)
	e.message(6, func(e *encoder) { e.gate(r.GetGate()) })
	e.number(7, r.AtLeast)
}

func (e *encoder) choice(c *storepb.AwardRule_Choice) {
	e.texts(1, c.GetFrom())
	e.number(2, c.AtLeast)
	e.number(3, c.AtLeastCredits)
}

func (e *encoder) option(o *storepb.AwardRule_Option) {
	e.text(1, o.GetCode())
	e.text(2, o.GetTitle())
	e.texts(3, o.GetBlocs())
	e.texts(4, o.GetRequirements())
}

func (e *encoder) activity(a *storepb.Activity) {
	e.text(1, a.GetCode())
	e.text(2, a.GetTitle())
}

func (e *encoder) competence(c *storepb.Competence) {
	e.text(1, c.GetCode())
	e.text(2, c.GetStatement())
	e.message(3, func(e *encoder) { e.method(c.GetMethod()) })
	e.message(4, func(e *encoder) { e.method(c.GetBlocOnlyMethod()) })
	each(e, 5, c.GetCriteria(), (*encoder).criterion)
	e.message(6, func(e *encoder) { e.gate(c.GetGate()) })
	e.number(7, c.Weight)
	e.text(8, c.GetBonusAbove())
	each(e, 9, c.GetVariants(), (*encoder).variant)
	e.number(10, c.MaxAttempts)
	e.message(15, func(e *encoder) { e.agreement(c.GetAgreement()) })
}

func (e *encoder) variant(v *storepb.Variant) {
	e.message(1, func(e *encoder) {
		e.yes(1, v.GetWhen().GetSingleBloc())
		if routes := v.GetWhen().GetAccessRoutes(); len(routes) > 0 {
			*e = append(*e, 2)
			e.uint32(uint32(len(routes)))
			for _, route := range routes {
				e.uint32(uint32(route))
			}
		}
		if attempt := int32(v.GetWhen().GetAttempt()); attempt != 0 {
			e.number(3, &attempt)
		}
	})
	e.message(2, func(e *encoder) { e.method(v.GetMethod()) })
}

func (e *encoder) method(m *storepb.AssessmentMethod) {
	e.kind(1, int32(m.GetKind()))
	e.text(2, m.GetTitle())
	e.text(3, m.GetInstructions())
	e.texts(4, m.GetDeliverables())
	e.text(5, m.GetAccommodationFramework())
}

func (e *encoder) criterion(c *storepb.Criterion) {
	e.text(1, c.GetCode())
	e.text(2, c.GetStatement())
	e.yes(3, c.GetEliminatory())
	e.number(4, c.Weight)
	e.text(5, c.GetBonusAbove())
	e.text(6, c.GetScale())
	e.texts(7, c.GetCompetences())
}

func (e *encoder) epreuve(u *storepb.Epreuve) {
	e.text(1, u.GetCode())
	e.text(2, u.GetTitle())
	e.message(3, func(e *encoder) { e.method(u.GetMethod()) })
	e.texts(4, u.GetCompetences())
	each(e, 5, u.GetCriteria(), (*encoder).criterion)
	e.message(6, func(e *encoder) { e.gate(u.GetGate()) })
	e.number(7, u.Weight)
	e.text(8, u.GetBonusAbove())
	e.text(9, u.GetScale())
	e.yes(10, u.GetEliminatory())
	e.number(11, u.MinAssessors)
	each(e, 12, u.GetVariants(), (*encoder).variant)
	e.number(13, u.MaxAttempts)
	e.message(15, func(e *encoder) { e.agreement(u.GetAgreement()) })
}

func (e *encoder) rules(r *storepb.Rules) {
	if r == nil {
		return
	}
	e.number(1, r.CompetenceThresholdPercent)
	e.number(2, r.BlocThresholdPercent)
	e.number(3, r.MinAssessors)
	e.message(4, func(e *encoder) { e.juryRule(r.GetJury()) })
	e.message(5, func(e *encoder) { e.gate(r.GetCompetenceGate()) })
	e.message(6, func(e *encoder) { e.gate(r.GetBlocGate()) })
	e.text(7, r.GetScale())
	e.message(8, func(e *encoder) { e.agreement(r.GetAgreement()) })
	e.message(9, func(e *encoder) { e.validities(r.GetValidity()) })
}

func (e *encoder) agreement(a *storepb.Agreement) {
	if kind := int32(a.GetKind()); kind != 0 {
		e.number(1, &kind)
	}
	e.text(2, a.GetMaxGap())
	e.text(3, a.GetThirdReading())
	each(e, 4, a.GetWeights(), func(e *encoder, w *storepb.Agreement_Weight) {
		e.text(1, w.GetQuality())
		e.number(2, w.Percent)
	})
}

func (e *encoder) quality(q *storepb.AssessorQuality) {
	e.text(1, q.GetCode())
	e.text(2, q.GetTitle())
}

func (e *encoder) gate(g *storepb.Gate) {
	e.message(1, func(e *encoder) {
		e.text(1, g.GetMean().GetThreshold())
		e.text(2, g.GetMean().GetRoundTo())
	})
	if count := g.GetCount(); count != nil {
		e.message(2, func(e *encoder) {
			e.number(1, count.Percent)
			e.number(2, count.AtLeast)
		})
	}
	e.text(3, g.GetFloor())
	if most := g.GetAtMost(); most != nil {
		e.message(4, func(e *encoder) {
			e.number(1, most.Number)
			e.text(2, most.GetBelow())
		})
	}
	e.message(5, func(e *encoder) {
		e.text(1, g.GetShortfall().GetBelow())
		e.text(2, g.GetShortfall().GetAtMost())
	})
	e.yes(6, g.GetInPercent())
}

func (e *encoder) scale(s *storepb.Scale) {
	e.text(1, s.GetCode())
	e.text(2, s.GetTitle())
	each(e, 3, s.GetLevels(), (*encoder).level)
	e.message(4, func(e *encoder) {
		e.text(1, s.GetMarks().GetMin())
		e.text(2, s.GetMarks().GetMax())
		e.text(3, s.GetMarks().GetStep())
	})
	e.text(5, s.GetPass())
}

func (e *encoder) level(l *storepb.Scale_Level) {
	e.text(1, l.GetCode())
	e.text(2, l.GetLabel())
	e.number(3, l.Points)
}

func (e *encoder) juryRule(j *storepb.JuryRule) {
	if j == nil {
		return
	}
	e.number(1, j.MinMembers)
	e.number(2, j.MinExternalPercent)
	each(e, 3, j.GetColleges(), (*encoder).college)
	if chair := int32(j.GetChair()); chair != 0 {
		e.number(4, &chair)
	}
	e.yes(5, j.GetCastingVote())
}

func (e *encoder) college(c *storepb.JuryRule_College) {
	e.text(1, c.GetCode())
	e.text(2, c.GetTitle())
	e.number(3, c.AtLeast)
	e.yes(4, c.GetParity())
}

func (e *encoder) replacement(r *storepb.Replacement) {
	e.text(1, r.GetBloc())
	e.text(2, r.GetReferentiel())
	e.text(3, r.GetRevision())
	e.text(4, r.GetReplacedBloc())
	each(e, 5, r.GetTogetherWith(), (*encoder).held)
}

func (e *encoder) held(h *storepb.Replacement_Held) {
	e.text(1, h.GetReferentiel())
	e.text(2, h.GetRevision())
	e.text(3, h.GetReplacedBloc())
}
