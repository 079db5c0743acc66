// Package visibility decides who sees what: it is one table of which role sees which field,
// and on which condition. Roles in the contract say who may read an object at all, and the
// facts of a session say who may call for it; the table says which fields of it each role
// sees. A field that is not in the table is seen by everyone who may read the object.
//
// Roles are those that somebody has in the session to which the object belongs: a
// member of one jury does not count as a juror for a decision of another. Several
// roles together see what each of them sees, and a further fact never hides a field.
//
// The package also says which roles exclude each other (roles.go). It knows no object:
// whoever shows one says what is true of it, and leaves out what is not seen, as the rules
// do for grids. rules/testdata/visibility.md is the same table for people who do not program.
package visibility

import "slices"

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
// independently; unless the référentiel has them assess together. Few roles see what
// reveals a disability.
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
	Subject string
	sights  []sight // the lines of their roles
}

// Of is the view of a subject with those roles.
func Of(subject string, roles []Role) View {
	v := View{Subject: subject}
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
