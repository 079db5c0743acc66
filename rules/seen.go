package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/rules/words"
)

// This file cuts grids to what somebody sees of them. Which role sees which field is the
// table of package visibility.

// sees tells whether a view shows a field of a grid, whatever else is true of it.
func sees(v visibility.View, field visibility.Field) bool { return v.Sees(field, visibility.Always) }

// seesVerdict tells whether the verdicts of an assessor on a criterion are seen; together
// says that assessors assess it together.
func seesVerdict(v visibility.View, assessor string, together bool) bool {
	var facts visibility.Fact
	if SameSubject(assessor, v.Subject) {
		facts |= visibility.Own
	}
	if together {
		facts |= visibility.Together
	}
	return v.Sees(visibility.FieldVerdict, facts)
}

// MaySee tells whether a view may show verdicts of an assessor on some criteria of a
// référentiel.
func (s *Scheme) MaySee(v visibility.View, assessor string) bool {
	return seesVerdict(v, assessor, s.joint)
}

// Seen returns the part of a grid that a view shows. What it leaves out looks as
// if it did not exist. The grid itself does not change.
func (g Grid) Seen(v visibility.View) Grid {
	if seesAllOfGrids(v) {
		return g
	}
	standing, blocs := sees(v, visibility.FieldStanding), slices.Clone(g.Blocs)
	for i := range blocs {
		b := &blocs[i]
		b.Units = slices.Clone(b.Units)
		for j := range b.Units {
			b.Units[j].cut(v, standing)
		}
		if !standing {
			b.Outcome, b.Reasons = "", nil
		}
	}
	return Grid{Blocs: blocs}
}

func seesAllOfGrids(v visibility.View) bool {
	return sees(v, visibility.FieldStanding) && sees(v, visibility.FieldVerdict) &&
		sees(v, visibility.FieldSettlement) && sees(v, visibility.FieldExemption)
}

func (c *GridUnit) cut(v visibility.View, standing bool) {
	verdicts, settlement, exemption := sees(v, visibility.FieldVerdict), sees(v, visibility.FieldSettlement), sees(v, visibility.FieldExemption)
	c.Criteria = slices.Clone(c.Criteria)
	for i := range c.Criteria {
		k := &c.Criteria[i]
		if !standing {
			k.Status, k.Settled, k.Found, k.Points, k.Passed, k.Open, k.Reason = "", "", "", nil, false, false, words.Reason{}
		}
		if !verdicts {
			k.Opinions = slices.DeleteFunc(slices.Clone(k.Opinions), func(o Opinion) bool { return !seesVerdict(v, o.Assessor, k.Joint) })
		}
		if !settlement {
			k.Settlement = nil
		}
		if !exemption {
			k.Advice, k.Exemption = nil, nil
		}
	}
	if !standing {
		c.Outcome, c.Reasons = "", nil
	}
}

// Version is a number that changes with every act that changes a view of the
// grid, and with no other; acts are never removed. For a view that shows
// standings it is the Seq of the last act. For others it is the number of acts
// they show, because the Seq of their own acts would reveal how much others did
// in between.
func (s *Scheme) Version(a Acts, v visibility.View) uint64 {
	if !sees(v, visibility.FieldStanding) {
		return s.seen(a, v)
	}
	var last uint64
	for _, act := range a.Assessments {
		last = max(last, act.Seq)
	}
	for _, act := range a.Settlements {
		last = max(last, act.Seq)
	}
	for _, act := range a.Advice {
		last = max(last, act.Seq)
	}
	for _, act := range a.Exemptions {
		last = max(last, act.Seq)
	}
	return last
}

// seen counts the acts that a view shows, if the view does not show standings.
func (s *Scheme) seen(a Acts, v visibility.View) (count uint64) {
	for _, act := range a.Assessments {
		on := s.places[act.Criterion].agreement
		if seesVerdict(v, act.Assessor, on != nil && on.Kind == agreement.Joint) {
			count++
		}
	}
	if sees(v, visibility.FieldSettlement) {
		count += uint64(len(a.Settlements))
	}
	if sees(v, visibility.FieldExemption) {
		count += uint64(len(a.Advice) + len(a.Exemptions))
	}
	return count
}
