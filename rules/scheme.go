package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/gate"
	"github.com/acquis-eval/acquis/rules/registration"
)

// Revision names one immutable revision of one référentiel. Both parts count:
// the same text published under two names is two certifications.
type Revision struct {
	Referentiel string // "marketing"
	ID          string // the canonical id of the revision
}

// Number is a number of the rules, and whether the référentiel set it. A reason
// that uses a default says so.
type Number struct {
	Value   int
	Default bool
}

// Defaults for numbers that the référentiel does not set.
const (
	DefaultCompetenceThreshold = 100
	DefaultBlocThreshold       = 100
	DefaultMinAssessors        = 1
	DefaultMinMembers          = 2
	DefaultMinExternalPercent  = 50
)

// Spec is the part of a référentiel that the rules read: codes, and numbers if it
// sets them. Titles and statements decide nothing.
type Spec struct {
	Revision Revision
	Blocs    []Bloc
	Rules    Numbers

	// The gates of compétences and blocs that have none of their own; nil means that
	// the thresholds in percent hold.
	CompetenceGate, BlocGate *gate.Given

	Scales []Scale
	Scale  string // code of the one of criteria that name none; empty: they have verdicts

	Validity     Validity
	Registration registration.Registration
	Award        *AwardRule // nil: an award needs every bloc
	Qualities    []string   // codes of those in which somebody can assess
	Agreement    *Agreement // of compétences that have none of their own; nil: UNANIMOUS
	Jury         JurySpec
}

// Numbers are the rules of a référentiel; nil means that it does not set one.
type Numbers struct {
	CompetenceThreshold *int // percent of points, 1–100
	BlocThreshold       *int // percent of compétences, 1–100
	MinAssessors        *int // at least 1
	MinMembers          *int // at least 1; two must be present in any case
	MinExternalPercent  *int // 0–100
}

// Bloc is acquired as a whole. Its units are all compétences or all épreuves.
type Bloc struct {
	Code    string
	Units   []Unit
	Gate    *gate.Given // its own; nil means that of the référentiel
	Credits *int        // what it is worth in a choice; nil: nothing

	Validity *calendar.Period // its own; nil means that of the référentiel

	gate    *gate.Gate
	atLeast *int // of a requirement that documents prove
}

// Unit is what is assessed as one: a compétence, or an épreuve, which covers several. It
// is assessed by criteria. An épreuve may be assessed as a whole; then it is its own only
// criterion, with its own code.
type Unit struct {
	Code              string
	Epreuve           bool
	AsWhole           bool
	HasBlocOnlyMethod bool   // a method replaces the normal one when one bloc is presented alone
	Variants          []When // methods that do, the first one that applies, before that
	Criteria          []Criterion
	MaxAttempts       *int        // how often its bloc may be presented; nil means without limit
	MinAssessors      *int        // its own; nil means the number of the référentiel
	Gate              *gate.Given // its own; nil means that of the référentiel
	Agreement         *Agreement  // its own; nil means that of the référentiel
	Share

	gate         *gate.Gate
	unit         *scale // of marks: what its points are in; nil means percent
	percent      bool   // its points are in percent, whatever its criteria have
	minAssessors Number
}

// noun names the kind of the unit.
func (u *Unit) noun() string {
	if u.Epreuve {
		return "epreuve"
	}
	return "competence"
}

// Criterion is what an assessor gives a verdict on.
type Criterion struct {
	Code        string
	Eliminatory bool
	Scale       string // code of its own; empty: that of the référentiel
	Share

	scale     *scale
	agreement *agreement.Agreement
}

// Share is how a child takes part in its parent's mean.
type Share struct {
	Weight     *int   // 1–1000; nil means 1
	BonusAbove string // only what lies above so many points counts; empty: it is no bonus

	weight int
	bonus  *exact.Number
}

// Place is the position of a criterion in a référentiel.
type Place struct {
	Bloc        string
	Unit        string
	Eliminatory bool
	Bonus       bool
	Finding     FindingKind // how it is assessed
	index       int         // among all criteria of the référentiel
	scale       *scale
	agreement   *agreement.Agreement
}

// Scheme is a compiled référentiel. It never changes, so any number of goroutines
// may share it.
type Scheme struct {
	revision            Revision
	blocs               []Bloc
	competenceThreshold Number
	blocThreshold       Number
	minAssessors        Number
	jury                JuryRule
	award               awardRule
	requirements        []Bloc
	qualities           []string
	joint               bool // on some criteria assessors assess together
	blocIndex           map[string]int
	places              map[string]Place
	validity            Validity
	registration        registration.Registration
}

// NewScheme compiles a référentiel, or returns everything that is wrong with it.
func NewScheme(spec Spec) (*Scheme, error) {
	s := &Scheme{
		validity:     spec.Validity,
		revision:     spec.Revision,
		blocIndex:    make(map[string]int),
		places:       make(map[string]Place),
		registration: spec.Registration,
	}
	errs := append(s.setNumbers(spec.Rules), s.setBlocs(spec.Blocs, spec.Award)...)
	for _, p := range s.setGates(spec) {
		errs = append(errs, p)
	}
	s.setFindings()
	s.qualities = slices.Clone(spec.Qualities)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// setNumbers fills in defaults and checks the numbers that the référentiel sets.
func (s *Scheme) setNumbers(given Numbers) []error {
	var errs []error
	number := func(name string, given *int, otherwise, low, high int) Number {
		n, err := numberOf(name, given, Number{otherwise, true}, low, high)
		errs = append(errs, err)
		return n
	}
	s.competenceThreshold = number("competence threshold", given.CompetenceThreshold, DefaultCompetenceThreshold, 1, 100)
	s.blocThreshold = number("bloc threshold", given.BlocThreshold, DefaultBlocThreshold, 1, 100)
	s.minAssessors = number("number of assessors", given.MinAssessors, DefaultMinAssessors, 1, maxPeople)
	s.jury.MinMembers = number("number of jury members", given.MinMembers, DefaultMinMembers, 1, maxPeople)
	s.jury.MinExternalPercent = number("share of external members", given.MinExternalPercent, DefaultMinExternalPercent, 0, 100)
	return errs
}

// numberOf is a number that is given, or the one otherwise in force.
func numberOf(name string, given *int, otherwise Number, low, high int) (Number, error) {
	switch {
	case given == nil:
		return otherwise, nil
	case *given < low || *given > high:
		return Number{}, fmt.Errorf("%s is %d, not between %d and %d", name, *given, low, high)
	}
	return Number{Value: *given}, nil
}

// maxPeople bounds the numbers of people that a référentiel can ask for. It is
// far larger than any jury, and prevents overflow.
const maxPeople = 1000

// setBlocs copies the blocs, so that the caller's slices may change later, and
// builds the indexes.
func (s *Scheme) setBlocs(blocs []Bloc, rule *AwardRule) []error {
	var errs []error
	if len(blocs) == 0 {
		errs = append(errs, errors.New("no bloc"))
	}
	units := make(map[string]bool)
	for _, b := range blocs {
		_, taken := s.blocIndex[b.Code]
		errs = append(errs, checkCode("bloc", b.Code, taken))
		if len(b.Units) == 0 {
			errs = append(errs, fmt.Errorf("bloc %q has neither a competence nor an epreuve", b.Code))
		}
		s.blocIndex[b.Code] = len(s.blocs)
		b.Units = slices.Clone(b.Units)
		for i := range b.Units {
			u := &b.Units[i]
			errs = append(errs, checkCode(u.noun(), u.Code, units[u.Code]))
			units[u.Code] = true
			u.Criteria = slices.Clone(u.Criteria)
			n, err := numberOf("number of assessors of "+u.Code, u.MinAssessors, s.minAssessors, 1, maxPeople)
			u.minAssessors = n
			_, outside := numberOf("number of attempts of "+u.Code, u.MaxAttempts, Number{}, 1, maxPeople)
			errs = append(append(errs, err, outside), s.setCriteria(b.Code, *u)...)
		}
		s.blocs = append(s.blocs, b)
	}
	return append(errs, s.setRequirements(rule, units)...)
}

func (s *Scheme) setCriteria(bloc string, c Unit) []error {
	var errs []error
	if len(c.Criteria) == 0 {
		errs = append(errs, fmt.Errorf("%s %q has no criterion", c.noun(), c.Code))
	}
	for _, k := range c.Criteria {
		_, taken := s.places[k.Code]
		errs = append(errs, checkCode("criterion", k.Code, taken))
		s.places[k.Code] = Place{Bloc: bloc, Unit: c.Code, Eliminatory: k.Eliminatory, Bonus: k.BonusAbove != "", index: len(s.places)}
	}
	return errs
}

// setFindings notes how each criterion is assessed, once scales are compiled.
func (s *Scheme) setFindings() {
	for _, b := range slices.Concat(s.blocs, s.requirements) {
		for _, c := range b.Units {
			for _, k := range c.Criteria {
				place := s.places[k.Code]
				place.scale, place.Finding = k.scale, k.scale.kind()
				if place.agreement = k.agreement; k.agreement != nil && k.agreement.Kind == agreement.Joint {
					s.joint = true
				}
				s.places[k.Code] = place
			}
		}
	}
}

func checkCode(noun, code string, taken bool) error {
	switch {
	case code == "":
		return fmt.Errorf("a %s has no code", noun)
	case taken:
		return fmt.Errorf("%s %q occurs twice", noun, code)
	}
	return nil
}

// Revision names the revision that was compiled.
func (s *Scheme) Revision() Revision { return s.revision }

// CompetenceThreshold is the percentage of points that acquires a compétence.
func (s *Scheme) CompetenceThreshold() Number { return s.competenceThreshold }

// BlocThreshold is the percentage of compétences that acquires a bloc.
func (s *Scheme) BlocThreshold() Number { return s.blocThreshold }

// MinAssessors is how many assessors must give a verdict on each criterion.
func (s *Scheme) MinAssessors() Number { return s.minAssessors }

// Jury is the smallest jury that may act.
func (s *Scheme) Jury() JuryRule { return s.jury }

// BlocCodes lists the blocs in the référentiel's order.
func (s *Scheme) BlocCodes() []string {
	if s == nil {
		return nil // a revision that the catalogue does not know
	}
	codes := make([]string, len(s.blocs))
	for i, b := range s.blocs {
		codes[i] = b.Code
	}
	return codes
}

// hasBloc tells whether the référentiel has a bloc with that code.
func (s *Scheme) hasBloc(code string) bool {
	_, ok := s.blocIndex[code]
	return ok
}

// Place finds a criterion by its code.
func (s *Scheme) Place(criterion string) (Place, bool) {
	p, ok := s.places[criterion]
	return p, ok
}

// inOrder sorts bloc codes as the référentiel orders them.
func (s *Scheme) inOrder(codes []string) []string {
	return slices.SortedFunc(slices.Values(codes), func(a, b string) int {
		return s.blocIndex[a] - s.blocIndex[b]
	})
}

// Criteria lists the codes of all criteria in the référentiel's order.
func (s *Scheme) Criteria() []string {
	codes := make([]string, len(s.places))
	for code, place := range s.places {
		codes[place.index] = code
	}
	return codes
}
