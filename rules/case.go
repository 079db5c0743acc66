package rules

import (
	"cmp"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
)

// Case is what the rules must know to judge an act: one candidate in one session.
// Acts on a candidacy need all of it. Enrol has no candidacy yet; Rectify and
// Award concern none, and read neither Candidacy nor Acts.
type Case struct {
	Scheme    *Scheme // of the revision that the session pins
	Session   Session
	Candidate Candidate
	Candidacy Candidacy
	Acts      Acts
	Day       calendar.Day // of the act: what is valid on it counts
}

// Candidate is what the rules know of a person beyond one candidacy.
type Candidate struct {
	Catalogue   Catalogue
	Candidacies []Candidacy // all, of every session
	Decisions   []Decision  // all, superseded ones too, in any order
	Tied        []string    // subjects with a declared tie to the candidate
}

// Catalogue is what the rules ask about référentiels other than the session's. It
// must know every revision that an act, a candidacy or a decision names: nothing
// of a revision that it does not know is ever complete, lost or awarded.
type Catalogue interface {
	// Scheme is that of a revision; nil if the catalogue does not know it.
	Scheme(Revision) *Scheme
	// Counts tells whether holding one bloc counts as holding the wanted one:
	// because they are identical, or because the wanted one's référentiel
	// declares that it replaces the other. The rules never ask whether a bloc
	// counts as itself.
	Counts(wanted, held BlocRef) bool
	// Equivalences are what the revision of a bloc declares as its equivalents: each
	// needs all of its blocs. Those of one bloc are among what Counts tells.
	Equivalences(wanted BlocRef) [][]Needed
}

// BlocRef names a bloc of a revision.
type BlocRef struct {
	Revision Revision
	Bloc     string
}

// Grid is the grid of the case's candidacy.
func (c Case) Grid() Grid { return Assess(c.Scheme, c.Candidacy, c.Acts) }

// CriterionVerdict is one line of a batch of verdicts or settlements.
type CriterionVerdict struct {
	Criterion string
	Verdict   Verdict     // or the code of a level, or a mark
	Kind      FindingKind // which of them; empty means a verdict
}

// Record checks a batch of verdicts of somebody who assesses in a quality, or in none; if
// one is bad, none is written. It reads no acts, so that recording need not load them.
func (c Case) Record(quality string, lines []CriterionVerdict) []words.Refusal {
	refusals := append(c.Undecided(), c.checkLines(lines)...)
	return append(refusals, c.qualified(quality, lines)...)
}

// Retract checks that an assessor can take back the verdicts on these criteria.
func (c Case) Retract(assessor string, criteria []string) []words.Refusal {
	refusals := append(c.Undecided(), c.checkCriteria(criteria)...)
	if len(refusals) > 0 {
		return refusals // then it reveals nothing about verdicts
	}
	grid := c.Grid()
	for _, code := range criteria {
		k := grid.Criterion(code)
		if k != nil && !slices.ContainsFunc(k.Opinions, func(o Opinion) bool { return SameSubject(o.Assessor, assessor) }) {
			refusals = append(refusals, words.Refuse(words.NothingToRetract, "criterion", code))
		}
	}
	return refusals
}

// Settle settles contested criteria for a jury member, also those that were
// settled before. The settlements returned name the opinions they were made on;
// they have no Seq yet.
func (c Case) Settle(juror string, lines []CriterionVerdict) ([]Settlement, []words.Refusal) {
	refusals := append(c.Undecided(), c.juror(juror)...)
	refusals = append(refusals, c.checkLines(lines)...)
	grid := c.Grid()
	var settlements []Settlement
	for _, line := range lines {
		k := grid.Criterion(line.Criterion)
		if k == nil {
			continue // refused above
		}
		if !k.Open {
			refusals = append(refusals, words.Refuse(words.CriterionNotContested, "criterion", line.Criterion))
		}
		settlements = append(settlements, Settlement{
			Criterion: line.Criterion,
			Verdict:   line.Verdict,
			On:        verdictsOf(k.Opinions),
			Authors:   []string{juror},
		})
	}
	if len(refusals) > 0 {
		return nil, refusals
	}
	return settlements, nil
}

// checkLines checks a batch: each criterion once, presented, with a verdict.
func (c Case) checkLines(lines []CriterionVerdict) []words.Refusal {
	criteria := make([]string, len(lines))
	var refusals []words.Refusal
	for i, line := range lines {
		criteria[i] = line.Criterion
		place := c.Scheme.places[line.Criterion]
		kind := cmp.Or(line.Kind, ByVerdict)
		_, onScale := place.scale.points(line.Verdict)
		switch {
		case kind == ByVerdict && place.scale == nil && !onScale:
			refusals = append(refusals, words.Refuse(words.VerdictUnknown, "criterion", line.Criterion))
		case kind != place.scale.kind() || !onScale:
			refusals = append(refusals, words.Refuse(words.OffScale, "criterion", line.Criterion).Allowing(place.scale.allowed()))
		}
	}
	return append(c.checkCriteria(criteria), refusals...)
}

// checkCriteria checks that each criterion exists, is presented, and is named
// once.
func (c Case) checkCriteria(criteria []string) []words.Refusal {
	var refusals []words.Refusal
	presented := c.Candidacy.Presented()
	seen := make(map[string]bool, len(criteria))
	for _, code := range criteria {
		place, known := c.Scheme.Place(code)
		switch {
		case seen[code]:
			refusals = append(refusals, words.Refuse(words.CriterionRepeated, "criterion", code))
		case !known:
			refusals = append(refusals, words.Refuse(words.CriterionUnknown, "criterion", code))
		case !slices.Contains(presented, place.Bloc):
			refusals = append(refusals, words.Refuse(words.CriterionNotPresented, "criterion", code))
		}
		seen[code] = true
	}
	return refusals
}

// juror checks that a subject may act alone for the jury before it deliberates:
// it belongs to the session's jury and has no tie with the candidate.
func (c Case) juror(subject string) []words.Refusal {
	var refusals []words.Refusal
	if c.Session.member(subject) == nil {
		refusals = append(refusals, words.Refuse(words.MemberNotOnJury, "member", subject))
	}
	if slices.ContainsFunc(c.Candidate.Tied, func(tied string) bool { return SameSubject(tied, subject) }) {
		refusals = append(refusals, words.Refuse(words.MemberTied, "member", subject))
	}
	return refusals
}
