package services

import (
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

func gateFrom(g *storepb.Gate) *acquispb.Gate {
	if g == nil {
		return nil
	}
	shown := &acquispb.Gate{Floor: g.GetFloor(), InPercent: g.GetInPercent()}
	if m := g.GetMean(); m != nil {
		shown.Mean = &acquispb.Gate_Mean{Threshold: m.GetThreshold(), RoundTo: m.GetRoundTo()}
	}
	if c := g.GetCount(); c != nil {
		shown.Count = &acquispb.Gate_Count{Percent: c.Percent, AtLeast: c.AtLeast}
	}
	if a := g.GetAtMost(); a != nil {
		shown.AtMost = &acquispb.Gate_AtMost{Number: a.Number, Below: a.GetBelow()}
	}
	if s := g.GetShortfall(); s != nil {
		shown.Shortfall = &acquispb.Gate_Shortfall{Below: s.GetBelow(), AtMost: s.GetAtMost()}
	}
	return shown
}

func gateOf(g *acquispb.Gate) *storepb.Gate {
	if g == nil {
		return nil
	}
	stored := &storepb.Gate{Floor: g.GetFloor(), InPercent: g.GetInPercent()}
	if m := g.GetMean(); m != nil {
		stored.Mean = &storepb.Gate_Mean{Threshold: m.GetThreshold(), RoundTo: m.GetRoundTo()}
	}
	if c := g.GetCount(); c != nil {
		stored.Count = &storepb.Gate_Count{Percent: c.Percent, AtLeast: c.AtLeast}
	}
	if a := g.GetAtMost(); a != nil {
		stored.AtMost = &storepb.Gate_AtMost{Number: a.Number, Below: a.GetBelow()}
	}
	if s := g.GetShortfall(); s != nil {
		stored.Shortfall = &storepb.Gate_Shortfall{Below: s.GetBelow(), AtMost: s.GetAtMost()}
	}
	return stored
}

func scalesFrom(stored []*storepb.Scale) (shown []*acquispb.Scale) {
	for _, s := range stored {
		scale := &acquispb.Scale{Code: s.GetCode(), Title: s.GetTitle(), Pass: s.GetPass()}
		for _, l := range s.GetLevels() {
			scale.Levels = append(scale.Levels, &acquispb.Scale_Level{Code: l.GetCode(), Label: l.GetLabel(), Points: l.Points})
		}
		if m := s.GetMarks(); m != nil {
			scale.Marks = &acquispb.Scale_Marks{Min: m.GetMin(), Max: m.GetMax(), Step: m.GetStep()}
		}
		shown = append(shown, scale)
	}
	return shown
}

func scalesOf(given []*acquispb.Scale) (stored []*storepb.Scale) {
	for _, s := range given {
		scale := &storepb.Scale{Code: s.GetCode(), Title: s.GetTitle(), Pass: s.GetPass()}
		for _, l := range s.GetLevels() {
			scale.Levels = append(scale.Levels, &storepb.Scale_Level{Code: l.GetCode(), Label: l.GetLabel(), Points: l.Points})
		}
		if m := s.GetMarks(); m != nil {
			scale.Marks = &storepb.Scale_Marks{Min: m.GetMin(), Max: m.GetMax(), Step: m.GetStep()}
		}
		stored = append(stored, scale)
	}
	return stored
}

func epreuveFrom(e *storepb.Epreuve) *acquispb.Epreuve {
	return &acquispb.Epreuve{
		Code: e.GetCode(), Title: e.GetTitle(), Method: methodFrom(e.GetMethod()),
		Competences: e.GetCompetences(), Criteria: criteriaFrom(e.GetCriteria()),
		Gate: gateFrom(e.GetGate()), Weight: e.Weight, BonusAbove: e.GetBonusAbove(),
		Scale: e.GetScale(), Eliminatory: e.GetEliminatory(), MinAssessors: e.MinAssessors,
		Variants: variantsFrom(e.GetVariants()), MaxAttempts: e.MaxAttempts, Agreement: agreementFrom(e.GetAgreement()),
	}
}

func variantsFrom(given []*storepb.Variant) (made []*acquispb.Variant) {
	for _, v := range given {
		variant := &acquispb.Variant{Method: methodFrom(v.GetMethod())}
		if w := v.GetWhen(); w != nil {
			variant.When = &acquispb.Variant_When{SingleBloc: w.GetSingleBloc(), AccessRoutes: w.GetAccessRoutes(), Attempt: w.GetAttempt()}
		}
		made = append(made, variant)
	}
	return made
}

func criteriaFrom(given []*storepb.Criterion) (made []*acquispb.Criterion) {
	for _, k := range given {
		made = append(made, &acquispb.Criterion{
			Code: k.GetCode(), Statement: k.GetStatement(), Eliminatory: k.GetEliminatory(),
			Weight: k.Weight, BonusAbove: k.GetBonusAbove(), Scale: k.GetScale(), Competences: k.GetCompetences(),
		})
	}
	return made
}

func epreuveOf(e *acquispb.Epreuve) *storepb.Epreuve {
	return &storepb.Epreuve{
		Code: e.GetCode(), Title: e.GetTitle(), Method: methodOf(e.GetMethod()),
		Competences: e.GetCompetences(), Criteria: criteriaOf(e.GetCriteria()),
		Gate: gateOf(e.GetGate()), Weight: e.Weight, BonusAbove: e.GetBonusAbove(),
		Scale: e.GetScale(), Eliminatory: e.GetEliminatory(), MinAssessors: e.MinAssessors,
		Variants: variantsOf(e.GetVariants()), MaxAttempts: e.MaxAttempts, Agreement: agreementOf(e.GetAgreement()),
	}
}

func variantsOf(given []*acquispb.Variant) (made []*storepb.Variant) {
	for _, v := range given {
		variant := &storepb.Variant{Method: methodOf(v.GetMethod())}
		if w := v.GetWhen(); w != nil {
			variant.When = &storepb.Variant_When{SingleBloc: w.GetSingleBloc(), AccessRoutes: w.GetAccessRoutes(), Attempt: w.GetAttempt()}
		}
		made = append(made, variant)
	}
	return made
}

func criteriaOf(given []*acquispb.Criterion) (made []*storepb.Criterion) {
	for _, k := range given {
		made = append(made, &storepb.Criterion{
			Code: k.GetCode(), Statement: k.GetStatement(), Eliminatory: k.GetEliminatory(),
			Weight: k.Weight, BonusAbove: k.GetBonusAbove(), Scale: k.GetScale(), Competences: k.GetCompetences(),
		})
	}
	return made
}

func awardFrom(a *storepb.AwardRule) *acquispb.AwardRule {
	if a == nil {
		return nil
	}
	shown := &acquispb.AwardRule{All: a.GetAll()}
	for _, c := range a.GetChoose() {
		shown.Choose = append(shown.Choose, &acquispb.AwardRule_Choice{From: c.GetFrom(), AtLeast: c.AtLeast, AtLeastCredits: c.AtLeastCredits})
	}
	for _, o := range a.GetOptions() {
		shown.Options = append(shown.Options, &acquispb.AwardRule_Option{Code: o.GetCode(), Title: o.GetTitle(), Blocs: o.GetBlocs(), Requirements: o.GetRequirements()})
	}
	for _, r := range a.GetRequirements() {
		shown.Requirements = append(shown.Requirements, &acquispb.AwardRule_Requirement{
			Code: r.GetCode(), Title: r.GetTitle(), Kind: r.GetKind(), Method: methodFrom(r.GetMethod()),
			Criteria: criteriaFrom(r.GetCriteria()), Gate: gateFrom(r.GetGate()), AtLeast: r.AtLeast,
		})
	}
	return shown
}

func awardOf(a *acquispb.AwardRule) *storepb.AwardRule {
	if a == nil {
		return nil
	}
	stored := &storepb.AwardRule{All: a.GetAll()}
	for _, c := range a.GetChoose() {
		stored.Choose = append(stored.Choose, &storepb.AwardRule_Choice{From: c.GetFrom(), AtLeast: c.AtLeast, AtLeastCredits: c.AtLeastCredits})
	}
	for _, o := range a.GetOptions() {
		stored.Options = append(stored.Options, &storepb.AwardRule_Option{Code: o.GetCode(), Title: o.GetTitle(), Blocs: o.GetBlocs(), Requirements: o.GetRequirements()})
	}
	for _, r := range a.GetRequirements() {
		stored.Requirements = append(stored.Requirements, &storepb.AwardRule_Requirement{
			Code: r.GetCode(), Title: r.GetTitle(), Kind: r.GetKind(), Method: methodOf(r.GetMethod()),
			Criteria: criteriaOf(r.GetCriteria()), Gate: gateOf(r.GetGate()), AtLeast: r.AtLeast,
		})
	}
	return stored
}

// optionTitle finds the title of an option; empty if there is none.
func optionTitle(a *acquispb.AwardRule, code string) string {
	for _, o := range a.GetOptions() {
		if o.GetCode() == code {
			return o.GetTitle()
		}
	}
	return ""
}

func agreementFrom(a *storepb.Agreement) *acquispb.Agreement {
	if a == nil {
		return nil
	}
	shown := &acquispb.Agreement{Kind: a.GetKind(), MaxGap: a.GetMaxGap(), ThirdReading: a.GetThirdReading()}
	for _, w := range a.GetWeights() {
		shown.Weights = append(shown.Weights, &acquispb.Agreement_Weight{Quality: w.GetQuality(), Percent: w.Percent})
	}
	return shown
}

func agreementOf(a *acquispb.Agreement) *storepb.Agreement {
	if a == nil {
		return nil
	}
	stored := &storepb.Agreement{Kind: a.GetKind(), MaxGap: a.GetMaxGap(), ThirdReading: a.GetThirdReading()}
	for _, w := range a.GetWeights() {
		stored.Weights = append(stored.Weights, &storepb.Agreement_Weight{Quality: w.GetQuality(), Percent: w.Percent})
	}
	return stored
}

func qualitiesFrom(stored []*storepb.AssessorQuality) (shown []*acquispb.AssessorQuality) {
	for _, q := range stored {
		shown = append(shown, &acquispb.AssessorQuality{Code: q.GetCode(), Title: q.GetTitle()})
	}
	return shown
}

func qualitiesOf(given []*acquispb.AssessorQuality) (stored []*storepb.AssessorQuality) {
	for _, q := range given {
		stored = append(stored, &storepb.AssessorQuality{Code: q.GetCode(), Title: q.GetTitle()})
	}
	return stored
}

func juryRuleFrom(j *storepb.JuryRule) *acquispb.JuryRule {
	if j == nil {
		return nil
	}
	shown := &acquispb.JuryRule{
		MinMembers: j.MinMembers, MinExternalPercent: j.MinExternalPercent, Chair: j.GetChair(), CastingVote: j.GetCastingVote(),
	}
	for _, c := range j.GetColleges() {
		shown.Colleges = append(shown.Colleges, &acquispb.JuryRule_College{
			Code: c.GetCode(), Title: c.GetTitle(), AtLeast: c.AtLeast, Parity: c.GetParity(),
		})
	}
	return shown
}

// juryRuleInForce has every default filled in.
func juryRuleInForce(given *storepb.JuryRule, rule rules.JuryRule) *acquispb.JuryRule {
	shown := juryRuleFrom(given)
	if shown == nil {
		shown = new(acquispb.JuryRule)
	}
	shown.MinMembers = proto.Int32(int32(rule.MinMembers.Value))
	shown.MinExternalPercent = proto.Int32(int32(rule.MinExternalPercent.Value))
	if shown.Chair = acquispb.JuryRule_Chair_NONE; rule.NeedsChair {
		shown.Chair = acquispb.JuryRule_Chair_REQUIRED
	}
	for i, c := range rule.Colleges {
		shown.Colleges[i].AtLeast = proto.Int32(int32(c.AtLeast.Value))
	}
	return shown
}

func juryRuleOf(j *acquispb.JuryRule) *storepb.JuryRule {
	if j == nil {
		return nil
	}
	stored := &storepb.JuryRule{
		MinMembers: j.MinMembers, MinExternalPercent: j.MinExternalPercent, Chair: j.GetChair(), CastingVote: j.GetCastingVote(),
	}
	for _, c := range j.GetColleges() {
		stored.Colleges = append(stored.Colleges, &storepb.JuryRule_College{
			Code: c.GetCode(), Title: c.GetTitle(), AtLeast: c.AtLeast, Parity: c.GetParity(),
		})
	}
	return stored
}

func validityFrom(v *storepb.Validity) *acquispb.Validity {
	if v == nil {
		return nil
	}
	return &acquispb.Validity{Years: v.Years, Months: v.Months, Unlimited: v.GetUnlimited()}
}

func validityOf(v *acquispb.Validity) *storepb.Validity {
	if v == nil {
		return nil
	}
	return &storepb.Validity{Years: v.Years, Months: v.Months, Unlimited: v.GetUnlimited()}
}

func validitiesFrom(v *storepb.Validities) *acquispb.Validities {
	if v == nil {
		return nil
	}
	return &acquispb.Validities{Blocs: validityFrom(v.GetBlocs()), Award: validityFrom(v.GetAward())}
}

func validitiesOf(v *acquispb.Validities) *storepb.Validities {
	if v == nil {
		return nil
	}
	return &storepb.Validities{Blocs: validityOf(v.GetBlocs()), Award: validityOf(v.GetAward())}
}
