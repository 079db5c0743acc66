package model

import "slices"

// A Path is how a candidate wants to reach the whole.
type Path struct {
	Option string
	Chosen []string
}

// Enrol opens a candidacy: WHOLE for every bloc that its path needs and that is not
// capitalised yet, BLOCS for those named.
func (w *World) Enrol(name string, s *Session, c *Candidate, scope string, named []string, path Path, route string) Answer {
	var o objections
	o.unless(s.State == "OPEN", "SESSION_NOT_OPEN")
	c.alone(&o, s, nil)
	blocs := named
	if scope == "WHOLE" {
		wrong := len(o)
		blocs = c.pathOf(&o, s.Revision, path)
		o.unless(len(blocs) > 0 || len(o) > wrong, "NOTHING_TO_PRESENT")
	}
	c.presentable(&o, s, blocs, nil)
	if len(o) > 0 {
		return o.answer()
	}
	k := &Candidacy{
		Name: name, Session: s, Candidate: c, State: "ENROLLED", Scope: scope, Route: route, Again: []string{},
		verdicts: make(map[string]map[string]string), recorders: make(map[string]map[string]string), spellings: make(map[string]map[string]string),
		qualities: make(map[string]map[string]string), settlements: make(map[string]*settlement),
		advice: make(map[string]bool), exemptions: make(map[string]*exemption),
	}
	for _, code := range s.Revision.Codes() {
		if slices.Contains(blocs, code) {
			k.Enrolled = append(k.Enrolled, code)
			if c.failed(s.Revision, code) > 0 {
				k.Again = append(k.Again, code)
			}
		}
	}
	s.Candidacies = append(s.Candidacies, k)
	c.Candidacies = append(c.Candidacies, k)
	return accepted
}

// alone objects to another live candidacy in the session.
func (c *Candidate) alone(o *objections, s *Session, besides *Candidacy) {
	for _, other := range c.Candidacies {
		live := other.State == "ENROLLED" || other.State == "DECIDED"
		o.unless(other == besides || other.Session != s || !live, "ALREADY_IN_SESSION")
	}
}

// presentable objects to blocs that are unknown or repeated, capitalised, or
// presented in another undecided candidacy.
func (c *Candidate) presentable(o *objections, s *Session, blocs []string, besides *Candidacy) {
	s.Revision.known(o, blocs)
	for _, code := range blocs {
		o.unless(c.holds(s.Revision, code) == nil, "BLOC_CAPITALISED")
		if b := s.Revision.Bloc(code); b != nil {
			failed := c.failed(s.Revision, code)
			o.unless(!slices.ContainsFunc(b.Competences, func(k Competence) bool { return k.MaxAttempts > 0 && failed >= k.MaxAttempts }), "ATTEMPTS_EXHAUSTED")
		}
		for _, other := range c.Candidacies {
			if other != besides && other.State == "ENROLLED" {
				o.unless(!other.presents(s.Revision, code), "BLOC_PRESENTED_ELSEWHERE")
			}
		}
	}
}

// presents tells whether the candidacy presents a bloc of any revision that would
// count as this one if it were acquired, or the other way round.
func (k *Candidacy) presents(r *Revision, bloc string) bool {
	if r.Bloc(bloc) == nil {
		return false
	}
	for _, code := range k.Presented() {
		mine := k.Session.Revision
		if alone(mine, code).holds(r, bloc) != nil || alone(r, bloc).holds(mine, code) != nil {
			return true
		}
	}
	return false
}

// alone is somebody who holds one bloc and nothing else.
func alone(r *Revision, bloc string) *Candidate {
	return &Candidate{Decisions: []*Decision{{Kind: "BLOC", Revision: r, Bloc: bloc, Outcome: "CAPITALISED"}}}
}

// known objects to blocs that the référentiel does not have, or named twice.
func (r *Revision) known(o *objections, blocs []string) {
	for i, code := range blocs {
		o.unless(!slices.Contains(blocs[:i], code), "BLOC_REPEATED")
		o.unless(r.Bloc(code) != nil, "BLOC_UNKNOWN")
	}
}

// Leave takes blocs out, or all: WITHDRAWN or ABSENT.
func (k *Candidacy) Leave(as string, blocs []string) Answer {
	var o objections
	k.undecided(&o)
	k.Session.Revision.known(&o, blocs)
	for _, code := range blocs {
		known := k.Session.Revision.Bloc(code) != nil
		o.unless(!known || slices.Contains(k.Presented(), code), "BLOC_NOT_PRESENTED")
	}
	if len(o) > 0 {
		return o.answer()
	}
	if len(blocs) == 0 {
		blocs = k.Presented()
	}
	for _, code := range blocs {
		k.Departed = append(k.Departed, Departed{code, as})
	}
	if len(k.Presented()) == 0 {
		k.State = as
	}
	return accepted
}

// Reinstate takes blocs back in, or all that left, with every check of an
// enrolment.
func (k *Candidacy) Reinstate(blocs []string) Answer {
	var o objections
	o.unless(k.Session.State == "OPEN", "SESSION_NOT_OPEN")
	o.unless(k.State != "DECIDED" && k.State != "CANCELLED", "CANDIDACY_FINAL")
	k.Candidate.alone(&o, k.Session, k)
	if len(blocs) == 0 {
		for _, d := range k.Departed {
			blocs = append(blocs, d.Bloc)
		}
		o.unless(len(blocs) > 0, "NOTHING_TO_REINSTATE")
	}
	for _, code := range blocs {
		o.unless(k.left(code) || k.Session.Revision.Bloc(code) == nil, "BLOC_DID_NOT_LEAVE")
	}
	k.Candidate.presentable(&o, k.Session, blocs, k)
	if len(o) > 0 {
		return o.answer()
	}
	k.Departed = slices.DeleteFunc(k.Departed, func(d Departed) bool { return slices.Contains(blocs, d.Bloc) })
	k.State = "ENROLLED"
	return accepted
}
