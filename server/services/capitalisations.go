package services

import (
	"cmp"
	"context"
	"fmt"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

// capitalisationService decides what candidates have acquired, and shows it.
type capitalisationService struct {
	acquispb.UnimplementedCapitalisationServiceServer
	*core
}

func (s *capitalisationService) Deliberate(ctx context.Context, req *acquispb.DeliberateRequest) (*acquispb.DeliberateResponse, error) {
	return perform(ctx, s.core, act[*acquispb.DeliberateResponse]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, c, err := s.loadCase(t, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			if err := authn.CheckPresent(t, req.GetMembersPresent(), t.now); err != nil {
				return nil, err
			}
			judgement, err := deliberate(c, t.caller, f.etag(), req)
			if err != nil {
				return nil, err
			}
			candidate, err := store.Candidates.Get(t, store.Key(f.candidacy.GetCandidateUid()))
			if err != nil {
				return nil, err
			}
			by := sitting{candidate: candidate, session: f.session, present: req.GetMembersPresent()}
			if len(judgement.Rulings) == 0 { // no decision will name who deliberated
				f.candidacy.Sitting = &storepb.Sitting{Author: t.caller.Subject, MembersPresent: by.members(), Day: string(t.day())}
			}
			if err := t.decideCandidacy(f.candidacy, judgement.Fates); err != nil {
				return nil, err
			}
			return t.putRulings(by, judgement.Rulings, "")
		},
		answer: showDecided(ctx, s, referentielOfSession(req.GetCandidacy()), func(d []*acquispb.Decision, c *acquispb.Capitalisation) *acquispb.DeliberateResponse {
			return &acquispb.DeliberateResponse{Decisions: d, Capitalisation: c}
		}),
	})
}

// deliberate asks the rules for the result of the jury's deliberation.
func deliberate(c rules.Case, caller *call.Caller, etag string, req *acquispb.DeliberateRequest) (rules.Judgement, error) {
	lines := make([]rules.BlocLine, len(req.GetBlocDecisions()))
	for i, line := range req.GetBlocDecisions() {
		lines[i] = rules.BlocLine{
			Bloc: line.GetBloc(), Outcome: rules.DecisionOutcome(line.GetOutcome().String()), Motive: line.GetMotive(),
		}
	}
	judgement, refusals := c.Deliberate(
		rules.Sitting{Caller: caller.Subject, Present: req.GetMembersPresent()},
		rules.Deliberation{SeenEtag: req.GetGridEtag(), CurrentEtag: etag, Lines: lines})
	return judgement, apierr.Refused(refusals, func(r words.Refusal) string {
		for i, line := range req.GetBlocDecisions() {
			if r.Subject == "bloc "+line.GetBloc() || r.Subject == "requirement "+line.GetBloc() {
				if r.Rule == words.OutcomeUnknown {
					return fmt.Sprintf("blocDecisions[%d].outcome", i)
				}
				return fmt.Sprintf("blocDecisions[%d].bloc", i)
			}
		}
		return "membersPresent"
	})
}

// decideCandidacy closes a candidacy. Blocs that were already held have left it.
func (t *tx) decideCandidacy(c *storepb.Candidacy, fates []rules.Fate) error {
	for _, fate := range fates {
		if fate.Outcome == rules.AlreadyHeld {
			c.DepartedBlocs = append(c.DepartedBlocs, &storepb.DepartedBloc{
				Bloc: fate.Bloc, Cause: acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD,
			})
		}
	}
	c.State = acquispb.Candidacy_State_DECIDED
	c.Version++
	c.UpdateTime = t.timestamp()
	return store.Candidacies.PutIndexed(t, store.Key(c.GetUid()), c)
}

func (s *capitalisationService) RectifyDecision(ctx context.Context, req *acquispb.RectifyDecisionRequest) (*acquispb.RectifyDecisionResponse, error) {
	return perform(ctx, s.core, act[*acquispb.RectifyDecisionResponse]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			old, err := decisionFor(t, t.caller, req.GetName())
			if err != nil {
				return nil, err
			}
			by, c, err := s.sit(t, req.GetSession(), req.GetName(), req.GetMembersPresent())
			if err != nil {
				return nil, err
			}
			rulings, refusals := c.Rectify(rules.Sitting{Caller: t.caller.Subject, Present: by.present}, rules.Rectification{
				Decision: casefile.ID(old.GetUid()),
				Outcome:  rules.DecisionOutcome(req.GetOutcome().String()),
				Motive:   req.GetMotive(),
			})
			err = apierr.Refused(refusals, func(r words.Refusal) string {
				if r.Rule == words.OutcomeUnknown {
					return "outcome"
				}
				return "membersPresent"
			})
			if err != nil {
				return nil, err
			}
			return t.putRulings(by, rulings, req.GetMotive())
		},
		answer: showDecided(ctx, s, referentielOfDecision(call.CallerOf(ctx), req.GetName()), func(d []*acquispb.Decision, c *acquispb.Capitalisation) *acquispb.RectifyDecisionResponse {
			return &acquispb.RectifyDecisionResponse{Decisions: d, Capitalisation: c}
		}),
	})
}

func (s *capitalisationService) Award(ctx context.Context, req *acquispb.AwardRequest) (*acquispb.AwardResponse, error) {
	id := segment(req.GetName(), 3)
	return perform(ctx, s.core, act[*acquispb.AwardResponse]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			current, err := s.revisions.current(t, id)
			if err != nil {
				return nil, err
			}
			by, c, err := s.sit(t, req.GetSession(), req.GetName(), req.GetMembersPresent(), current.id)
			if err != nil {
				return nil, err
			}
			rulings, refusals := c.Award(rules.Sitting{Caller: t.caller.Subject, Present: by.present}, current.id)
			if err := apierr.Refused(refusals, apierr.At("membersPresent")); err != nil {
				return nil, err
			}
			return t.putRulings(by, rulings, "")
		},
		answer: showDecided(ctx, s, always(id), func(d []*acquispb.Decision, c *acquispb.Capitalisation) *acquispb.AwardResponse {
			return &acquispb.AwardResponse{Decisions: d, Capitalisation: c}
		}),
	})
}

// sit collects what the rules need for an act of a session's jury about a
// candidate, who is identified by the name of any resource below theirs.
func (s *capitalisationService) sit(t *tx, session, candidate string, present []string, more ...rules.Revision) (sitting, rules.Case, error) {
	by := sitting{present: present}
	var err error
	if by.candidate, err = candidateToActOn(t, candidate); err != nil {
		return by, rules.Case{}, err
	}
	if by.session, _, err = sessionFor(t, t.caller, session); err != nil {
		return by, rules.Case{}, err
	}
	if err := authn.CheckPresent(t, present, t.now); err != nil {
		return by, rules.Case{}, err
	}
	c, err := s.caseOf(t, by.session, by.candidate.GetUid(), more...)
	return by, c, err
}

func (s *capitalisationService) RecordPriorBloc(ctx context.Context, req *acquispb.RecordPriorBlocRequest) (*acquispb.RecordPriorBlocResponse, error) {
	id := segment(req.GetName(), 3)
	return perform(ctx, s.core, act[*acquispb.RecordPriorBlocResponse]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			candidate, err := candidateToActOn(t, req.GetName())
			if err != nil {
				return nil, err
			}
			current, err := s.revisions.current(t, id)
			if err != nil {
				return nil, err
			}
			person, err := s.person(t, candidate.GetUid(), current.id)
			if err != nil {
				return nil, err
			}
			ruling, refusals := person.RecordPrior(rules.BlocRef{Revision: current.id, Bloc: req.GetBloc()}, req.GetProof(), t.day())
			if err := apierr.Refused(refusals, apierr.At("bloc")); err != nil {
				return nil, err
			}
			return t.putRulings(sitting{candidate: candidate}, []rules.Ruling{ruling}, req.GetProof())
		},
		answer: showDecided(ctx, s, always(id), func(d []*acquispb.Decision, c *acquispb.Capitalisation) *acquispb.RecordPriorBlocResponse {
			return &acquispb.RecordPriorBlocResponse{Decisions: d, Capitalisation: c}
		}),
	})
}

func (s *capitalisationService) RecordRequirement(ctx context.Context, req *acquispb.RecordRequirementRequest) (*acquispb.RecordRequirementResponse, error) {
	id := segment(req.GetName(), 3)
	return perform(ctx, s.core, act[*acquispb.RecordRequirementResponse]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			candidate, err := candidateToActOn(t, req.GetName())
			if err != nil {
				return nil, err
			}
			current, err := s.revisions.current(t, id)
			if err != nil {
				return nil, err
			}
			person, err := s.person(t, candidate.GetUid(), current.id)
			if err != nil {
				return nil, err
			}
			of := rules.BlocRef{Revision: current.id, Bloc: req.GetRequirement()}
			ruling, refusals := person.RecordProof(of, int(req.GetAmount()), req.GetProof(), t.day())
			err = apierr.Refused(refusals, func(r words.Refusal) string {
				if r.Rule == words.AmountMismatch {
					return "amount"
				}
				return "requirement"
			})
			if err != nil {
				return nil, err
			}
			return t.putRulings(sitting{candidate: candidate}, []rules.Ruling{ruling}, req.GetProof())
		},
		answer: showDecided(ctx, s, always(id), func(d []*acquispb.Decision, c *acquispb.Capitalisation) *acquispb.RecordRequirementResponse {
			return &acquispb.RecordRequirementResponse{Decisions: d, Capitalisation: c}
		}),
	})
}

// A referentielFinder finds the référentiel whose ledger an answer shows.
type referentielFinder func(store.Reader) (string, error)

func always(id string) referentielFinder {
	return func(store.Reader) (string, error) { return id, nil }
}

func referentielOfSession(name string) referentielFinder {
	return func(r store.Reader) (string, error) {
		session, err := sessionByName(r, name)
		return session.GetReferentiel(), err
	}
}

func referentielOfDecision(caller *call.Caller, name string) referentielFinder {
	return func(r store.Reader) (string, error) {
		decision, err := decisionFor(r, caller, name)
		if err != nil {
			return "", err
		}
		_, act, _, err := casefile.Decision(decision)
		return act.GetReferentiel(), err
	}
}

// showDecided answers an act of a jury: with the decisions that it made, and the
// present ledger.
func showDecided[A any](ctx context.Context, s *capitalisationService, find referentielFinder,
	wrap func([]*acquispb.Decision, *acquispb.Capitalisation) A,
) func(store.Reader, keys) (A, error) {
	caller := call.CallerOf(ctx)
	return func(r store.Reader, made keys) (answer A, err error) {
		act, reader := decidedBy(made), s.newDecisionReader(r, caller)
		decisions := make([]*acquispb.Decision, len(act.decisions))
		for i, uid := range act.decisions {
			stored, err := store.Decisions.Get(r, store.Key(uid))
			if err != nil {
				return answer, err
			}
			if decisions[i], err = reader.read(stored); err != nil {
				return answer, err
			}
		}
		candidate, err := store.Candidates.Get(r, store.Key(act.candidate))
		if err != nil {
			return answer, err
		}
		id, err := find(r)
		if err != nil {
			return answer, err
		}
		ledger, err := s.readLedger(r, candidate, id, s.dayOf(s.now()))
		return wrap(decisions, ledger), err
	}
}

// GetCapitalisation returns what a candidate has acquired of a certification.
func (s *capitalisationService) GetCapitalisation(ctx context.Context, req *acquispb.GetCapitalisationRequest) (*acquispb.Capitalisation, error) {
	caller, on := call.CallerOf(ctx), calendar.Day(req.GetAsOf())
	if on != "" && !casefile.IsDay(req.GetAsOf()) {
		return nil, apierr.InvalidField("asOf", "is not a day of the calendar")
	}
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Capitalisation, error) {
		candidate, err := candidateFor(r, caller, req.GetName())
		if err != nil {
			return nil, err
		}
		on := cmp.Or(on, s.dayOf(s.now()))
		shown, err := s.readLedger(r, candidate, segment(req.GetName(), 3), on)
		if err == nil {
			shown.AsOfDate = show.Date(on)
		}
		return shown, err
	})
}

// readLedger shows what a candidate has acquired, under the current revision, and what of
// it is valid on a day.
func (s *capitalisationService) readLedger(r store.Reader, candidate *storepb.Candidate, id string, on calendar.Day) (*acquispb.Capitalisation, error) {
	current, err := s.revisions.current(r, id)
	if err != nil {
		return nil, err
	}
	holder, err := s.holder(r, candidate.GetUid(), current.id)
	if err != nil {
		return nil, err
	}
	ledger := holder.Ledger(current.id, on)
	label := candidate.GetLabel()
	shown := &acquispb.Capitalisation{
		Name:          capitalisationName(label, id),
		Referentiel:   current.shown.GetRevision(),
		Certification: certificationFrom(label, ledger, current.shown.GetAward()),
		Register:      current.shown.GetRegister(),
		Certificateur: current.shown.GetCertificateur(),
	}
	shown.Divisible, _ = current.compiled.Scheme().Registration().IsDivisible()
	for _, bloc := range ledger.Blocs {
		status := &acquispb.Capitalisation_BlocStatus{
			Code:   bloc.Code,
			Title:  current.compiled.Bloc(bloc.Code).GetTitle(),
			Status: acquispb.Capitalisation_BlocStatus_Status_Enum(acquispb.Capitalisation_BlocStatus_Status_Enum_value[string(bloc.Status)]),

			LastValidDate: show.Date(bloc.Until),
			Reasons:       show.Reasons(bloc.Reasons),
		}
		if bloc.Decision != "" {
			status.Decision = decisionName(label, casefile.UID(bloc.Decision))
		}
		shown.Blocs = append(shown.Blocs, status)
	}
	for i, r := range ledger.Requirements {
		status := &acquispb.Capitalisation_RequirementStatus{
			Code: r.Code, Title: current.shown.GetAward().GetRequirements()[i].GetTitle(),
			Status:  casefile.Value[acquispb.Capitalisation_RequirementStatus_Status_Enum](r.Status),
			Reached: int32(r.Reached), Required: int32(r.Required),
		}
		if r.Decision != "" {
			status.Decision = decisionName(label, casefile.UID(r.Decision))
		}
		shown.Requirements = append(shown.Requirements, status)
	}
	return shown, nil
}

func certificationFrom(label string, ledger rules.Ledger, rule *acquispb.AwardRule) *acquispb.Capitalisation_CertificationStatus {
	shown := &acquispb.Capitalisation_CertificationStatus{
		Status: acquispb.Capitalisation_CertificationStatus_Status_Enum(
			acquispb.Capitalisation_CertificationStatus_Status_Enum_value[string(ledger.Certification)]),
		LastValidDate: show.Date(ledger.AwardUntil),
	}
	if ledger.Award != "" {
		shown.Decision = decisionName(label, casefile.UID(ledger.Award))
	}
	if ledger.Certification == rules.CertificationInProgress {
		shown.Missing = show.Reasons(ledger.Missing)
	}
	for _, path := range ledger.Paths {
		if path.Option == "" {
			continue // there are no options
		}
		option := &acquispb.OptionStatus{Code: path.Option, Title: optionTitle(rule, path.Option)}
		if path.Award != "" {
			option.Decision = decisionName(label, casefile.UID(path.Award))
		} else {
			option.Missing = show.Reasons(path.Missing)
		}
		shown.Options = append(shown.Options, option)
	}
	return shown
}
