package model

import "slices"

// holds finds the first effective decision that capitalises a bloc of a revision,
// or a bloc that counts as it; nil if there is none.
func (c *Candidate) holds(r *Revision, bloc string) *Decision {
	for _, d := range c.about(r, bloc) {
		if d.Outcome == "CAPITALISED" {
			return d
		}
	}
	return nil
}

// about lists the effective decisions about a bloc of a revision.
func (c *Candidate) about(r *Revision, bloc string) (all []*Decision) {
	for _, d := range c.Decisions {
		if d.SupersededBy == nil && d.Bloc != "" && r.Bloc(bloc) != nil && r.counts(bloc, held{d.Revision, d.Bloc}) {
			all = append(all, d)
		}
	}
	return all
}

// complete says whether all that an option needs is held.
func (c *Candidate) complete(r *Revision, option string) bool {
	return len(c.missing(r, r.needed(option))) == 0 && c.chosen(r, nil) && len(c.unfulfilled(r)) == 0
}

// missing lists those of some blocs that are not held.
func (c *Candidate) missing(r *Revision, codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(b string) bool { return c.holds(r, b) != nil })
}

// award finds the award of a référentiel in force, or of one of its options; nil if there
// is none.
func (c *Candidate) award(referentiel, option string) *Decision {
	for _, d := range c.Decisions {
		if d.Outcome == "AWARDED" && d.SupersededBy == nil && d.Revision.ID == referentiel && (option == "" || option == d.Option) {
			return d
		}
	}
	return nil
}

// Ledger shows what the candidate has acquired, under a revision.
func (c *Candidate) Ledger(r *Revision) Ledger {
	l := Ledger{Name: c.Name + "/capitalisations/" + r.ID, Referentiel: r.Name, Divisible: r.divisible()}
	for _, code := range r.Codes() {
		status := BlocStatus{Code: code, Status: "NOT_PRESENTED"}
		if about := c.about(r, code); len(about) > 0 {
			status.Status, status.Decision = "NOT_CAPITALISED", about[len(about)-1].Name
		}
		if d := c.holds(r, code); d != nil {
			status.Status, status.Decision = "CAPITALISED", d.Name
		}
		l.Blocs = append(l.Blocs, status)
	}
	l.Requirements = []RequirementStatus{}
	for _, q := range r.rule().Requirements {
		s := RequirementStatus{Code: q.Code, Required: q.AtLeast, Status: "NOT_PRESENTED"}
		s.Reached, _ = c.proved(r, q.Code)
		if c.fulfilled(r, q.Code) {
			s.Status = "FULFILLED"
		} else if s.Reached > 0 || c.rejected(r, q.Code) {
			s.Status = "NOT_FULFILLED"
		}
		l.Requirements = append(l.Requirements, s)
	}
	l.Certification.Status = "IN_PROGRESS"
	l.Certification.Missing, l.Certification.Options = []Missing{}, []OptionStatus{}
	for _, option := range r.options() {
		if c.complete(r, option) {
			l.Certification.Status = "COMPLETE"
		}
	}
	if d := c.award(r.ID, ""); d != nil {
		l.Certification.Status, l.Certification.Decision = "AWARDED", d.Name
	}
	if l.Certification.Status == "IN_PROGRESS" {
		l.Certification.Missing = c.open(r)
	}
	for _, option := range r.options() {
		if option != "" {
			o := OptionStatus{Code: option}
			if d := c.award(r.ID, option); d != nil {
				o.Decision = d.Name
			}
			l.Certification.Options = append(l.Certification.Options, o)
		}
	}
	return l
}
