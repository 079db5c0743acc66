package model

// holds finds the effective decision by which a bloc of a revision is held longest; nil
// if it is not held. If several are needed it is the one of them that ends first.
func (c *Candidate) holds(r *Revision, bloc string) *Decision {
	if r.Bloc(bloc) == nil {
		return nil
	}
	return c.heldBy(r, bloc, func(d *Decision) bool { return r.counts(bloc, held{d.Revision, d.Bloc}) })
}

// heldBy finds it among decisions on blocs that count at once, and by declarations.
func (c *Candidate) heldBy(r *Revision, bloc string, atOnce func(*Decision) bool) *Decision {
	var ways []*Decision
	for _, d := range c.Decisions {
		if d.gives() && atOnce(d) {
			ways = append(ways, d)
		}
	}
	for _, line := range r.Replaces {
		if line.Bloc != bloc {
			continue
		}
		var weakest *Decision
		for _, needed := range append([]Replacement{line}, line.Together...) {
			d := c.needed(r, needed)
			if d == nil {
				weakest = nil
				break
			}
			if weakest == nil || weakest.outlasts(d) {
				weakest = d
			}
		}
		if weakest != nil {
			ways = append(ways, weakest)
		}
	}
	return longest(ways)
}

// needed finds how a bloc that a revision asks for is held: itself, or by what a revision
// of another référentiel, published before, declared.
func (c *Candidate) needed(by *Revision, p Replacement) *Decision {
	var ways []*Decision
	for _, d := range c.Decisions {
		if d.gives() && p.means(held{d.Revision, d.Bloc}) {
			ways = append(ways, d)
		}
	}
	for _, other := range by.Before {
		if other.ID != by.ID && p.means(held{other, p.ReplacedBloc}) && other.Bloc(p.ReplacedBloc) != nil {
			if d := c.heldBy(other, p.ReplacedBloc, func(*Decision) bool { return false }); d != nil {
				ways = append(ways, d)
			}
		}
	}
	return longest(ways)
}

func (d *Decision) gives() bool {
	return d.SupersededBy == nil && d.Kind != "AWARD" && d.Outcome == "CAPITALISED"
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
	complete := true
	l := Ledger{Name: c.Name + "/capitalisations/" + r.ID, Referentiel: r.Name, Divisible: r.divisible()}
	for _, code := range r.Codes() {
		status := BlocStatus{Code: code, Status: "NOT_PRESENTED"}
		if about := c.about(r, code); len(about) > 0 {
			status.Status, status.Decision = "NOT_CAPITALISED", about[len(about)-1].Name
		}
		valid := "CAPITALISED"
		if d := c.holds(r, code); d != nil {
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
