package model

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
		if d.SupersededBy == nil && d.Kind != "AWARD" && r.Bloc(bloc) != nil && r.counts(bloc, held{d.Revision, d.Bloc}) {
			all = append(all, d)
		}
	}
	return all
}

// complete says whether every bloc of a revision is held.
func (c *Candidate) complete(r *Revision) bool {
	for _, code := range r.Codes() {
		if c.holds(r, code) == nil {
			return false
		}
	}
	return true
}

// award finds the award of a référentiel in force; nil if there is none.
func (c *Candidate) award(referentiel string) *Decision {
	for _, d := range c.Decisions {
		if d.Outcome == "AWARDED" && d.SupersededBy == nil && d.Revision.ID == referentiel {
			return d
		}
	}
	return nil
}

// Ledger shows what the candidate has acquired, under a revision, and what of it is valid
// on a day; every decision is valid on the empty one.
func (c *Candidate) Ledger(r *Revision, on string) Ledger {
	l := Ledger{Name: c.Name + "/capitalisations/" + r.ID, Referentiel: r.Name}
	complete := true
	for _, code := range r.Codes() {
		status := BlocStatus{Code: code, Status: "NOT_PRESENTED"}
		if about := c.about(r, code); len(about) > 0 {
			status.Status, status.Decision = "NOT_CAPITALISED", about[len(about)-1].Name
		}
		var given []*Decision
		for _, d := range c.about(r, code) {
			if d.Outcome == "CAPITALISED" {
				given = append(given, d)
			}
		}
		valid := "CAPITALISED"
		if d := longest(given); d != nil {
			if d.over(on) {
				valid = "EXPIRED"
			}
			status = BlocStatus{code, valid, d.Name, d.last()}
		}
		complete = complete && status.Status == "CAPITALISED"
		l.Blocs = append(l.Blocs, status)
	}
	l.Certification.Status = "IN_PROGRESS"
	if complete {
		l.Certification.Status = "COMPLETE"
	}
	if d := c.award(r.ID); d != nil {
		l.Certification.Status, l.Certification.Decision, l.Certification.LastValidDate = "AWARDED", d.Name, d.last()
		if d.over(on) {
			l.Certification.Status = "EXPIRED"
		}
	}
	return l
}
