package services

import (
	"context"
	"fmt"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// capitalisationService decides what candidates have acquired, and answers it.
type capitalisationService struct {
	acquispb.UnimplementedCapitalisationServiceServer
	*core
}

// Deliberate implements the RPC.
func (s *capitalisationService) Deliberate(ctx context.Context, req *acquispb.DeliberateRequest) (*acquispb.DeliberateResponse, error) {
	a := act{
		rpc: acquispb.CapitalisationService_Deliberate_FullMethodName, kind: storepb.EventBody_Kind_DECISION,
		resource: req.GetCandidacy(), request: req,
	}
	answer := new(acquispb.DeliberateResponse)
	return answer, s.do(ctx, a, func(t *tx) error {
		f, c, err := s.loadCase(t, t.caller, req.GetCandidacy())
		if err != nil {
			return err
		}
		if err := authn.CheckPresent(t, req.GetMembersPresent(), t.now); err != nil {
			return err
		}
		judgement, err := deliberate(c, t.caller, f.etag(), req)
		if err != nil {
			return err
		}
		candidate, err := store.Candidates.Get(t, store.Key(f.candidacy.GetCandidateUid()))
		if err != nil {
			return err
		}
		by := sitting{candidate: candidate, session: f.session, present: req.GetMembersPresent()}
		if len(judgement.Rulings) == 0 { // no decision will say who deliberated
			f.candidacy.Sitting = &storepb.Sitting{Author: t.caller.Subject, MembersPresent: by.members()}
		}
		if err := t.decideCandidacy(f.candidacy, judgement.Fates); err != nil {
			return err
		}
		t.made(store.Key(candidate.GetUid()))
		return t.putRulings(by, judgement.Rulings, "")
	}, s.answerDecisions(ctx, referentielOfSession(req.GetCandidacy()), &answer.Decisions, &answer.Capitalisation))
}

// deliberate asks the rules what the jury's deliberation comes to.
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
	return judgement, apierr.Refused(refusals, func(r rules.Refusal) string {
		for i, line := range req.GetBlocDecisions() {
			if r.Subject == "bloc "+line.GetBloc() {
				return fmt.Sprintf("blocDecisions[%d].bloc", i)
			}
		}
		return "membersPresent"
	})
}

// decideCandidacy closes a candidacy. A bloc that is held already left it.
func (t *tx) decideCandidacy(c *storepb.Candidacy, fates []rules.Fate) error {
	for _, fate := range fates {
		if fate.Outcome == rules.AlreadyHeld {
			c.DepartedBlocs = append(c.DepartedBlocs, &storepb.DepartedBloc{
				Bloc: fate.Bloc, Cause: int32(acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD),
			})
		}
	}
	c.State = int32(acquispb.Candidacy_State_DECIDED)
	c.Version++
	c.UpdateTime = t.timestamp()
	return store.Candidacies.PutIndexed(t, store.Key(c.GetUid()), c)
}

// RectifyDecision implements the RPC.
func (s *capitalisationService) RectifyDecision(ctx context.Context, req *acquispb.RectifyDecisionRequest) (*acquispb.RectifyDecisionResponse, error) {
	a := act{
		rpc: acquispb.CapitalisationService_RectifyDecision_FullMethodName, kind: storepb.EventBody_Kind_DECISION,
		resource: req.GetName(), request: req,
	}
	answer := new(acquispb.RectifyDecisionResponse)
	return answer, s.do(ctx, a, func(t *tx) error {
		old, err := decisionFor(t, t.caller, req.GetName())
		if err != nil {
			return err
		}
		by, c, err := s.sit(t, req.GetSession(), req.GetName(), req.GetMembersPresent())
		if err != nil {
			return err
		}
		rulings, refusals := c.Rectify(rules.Sitting{Caller: t.caller.Subject, Present: by.present}, rules.Rectification{
			Decision: casefile.ID(old.GetUid()),
			Outcome:  rules.DecisionOutcome(req.GetOutcome().String()),
			Motive:   req.GetMotive(),
		})
		if err := apierr.Refused(refusals, juryField); err != nil {
			return err
		}
		t.made(store.Key(by.candidate.GetUid()))
		return t.putRulings(by, rulings, req.GetMotive())
	}, s.answerDecisions(ctx, referentielOfDecision(call.CallerOf(ctx), req.GetName()), &answer.Decisions, &answer.Capitalisation))
}

// Award implements the RPC.
func (s *capitalisationService) Award(ctx context.Context, req *acquispb.AwardRequest) (*acquispb.AwardResponse, error) {
	id := segment(req.GetName(), 3)
	a := act{
		rpc: acquispb.CapitalisationService_Award_FullMethodName, kind: storepb.EventBody_Kind_DECISION,
		resource: req.GetName(), request: req,
	}
	answer := new(acquispb.AwardResponse)
	return answer, s.do(ctx, a, func(t *tx) error {
		current, err := s.revisions.current(t, id)
		if err != nil {
			return err
		}
		by, c, err := s.sit(t, req.GetSession(), req.GetName(), req.GetMembersPresent(), current.id)
		if err != nil {
			return err
		}
		rulings, refusals := c.Award(rules.Sitting{Caller: t.caller.Subject, Present: by.present}, current.id)
		if err := apierr.Refused(refusals, juryField); err != nil {
			return err
		}
		t.made(store.Key(by.candidate.GetUid()))
		return t.putRulings(by, rulings, "")
	}, s.answerDecisions(ctx, always(id), &answer.Decisions, &answer.Capitalisation))
}

// sit gathers what the rules need for an act of a session's jury about a
// candidate, who is named by any name below theirs.
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

// juryField names the field of a jury's act that a refusal speaks of.
func juryField(r rules.Refusal) string {
	switch r.Rule {
	case rules.MotiveMissing:
		return "motive"
	case rules.OutcomeUnknown:
		return "outcome"
	case rules.DecisionUnknown:
		return "name"
	}
	return "membersPresent"
}

// RecordPriorBloc implements the RPC.
func (s *capitalisationService) RecordPriorBloc(ctx context.Context, req *acquispb.RecordPriorBlocRequest) (*acquispb.RecordPriorBlocResponse, error) {
	id := segment(req.GetName(), 3)
	a := act{
		rpc: acquispb.CapitalisationService_RecordPriorBloc_FullMethodName, kind: storepb.EventBody_Kind_DECISION,
		resource: req.GetName(), request: req,
	}
	answer := new(acquispb.RecordPriorBlocResponse)
	return answer, s.do(ctx, a, func(t *tx) error {
		candidate, err := candidateToActOn(t, req.GetName())
		if err != nil {
			return err
		}
		current, err := s.revisions.current(t, id)
		if err != nil {
			return err
		}
		person, err := s.person(t, candidate.GetUid(), current.id)
		if err != nil {
			return err
		}
		ruling, refusals := person.RecordPrior(rules.BlocRef{Revision: current.id, Bloc: req.GetBloc()}, req.GetProof())
		if err := apierr.Refused(refusals, priorField); err != nil {
			return err
		}
		t.made(store.Key(candidate.GetUid()))
		return t.putRulings(sitting{candidate: candidate}, []rules.Ruling{ruling}, req.GetProof())
	}, s.answerDecisions(ctx, always(id), &answer.Decisions, &answer.Capitalisation))
}

func priorField(r rules.Refusal) string {
	if r.Rule == rules.ProofMissing {
		return "proof"
	}
	return "bloc"
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

// answerDecisions shows the decisions that an act made, whose keys follow that
// of the candidate, and the ledger as it is now.
func (s *capitalisationService) answerDecisions(ctx context.Context, find referentielFinder,
	decisions *[]*acquispb.Decision, ledger **acquispb.Capitalisation,
) func(store.Reader, [][]byte) error {
	caller := call.CallerOf(ctx)
	return func(r store.Reader, made [][]byte) error {
		reader := newDecisionReader(r, caller)
		*decisions = nil
		for _, key := range made[1:] {
			stored, err := store.Decisions.Get(r, key)
			if err != nil {
				return err
			}
			shown, err := reader.read(stored)
			if err != nil {
				return err
			}
			*decisions = append(*decisions, shown)
		}
		candidate, err := store.Candidates.Get(r, made[0])
		if err != nil {
			return err
		}
		id, err := find(r)
		if err != nil {
			return err
		}
		*ledger, err = s.readLedger(r, candidate, id)
		return err
	}
}

// GetCapitalisation implements the RPC.
func (s *capitalisationService) GetCapitalisation(ctx context.Context, req *acquispb.GetCapitalisationRequest) (answer *acquispb.Capitalisation, err error) {
	caller := call.CallerOf(ctx)
	return answer, s.view(ctx, func(r store.Reader) error {
		candidate, err := candidateFor(r, caller, req.GetName())
		if err != nil {
			return err
		}
		answer, err = s.readLedger(r, candidate, segment(req.GetName(), 3))
		return err
	})
}

// readLedger shows what a candidate has acquired, under the current revision.
func (s *capitalisationService) readLedger(r store.Reader, candidate *storepb.Candidate, id string) (*acquispb.Capitalisation, error) {
	current, err := s.revisions.current(r, id)
	if err != nil {
		return nil, err
	}
	holder, err := s.holder(r, candidate.GetUid(), current.id)
	if err != nil {
		return nil, err
	}
	ledger := holder.Ledger(current.id)
	label := candidate.GetLabel()
	shown := &acquispb.Capitalisation{
		Name:          capitalisationName(label, id),
		Referentiel:   current.shown.GetRevision(),
		Certification: certificationFrom(label, ledger),
	}
	for _, bloc := range ledger.Blocs {
		status := &acquispb.Capitalisation_BlocStatus{
			Code:   bloc.Code,
			Title:  current.compiled.Bloc(bloc.Code).GetTitle(),
			Status: acquispb.Capitalisation_BlocStatus_Status_Enum(acquispb.Capitalisation_BlocStatus_Status_Enum_value[string(bloc.Status)]),
		}
		if bloc.Decision != "" {
			status.Decision = decisionName(label, casefile.UID(bloc.Decision))
		}
		shown.Blocs = append(shown.Blocs, status)
	}
	return shown, nil
}

func certificationFrom(label string, ledger rules.Ledger) *acquispb.Capitalisation_CertificationStatus {
	shown := &acquispb.Capitalisation_CertificationStatus{
		Status: acquispb.Capitalisation_CertificationStatus_Status_Enum(
			acquispb.Capitalisation_CertificationStatus_Status_Enum_value[string(ledger.Certification)]),
	}
	if ledger.Award != "" {
		shown.Decision = decisionName(label, casefile.UID(ledger.Award))
	}
	return shown
}
