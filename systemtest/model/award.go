package model

import (
	"slices"
	"strings"
)

// An AwardRule has the form of the API's.
type AwardRule struct {
	All     []string `json:"all,omitempty"`
	Choose  []Choice `json:"choose,omitempty"`
	Options []Option `json:"options,omitempty"`

	Requirements []Requirement `json:"requirements,omitempty"`
}

// A Requirement is proved by documents, whose numbers add up to AtLeast if it is given.
type Requirement struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Kind    string `json:"kind"`
	AtLeast int    `json:"atLeast,omitempty"`
}

func (r *Revision) requirement(code string) *Requirement {
	for _, q := range r.rule().Requirements {
		if q.Code == code {
			return &q
		}
	}
	return nil
}

// proved is what effective documents prove of a requirement, of revisions that have the same
// one, whatever number they ask for; and how many documents there are.
func (c *Candidate) proved(r *Revision, code string) (sum, documents int) {
	for _, d := range c.Decisions {
		q, other := r.requirement(code), d.Revision.requirement(d.Requirement)
		if d.SupersededBy == nil && d.Outcome == "FULFILLED" && d.Revision.ID == r.ID && other != nil && other.Code == q.Code && other.Title == q.Title {
			sum, documents = sum+d.Amount, documents+1
		}
	}
	return sum, documents
}

func (c *Candidate) fulfilled(r *Revision, code string) bool {
	sum, documents := c.proved(r, code)
	return documents > 0 && sum >= r.requirement(code).AtLeast
}

// unfulfilled lists the requirements that are open.
func (c *Candidate) unfulfilled(r *Revision) (open []Requirement) {
	for _, q := range r.rule().Requirements {
		if !c.fulfilled(r, q.Code) {
			open = append(open, q)
		}
	}
	return open
}

// RecordRequirement records a document.
func (c *Candidate) RecordRequirement(current *Revision, code string, amount int, proof string) Answer {
	var o objections
	switch q := current.requirement(code); {
	case q == nil:
		o.unless(false, "REQUIREMENT_UNKNOWN")
	case c.fulfilled(current, code):
		o.unless(false, "REQUIREMENT_IS_FULFILLED")
	default:
		o.unless((q.AtLeast > 0) == (amount > 0), "AMOUNT_MISMATCH")
	}
	if len(o) == 0 {
		c.Decisions = append(c.Decisions, &Decision{Kind: "PROOF", Revision: current, Requirement: code, Amount: amount, Outcome: "FULFILLED"})
	}
	return o.answer()
}

// A Choice asks for so many of its blocs, or for so many credits.
type Choice struct {
	From           []string `json:"from"`
	AtLeast        int      `json:"atLeast,omitempty"`
	AtLeastCredits int      `json:"atLeastCredits,omitempty"`
}

// An Option is one way to the award.
type Option struct {
	Code  string   `json:"code"`
	Title string   `json:"title"`
	Blocs []string `json:"blocs"`
}

func (r *Revision) rule() AwardRule {
	if r.Award == nil {
		return AwardRule{}
	}
	return *r.Award
}

// options lists their codes; one empty code if there are none.
func (r *Revision) options() (codes []string) {
	for _, o := range r.rule().Options {
		codes = append(codes, o.Code)
	}
	if codes == nil {
		return []string{""}
	}
	return codes
}

// all lists the blocs that every award needs.
func (r *Revision) all() (codes []string) {
	rule := r.rule()
	if len(rule.All) > 0 {
		return rule.All
	}
	for _, code := range r.Codes() {
		chosen := slices.ContainsFunc(rule.Choose, func(c Choice) bool { return slices.Contains(c.From, code) })
		optional := slices.ContainsFunc(rule.Options, func(o Option) bool { return slices.Contains(o.Blocs, code) })
		if !chosen && !optional {
			codes = append(codes, code)
		}
	}
	return codes
}

func (r *Revision) option(code string) *Option {
	for _, o := range r.rule().Options {
		if o.Code == code {
			return &o
		}
	}
	return nil
}

// needed lists the blocs that an option needs in any case.
func (r *Revision) needed(option string) []string {
	codes := r.all()
	if o := r.option(option); o != nil {
		codes = slices.Concat(codes, o.Blocs)
	}
	return codes
}

// enough says whether a choice is satisfied by what is held and what is chosen besides.
func (c *Candidate) enough(r *Revision, choice Choice, chosen []string) bool {
	blocs, credits := 0, 0
	for _, code := range choice.From {
		if c.holds(r, code) != nil || slices.Contains(chosen, code) {
			blocs, credits = blocs+1, credits+r.Bloc(code).Credits
		}
	}
	return blocs >= choice.AtLeast && credits >= choice.AtLeastCredits
}

func (c *Candidate) chosen(r *Revision, chosen []string) bool {
	return !slices.ContainsFunc(r.rule().Choose, func(choice Choice) bool { return !c.enough(r, choice, chosen) })
}

// awaits says whether a jury has yet to award an option that is complete.
func (c *Candidate) awaits(r *Revision, option string) bool {
	return c.complete(r, option) && c.award(r.ID, option) == nil
}

// open says what an award needs: a bloc, or alternatives.
func (c *Candidate) open(r *Revision) (missing []Missing) {
	for _, code := range c.missing(r, r.all()) {
		missing = append(missing, Missing{Rule: "BLOC_MISSING", Bloc: code})
	}
	for _, choice := range r.rule().Choose {
		if c.enough(r, choice, nil) {
			continue
		}
		m := Missing{Rule: "CHOICE_MISSING", AnyOf: strings.Join(choice.From, " or ")}
		if choice.AtLeastCredits > 0 {
			m.Rule = "CREDITS_MISSING"
		}
		missing = append(missing, m)
	}
	for _, q := range c.unfulfilled(r) {
		m := Missing{Rule: "REQUIREMENT_MISSING", Requirement: q.Code}
		if q.AtLeast > 0 {
			m.Rule = "PROOF_TOO_SMALL"
		}
		missing = append(missing, m)
	}
	var ways []string
	for _, o := range r.rule().Options {
		lacks := c.missing(r, o.Blocs)
		if len(lacks) == 0 {
			return missing
		}
		ways = append(ways, strings.Join(lacks, " and "))
	}
	if ways != nil {
		missing = append(missing, Missing{Rule: "OPTION_MISSING", AnyOf: strings.Join(ways, " or ")})
	}
	return missing
}

// pathOf lists what a candidacy for the whole presents.
func (c *Candidate) pathOf(o *objections, r *Revision, path Path) []string {
	if !slices.Contains(r.options(), path.Option) {
		o.unless(path.Option != "", "OPTION_NOT_NAMED")
		o.unless(path.Option == "", "OPTION_UNKNOWN")
		return nil
	}
	wrong := len(*o)
	r.known(o, path.Chosen)
	for _, code := range path.Chosen {
		o.unless(!slices.Contains(r.needed(path.Option), code), "BLOC_NOT_A_CHOICE")
	}
	o.unless(c.chosen(r, path.Chosen), "CHOICE_NOT_MADE")
	if len(*o) > wrong {
		return nil
	}
	return c.missing(r, slices.Concat(r.needed(path.Option), path.Chosen))
}

// rejected says whether a jury let a document count no more, and no other took its place.
func (c *Candidate) rejected(r *Revision, code string) bool {
	return slices.ContainsFunc(c.Decisions, func(d *Decision) bool {
		other, q := d.Revision.requirement(d.Requirement), r.requirement(code)
		return d.SupersededBy == nil && d.Outcome == "NOT_FULFILLED" && d.Revision.ID == r.ID && other != nil && other.Code == q.Code && other.Title == q.Title
	})
}
