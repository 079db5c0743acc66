package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/words"
)

// Deliberation is what the jury decides about a candidacy.
type Deliberation struct {
	SeenEtag    string // of the grid as the jury saw it
	CurrentEtag string // of the grid as it is
	Lines       []BlocLine
}

// BlocLine is what the jury decides on one bloc. Only departures from the
// computed outcome need a line; one that confirms it is accepted.
type BlocLine struct {
	Bloc    string
	Outcome DecisionOutcome // Capitalised or NotCapitalised; of a requirement Fulfilled or NotFulfilled
	Motive  string
}

// Ruling is a decision to write, with its reasons. It has no ID and Seq yet.
type Ruling struct {
	Decision
	Departure bool   // the jury departed from what was computed
	Motive    string // of the jury, as given
	Reasons   []words.Reason
}

// Judgement is the result of a deliberation. It is written as a whole or not at
// all.
type Judgement struct {
	Fates   []Fate   // of every presented bloc, in the référentiel's order
	Rulings []Ruling // blocs first, then what follows for the award
}

// Fate is the result for one presented bloc.
type Fate struct {
	Bloc     string
	Outcome  DecisionOutcome // Capitalised, NotCapitalised or AlreadyHeld
	Decision string          // by which it is already held
	Reasons  []words.Reason
}

// Deliberate decides the case's candidacy, which becomes DECIDED: all presented
// blocs that are not already held, together or not at all.
func (c Case) Deliberate(s Sitting, d Deliberation) (Judgement, []words.Refusal) {
	grid := c.Grid()
	ledger := c.Candidate.Ledger(c.Session.Revision, c.Day)
	refusals := append(c.Undecided(), c.sitting(s)...)
	if len(c.Undecided()) == 0 && (d.SeenEtag == "" || d.SeenEtag != d.CurrentEtag) {
		refusals = append(refusals, words.Refuse(words.GridStale, "candidacy", c.Candidacy.Label))
	}
	for _, bloc := range grid.Blocs {
		if !ledger.holds(bloc.Code) {
			refusals = append(refusals, bloc.decidable()...)
			refusals = append(refusals, bloc.authored(s.Present)...)
		}
	}
	refusals = append(refusals, c.checkDepartures(grid, ledger, d.Lines)...)
	if len(refusals) > 0 {
		return Judgement{}, refusals
	}
	return c.judge(grid, ledger, d.Lines), nil
}

// decidable refuses a bloc whose outcome is not final.
func (b GridBloc) decidable() []words.Refusal {
	switch b.Outcome {
	case Pending:
		return []words.Refusal{words.Refuse(words.BlocPending, b.noun(), b.Code)}
	case Contested:
		return []words.Refusal{words.Refuse(words.BlocContested, b.noun(), b.Code)}
	}
	return nil
}

func (b GridBloc) noun() string {
	if b.Requirement {
		return "requirement"
	}
	return "bloc"
}

// authored checks that each act of a single juror has an author among the members
// present: each settlement in force and each latest decision on an exemption.
func (b GridBloc) authored(present []string) []words.Refusal {
	isPresent := func(author string) bool { return slices.Contains(present, author) }
	var refusals []words.Refusal
	for _, c := range b.Units {
		for _, k := range c.Criteria {
			if k.Settlement != nil && !slices.ContainsFunc(k.Settlement.Authors, isPresent) {
				refusals = append(refusals, words.Refuse(words.SettlementAuthorAbsent, "criterion", k.Code))
			}
			if k.Exemption != nil && !slices.ContainsFunc(k.Exemption.Authors, isPresent) {
				refusals = append(refusals, words.Refuse(words.ExemptionAuthorAbsent, "criterion", k.Code))
			}
		}
	}
	return refusals
}

// checkDepartures checks the jury's lines.
func (c Case) checkDepartures(grid Grid, ledger Ledger, lines []BlocLine) []words.Refusal {
	blocs := make([]string, len(lines))
	for i, line := range lines {
		blocs[i] = line.Bloc
	}
	refusals := c.known(blocs)
	for _, line := range lines {
		bloc := grid.Bloc(line.Bloc)
		held, noun := ledger.holds(line.Bloc), c.Scheme.noun(line.Bloc)
		switch {
		case !c.Scheme.has(line.Bloc): // refused by known
		case bloc == nil:
			refusals = append(refusals, words.Refuse(words.BlocNotPresented, noun, line.Bloc))
		case !line.Outcome.fits(bloc.kind()):
			refusals = append(refusals, words.Refuse(words.OutcomeUnknown, noun, line.Bloc))
		case held && line.Outcome != Acquired.decided(bloc.kind()):
			refusals = append(refusals, words.Refuse(words.BlocHeld, noun, line.Bloc))
		case !held && line.departs(bloc) && blank(line.Motive):
			refusals = append(refusals, words.Refuse(words.DepartureWithoutMotive, noun, line.Bloc))
		}
	}
	return refusals
}

// departs tells whether the jury decides otherwise than computed.
func (l BlocLine) departs(from *GridBloc) bool {
	computed := from.Outcome
	return (computed == Acquired || computed == NotAcquired) && l.Outcome != computed.decided(from.kind())
}

// kind is that of a jury's decision on it.
func (b *GridBloc) kind() DecisionKind {
	if b.Requirement {
		return RequirementDecision
	}
	return BlocDecision
}

// decided is the decision that follows from an outcome if the jury does not
// depart from it.
func (o Outcome) decided(kind DecisionKind) DecisionOutcome {
	switch {
	case kind.ofRequirement() && o == Acquired:
		return Fulfilled
	case kind.ofRequirement():
		return NotFulfilled
	case o == Acquired:
		return Capitalised
	}
	return NotCapitalised
}

// judge builds the result of a deliberation that no rule forbids.
func (c Case) judge(grid Grid, ledger Ledger, lines []BlocLine) Judgement {
	var j Judgement
	for _, bloc := range grid.Blocs {
		if ledger.holds(bloc.Code) {
			fate := Fate{Bloc: bloc.Code, Outcome: AlreadyHeld, Reasons: []words.Reason{c.Scheme.about(words.HeldMeanwhile, bloc.Code)}}
			if bloc.Requirement {
				fate.Decision, fate.Reasons[0].Rule = ledger.Requirement(bloc.Code).Decision, words.FulfilledMeanwhile
			} else {
				fate.Decision = ledger.Bloc(bloc.Code).Decision
			}
			j.Fates = append(j.Fates, fate)
			continue
		}
		ruling := c.ruleOn(bloc, lines)
		j.Fates = append(j.Fates, Fate{Bloc: bloc.Code, Outcome: ruling.Outcome, Reasons: ruling.Reasons})
		j.Rulings = append(j.Rulings, ruling)
	}
	award := Decision{Revision: c.Session.Revision, Session: c.Session.ID, Candidacy: c.Candidacy.ID, Day: c.Day}
	j.Rulings = append(j.Rulings, c.Candidate.consequences(j.Rulings, award)...)
	return j
}

// ruleOn decides one bloc: as computed, or as the jury's line says.
func (c Case) ruleOn(bloc GridBloc, lines []BlocLine) Ruling {
	ruling := Ruling{
		Decision: Decision{
			Kind:      bloc.kind(),
			Revision:  c.Session.Revision,
			Bloc:      bloc.Code,
			Outcome:   bloc.Outcome.decided(bloc.kind()),
			Computed:  bloc.Outcome,
			Session:   c.Session.ID,
			Candidacy: c.Candidacy.ID,
		},
	}
	reason := c.Scheme.about(words.JuryFollowed, bloc.Code)
	for _, line := range lines {
		if line.Bloc != bloc.Code {
			continue
		}
		ruling.Outcome, ruling.Motive = line.Outcome, line.Motive
		if line.departs(&bloc) {
			ruling.Departure, reason.Rule = true, words.JuryDeparted
		}
	}
	ruling.Reasons = append(slices.Clone(bloc.Reasons), reason)
	return c.Candidate.dated(ruling, c.Day)
}
