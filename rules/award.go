package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
)

// consequences returns what the rulings of a jury change about awards. An award
// that lacks something it needs is superseded. Each option of the revision that has
// all that it needs, and no valid award, is awarded. The blocs of a standing award had to be
// valid on its day: what expires later does not touch it.
//
// award is the decision to write, without its outcome: the revision to award, the
// session that sat, the candidacy, the day. Registrars' acts never come here.
func (c Candidate) consequences(rulings []Ruling, award Decision) []Ruling {
	award.Kind = AwardDecision
	c.Decisions = slices.Clone(c.Decisions)
	for _, r := range rulings {
		c.Decisions = append(c.Decisions, r.Decision)
	}
	var follow []Ruling
	for _, standing := range Effective(c.Decisions) {
		if !standing.awards() {
			continue
		}
		if lost := c.Ledger(standing.Revision, standing.Day).lacks(standing.Option); len(lost) > 0 {
			ruling := c.dated(withdraw(standing, award, lost), award.Day)
			follow = append(follow, ruling)
			c.Decisions = append(c.Decisions, ruling.Decision)
		}
	}
	rule := words.EveryBlocCapitalised
	if s := c.Catalogue.Scheme(award.Revision); s != nil && s.award.given {
		rule = words.PathComplete
	}
	for _, path := range c.Ledger(award.Revision, award.Day).awaiting() {
		award.Outcome, award.Option = Awarded, path.Option
		reason := words.Reason{Rule: rule, Option: path.Option, Counted: path.Counted}
		follow = append(follow, c.dated(Ruling{Decision: award, Reasons: []words.Reason{reason}}, award.Day))
	}
	return follow
}

// withdraw supersedes an award that lacks something.
func withdraw(standing, award Decision, lost []words.Reason) Ruling {
	award.Revision, award.Option, award.Outcome, award.Supersedes = standing.Revision, standing.Option, NotAwarded, standing.ID
	ruling := Ruling{Decision: award}
	for _, r := range lost {
		if r.Rule == words.BlocMissing {
			r.Rule = words.AwardLost
		}
		ruling.Reasons = append(ruling.Reasons, r)
	}
	return ruling
}

// Rectification replaces an effective decision on a bloc.
type Rectification struct {
	Decision string // id
	Outcome  DecisionOutcome
	Motive   string
}

// Rectify rules again on a bloc: the first ruling supersedes the decision, the
// others are what follows for the award. The case's session is the one whose jury
// sits: the decision's own or another of its référentiel, open or closed.
//
// Verdicts are not read again: the ruling keeps the candidacy of the decision and
// the outcome computed then, beside the new outcome.
func (c Case) Rectify(s Sitting, r Rectification) ([]Ruling, []words.Refusal) {
	refusals := c.sitting(s)
	i := slices.IndexFunc(c.Candidate.Decisions, func(d Decision) bool { return d.ID == r.Decision })
	if i < 0 {
		return nil, append(refusals, words.Refuse(words.DecisionUnknown, "decision", r.Decision))
	}
	old := c.Candidate.Decisions[i]
	refusals = append(refusals, c.sitsFor(old.Revision)...)
	refusals = append(refusals, c.rectifiable(old, r)...)
	if len(refusals) > 0 {
		return nil, refusals
	}
	anew := old // keeps its candidacy and the computed outcome
	anew.ID, anew.Seq = "", 0
	anew.Outcome, anew.Session, anew.Supersedes = r.Outcome, c.Session.ID, old.ID
	rulings := []Ruling{c.Candidate.dated(Ruling{
		Decision: anew,
		Motive:   r.Motive,
		Reasons:  []words.Reason{old.about(words.JuryRectified)},
	}, c.Day)}
	award := Decision{Revision: old.Revision, Session: c.Session.ID, Candidacy: old.Candidacy, Day: c.Day}
	return append(rulings, c.Candidate.consequences(rulings, award)...), nil
}

// rectifiable checks the decision and its new outcome.
func (c Case) rectifiable(old Decision, r Rectification) []words.Refusal {
	var refusals []words.Refusal
	if old.Kind == AwardDecision {
		return []words.Refusal{words.Refuse(words.AwardNotRectifiable, "decision", old.ID)}
	}
	if slices.ContainsFunc(c.Candidate.Decisions, func(d Decision) bool { return d.Supersedes == old.ID }) {
		refusals = append(refusals, words.Refuse(words.DecisionSuperseded, "decision", old.ID))
	}
	if !r.Outcome.fits(old.Kind) {
		refusals = append(refusals, words.Refuse(words.OutcomeUnknown, "decision", old.ID))
	}
	if blank(r.Motive) {
		refusals = append(refusals, words.Refuse(words.MotiveMissing, "decision", old.ID))
	}
	return refusals
}

// about is a reason about what was decided on.
func (d Decision) about(rule words.ReasonRule) words.Reason {
	if d.Kind.ofRequirement() {
		return words.Reason{Rule: rule, Requirement: d.Bloc}
	}
	return words.Reason{Rule: rule, Bloc: d.Bloc}
}

// Award awards the certification of the current revision, which the candidate
// completed by a registrar's act.
func (c Case) Award(s Sitting, current Revision) ([]Ruling, []words.Refusal) {
	refusals := append(c.sitting(s), c.sitsFor(current)...)
	ledger := c.Candidate.Ledger(current, c.Day)
	if len(ledger.awaiting()) == 0 {
		refusals = append(refusals, ledger.nothingToAward()...)
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	return c.Candidate.consequences(nil, Decision{Revision: current, Session: c.Session.ID, Day: c.Day}), nil
}

// nothingToAward says what is missing, and which awards stand.
func (l Ledger) nothingToAward() (refusals []words.Refusal) {
	for _, r := range l.Missing {
		switch {
		case r.AnyOf != "":
			refusals = append(refusals, words.Refuse(words.CertificationNotComplete, "choice", r.AnyOf))
		case r.Requirement != "":
			refusals = append(refusals, words.Refuse(words.RequirementNotFulfilledYet, "requirement", r.Requirement))
		default:
			refusals = append(refusals, words.Refuse(words.CertificationNotComplete, "bloc", r.Bloc))
		}
	}
	if l.Certification == CertificationAwarded {
		refusals = append(refusals, words.Refuse(words.AwardAlreadyStands, "decision", l.Award))
	}
	return refusals
}

// sitsFor checks that the session's jury may rule on the référentiel of a
// revision.
func (c Case) sitsFor(revision Revision) []words.Refusal {
	var refusals []words.Refusal
	if c.Session.State == SessionCancelled {
		refusals = append(refusals, words.Refuse(words.SessionIsCancelled, "session", c.Session.Label))
	}
	if c.Session.Revision.Referentiel != revision.Referentiel {
		refusals = append(refusals, words.Refuse(words.OtherReferentiel, "session", c.Session.Label))
	}
	return refusals
}

// RecordPrior recognises a bloc acquired before the service existed or by
// equivalence. It is a registrar's act: it names its proof, and never awards.
func (c Candidate) RecordPrior(bloc BlocRef, proof string, on calendar.Day) (Ruling, []words.Refusal) {
	var refusals []words.Refusal
	if !slices.Contains(c.Catalogue.Scheme(bloc.Revision).BlocCodes(), bloc.Bloc) {
		refusals = append(refusals, words.Refuse(words.BlocUnknown, "bloc", bloc.Bloc))
	}
	if c.Ledger(bloc.Revision, on).Capitalised(bloc.Bloc) {
		refusals = append(refusals, words.Refuse(words.BlocCapitalised, "bloc", bloc.Bloc))
	}
	if blank(proof) {
		refusals = append(refusals, words.Refuse(words.ProofMissing, "bloc", bloc.Bloc))
	}
	if len(refusals) > 0 {
		return Ruling{}, refusals
	}
	return c.dated(Ruling{
		Decision: Decision{Kind: PriorBlocDecision, Revision: bloc.Revision, Bloc: bloc.Bloc, Outcome: Capitalised},
		Reasons:  []words.Reason{{Rule: words.PriorRecognised, Bloc: bloc.Bloc}},
	}, on), nil
}
