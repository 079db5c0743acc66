package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/gate"
	"github.com/acquis-eval/acquis/rules/words"
)

// # Requirements
//
// A requirement is what an award needs beside blocs: a defence before the jury, days in a
// company. A candidate holds it; it is never capitalised, and never attested as a bloc.
// One with criteria is assessed like a bloc of one compétence, in candidacies for the
// whole only. Otherwise documents prove it, which a registrar records.

// Requirement is one of an award.
type Requirement struct {
	Code     string
	Criteria []Criterion // none: documents prove it
	Gate     *gate.Given // above the criteria; nil means that of compétences
	AtLeast  *int        // of one that documents prove: what their numbers must add up to
}

// setRequirements copies the requirements and adds their criteria to the indexes.
func (s *Scheme) setRequirements(rule *AwardRule, competences map[string]bool) (errs []error) {
	if rule == nil {
		return nil
	}
	for _, r := range rule.Requirements {
		_, taken := s.blocIndex[r.Code]
		errs = append(errs, checkCode("requirement", r.Code, taken || competences[r.Code]))
		competences[r.Code] = true
		unit := Bloc{Code: r.Code, atLeast: r.AtLeast}
		if len(r.Criteria) > 0 {
			c := Unit{Code: r.Code, Criteria: slices.Clone(r.Criteria), Gate: r.Gate, minAssessors: s.minAssessors}
			errs = append(errs, s.setCriteria(r.Code, c)...)
			unit.Units = []Unit{c}
		}
		s.requirements = append(s.requirements, unit)
	}
	return errs
}

// requirement finds one; nil if there is none with that code.
func (s *Scheme) requirement(code string) *Bloc {
	if s == nil {
		return nil
	}
	i := slices.IndexFunc(s.requirements, func(r Bloc) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return &s.requirements[i]
}

// assessed tells whether a candidacy can present the requirement.
func (b *Bloc) assessed() bool { return len(b.Units) > 0 }

// noun is what a code names: a bloc, or a requirement.
func (s *Scheme) noun(code string) string {
	if s.requirement(code) != nil {
		return "requirement"
	}
	return "bloc"
}

// has tells whether a code is that of a bloc or a requirement.
func (s *Scheme) has(code string) bool { return s.hasBloc(code) || s.requirement(code) != nil }

// requirements compiles the gates of requirements, and shares them out to paths.
func (c *gateCompiler) requirements(given *AwardRule) {
	a := &c.scheme.award
	for i := range c.scheme.requirements {
		if r := &c.scheme.requirements[i]; r.assessed() {
			c.unit(fmt.Sprintf("award.requirements[%d]", i), &r.Units[0])
		}
	}
	for _, r := range given.Requirements {
		if !slices.ContainsFunc(given.Options, func(o Option) bool { return slices.Contains(o.Requirements, r.Code) }) {
			a.requirements = append(a.requirements, r.Code)
		}
	}
	for i, o := range given.Options {
		for j, code := range o.Requirements {
			field := fmt.Sprintf("award.options[%d].requirements[%d]", i, j)
			switch {
			case c.scheme.requirement(code) == nil:
				c.report(field, "%q is not a requirement of this référentiel", code)
			case slices.Contains(o.Requirements[:j], code):
				c.report(field, "%q is named twice", code)
			}
		}
	}
}

// LedgerRequirement is the status of a requirement.
type LedgerRequirement struct {
	Code              string
	Status            RequirementStatus
	Decision          string // that fulfils it, else the last about it
	Reached, Required int    // of one that asks for a number; Required is 0 otherwise
	Reasons           []words.Reason
}

// ledgerRequirement finds the status of a requirement: it is fulfilled if a jury found so
// or a document proves it, or if the numbers of the documents add up to what it asks for.
func (c Candidate) ledgerRequirement(wanted BlocRef, of *Bloc, effective []Decision) LedgerRequirement {
	r := LedgerRequirement{Code: wanted.Bloc, Status: RequirementOpen}
	reason := words.Reason{Rule: words.RequirementNeverDecided, Requirement: wanted.Bloc}
	if of.atLeast != nil {
		r.Required = *of.atLeast
	}
	for _, d := range effective {
		if !d.Kind.ofRequirement() || !c.countsAtOnce(wanted, d.ref()) || r.Status == RequirementFulfilled {
			continue
		}
		r.Decision = d.ID
		switch {
		case d.Outcome != Fulfilled:
			r.Status, reason.Rule = RequirementNotFulfilled, words.RequirementDecidedAgainst
		case d.Kind == ProofDecision && r.Reached+d.Amount < r.Required:
			r.Reached += d.Amount
			r.Status, reason.Rule = RequirementNotFulfilled, words.RequirementCounted
		default:
			r.Reached += d.Amount
			r.Status, reason.Rule = RequirementFulfilled, words.RequirementHeld
		}
	}
	if r.Required > 0 && reason.Rule != words.RequirementNeverDecided {
		reason.Rule = words.RequirementCounted
	}
	reason.Points, reason.Required = r.Reached, r.Required
	r.Reasons = []words.Reason{reason}
	return r
}

// Requirement finds a requirement of the revision; nil if it has none with that code.
func (l Ledger) Requirement(code string) *LedgerRequirement {
	i := slices.IndexFunc(l.Requirements, func(r LedgerRequirement) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return &l.Requirements[i]
}

// holds tells whether a bloc or a requirement is held.
func (l Ledger) holds(code string) bool {
	r := l.Requirement(code)
	return l.Capitalised(code) || r != nil && r.Status == RequirementFulfilled
}

// unfulfilled lists the requirements that are open.
func (l *Ledger) unfulfilled(codes []string) (missing []words.Reason) {
	for _, code := range codes {
		r := l.Requirement(code)
		switch {
		case r == nil || r.Status == RequirementFulfilled:
		case r.Required > 0:
			missing = append(missing, words.Reason{Rule: words.ProofTooSmall, Requirement: code, Points: r.Reached, Required: r.Required})
		default:
			missing = append(missing, words.Reason{Rule: words.RequirementMissing, Requirement: code})
		}
	}
	return missing
}

// RecordProof records that a document proves a requirement, or so much of it. It is a
// registrar's act: it names its proof, and never awards. A registrar also records one that
// a jury assessed before the service existed.
func (c Candidate) RecordProof(of BlocRef, amount int, proof string, on calendar.Day) (Ruling, []words.Refusal) {
	var refusals []words.Refusal
	requirement := c.Catalogue.Scheme(of.Revision).requirement(of.Bloc)
	switch held := c.Ledger(of.Revision, on).Requirement(of.Bloc); {
	case requirement == nil:
		refusals = append(refusals, words.Refuse(words.RequirementUnknown, "requirement", of.Bloc))
	case held != nil && held.Status == RequirementFulfilled:
		refusals = append(refusals, words.Refuse(words.RequirementIsFulfilled, "requirement", of.Bloc))
	case (requirement.atLeast != nil) != (amount > 0):
		refusals = append(refusals, words.Refuse(words.AmountMismatch, "requirement", of.Bloc))
	}
	if blank(proof) {
		refusals = append(refusals, words.Refuse(words.ProofMissing, "requirement", of.Bloc))
	}
	if len(refusals) > 0 {
		return Ruling{}, refusals
	}
	return c.dated(Ruling{
		Decision: Decision{Kind: ProofDecision, Revision: of.Revision, Bloc: of.Bloc, Outcome: Fulfilled, Amount: amount},
		Reasons:  []words.Reason{{Rule: words.ProofRecorded, Requirement: of.Bloc, Points: amount}},
	}, on), nil
}

// about is a reason about a bloc or a requirement.
func (s *Scheme) about(rule words.ReasonRule, code string) words.Reason {
	if s.requirement(code) != nil {
		return words.Reason{Rule: rule, Requirement: code}
	}
	return words.Reason{Rule: rule, Bloc: code}
}

// concludeRequirement finds the outcome of a requirement, which is that of its criteria.
func (b *GridBloc) concludeRequirement() {
	of := b.Units[0]
	b.Requirement, b.Outcome = true, of.Outcome
	b.Reasons = slices.Clone(of.Reasons)
	for i := range b.Reasons {
		b.Reasons[i].Requirement = cmp.Or(b.Reasons[i].Requirement, b.Code)
	}
}
