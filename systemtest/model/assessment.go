package model

import (
	"maps"
	"slices"
	"strings"
)

// A Line is a verdict on a criterion, by an assessor or by the jury. Kind is "level" or
// "mark" if it is one of those, otherwise empty.
type Line struct{ Criterion, Verdict, Kind string }

// onScale objects to what cannot be said of a criterion.
func (k *Candidacy) onScale(o *objections, line Line) {
	_, _, criterion := k.Session.Revision.Find(line.Criterion)
	var scale *Scale // a criterion that there is not has verdicts
	if criterion != nil {
		scale = k.Session.Revision.On(*criterion)
	}
	kind := ""
	switch {
	case scale != nil && scale.Marks != nil:
		kind = "mark"
	case scale != nil:
		kind = "level"
	}
	o.unless(line.Kind == kind && scale.has(line.Verdict), "OFF_SCALE")
}

// undecided objects if a candidacy accepts no acts.
func (k *Candidacy) undecided(o *objections) {
	o.unless(k.Session.State == "OPEN", "SESSION_NOT_OPEN")
	o.unless(k.State == "ENROLLED", "CANDIDACY_NOT_ENROLLED")
}

// Presented lists the blocs that did not leave.
func (k *Candidacy) Presented() []string {
	return slices.DeleteFunc(slices.Clone(k.Enrolled), k.left)
}

func (k *Candidacy) left(bloc string) bool {
	return slices.ContainsFunc(k.Departed, func(d Departed) bool { return d.Bloc == bloc })
}

// assessable objects to a criterion that nobody can assess in this candidacy.
func (k *Candidacy) assessable(o *objections, criterion string) bool {
	bloc, _, found := k.Session.Revision.Find(criterion)
	o.unless(found != nil, "CRITERION_UNKNOWN")
	presented := found != nil && slices.Contains(k.Presented(), bloc.Code)
	o.unless(found == nil || presented, "CRITERION_NOT_PRESENTED")
	return presented
}

// speaksFor returns whose verdicts a call is about: the caller's, or those of
// another for whom a delegate calls.
func (k *Candidacy) speaksFor(by Caller, named string) (assessor string, refused *Answer) {
	if named == "" {
		named = by.Subject
	}
	if strings.EqualFold(named, by.Subject) {
		named = by.Subject
	}
	switch {
	case named != by.Subject && !by.Delegate:
		a := failed("PERMISSION_DENIED", "NOT_DELEGATE")
		return "", &a
	case !by.has("ASSESSOR") && k.Session.member(by.Subject) == nil:
		return "", &hidden
	}
	if _, listed := k.Session.Qualities[named]; !listed && k.Session.member(named) == nil {
		a := failed("PERMISSION_DENIED", "ASSESSOR_NOT_LISTED")
		return "", &a
	}
	return named, nil
}

// Record records verdicts of one assessor, all or none.
func (k *Candidacy) Record(by Caller, named string, lines []Line) Answer {
	assessor, refused := k.speaksFor(by, named)
	if refused != nil {
		return *refused
	}
	var o objections
	k.undecided(&o)
	for _, line := range lines {
		k.assessable(&o, line.Criterion)
		k.onScale(&o, line)
		k.qualified(&o, line.Criterion, assessor)
	}
	if len(o) > 0 {
		return o.answer()
	}
	for _, line := range lines {
		if k.verdicts[line.Criterion] == nil {
			k.verdicts[line.Criterion], k.recorders[line.Criterion] = make(map[string]string), make(map[string]string)
			k.spellings[line.Criterion], k.qualities[line.Criterion] = make(map[string]string), make(map[string]string)
		}
		person := strings.ToLower(assessor)
		k.verdicts[line.Criterion][person], k.recorders[line.Criterion][person] = line.Verdict, by.Subject
		k.spellings[line.Criterion][person], k.qualities[line.Criterion][person] = assessor, k.Session.Qualities[assessor]
	}
	return accepted
}

// Retract retracts verdicts of one assessor, all or none.
func (k *Candidacy) Retract(by Caller, named string, criteria []string) Answer {
	assessor, refused := k.speaksFor(by, named)
	if refused != nil {
		return *refused
	}
	var o objections
	k.undecided(&o)
	for _, criterion := range criteria {
		k.assessable(&o, criterion)
	}
	if len(o) > 0 { // then verdicts are not checked: a refusal would reveal them
		return o.answer()
	}
	for _, criterion := range criteria {
		person := strings.ToLower(assessor)
		own := assessor == by.Subject || k.recorders[criterion][person] == by.Subject
		o.unless(own && k.verdicts[criterion][person] != "", "NOTHING_TO_RETRACT")
	}
	if len(o) > 0 {
		return o.answer()
	}
	for _, criterion := range criteria {
		delete(k.verdicts[criterion], strings.ToLower(assessor))
	}
	return accepted
}

// Settle is the jury's decision on criteria whose assessors disagree.
func (k *Candidacy) Settle(juror string, lines []Line) Answer {
	if k.Session.member(juror) == nil {
		return hidden
	}
	var o objections
	k.undecided(&o)
	k.regular(&o, juror)
	for _, line := range lines {
		k.onScale(&o, line)
		if k.assessable(&o, line.Criterion) {
			o.unless(k.open(line.Criterion), "CRITERION_NOT_CONTESTED")
		}
	}
	if len(o) > 0 {
		return o.answer()
	}
	for _, line := range lines {
		before, now := k.settlements[line.Criterion], k.said(line.Criterion)
		made := &settlement{verdict: line.Verdict, on: now, authors: []string{juror}}
		if before != nil && before.verdict == made.verdict && maps.Equal(before.on, now) {
			made.authors = join(before.authors, juror) // it confirms
		}
		k.settlements[line.Criterion] = made
	}
	k.Session.acted[juror] = true
	return accepted
}

// open tells whether enough assessors gave verdicts, and not all the same.
func (k *Candidacy) open(criterion string) bool {
	heard, _ := k.heard(criterion)
	return heard != tooFew && heard != noVoice && common(k.verdicts[criterion]) == ""
}

// common is the verdict that all gave; empty if they disagree.
func common(verdicts map[string]string) (verdict string) {
	for _, v := range verdicts {
		if verdict != "" && v != verdict {
			return ""
		}
		verdict = v
	}
	return verdict
}

func join(authors []string, author string) []string {
	if slices.Contains(authors, author) {
		return authors
	}
	return append(slices.Clone(authors), author)
}

// RequestAccommodation records a request; the rules do not use its content.
func (k *Candidacy) RequestAccommodation(kind string) Answer {
	var o objections
	k.undecided(&o)
	if len(o) == 0 {
		k.Accommodations = append(k.Accommodations, &Accommodation{Kind: kind, State: "REQUESTED"})
	}
	return o.answer()
}

// DecideAccommodation grants or refuses one; the latest decision counts.
func (k *Candidacy) DecideAccommodation(a *Accommodation, granted bool) Answer {
	var o objections
	k.undecided(&o)
	if len(o) == 0 {
		a.State = map[bool]string{true: "GRANTED", false: "REFUSED"}[granted]
	}
	return o.answer()
}

// Advise is the disability advisor's advice on a criterion; the latest counts.
func (k *Candidacy) Advise(criterion string, favourable bool) Answer {
	var o objections
	k.undecided(&o)
	k.assessable(&o, criterion)
	if len(o) == 0 {
		k.advice[criterion] = favourable
	}
	return o.answer()
}

// A Condition is one of the two that a jury states about an exemption.
type Condition struct {
	Holds  bool
	Reason string
}

// Exemption is what a jury member decides on exempting from a criterion.
type Exemption struct {
	Criterion                                  string
	Granted                                    bool
	CapacityPreserved, NotApplicableInPractice Condition
	Reason                                     string // of a refusal
}

// DecideExemption grants or refuses one; the latest decision counts.
func (k *Candidacy) DecideExemption(juror string, e Exemption) Answer {
	if k.Session.member(juror) == nil {
		return hidden
	}
	var o objections
	k.undecided(&o)
	k.regular(&o, juror)
	known := k.assessable(&o, e.Criterion)
	if e.Granted {
		k.grantable(&o, e, known)
	} else {
		o.unless(!blank(e.Reason), "REASON_MISSING")
	}
	if len(o) > 0 {
		return o.answer()
	}
	made := &exemption{granted: e.Granted, authors: []string{juror}}
	if before := k.exemptions[e.Criterion]; before != nil && before.granted == e.Granted {
		made.authors = join(before.authors, juror)
	}
	k.exemptions[e.Criterion] = made
	k.Session.acted[juror] = true
	return accepted
}

func (k *Candidacy) grantable(o *objections, e Exemption, known bool) {
	o.unless(e.CapacityPreserved.Holds, "CAPACITY_IN_QUESTION")
	o.unless(e.NotApplicableInPractice.Holds, "APPLIES_IN_PRACTICE")
	o.unless(!blank(e.CapacityPreserved.Reason) && !blank(e.NotApplicableInPractice.Reason), "STATEMENT_UNREASONED")
	if !known {
		return
	}
	favourable, advised := k.advice[e.Criterion]
	o.unless(advised, "ADVICE_MISSING")
	o.unless(!advised || favourable, "ADVICE_UNFAVOURABLE")
	_, competence, _ := k.Session.Revision.Find(e.Criterion)
	o.unless(slices.ContainsFunc(competence.Criteria, func(c Criterion) bool {
		return c.Code != e.Criterion && !k.exempted(c.Code) && c.BonusAbove == ""
	}), "LAST_CRITERION")
}

func (k *Candidacy) exempted(criterion string) bool {
	e := k.exemptions[criterion]
	return e != nil && e.granted
}

// Advised lists the criteria with favourable advice.
func (k *Candidacy) Advised() (criteria []string) {
	for _, c := range k.Criteria() {
		if k.advice[c] {
			criteria = append(criteria, c)
		}
	}
	return criteria
}

// Settled lists the settlements in force.
func (k *Candidacy) Settled() (lines []Line) {
	for _, c := range k.Criteria() {
		if s := k.inForce(c); s != nil {
			level, mark := k.Found(c)
			lines = append(lines, Line{c, s.verdict, kindOf(level, mark)})
		}
	}
	return lines
}

func kindOf(level, mark string) string {
	switch {
	case level != "":
		return "level"
	case mark != "":
		return "mark"
	}
	return ""
}
