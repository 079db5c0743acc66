package model

import (
	"reflect"
	"slices"
)

// A Revision is one revision of a référentiel. It never changes.
type Revision struct {
	ID       string // of the référentiel
	Name     string // as the service calls it: the model computes no digests
	Blocs    []Bloc
	Numbers  map[Number]int // those that the référentiel gives
	Replaces []Replacement

	CompetenceGate, BlocGate *Gate // instead of the thresholds, for those without their own

	Scales []Scale
	Scale  string // of criteria that name none; empty: verdicts

	Register  *Register
	Award     *AwardRule // nil: every bloc
	Agreement *Agreement // of compétences without their own; nil: UNANIMOUS
	Colleges  []College
	NoChair   bool

	BlocValidity, AwardValidity *Validity

	Before []*Revision // of every référentiel, published before it
}

// A Scale has the form of the API's: it has levels or marks.
type Scale struct {
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Levels []Level `json:"levels,omitempty"`
	Marks  *Marks  `json:"marks,omitempty"`
	Pass   string  `json:"pass,omitempty"`
}

// A Level is worth points.
type Level struct {
	Code   string `json:"code"`
	Label  string `json:"label"`
	Points int    `json:"points"`
}

// Marks are the multiples of a step.
type Marks struct {
	Min  string `json:"min"`
	Max  string `json:"max"`
	Step string `json:"step"`
}

// On is the scale of a criterion, nil if it is assessed by verdicts.
func (r *Revision) On(c Criterion) *Scale {
	code := c.Scale
	if code == "" {
		code = r.Scale
	}
	for i := range r.Scales {
		if r.Scales[i].Code == code {
			return &r.Scales[i]
		}
	}
	return nil
}

// A Bloc has compétences, which are assessed by criteria. Or it has épreuves, which the model
// writes as if they were compétences, since what is said of one holds for the other.
type Bloc struct {
	Code, Title string
	Activities  []string
	Competences []Competence
	Gate        *Gate
	ByEpreuves  bool
	Credits     int       // 0: none given
	Validity    *Validity // its own
}

// A Competence is assessed by BlocOnlyMethod, if it has one, in a candidacy for a
// single bloc.
type Competence struct {
	Code, Statement string
	Method          string // a kind
	BlocOnlyMethod  string // a kind, or empty
	Variants        []Variant
	MaxAttempts     int // 0: not given
	Criteria        []Criterion
	Gate            *Gate
	Agreement       *Agreement
	Weight          int // 0: not given
	BonusAbove      string

	// Of an épreuve only.
	AsWhole   bool // its criterion is itself
	Assessors int  // how many it asks for; 0: not given
}

// A Variant is a method that applies if all that it gives is so.
type Variant struct {
	SingleBloc bool
	Routes     []string // one of these
	Attempt    string
	Method     string // a kind
}

// A Criterion is identified by its code.
type Criterion struct {
	Code, Statement string
	Eliminatory     bool
	Scale           string
	Weight          int // 0: not given
	BonusAbove      string
}

// A Replacement says that holding another bloc counts as holding Bloc.
type Replacement struct {
	Bloc         string
	Referentiel  string // id of the other one
	Revision     string // name of the other revision; empty: every one
	ReplacedBloc string
	Together     []Replacement // other blocs that are needed besides; their Bloc is empty
}

// A Number is one that a référentiel can set.
type Number string

// The numbers, by the names that the API gives them.
const (
	CompetenceThreshold Number = "competenceThresholdPercent"
	BlocThreshold       Number = "blocThresholdPercent"
	MinAssessors        Number = "minAssessors"
	MinMembers          Number = "minMembers"
	MinExternal         Number = "minExternalPercent"
)

// Number returns the number in force.
func (r *Revision) Number(n Number) int {
	if given, ok := r.Numbers[n]; ok {
		return given
	}
	switch n {
	case MinAssessors:
		return 1
	case MinMembers:
		return 2
	case MinExternal:
		return 50
	}
	return 100
}

// assessors is how many must give a verdict on a criterion.
func (r *Revision) assessors(criterion string) int {
	if _, c, _ := r.Find(criterion); c != nil && c.Assessors > 0 {
		return c.Assessors
	}
	return r.Number(MinAssessors)
}

// Bloc finds a bloc; nil if there is none with that code.
func (r *Revision) Bloc(code string) *Bloc {
	for i := range r.Blocs {
		if r.Blocs[i].Code == code {
			return &r.Blocs[i]
		}
	}
	return nil
}

// Codes lists the codes of the blocs, in order.
func (r *Revision) Codes() (codes []string) {
	for _, b := range r.Blocs {
		codes = append(codes, b.Code)
	}
	return codes
}

// Find finds a criterion, its compétence and its bloc; nil if there is none with
// that code.
func (r *Revision) Find(criterion string) (*Bloc, *Competence, *Criterion) {
	for i := range r.Blocs {
		for j := range r.Blocs[i].Competences {
			c := &r.Blocs[i].Competences[j]
			for k := range c.Criteria {
				if c.Criteria[k].Code == criterion {
					return &r.Blocs[i], c, &c.Criteria[k]
				}
			}
		}
	}
	return nil, nil, nil
}

// A held bloc is a bloc of some revision on which there is a decision.
type held struct {
	revision *Revision
	bloc     string
}

// counts tells whether holding one bloc counts as holding this revision's: it is
// the same, identical in another revision of the référentiel, or replaced.
func (r *Revision) counts(bloc string, other held) bool {
	if r.ID == other.revision.ID && sameBloc(r.Bloc(bloc), other.revision.Bloc(other.bloc)) {
		return true
	}
	return slices.ContainsFunc(r.Replaces, func(p Replacement) bool {
		return p.Bloc == bloc && len(p.Together) == 0 && p.means(other)
	})
}

// means tells whether a bloc is the one that a replacement names.
func (p Replacement) means(other held) bool {
	return p.ReplacedBloc == other.bloc && p.Referentiel == other.revision.ID && (p.Revision == "" || p.Revision == other.revision.Name)
}

// sameBloc tells whether two blocs are the same but for how long they are valid.
func sameBloc(a, b *Bloc) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	for _, bloc := range []*Bloc{&x, &y} {
		bloc.Validity, bloc.Credits, bloc.Competences = nil, 0, slices.Clone(bloc.Competences)
		for i := range bloc.Competences {
			bloc.Competences[i].MaxAttempts = 0
		}
	}
	return reflect.DeepEqual(x, y)
}

// sameContent tells whether two revisions have the same content, and so the same
// id.
func sameContent(a, b *Revision) bool {
	x, y := *a, *b
	x.Name, y.Name, x.Before, y.Before = "", "", nil, nil
	return reflect.DeepEqual(x, y)
}
