package services

import (
	"context"
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

func (s *sessionService) CreateCandidacy(ctx context.Context, req *acquispb.CreateCandidacyRequest) (*acquispb.Candidacy, error) {
	label := labelOr(req.GetCandidacyId())
	name := candidacyName(segment(req.GetParent(), 1), label)
	return perform(ctx, s.core, act[*acquispb.Candidacy]{
		request: req, resource: name,
		do: func(t *tx) (keys, error) {
			session, _, err := sessionFor(t, t.caller, req.GetParent())
			if err != nil {
				return nil, err
			}
			candidate, err := candidateToActOn(t, req.GetCandidacy().GetCandidate())
			if err != nil {
				return nil, err
			}
			enrolled, err := s.enrol(t, session, candidate, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			uid, err := t.newNamed(store.CollectionCandidacy, store.CandidacyLabel(session.GetLabel(), label), name)
			if err != nil {
				return nil, err
			}
			candidacy := &storepb.Candidacy{
				Uid: uid, Label: label, SessionUid: session.GetUid(), CandidateUid: candidate.GetUid(),
				Scope: req.GetCandidacy().GetScope(), AccessRoute: req.GetCandidacy().GetAccessRoute(),
				Option: req.GetCandidacy().GetOption(), ChosenBlocs: req.GetCandidacy().GetChosenBlocs(),
				EnrolledBlocs: enrolled.Enrolled, ResitBlocs: enrolled.Resits, EnrolledRequirements: enrolled.Requirements, State: acquispb.Candidacy_State_ENROLLED,
				CreateTime: t.timestamp(), EnrolDay: string(t.day()),
			}
			return t.putCandidacy(candidacy)
		},
		answer: shown(store.Candidacies, s.readCandidacy),
	})
}

// enrol asks the rules which blocs the candidacy presents.
func (s *sessionService) enrol(t *tx, session *storepb.Session, candidate *storepb.Candidate, asked *acquispb.Candidacy) (rules.Candidacy, error) {
	c, err := s.caseOf(t, session, candidate.GetUid())
	if err != nil {
		return rules.Candidacy{}, err
	}
	enrolled, refusals := c.Enrol(rules.Enrolment{
		Scope: rules.Scope(asked.GetScope().String()),
		Blocs: asked.GetBlocs(), Route: casefile.Route(asked.GetAccessRoute()), Option: asked.GetOption(), Chosen: asked.GetChosenBlocs(),
	})
	return enrolled, apierr.Refused(refusals, func(r words.Refusal) string {
		switch {
		case r.Rule == words.OptionUnknown, r.Rule == words.OptionNotNamed:
			return "candidacy.option"
		case asked.GetScope() == acquispb.Candidacy_Scope_WHOLE:
			return "candidacy.chosenBlocs"
		}
		return "candidacy.blocs"
	})
}

// putCandidacy writes a new version of a candidacy, and returns its key.
func (t *tx) putCandidacy(c *storepb.Candidacy) (keys, error) {
	c.Version++
	c.UpdateTime = t.timestamp()
	made := one(c.GetUid())
	return made, store.Candidacies.PutIndexed(t, made[0], c)
}

// GetCandidacy returns a candidacy.
func (s *sessionService) GetCandidacy(ctx context.Context, req *acquispb.GetCandidacyRequest) (*acquispb.Candidacy, error) {
	caller := call.CallerOf(ctx)
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Candidacy, error) {
		_, candidacy, _, err := candidacyFor(r, caller, req.GetName())
		if err != nil {
			return nil, err
		}
		return s.readCandidacy(r, candidacy)
	})
}

// ListCandidacies lists those of one session, or of all that exist for the caller.
func (s *sessionService) ListCandidacies(ctx context.Context, req *acquispb.ListCandidaciesRequest) (*acquispb.ListCandidaciesResponse, error) {
	caller := call.CallerOf(ctx)
	var sight *sessionSight
	var only uint64 // a session that must still be checked
	items, next, err := list(ctx, s.core, req, listing[*acquispb.Candidacy]{
		fields: candidacyFields(),
		from: func(r store.Reader, wanted filter.Filter[*acquispb.Candidacy]) (from source, err error) {
			sight = newSessionSight(caller)
			from, only, err = candidacySource(r, caller, req.GetParent(), wanted)
			return from, err
		},
		show: func(r store.Reader, uid uint64) (*acquispb.Candidacy, bool, error) {
			candidacy, err := store.Candidacies.Get(r, store.Key(uid))
			if err != nil || only != 0 && candidacy.GetSessionUid() != only {
				return nil, false, err
			}
			session, err := sight.find(r, candidacy.GetSessionUid())
			if err != nil || session == nil {
				return nil, false, err
			}
			shown, err := s.candidacyIn(r, session, candidacy)
			return shown, true, err
		},
	})
	return &acquispb.ListCandidaciesResponse{Candidacies: items, NextPageToken: next}, err
}

// candidacyFields are those that a filter of candidacies may name.
func candidacyFields() filter.Fields[*acquispb.Candidacy] {
	return filter.Fields[*acquispb.Candidacy]{
		filter.Text("candidate", (*acquispb.Candidacy).GetCandidate).Holding("its name"),
		filter.Enum("state", (*acquispb.Candidacy).GetState),
	}
}

// candidacySource picks the shortest index for a list: the candidate's, if the
// filter names one, otherwise the session's, otherwise all. session, if it is not
// 0, must still be checked.
func candidacySource(r store.Reader, caller *call.Caller, parent string, wanted filter.Filter[*acquispb.Candidacy]) (from source, session uint64, err error) {
	if parent != "sessions/-" {
		stored, _, err := sessionFor(r, caller, parent)
		if err != nil {
			return nil, 0, err
		}
		session = stored.GetUid()
	}
	if name, ok := wanted.Demands("candidate"); ok {
		from, err := indexOfNamed(r, store.KindCandidateCandidacy, store.CollectionCandidate, name)
		return from, session, err
	}
	if session != 0 {
		return indexOf(r, store.KindSessionCandidacy, session), session, nil
	}
	return allOf(r, store.KindCandidacy), 0, nil
}

func (s *sessionService) WithdrawCandidacy(ctx context.Context, req *acquispb.WithdrawCandidacyRequest) (*acquispb.Candidacy, error) {
	return s.move(ctx, req, leaveAs(rules.Withdrawn))
}

func (s *sessionService) MarkCandidacyAbsent(ctx context.Context, req *acquispb.MarkCandidacyAbsentRequest) (*acquispb.Candidacy, error) {
	return s.move(ctx, req, leaveAs(rules.Absent))
}

func (s *sessionService) ReinstateCandidacy(ctx context.Context, req *acquispb.ReinstateCandidacyRequest) (*acquispb.Candidacy, error) {
	return s.move(ctx, req, rules.Case.Reinstate)
}

func leaveAs(state rules.CandidacyState) func(rules.Case, []string) (rules.Candidacy, []words.Refusal) {
	return func(c rules.Case, blocs []string) (rules.Candidacy, []words.Refusal) { return c.Leave(state, blocs) }
}

// A moveRequest takes blocs out of a candidacy or brings them back.
type moveRequest interface {
	request
	GetName() string
	GetBlocs() []string
	GetEtag() string
}

func (s *sessionService) move(ctx context.Context, req moveRequest,
	decide func(rules.Case, []string) (rules.Candidacy, []words.Refusal),
) (*acquispb.Candidacy, error) {
	return perform(ctx, s.core, act[*acquispb.Candidacy]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			session, candidacy, _, err := candidacyFor(t, t.caller, req.GetName())
			if err != nil {
				return nil, err
			}
			if err := checkEtag(req.GetEtag(), candidacy, false); err != nil {
				return nil, err
			}
			candidate, err := store.Candidates.Get(t, store.Key(candidacy.GetCandidateUid()))
			if err != nil {
				return nil, err
			}
			if err := notForgotten(candidate); err != nil {
				return nil, err
			}
			c, err := s.caseOf(t, session, candidate.GetUid())
			if err != nil {
				return nil, err
			}
			if c.Candidacy, err = casefile.Candidacy(candidacy, session); err != nil {
				return nil, err
			}
			after, refusals := decide(c, req.GetBlocs())
			if err := apierr.Refused(refusals, apierr.At("blocs")); err != nil {
				return nil, err
			}
			setCandidacy(candidacy, after)
			return t.putCandidacy(candidacy)
		},
		answer: shown(store.Candidacies, s.readCandidacy),
	})
}

// setCandidacy stores the state of a candidacy as the rules have it.
func setCandidacy(stored *storepb.Candidacy, c rules.Candidacy) {
	stored.State = casefile.Value[acquispb.Candidacy_State_Enum](c.State)
	stored.DepartedBlocs = nil
	for _, left := range c.Left {
		stored.DepartedBlocs = append(stored.DepartedBlocs, &storepb.DepartedBloc{
			Bloc: left.Bloc, Cause: casefile.Value[acquispb.Candidacy_DepartedBloc_Cause_Enum](left.As),
		})
	}
}

// readCandidacy shows a candidacy as the API does.
func (c *core) readCandidacy(r store.Reader, stored *storepb.Candidacy) (*acquispb.Candidacy, error) {
	session, err := store.Sessions.Get(r, store.Key(stored.GetSessionUid()))
	if err != nil {
		return nil, err
	}
	return c.candidacyIn(r, session, stored)
}

// candidacyIn shows a candidacy of the session.
func (c *core) candidacyIn(r store.Reader, session *storepb.Session, stored *storepb.Candidacy) (*acquispb.Candidacy, error) {
	candidate, err := store.Candidates.Get(r, store.Key(stored.GetCandidateUid()))
	if err != nil {
		return nil, err
	}
	judged, err := casefile.Candidacy(stored, session)
	if err != nil {
		return nil, err
	}
	under, err := c.revisions.get(r, judged.Revision)
	if err != nil {
		return nil, err
	}
	shown := &acquispb.Candidacy{
		Name:           candidacyName(session.GetLabel(), stored.GetLabel()),
		Candidate:      candidateName(candidate.GetLabel()),
		Scope:          stored.GetScope(),
		AccessRoute:    stored.GetAccessRoute(),
		PresentedBlocs: within(judged.Presented(), stored.GetEnrolledBlocs()),
		ResitBlocs:     judged.Resits,

		PresentedRequirements: within(judged.Presented(), stored.GetEnrolledRequirements()),

		MethodVariant: acquispb.Candidacy_MethodVariant_NORMAL,
		DepartedBlocs: departedFrom(stored.GetDepartedBlocs()),
		State:         stored.GetState(),
		Option:        stored.GetOption(),
		ChosenBlocs:   stored.GetChosenBlocs(),
		Referentiel:   revisionName(session.GetReferentiel(), session.GetRevision()),
		Etag:          etag(stored),
		CreateTime:    stored.GetCreateTime(),
		UpdateTime:    stored.GetUpdateTime(),
		Warnings:      show.Warnings(under.compiled.Scheme().Registration().WarnEnrolment(stored.GetEnrolDay())),
	}
	if shown.GetScope() == acquispb.Candidacy_Scope_BLOCS {
		shown.Blocs = slices.Clone(stored.GetEnrolledBlocs())
	}
	if len(stored.GetEnrolledBlocs()) == 1 {
		shown.MethodVariant = acquispb.Candidacy_MethodVariant_BLOC_ONLY
	}
	return shown, nil
}

// within keeps the codes that another list has.
func within(codes, list []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return !slices.Contains(list, code) })
}

func departedFrom(departed []*storepb.DepartedBloc) []*acquispb.Candidacy_DepartedBloc {
	shown := make([]*acquispb.Candidacy_DepartedBloc, len(departed))
	for i, d := range departed {
		shown[i] = &acquispb.Candidacy_DepartedBloc{Bloc: d.GetBloc(), Cause: d.GetCause()}
	}
	return shown
}
