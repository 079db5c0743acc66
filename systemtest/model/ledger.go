package model

import "slices"

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
		if d.SupersededBy == nil && d.Bloc != "" && r.Bloc(bloc) != nil && r.counts(bloc, held{d.Revision, d.Bloc}) {
			all = append(all, d)
		}
	}
	return all
}

// failed counts how often a jury decided against what the candidate presented. A prior bloc
// was not presented.
func (c *Candidate) failed(r *Revision, bloc string) (times int) {
	for _, d := range c.about(r, bloc) {
		if d.Kind == "BLOC" && d.Outcome == "NOT_CAPITALISED" {
			times++
		}
	}
	return times
}

// complete says whether all that an option needs is held.
func (c *Candidate) complete(r *Revision, option string) bool {
	return len(c.missing(r, r.needed(option))) == 0 && c.chosen(r, nil) && len(c.unfulfilled(r)) == 0
}

// missing lists those of some blocs that are not held.
func (c *Candidate) missing(r *Revision, codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(b string) bool { return c.holds(r, b) != nil })
}

// award finds the award of a référentiel in force, or of one of its options, that is valid
// longest; nil if there is none.
func (c *Candidate) award(referentiel, option string) *Decision {
	var standing []*Decision
	for _, d := range c.Decisions {
		if d.Outcome == "AWARDED" && d.SupersededBy == nil && d.Revision.ID == referentiel && (option == "" || option == d.Option) {
			standing = append(standing, d)
		}
	}
	return longest(standing)
}

// Ledger shows what the candidate has acquired, under a revision, and what of it is valid
// on a day; every decision is valid on the empty one.
func (c *Candidate) Ledger(r *Revision, on string) Ledger {
	l := Ledger{Name: c.Name + "/capitalisations/" + r.ID, Referentiel: r.Name, Divisible: r.divisible()}
	for _, code := range r.Codes() {
		status := BlocStatus{Code: code, Status: "NOT_PRESENTED"}
		if about := c.about(r, code); len(about) > 0 {
			status.Status, status.Decision = "NOT_CAPITALISED", about[len(about)-1].Name
		}
		if d := c.holds(r, code); d != nil {
			status = BlocStatus{code, "CAPITALISED", d.Name, d.last()}
			if d.over(on) {
				status.Status = "EXPIRED"
			}
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
	valid := c.on(on)
	for _, option := range r.options() {
		if valid.complete(r, option) {
			l.Certification.Status = "COMPLETE"
		}
	}
	if d := c.award(r.ID, ""); d != nil {
		l.Certification.Status, l.Certification.Decision, l.Certification.LastValidDate = "AWARDED", d.Name, d.last()
		if d.over(on) {
			l.Certification.Status = "EXPIRED"
		}
	}
	if l.Certification.Status == "IN_PROGRESS" {
		l.Certification.Missing = valid.open(r)
	}
	for _, option := range r.options() {
		if option != "" {
			o := OptionStatus{Code: option}
			if d := valid.award(r.ID, option); d != nil {
				o.Decision = d.Name
			}
			l.Certification.Options = append(l.Certification.Options, o)
		}
	}
	return l
}
