package examples

import (
	"fmt"
	"slices"
	"strings"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// checks are the words that compare. They return what the service says.
var checks = map[string]func(*scene, Line) ([]string, error){
	"refused":       (*scene).refused,
	"shows":         (*scene).shows,
	"because":       (*scene).because,
	"presents":      (*scene).presents,
	"method":        (*scene).method,
	"ledger":        (*scene).ledger,
	"holds":         (*scene).holds,
	"options":       (*scene).options,
	"certification": (*scene).certified,
	"divisible":     (*scene).divisible,
}

func (s *scene) refused(l Line) ([]string, error) {
	if len(s.refusals) == 0 {
		return nil, fmt.Errorf("it was not refused")
	}
	first := s.refusals[0]
	s.refusals = s.refusals[1:]
	if first.rule != l.arg(0) {
		return nil, fmt.Errorf("got %s: %s", first.rule, first.text)
	}
	return []string{first.text}, nil
}

// shown is what a grid says of a bloc, a compétence or a criterion.
type shown struct {
	what    string
	reasons []*acquispb.Reason
	method  *acquispb.AssessmentMethod
}

// unit is what is assessed by criteria: a compétence, an épreuve or a requirement.
type unit struct {
	code, bloc string
	shown
	criteria []*acquispb.Grid_GridCriterion
}

func unitsOf(grid *acquispb.Grid) (all []unit) {
	add := func(bloc string, k *acquispb.Grid_GridCompetence) {
		all = append(all, unit{k.GetCode(), bloc, shown{k.GetOutcome().String(), k.GetReasons(), k.GetMethod()}, k.GetCriteria()})
	}
	for _, bloc := range grid.GetBlocs() {
		for _, k := range bloc.GetCompetences() {
			add(bloc.GetCode(), k)
		}
		for _, e := range bloc.GetEpreuves() {
			all = append(all, unit{e.GetCode(), bloc.GetCode(), shown{e.GetOutcome().String(), e.GetReasons(), e.GetMethod()}, e.GetCriteria()})
		}
	}
	for _, k := range grid.GetRequirements() {
		add("", k)
	}
	return all
}

func find(grid *acquispb.Grid, code string) (shown, error) {
	for _, bloc := range grid.GetBlocs() {
		if bloc.GetCode() == code {
			return shown{what: bloc.GetOutcome().String(), reasons: bloc.GetReasons()}, nil
		}
	}
	for _, u := range unitsOf(grid) {
		if u.code == code {
			return u.shown, nil
		}
		for _, criterion := range u.criteria {
			if criterion.GetCode() == code {
				what := strings.TrimSpace(criterion.GetStatus().String() + " " + criterion.GetLevel() + criterion.GetMark() + criterion.GetPoints())
				return shown{what: what, reasons: criterion.GetReasons()}, nil
			}
		}
	}
	return shown{}, fmt.Errorf("the grid has no %s", code)
}

func (s *scene) shows(l Line) ([]string, error) { // shows k1 B1 ACQUIRED
	grid, err := s.grid(l.arg(0))
	if err != nil {
		return nil, err
	}
	found, err := find(grid, l.arg(1))
	if err != nil {
		return nil, err
	}
	s.reasons = found.reasons
	return texts(found.reasons), same(found.what, l.about[min(2, len(l.about)):])
}

func texts(reasons []*acquispb.Reason) (all []string) {
	for _, r := range reasons {
		all = append(all, r.GetText())
	}
	return all
}

func same(got string, want []string) error {
	if got != strings.Join(want, " ") {
		return fmt.Errorf("got %s", got)
	}
	return nil
}

// because looks for a reason among those of the line before.
func (s *scene) because(l Line) ([]string, error) {
	for _, r := range s.reasons {
		if r.GetRule() == l.arg(0) && (l.tail == "" || r.GetText() == l.tail) {
			return nil, nil // said with the line before
		}
	}
	return nil, fmt.Errorf("got %s", strings.Join(texts(s.reasons), "; "))
}

func (s *scene) presents(l Line) ([]string, error) { // presents k1: B1 B2
	grid, err := s.grid(l.arg(0))
	if err != nil {
		return nil, err
	}
	var blocs []string
	for _, bloc := range grid.GetBlocs() {
		blocs = append(blocs, bloc.GetCode())
	}
	for _, requirement := range grid.GetRequirements() {
		blocs = append(blocs, requirement.GetCode())
	}
	return nil, same(strings.Join(blocs, " "), l.part(0))
}

func (s *scene) method(l Line) ([]string, error) { // method k1 C1.1: Dossier professionnel
	grid, err := s.grid(l.arg(0))
	if err != nil {
		return nil, err
	}
	found, err := find(grid, l.arg(1))
	if err != nil {
		return nil, err
	}
	return nil, same(found.method.GetTitle(), []string{l.tail})
}

// read reads the ledger of the certification, or of another one.
func (s *scene) read(id string) (*acquispb.Capitalisation, error) {
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return nil, err
	}
	return s.decisions.GetCapitalisation(ctx, &acquispb.GetCapitalisationRequest{Name: s.capitalisation(id)})
}

func (s *scene) ledger(l Line) ([]string, error) { // ledger CAPITALISED: B1 B2
	read, err := s.read(s.certification)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, bloc := range read.GetBlocs() {
		if bloc.GetStatus().String() == l.arg(0) {
			found = append(found, bloc.GetCode())
		}
	}
	if slices.Equal(l.part(0), []string{"none"}) {
		return nil, same(strings.Join(found, " "), nil)
	}
	return nil, same(strings.Join(found, " "), l.part(0))
}

func (s *scene) divisible(l Line) ([]string, error) { // divisible yes
	read, err := s.read(s.certification)
	if err != nil {
		return nil, err
	}
	return nil, same(map[bool]string{true: "yes", false: "no"}[read.GetDivisible()], l.about)
}

func (s *scene) holds(l Line) ([]string, error) { // holds FULFILLED: SOUT
	read, err := s.read(s.certification)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, requirement := range read.GetRequirements() {
		if requirement.GetStatus().String() == l.arg(0) {
			found = append(found, requirement.GetCode())
		}
	}
	return nil, same(strings.Join(found, " "), l.part(0))
}

func (s *scene) certified(l Line) ([]string, error) { // certification AWARDED
	read, err := s.read(s.certification)
	if err != nil {
		return nil, err
	}
	s.reasons = read.GetCertification().GetMissing()
	return texts(s.reasons), same(read.GetCertification().GetStatus().String(), l.about)
}

func (s *scene) options(l Line) ([]string, error) { // options awarded: A B
	read, err := s.read(s.certification)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, option := range read.GetCertification().GetOptions() {
		if option.GetDecision() != "" {
			found = append(found, option.GetCode())
		}
	}
	return nil, same(strings.Join(found, " "), l.part(0))
}
