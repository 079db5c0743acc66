package model

import "slices"

// A BlocLine is the jury's line on one bloc.
type BlocLine struct{ Bloc, Outcome, Motive string }

// Deliberate decides every bloc that a candidacy presents. fresh tells whether
// the jury saw the current grid.
func (k *Candidacy) Deliberate(by Sitting, fresh bool, lines []BlocLine) Answer {
	if k.Session.member(by.Caller) == nil {
		return hidden
	}
	var o objections
	k.undecided(&o)
	o.unless(fresh || len(o) > 0, "GRID_STALE")
	k.Session.sit(&o, k.Candidate, by)
	for _, code := range k.Presented() {
		if k.Candidate.holds(k.Session.Revision, code) == nil {
			k.decidable(&o, code, by.Present)
		}
	}
	k.departures(&o, lines)
	if len(o) > 0 {
		return o.answer()
	}
	for _, code := range k.Presented() {
		k.decide(code, by, lines)
	}
	k.State = "DECIDED"
	k.Candidate.follow(Decision{Revision: k.Session.Revision, Session: k.Session, Candidacy: k, Present: k.Session.seated(by)})
	k.Session.attended(by)
	return accepted
}

// decidable objects to a bloc that waits for assessors or the jury, or if no
// author of an act of a single juror is present.
func (k *Candidacy) decidable(o *objections, code string, present []string) {
	bloc := *k.Session.Revision.Bloc(code)
	computed := k.bloc(bloc)
	o.unless(computed != "PENDING", "BLOC_PENDING")
	o.unless(computed != "CONTESTED", "BLOC_CONTESTED")
	absent := func(authors []string) bool {
		return !slices.ContainsFunc(authors, func(a string) bool { return slices.Contains(present, a) })
	}
	for _, competence := range bloc.Competences {
		for _, c := range competence.Criteria {
			s, e := k.inForce(c.Code), k.exemptions[c.Code]
			o.unless(s == nil || !absent(s.authors), "SETTLEMENT_AUTHOR_ABSENT")
			o.unless(e == nil || !absent(e.authors), "EXEMPTION_AUTHOR_ABSENT")
		}
	}
}

// departures objects to lines on unknown blocs, lines that would take away a held
// bloc, and departures from the computed outcome without a motive.
func (k *Candidacy) departures(o *objections, lines []BlocLine) {
	for _, line := range lines {
		bloc := k.Session.Revision.Bloc(line.Bloc)
		presented := slices.Contains(k.Presented(), line.Bloc)
		o.unless(bloc != nil, "BLOC_UNKNOWN")
		o.unless(bloc == nil || presented, "BLOC_NOT_PRESENTED")
		if !presented {
			continue
		}
		if k.Candidate.holds(k.Session.Revision, line.Bloc) != nil {
			o.unless(line.Outcome == "CAPITALISED", "BLOC_HELD")
			continue
		}
		follows, computed := map[string]string{"ACQUIRED": "CAPITALISED", "NOT_ACQUIRED": "NOT_CAPITALISED"}[k.bloc(*bloc)]
		o.unless(!computed || line.Outcome == follows || !blank(line.Motive), "DEPARTURE_WITHOUT_MOTIVE")
	}
}

func (k *Candidacy) decide(code string, by Sitting, lines []BlocLine) {
	if k.Candidate.holds(k.Session.Revision, code) != nil {
		k.Departed = append(k.Departed, Departed{code, "ALREADY_HELD"})
		return
	}
	d := &Decision{
		Kind: "BLOC", Revision: k.Session.Revision, Bloc: code, Session: k.Session, Candidacy: k, Present: k.Session.seated(by),
		Computed: k.bloc(*k.Session.Revision.Bloc(code)), Outcome: "NOT_CAPITALISED",
	}
	if d.Computed == "ACQUIRED" {
		d.Outcome = "CAPITALISED"
	}
	for _, line := range lines {
		if line.Bloc == code {
			d.Outcome, d.Motive = line.Outcome, line.Motive
		}
	}
	k.Candidate.Decisions = append(k.Candidate.Decisions, d)
}

// seated lists the members present, with their quality on that day.
func (s *Session) seated(by Sitting) []Member {
	return slices.DeleteFunc(slices.Clone(s.Jury), func(m Member) bool { return !slices.Contains(by.Present, m.Subject) })
}

// attended records who took part in an act of the jury.
func (s *Session) attended(by Sitting) {
	for _, subject := range by.Present {
		s.acted[subject] = true
	}
}

// Rectify replaces an effective decision on a bloc.
func (c *Candidate) Rectify(d *Decision, s *Session, by Sitting, outcome, motive string) Answer {
	if s.member(by.Caller) == nil {
		return hidden
	}
	var o objections
	s.sit(&o, c, by)
	s.competent(&o, d.Revision)
	o.unless(d.Kind != "AWARD", "AWARD_NOT_RECTIFIABLE")
	if d.Kind != "AWARD" {
		o.unless(d.SupersededBy == nil, "DECISION_SUPERSEDED")
		o.unless(!blank(motive), "MOTIVE_MISSING")
		o.unless((d.Kind == "PROOF") == (outcome == "FULFILLED" || outcome == "NOT_FULFILLED"), "OUTCOME_UNKNOWN")
	}
	if len(o) > 0 {
		return o.answer()
	}
	c.supersede(d, Decision{
		Kind: d.Kind, Revision: d.Revision, Bloc: d.Bloc, Requirement: d.Requirement, Amount: d.Amount, Computed: d.Computed, Candidacy: d.Candidacy,
		Outcome: outcome, Session: s, Motive: motive, Present: s.seated(by),
	})
	c.follow(Decision{Revision: d.Revision, Session: s, Candidacy: d.Candidacy, Present: s.seated(by)})
	s.attended(by)
	return accepted
}

// competent objects to a session whose jury cannot decide about a référentiel.
func (s *Session) competent(o *objections, r *Revision) {
	o.unless(s.State != "CANCELLED", "SESSION_IS_CANCELLED")
	o.unless(s.Revision.ID == r.ID, "OTHER_REFERENTIEL")
}

// Award awards a certification that is complete, under the current revision.
func (c *Candidate) Award(current *Revision, s *Session, by Sitting) Answer {
	if s.member(by.Caller) == nil {
		return hidden
	}
	var o objections
	s.sit(&o, c, by)
	s.competent(&o, current)
	if !slices.ContainsFunc(current.options(), func(option string) bool { return c.awaits(current, option) }) {
		for _, m := range c.open(current) {
			o.unless(m.Requirement != "", "CERTIFICATION_NOT_COMPLETE")
			o.unless(m.Requirement == "", "REQUIREMENT_NOT_FULFILLED")
		}
		o.unless(c.award(current.ID, "") == nil, "AWARD_ALREADY_STANDS")
	}
	if len(o) > 0 {
		return o.answer()
	}
	c.follow(Decision{Revision: current, Session: s, Present: s.seated(by)})
	s.attended(by)
	return accepted
}

// RecordPrior recognises a bloc of the current revision. It never awards.
func (c *Candidate) RecordPrior(current *Revision, bloc, proof string) Answer {
	var o objections
	o.unless(current.Bloc(bloc) != nil, "BLOC_UNKNOWN")
	o.unless(c.holds(current, bloc) == nil, "BLOC_CAPITALISED")
	o.unless(!blank(proof), "PROOF_MISSING")
	if len(o) == 0 {
		c.Decisions = append(c.Decisions, &Decision{Kind: "PRIOR_BLOC", Revision: current, Bloc: bloc, Outcome: "CAPITALISED"})
	}
	return o.answer()
}

func (c *Candidate) supersede(old *Decision, by Decision) {
	by.Supersedes, old.SupersededBy = old, &by
	c.Decisions = append(c.Decisions, &by)
}

// follow applies the consequences of a jury's act for awards: those that no
// longer hold end, and each option that the act completed is awarded, unless there is
// already an award of it. act is the award to write, without its outcome.
func (c *Candidate) follow(act Decision) {
	act.Kind = "AWARD"
	for _, d := range slices.Clone(c.Decisions) {
		if d.Outcome == "AWARDED" && d.SupersededBy == nil && !c.complete(d.Revision, d.Option) {
			ended := act
			ended.Revision, ended.Option, ended.Outcome = d.Revision, d.Option, "NOT_AWARDED"
			c.supersede(d, ended)
		}
	}
	for _, option := range act.Revision.options() {
		if made := act; c.awaits(act.Revision, option) {
			made.Outcome, made.Option = "AWARDED", option
			c.Decisions = append(c.Decisions, &made)
		}
	}
}
