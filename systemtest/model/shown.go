package model

import (
	"slices"
	"strings"
)

// A Grid has the form of the API's.
type Grid struct {
	Name, Candidate, Referentiel, State string
	Blocs                               []GridBloc
}

// A GridBloc is a bloc in a grid.
type GridBloc struct {
	Code, Outcome string
	Competences   []GridCompetence
	Epreuves      []GridCompetence
}

// A GridCompetence is a compétence or an épreuve in a grid.
type GridCompetence struct {
	Code, Outcome string
	Method        Method
	Criteria      []GridCriterion
}

// A Method is the part of a method that the tests compare.
type Method struct{ Kind string }

// A GridCriterion is a criterion in a grid.
type GridCriterion struct {
	Code, Status string
	Level, Mark  string
	Points       string
	Eliminatory  bool
	Assessments  []Assessment
	Settlement   *Settlement
}

// An Assessment is an assessor's current verdict.
type Assessment struct{ Assessor, Quality, Verdict, Level, Mark string }

const noVerdict = "VERDICT_UNSPECIFIED"

// assessment is what somebody found, as the API shows it.
func (s *Scale) assessment(assessor, found string) Assessment {
	switch {
	case s == nil:
		return Assessment{Assessor: assessor, Verdict: found}
	case s.Marks != nil:
		return Assessment{Assessor: assessor, Verdict: noVerdict, Mark: found}
	}
	return Assessment{Assessor: assessor, Verdict: noVerdict, Level: found}
}

func (s *Scale) settlement(found string, authors []string) *Settlement {
	a := s.assessment("", found)
	return &Settlement{Verdict: a.Verdict, Level: a.Level, Mark: a.Mark, Authors: authors}
}

// SeenBy is the grid as seen by somebody who is only an assessor: the criteria,
// their own verdicts, those of others only where they assess together, and nothing that
// could follow from those of others.
func (k *Candidacy) SeenBy(assessor string, g Grid) Grid {
	seen := Grid{Name: g.Name, Candidate: g.Candidate, Referentiel: g.Referentiel, State: g.State, Blocs: []GridBloc{}}
	for _, b := range g.Blocs {
		bloc := GridBloc{Code: b.Code, Outcome: "OUTCOME_UNSPECIFIED", Competences: []GridCompetence{}, Epreuves: []GridCompetence{}}
		for _, c := range slices.Concat(b.Competences, b.Epreuves) {
			competence := GridCompetence{Code: c.Code, Outcome: "OUTCOME_UNSPECIFIED", Method: c.Method}
			for _, criterion := range c.Criteria {
				line := GridCriterion{Code: criterion.Code, Eliminatory: criterion.Eliminatory, Status: "CRITERION_STATUS_UNSPECIFIED", Assessments: []Assessment{}}
				together := k.Session.Revision.agreementOn(criterion.Code).Kind == "JOINT"
				for _, a := range criterion.Assessments {
					if strings.EqualFold(a.Assessor, assessor) || together {
						line.Assessments = append(line.Assessments, a)
					}
				}
				competence.Criteria = append(competence.Criteria, line)
			}
			if len(b.Epreuves) > 0 {
				bloc.Epreuves = append(bloc.Epreuves, competence)
			} else {
				bloc.Competences = append(bloc.Competences, competence)
			}
		}
		seen.Blocs = append(seen.Blocs, bloc)
	}
	return seen
}

// A Settlement is a settlement in force.
type Settlement struct {
	Verdict, Level, Mark string
	Authors              []string
}

// A Ledger has the form of the API's capitalisation.
type Ledger struct {
	Name, Referentiel string
	Blocs             []BlocStatus
	Certification     struct {
		Status, Decision string
		LastValidDate    *Date
		Missing          []Missing
		Options          []OptionStatus
	}
	Divisible    bool
	Requirements []RequirementStatus
}

// Missing is something that an award needs.
type Missing struct{ Rule, Bloc, AnyOf, Requirement string }

// A RequirementStatus has the form of the API's, without the decision.
type RequirementStatus struct {
	Code, Status      string
	Reached, Required int
}

// An OptionStatus has the form of the API's.
type OptionStatus struct{ Code, Decision string }

// A BlocStatus is the status of a bloc in a ledger.
type BlocStatus struct {
	Code, Status, Decision string
	LastValidDate          *Date
}

// A ShownDecision has the form of the API's decision.
type ShownDecision struct {
	Name, Kind, Bloc, Outcome, ComputedOutcome string
	Option, Requirement                        string
	Amount                                     int
	Referentiel, Session, Candidacy            string
	Motive                                     string
	MembersPresent                             []Member
	Effective                                  bool
	Supersedes, SupersededBy                   string
	DecideDate, LastValidDate                  *Date
	Warnings                                   []Warning
}

// Shown is the decision as the API shows it.
func (d *Decision) Shown() ShownDecision {
	shown := ShownDecision{
		Name: d.Name, Kind: d.Kind, Bloc: d.Bloc, Outcome: d.Outcome, ComputedOutcome: d.Computed, Option: d.Option, Requirement: d.Requirement, Amount: d.Amount,
		Referentiel: d.Revision.Name, Motive: d.Motive, Effective: d.SupersededBy == nil, MembersPresent: []Member{}, Warnings: []Warning{},
		DecideDate: d.Day, LastValidDate: d.last(),
	}
	if d.Outcome == "AWARDED" {
		shown.Warnings = d.Revision.awarded(d.Session.day)
	}
	if d.Computed == "" {
		shown.ComputedOutcome = "OUTCOME_UNSPECIFIED"
	}
	if d.Session != nil {
		shown.Session = d.Session.Name
		shown.MembersPresent = append(shown.MembersPresent, d.Present...)
	}
	if d.Candidacy != nil {
		shown.Candidacy = d.Candidacy.Name
	}
	if d.Supersedes != nil {
		shown.Supersedes = d.Supersedes.Name
	}
	if d.SupersededBy != nil {
		shown.SupersededBy = d.SupersededBy.Name
	}
	return shown
}

// A ShownCandidacy has the form of the API's candidacy.
type ShownCandidacy struct {
	Name, Candidate, Scope, State, Referentiel, MethodVariant string
	AccessRoute                                               string
	Blocs, PresentedBlocs, ResitBlocs                         []string
	DepartedBlocs                                             []Departed
	Warnings                                                  []Warning
}

// Shown is the candidacy as the API shows it.
func (k *Candidacy) Shown() ShownCandidacy {
	shown := ShownCandidacy{
		Name: k.Name, Candidate: k.Candidate.Name, Scope: k.Scope, State: k.State, Referentiel: k.Session.Revision.Name,
		AccessRoute: "ACCESS_ROUTE_UNSPECIFIED", ResitBlocs: k.Again,
		MethodVariant: "NORMAL", Blocs: []string{}, PresentedBlocs: k.Presented(), DepartedBlocs: append([]Departed{}, k.Departed...),
		Warnings: k.Session.Revision.enrolled(k.Session.day),
	}
	if k.Route != "" {
		shown.AccessRoute = k.Route
	}
	if len(k.Enrolled) == 1 {
		shown.MethodVariant = "BLOC_ONLY"
	}
	if k.Scope == "BLOCS" {
		shown.Blocs = k.Enrolled
	}
	return shown
}

// A ShownSession has the form of the API's session.
type ShownSession struct {
	Name, Referentiel, State string
	Jury                     []Member
}

// Shown is the session as the API shows it.
func (s *Session) Shown() ShownSession {
	return ShownSession{Name: s.Name, Referentiel: s.Revision.Name, State: s.State, Jury: append([]Member{}, s.Jury...)}
}
