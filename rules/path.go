package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// # What an award needs
//
// Without an award rule, an award needs every bloc. With one, it needs the blocs that all
// need, enough of each choice, and what one option needs besides. Each option has an award
// of its own: a second one can be added later, and one that is not chosen is not missing.
// If there are no options, there is one path, without a code.

// AwardRule is what an award needs.
type AwardRule struct {
	All          []string // blocs; none: those that neither choices nor options name
	Choose       []Choice
	Options      []Option
	Requirements []Requirement // those that no option names are needed in any case
}

// Choice is a group of blocs of which some are needed: one of the numbers is given.
type Choice struct {
	From                    []string
	AtLeast, AtLeastCredits *int
}

// Option is one of the ways to the award.
type Option struct {
	Code                string
	Blocs, Requirements []string
}

// awardRule is a compiled one.
type awardRule struct {
	given        bool // a référentiel gives it; otherwise every bloc is needed
	all          []string
	requirements []string // that are needed in any case
	choices      []choice
	paths        []Option // the options, or one without a code
}

// choice is a compiled one: the blocs must be worth so much, 1 each or their credits.
type choice struct {
	from    []string
	worth   []int
	needed  int
	credits bool
}

// held is what the blocs of a choice are worth that are in some way there.
func (c *choice) held(there func(bloc string) bool) (sum int) {
	for i, bloc := range c.from {
		if there(bloc) {
			sum += c.worth[i]
		}
	}
	return sum
}

// or names alternatives.
func or(codes []string) string { return strings.Join(codes, " or ") }

// common lists what is missing whatever the option.
func (a *awardRule) common(l *Ledger) (missing []words.Reason) {
	held := l.Capitalised
	missing = lacking(a.all, held)
	for i := range a.choices {
		c := &a.choices[i]
		if sum := c.held(held); sum < c.needed {
			r := words.Reason{Rule: words.ChoiceMissing, AnyOf: or(c.from), Points: sum, Required: c.needed}
			if c.credits {
				r.Rule = words.CreditsMissing
			}
			missing = append(missing, r)
		}
	}
	return append(missing, l.unfulfilled(a.requirements)...)
}

// besides lists what is missing of what an option needs besides.
func (o *Option) besides(l *Ledger) []words.Reason {
	return append(lacking(o.Blocs, l.Capitalised), l.unfulfilled(o.Requirements)...)
}

// lacking lists the blocs that are not held.
func lacking(blocs []string, held func(code string) bool) (missing []words.Reason) {
	for _, bloc := range blocs {
		if !held(bloc) {
			missing = append(missing, words.Reason{Rule: words.BlocMissing, Bloc: bloc})
		}
	}
	return missing
}

// anyPath says what is missing if no option has all that it needs besides.
func (a *awardRule) anyPath(l *Ledger) []words.Reason {
	ways := make([]string, len(a.paths))
	for i, option := range a.paths {
		var open []string
		for _, r := range option.besides(l) {
			open = append(open, r.Bloc+r.Requirement)
		}
		if len(open) == 0 {
			return nil
		}
		ways[i] = strings.Join(open, " and ")
	}
	return []words.Reason{{Rule: words.OptionMissing, AnyOf: or(ways)}}
}

// path finds an option by its code; nil if there is none.
func (a *awardRule) path(code string) *Option {
	i := slices.IndexFunc(a.paths, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return nil
	}
	return &a.paths[i]
}

// needs tells whether a path needs a bloc in any case.
func (a *awardRule) needs(path *Option, bloc string) bool {
	return slices.Contains(a.all, bloc) || slices.Contains(path.Blocs, bloc)
}

// wanted lists the blocs that a candidacy for the whole presents if nothing is held yet.
func (c Case) wanted(e Enrolment) ([]string, []words.Refusal) {
	rule := &c.Scheme.award
	path := rule.path(e.Option)
	switch {
	case path == nil && e.Option == "":
		codes := make([]string, len(rule.paths))
		for i, o := range rule.paths {
			codes[i] = o.Code
		}
		return nil, []words.Refusal{words.Refuse(words.OptionNotNamed, "candidacy", "").Allowing(or(codes))}
	case path == nil:
		return nil, []words.Refusal{words.Refuse(words.OptionUnknown, "option", e.Option)}
	}
	refusals := c.known(e.Chosen)
	for _, bloc := range e.Chosen {
		if c.Scheme.requirement(bloc) != nil {
			refusals = append(refusals, words.Refuse(words.RequirementIsNoBloc, "requirement", bloc))
		}
		if rule.needs(path, bloc) {
			refusals = append(refusals, words.Refuse(words.BlocNotAChoice, "bloc", bloc))
		}
	}
	ledger := c.Candidate.Ledger(c.Session.Revision, c.Day)
	for i := range rule.choices {
		choice := &rule.choices[i]
		there := func(bloc string) bool { return ledger.Capitalised(bloc) || slices.Contains(e.Chosen, bloc) }
		if choice.held(there) < choice.needed {
			refusals = append(refusals, words.Refuse(words.ChoiceNotMade, "choice", or(choice.from)))
		}
	}
	return slices.Concat(rule.all, path.Blocs, e.Chosen, c.assessable(rule.requirements), c.assessable(path.Requirements)), refusals
}

// assessable are those of some requirements that a candidacy presents.
func (c Case) assessable(codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(code string) bool {
		r := c.Scheme.requirement(code)
		return r == nil || !r.assessed()
	})
}

// award compiles the award rule of a référentiel, once its blocs are known.
func (c *gateCompiler) award() {
	a := &c.scheme.award
	given := c.spec.Award
	if given == nil {
		given = new(AwardRule)
	}
	a.given = len(given.All)+len(given.Choose)+len(given.Options)+len(given.Requirements) > 0
	c.requirements(given)
	named := make(map[string]string)
	a.all = c.blocs("award.all", given.All, named)
	for i := range given.Choose {
		a.choices = append(a.choices, c.choice(fmt.Sprintf("award.choose[%d]", i), given.Choose[i], named))
	}
	for i, o := range given.Options {
		c.option(fmt.Sprintf("award.options[%d]", i), o, named)
	}
	for _, b := range c.spec.Blocs {
		if _, elsewhere := named[b.Code]; len(given.All) == 0 && !elsewhere {
			a.all = append(a.all, b.Code)
		}
	}
	if len(a.paths) == 0 {
		a.paths = []Option{{}}
	}
}

// blocs checks a list of blocs, none of which is named elsewhere, and notes them.
func (c *gateCompiler) blocs(field string, codes []string, named map[string]string) []string {
	for i, code := range codes {
		item := fmt.Sprintf("%s[%d]", field, i)
		switch first := named[code]; {
		case c.specBloc(code) == nil:
			c.report(item, "%q is not a bloc of this référentiel", code)
		case first != "":
			c.report(item, "%q is named by %s", code, first)
		default:
			named[code] = item
		}
	}
	return slices.Clone(codes)
}

func (c *gateCompiler) specBloc(code string) *Bloc {
	i := slices.IndexFunc(c.spec.Blocs, func(b Bloc) bool { return b.Code == code })
	if i < 0 {
		return nil
	}
	return &c.spec.Blocs[i]
}

func (c *gateCompiler) choice(field string, given Choice, named map[string]string) choice {
	made := choice{from: c.blocs(field+".from", given.From, named), worth: make([]int, len(given.From)), credits: given.AtLeastCredits != nil}
	if (given.AtLeast == nil) == (given.AtLeastCredits == nil) {
		c.report(field, "must have either at_least or at_least_credits")
	}
	total := 0
	for i, code := range given.From {
		made.worth[i] = 1
		if b := c.specBloc(code); made.credits && b != nil {
			if b.Credits == nil {
				c.report(fmt.Sprintf("%s.from[%d]", field, i), "%q has no credits", code)
				continue
			}
			made.worth[i] = *b.Credits
		}
		total += made.worth[i]
	}
	for name, n := range map[string]*int{"at_least": given.AtLeast, "at_least_credits": given.AtLeastCredits} {
		if n == nil {
			continue
		}
		if made.needed = *n; *n > total {
			c.report(field+"."+name, "is %d, but all of from come to %d", *n, total)
		}
	}
	return made
}

// option compiles an option. Options may share blocs.
func (c *gateCompiler) option(field string, given Option, named map[string]string) {
	a := &c.scheme.award
	if a.path(given.Code) != nil {
		c.report(field+".code", "%q is the code of another option", given.Code)
	}
	own := make(map[string]string)
	for code, first := range named {
		if !strings.HasPrefix(first, "award.options") {
			own[code] = first
		}
	}
	given.Blocs = c.blocs(field+".blocs", given.Blocs, own)
	for code, first := range own {
		named[code] = first
	}
	a.paths = append(a.paths, given)
}
