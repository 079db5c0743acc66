package examples

import (
	"fmt"
	"strings"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// criteria lists all criteria of blocs and compétences, in order.
func (s *scene) criteria(candidacy string, codes []string) ([]string, error) {
	grid, err := s.grid(candidacy)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, code := range codes {
		before := len(found)
		for _, u := range unitsOf(grid) {
			for _, criterion := range u.criteria {
				if code == u.bloc || code == u.code || code == criterion.GetCode() {
					found = append(found, criterion.GetCode())
				}
			}
		}
		if len(found) == before {
			found = append(found, code) // the service says what is wrong with it
		}
	}
	return found, nil
}

// finding reads "MET", "mark=12.5" or "level=A".
func finding(criterion, word string) (*acquispb.Assessment, error) {
	kind, value, ok := strings.Cut(word, "=")
	a := &acquispb.Assessment{Criterion: criterion}
	switch {
	case ok && kind == "mark":
		a.Mark = value
	case ok && kind == "level":
		a.Level = value
	default:
		verdict, err := enum[acquispb.Verdict_Enum](acquispb.Verdict_Enum_value, word)
		a.Verdict = verdict
		return a, err
	}
	return a, nil
}

func (s *scene) findings(l Line) ([]*acquispb.Assessment, error) { // … k1 eve: MET C1.1.1 C1.1
	if len(l.part(0)) < 2 {
		return nil, fmt.Errorf("needs a verdict, and what it is on")
	}
	codes, err := s.criteria(l.arg(0), l.part(0)[1:])
	if err != nil {
		return nil, err
	}
	var all []*acquispb.Assessment
	for _, code := range codes {
		a, err := finding(code, l.part(0)[0])
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func (s *scene) assess(l Line) error {
	all, err := s.findings(l)
	if err != nil {
		return err
	}
	return s.record(l, all)
}

func (s *scene) record(l Line, all []*acquispb.Assessment) error {
	name, err := s.candidacy(l.arg(0))
	if err != nil {
		return err
	}
	for assessor := range strings.SplitSeq(l.arg(1), ",") {
		ctx, err := s.as(s.ctx, assessor)
		if err != nil {
			return err
		}
		if _, err := s.sessions.RecordAssessments(ctx, &acquispb.RecordAssessmentsRequest{Candidacy: name, Assessments: all}); err != nil {
			return err
		}
	}
	return nil
}

// marks gives marks in the order of the criteria; "-" gives none.
func (s *scene) marks(l Line) error { // marks k1 eve U1 U2: 8 12
	if len(l.about) < 3 {
		return fmt.Errorf("needs a candidacy, an assessor, and what is marked")
	}
	codes, err := s.criteria(l.arg(0), l.about[2:])
	if err != nil {
		return err
	}
	given := l.part(0)
	if len(given) != len(codes) {
		return fmt.Errorf("%d marks for %d criteria: %s", len(given), len(codes), strings.Join(codes, " "))
	}
	var all []*acquispb.Assessment
	for i, mark := range given {
		if mark != "-" {
			all = append(all, &acquispb.Assessment{Criterion: codes[i], Mark: mark})
		}
	}
	return s.record(l, all)
}

func (s *scene) settle(l Line) error {
	all, err := s.findings(l)
	if err != nil {
		return err
	}
	name, err := s.candidacy(l.arg(0))
	if err != nil {
		return err
	}
	request := &acquispb.SettleCriteriaRequest{Candidacy: name}
	for _, a := range all {
		request.Settlements = append(request.Settlements, &acquispb.Settlement{
			Criterion: a.GetCriterion(), Verdict: a.GetVerdict(), Level: a.GetLevel(), Mark: a.GetMark(), Motive: "vu par le jury",
		})
	}
	ctx, err := s.as(s.ctx, l.arg(1))
	if err != nil {
		return err
	}
	_, err = s.sessions.SettleCriteria(ctx, request)
	return err
}
