package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/agreement"
)

// This file decides who sees what. Roles in the contract say who may read an
// object at all, and the facts of a session say who may call for it; the table
// here says which fields of it each role sees. A field that is not in the table
// is seen by everyone who may read the object.
//
// Roles are those that somebody has in the session to which the object belongs: a
// member of one jury does not count as a juror for a decision of another. Several
// roles together see what each of them sees.

// A Field is a part of an object that not everyone who may read the object sees.
type Field int

// The fields.
const (
	FieldStanding Field = iota
	FieldVerdict
	FieldSettlement
	FieldDecisionReasons
	FieldAccommodationKind
	FieldAccommodationState
	FieldArrangement
	FieldNeed
	FieldExemption
	FieldActor
)

// fields describes each field, and the kind of object it belongs to.
var fields = [...]struct{ of, what string }{
	FieldStanding:           {"grid", "where each criterion, compétence, épreuve and bloc stands, why, and how many assessors spoke"},
	FieldVerdict:            {"grid", "a verdict, its comment, and who gave it"},
	FieldSettlement:         {"grid", "the jury's settlement, its motive and authors"},
	FieldDecisionReasons:    {"decision", "why the rules computed what they did"},
	FieldAccommodationKind:  {"accommodation", "its kind"},
	FieldAccommodationState: {"accommodation", "its state"},
	FieldArrangement:        {"accommodation", "the arrangement, and for which compétences and épreuves"},
	FieldNeed:               {"accommodation", "the need, the reason of a refusal, who decided, and when"},
	FieldExemption:          {"exemption", "the advice, who decided, and all reasons; that a criterion is exempted, the grid shows"},
	FieldActor:              {"event, or read of a file", "who it was, and by which RPC"},
}

// A Fact is a condition on which a role sees a field. Several facts can be true
// at once.
type Fact uint8

// The facts.
const (
	Own      Fact = 1 << iota // the viewer is its author
	Granted                   // the accommodation was granted
	NoFile                    // it reveals nothing about an accommodation or an exemption
	Together                  // assessors assess the criterion together

	Always Fact = 0
)

// A sight is one line of the table: a role sees a field if the facts are true.
type sight struct {
	field Field
	role  Role
	when  Fact
}

// sights is the table of who sees what. An assessor sees their own verdicts, and
// nothing that follows from those of others, before or after, so that each judges
// independently; unless the référentiel has them assess together. Few roles see what reveals a disability.
var sights = [...]sight{
	{FieldStanding, RoleRegistrar, Always},
	{FieldStanding, RoleJury, Always},
	{FieldStanding, RoleDisabilityAdvisor, Always},

	{FieldVerdict, RoleRegistrar, Always},
	{FieldVerdict, RoleJury, Always},
	{FieldVerdict, RoleAssessor, Own},
	{FieldVerdict, RoleAssessor, Together},

	{FieldSettlement, RoleRegistrar, Always},
	{FieldSettlement, RoleJury, Always},

	{FieldDecisionReasons, RoleRegistrar, Always},
	{FieldDecisionReasons, RoleJury, Always},

	{FieldAccommodationKind, RoleDisabilityAdvisor, Always},
	{FieldAccommodationKind, RoleJury, Always},
	{FieldAccommodationKind, RoleRegistrar, Always},

	{FieldAccommodationState, RoleDisabilityAdvisor, Always},
	{FieldAccommodationState, RoleJury, Always},
	{FieldAccommodationState, RoleRegistrar, Always},
	{FieldAccommodationState, RoleAssessor, Granted},

	{FieldArrangement, RoleDisabilityAdvisor, Always},
	{FieldArrangement, RoleJury, Always},
	{FieldArrangement, RoleAssessor, Granted},

	{FieldNeed, RoleDisabilityAdvisor, Always},
	{FieldNeed, RoleJury, Always},

	{FieldExemption, RoleDisabilityAdvisor, Always},
	{FieldExemption, RoleJury, Always},

	{FieldActor, RoleAuditor, NoFile},
	{FieldActor, RoleRegistrar, NoFile},
}

// A View is what one caller sees.
type View struct {
	subject string
	sights  []sight // the lines of their roles
}

// ViewOf is the view of a subject with those roles.
func ViewOf(subject string, roles []Role) View {
	v := View{subject: subject}
	for _, s := range sights {
		if slices.Contains(roles, s.role) {
			v.sights = append(v.sights, s)
		}
	}
	return v
}

// Sees tells whether a field is seen in an object for which those facts are true.
func (v View) Sees(field Field, facts Fact) bool {
	return slices.ContainsFunc(v.sights, func(s sight) bool { return s.field == field && s.when&^facts == 0 })
}

// seesVerdict tells whether the verdicts of an assessor on a criterion are seen; together
// says that assessors assess it together.
func (v View) seesVerdict(assessor string, together bool) bool {
	var facts Fact
	if SameSubject(assessor, v.subject) {
		facts |= Own
	}
	if together {
		facts |= Together
	}
	return v.Sees(FieldVerdict, facts)
}

// MaySee tells whether a view may show verdicts of an assessor on some criteria of a
// référentiel.
func (s *Scheme) MaySee(v View, assessor string) bool { return v.seesVerdict(assessor, s.joint) }

// Seen returns the part of a grid that a view shows. What it leaves out looks as
// if it did not exist. The grid itself does not change.
func (g Grid) Seen(v View) Grid {
	if v.seesAllOfGrids() {
		return g
	}
	standing, blocs := v.Sees(FieldStanding, Always), slices.Clone(g.Blocs)
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

func (v View) seesAllOfGrids() bool {
	return v.Sees(FieldStanding, Always) && v.Sees(FieldVerdict, Always) && v.Sees(FieldSettlement, Always) && v.Sees(FieldExemption, Always)
}

func (c *GridUnit) cut(v View, standing bool) {
	verdicts, settlement, exemption := v.Sees(FieldVerdict, Always), v.Sees(FieldSettlement, Always), v.Sees(FieldExemption, Always)
	c.Criteria = slices.Clone(c.Criteria)
	for i := range c.Criteria {
		k := &c.Criteria[i]
		if !standing {
			k.Status, k.Settled, k.Found, k.Points, k.Passed, k.Open, k.Reason = "", "", "", nil, false, false, Reason{}
		}
		if !verdicts {
			k.Opinions = slices.DeleteFunc(slices.Clone(k.Opinions), func(o Opinion) bool { return !v.seesVerdict(o.Assessor, k.Joint) })
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
func (s *Scheme) Version(a Acts, v View) uint64 {
	if !v.Sees(FieldStanding, Always) {
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
func (s *Scheme) seen(a Acts, v View) (count uint64) {
	for _, act := range a.Assessments {
		on := s.places[act.Criterion].agreement
		if v.seesVerdict(act.Assessor, on != nil && on.Kind == agreement.Joint) {
			count++
		}
	}
	if v.Sees(FieldSettlement, Always) {
		count += uint64(len(a.Settlements))
	}
	if v.Sees(FieldExemption, Always) {
		count += uint64(len(a.Advice) + len(a.Exemptions))
	}
	return count
}
