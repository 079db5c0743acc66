package main

import (
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

type verdicts = map[string]acquispb.Verdict_Enum

func everything(s *stage) error {
	lea, err := s.enrol("Léa", "c-001")
	if err != nil {
		return err
	}
	if err := lea.assess(anna, nil); err != nil {
		return err
	}
	_, err = lea.deliberate()
	return err
}

func onlyB2(s *stage) error {
	hugo, err := s.enrol("Hugo", "c-002", "B2")
	if err != nil {
		return err
	}
	grid, err := hugo.grid()
	if err != nil {
		return err
	}
	competence := grid.GetBlocs()[0].GetCompetences()[0]
	s.out.line("A single bloc: %s is assessed by %q, not by its normal method.",
		competence.GetCode(), competence.GetMethod().GetTitle())
	if err := hugo.assess(anna, nil); err != nil {
		return err
	}
	_, err = hugo.deliberate()
	return err
}

func exempted(s *stage) error {
	ines, err := s.enrol("Inès", "c-003", "B3")
	if err != nil {
		return err
	}
	if err := ines.accommodate(); err != nil {
		return err
	}
	if err := ines.assess(anna, verdicts{"C3.3.5": acquispb.Verdict_NOT_MET}); err != nil {
		return err
	}
	if err := ines.showGrid(); err != nil {
		return err
	}
	if err := ines.exempt("C3.3.5"); err != nil {
		return err
	}
	_, err = ines.deliberate()
	return err
}

// accommodate requests more time, which is granted.
func (p *passage) accommodate() error {
	asked, err := p.sessions.RequestAccommodation(p.as(registrar), &acquispb.RequestAccommodationRequest{
		Candidacy: p.name, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "un tiers de temps en plus",
	})
	if err != nil {
		return err
	}
	_, err = p.sessions.DecideAccommodation(p.as(advisor), &acquispb.DecideAccommodationRequest{
		Candidacy: p.name, Accommodation: asked.GetName(), Granted: new(true), Arrangement: "tiers-temps à l'oral",
	})
	p.out.line("%s asks for more time; the disability advisor grants it. Assessors see the arrangement, readers nothing.", p.person)
	return err
}

// exempt exempts a criterion: an advice, then the jury's decision on both
// conditions.
func (p *passage) exempt(criterion string) error {
	_, err := p.sessions.AdviseExemption(p.as(advisor), &acquispb.AdviseExemptionRequest{
		Candidacy: p.name, Criterion: criterion, Favourable: new(true), ReasonedAdvice: "le poste visé ne comporte pas cette tâche",
	})
	if err != nil {
		return err
	}
	_, err = p.sessions.DecideExemption(p.as(chair), &acquispb.DecideExemptionRequest{
		Candidacy: p.name, Criterion: criterion, Granted: new(true),
		CapacityPreserved:       &acquispb.Condition{Holds: new(true), Reason: "les autres critères montrent la capacité globale"},
		NotApplicableInPractice: &acquispb.Condition{Holds: new(true), Reason: "la tâche est tenue par un autre service"},
	})
	p.out.line("On the advisor's reasoned advice, the jury exempts %s from %s: both conditions hold.", p.person, criterion)
	return err
}

func contested(s *stage) error {
	tom, err := s.enrol("Tom", "c-004", "B1")
	if err != nil {
		return err
	}
	if err := tom.assess(anna, nil); err != nil {
		return err
	}
	if err := tom.assess(paul, verdicts{"C1.2.3": acquispb.Verdict_NOT_MET}); err != nil {
		return err
	}
	if err := tom.showGrid(); err != nil {
		return err
	}
	_, err = s.sessions.SettleCriteria(s.as(chair), &acquispb.SettleCriteriaRequest{
		Candidacy: tom.name,
		Settlements: []*acquispb.Settlement{{
			Criterion: "C1.2.3", Verdict: acquispb.Verdict_MET, Motive: "les sources sont citées en annexe",
		}},
	})
	if err != nil {
		return err
	}
	s.out.line("The assessors disagree on C1.2.3; the jury settles it, with a motive.")
	_, err = tom.deliberate()
	return err
}

func comesBack(s *stage) error {
	jade, err := s.enrol("Jade", "c-005")
	if err != nil {
		return err
	}
	if err := jade.assess(anna, verdicts{"C4.1.1": acquispb.Verdict_PARTIALLY_MET, "C4.1.2": acquispb.Verdict_NOT_MET}); err != nil {
		return err
	}
	if _, err := jade.deliberate(); err != nil {
		return err
	}
	if err := s.openSession("novembre-2026", "Jury de novembre", 11); err != nil {
		return err
	}
	again, err := s.present("Jade", "c-005", "novembre-2026")
	if err != nil {
		return err
	}
	s.out.line("B1, B2 and B3 stay acquired: only B4 is left to present.")
	if err := again.assess(paul, nil); err != nil {
		return err
	}
	_, err = again.deliberate()
	return err
}

func appeals(s *stage) error {
	noe, err := s.enrol("Noé", "c-006")
	if err != nil {
		return err
	}
	if err := noe.assess(anna, nil); err != nil {
		return err
	}
	answer, err := noe.deliberate(&acquispb.DeliberateRequest_BlocDecision{
		Bloc: "B2", Outcome: acquispb.Decision_Outcome_NOT_CAPITALISED, Motive: "dossier remis hors délai",
	})
	if err != nil {
		return err
	}
	s.out.line("The jury departed from the rules on B2, with the motive that its minutes keep. Noé appeals.")
	rectify := &acquispb.RectifyDecisionRequest{
		Name: answer.GetDecisions()[1].GetName(), Session: "sessions/juin-2026", MembersPresent: []string{chair},
		Outcome: acquispb.Decision_Outcome_CAPITALISED, Motive: "le dossier était arrivé à temps",
	}
	_, refusal := s.decisions.RectifyDecision(s.as(chair), rectify)
	s.out.line("The chair alone cannot rectify: %s.", status.Convert(refusal).Message())
	rectify.MembersPresent = []string{chair, member}
	rectified, err := s.decisions.RectifyDecision(s.as(chair), rectify)
	if err != nil {
		return err
	}
	s.out.line("The jury rectifies: the new decision supersedes the old one, and both stay readable.")
	s.out.ledger(rectified.GetCapitalisation())
	return nil
}

// epilogue counts the events of the journal.
func (s *stage) epilogue() error {
	events, err := acquispb.NewAuditServiceClient(s.conn).ListEvents(s.as(auditor), &acquispb.ListEventsRequest{PageSize: 1000})
	if err != nil {
		return err
	}
	writes := 0
	for _, event := range events.GetEvents() {
		if event.GetKind() != acquispb.Event_Kind_READ { // their number depends on the clock
			writes++
		}
	}
	s.out.title("The journal")
	s.out.line("%d events, one for each write, made durable with it: who did what to which resource, and nobody's name.", writes)
	return nil
}
