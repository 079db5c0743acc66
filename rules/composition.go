package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// JurySpec is what a référentiel says of its jury besides numbers.
type JurySpec struct {
	Colleges    []College
	NoChair     bool // no member who may chair is needed
	CastingVote bool // the chair's vote decides if votes are equal
}

// College is a part of a jury, such as that of employers.
type College struct {
	Code    string
	AtLeast *int // members present, 0–50; nil means 1
	Parity  bool // as many as of every other college with parity
}

// JuryRule is the smallest jury that may act.
type JuryRule struct {
	MinMembers         Number
	MinExternalPercent Number
	Colleges           []CollegeRule
	NeedsChair         bool
	CastingVote        bool // the rules know no votes; minutes and clients do
}

// CollegeRule is what a college must have.
type CollegeRule struct {
	Code    string
	AtLeast Number
	Parity  bool
}

// DefaultCollegeMembers is how many members of a college are needed if the référentiel
// gives no number.
const DefaultCollegeMembers = 1

// setJury compiles the jury rule, but for its numbers.
func (c *gateCompiler) setJury() {
	given, rule := c.spec.Jury, &c.scheme.jury
	rule.NeedsChair, rule.CastingVote = !given.NoChair, given.CastingVote
	if given.NoChair && given.CastingVote {
		c.report("rules.jury.casting_vote", "must be left out: the jury needs no chair")
	}
	paritary := 0
	for i, college := range given.Colleges {
		field := fmt.Sprintf("rules.jury.colleges[%d]", i)
		if rule.hasCollege(college.Code) {
			c.report(field+".code", "%q is the code of another college", college.Code)
		}
		made := CollegeRule{Code: college.Code, AtLeast: Number{DefaultCollegeMembers, true}, Parity: college.Parity}
		if college.AtLeast != nil {
			made.AtLeast = Number{Value: *college.AtLeast}
			if made.AtLeast.Value < 0 || made.AtLeast.Value > 50 {
				c.report(field+".at_least", "is %d; must be 0 to 50", made.AtLeast.Value)
			}
		}
		if college.Parity {
			paritary++
		}
		rule.Colleges = append(rule.Colleges, made)
	}
	if paritary == 1 {
		c.report("rules.jury.colleges", "have one with parity only; parity is between two at least")
	}
}

func (r JuryRule) hasCollege(code string) bool {
	return slices.ContainsFunc(r.Colleges, func(c CollegeRule) bool { return c.Code == code })
}

// People checks that the référentiel has the colleges of a jury, and the qualities of those
// who assess.
func (s *Scheme) People(jury []Member, assessors []Assessor) []words.Refusal {
	var refusals []words.Refusal
	for _, m := range jury {
		if m.College != "" && !s.jury.hasCollege(m.College) {
			refusals = append(refusals, words.Refuse(words.CollegeUnknown, "member", m.Subject))
		}
	}
	for _, a := range assessors {
		if a.Quality != "" && !slices.Contains(s.qualities, a.Quality) {
			refusals = append(refusals, words.Refuse(words.QualityUnknown, "assessor", a.Subject))
		}
	}
	return refusals
}

// Assessor is somebody who assesses in a session.
type Assessor struct{ Subject, Quality string }

// colleges checks that each college has enough members present, and those with parity the
// same number.
func (c Case) colleges(members []Member) []words.Refusal {
	var refusals []words.Refusal
	var counts []string
	least, most := len(members), 0
	for _, college := range c.Scheme.jury.Colleges {
		n := 0
		for _, m := range members {
			if m.College == college.Code {
				n++
			}
		}
		if n < college.AtLeast.Value {
			refusals = append(refusals, c.refuseJury(words.JuryLacksCollege).Against(n, college.AtLeast.Value, " of "+college.Code, college.AtLeast.Default))
		}
		if college.Parity {
			least, most = min(least, n), max(most, n)
			counts = append(counts, fmt.Sprintf("%s %d", college.Code, n))
		}
	}
	if len(counts) > 0 && least != most {
		refusals = append(refusals, c.refuseJury(words.JuryNotParitary).Naming([]string{strings.Join(counts, ", ")}))
	}
	return refusals
}
