package services

import (
	"context"
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/store"
	"google.golang.org/protobuf/proto"
)

// sessionService runs sessions; its methods about candidacies, assessments, the
// grid, accommodations and exemptions are in the files of those names.
type sessionService struct {
	acquispb.UnimplementedSessionServiceServer
	*core
	validate contract.Validator
}

func (s *sessionService) CreateSession(ctx context.Context, req *acquispb.CreateSessionRequest) (*acquispb.Session, error) {
	label := labelOr(req.GetSessionId())
	return perform(ctx, s.core, act[*acquispb.Session]{
		request: req, resource: sessionName(label),
		do: func(t *tx) (keys, error) {
			uid, err := t.newNamed(store.CollectionSession, label, sessionName(label))
			if err != nil {
				return nil, err
			}
			revision, err := s.revisions.byName(t, req.GetSession().GetReferentiel())
			if err != nil {
				return nil, err
			}
			session := &storepb.Session{
				Uid: uid, Label: label, Version: 1, State: acquispb.Session_State_OPEN,
				Referentiel: revision.id.Referentiel, Revision: revision.id.ID,
				CreateTime: t.timestamp(), UpdateTime: t.timestamp(),
			}
			describeSession(session, req.GetSession())
			empty := rules.Session{State: rules.SessionOpen}
			refusals := empty.ChangeJury(casefile.Jury(session.GetJury()), nil)
			refusals = append(refusals, people(revision, session)...)
			if err := apierr.Refused(refusals, atPeople(session)); err != nil {
				return nil, err
			}
			if err := ownCentre(t.caller, session); err != nil {
				return nil, err
			}
			return t.putSession(session)
		},
		answer: shown(store.Sessions, plain(sessionFrom)),
	})
}

// describeSession sets everything that callers set of a session, except its
// référentiel.
func describeSession(session *storepb.Session, given *acquispb.Session) {
	session.DisplayName = given.GetDisplayName()
	session.StartDate, session.EndDate = dateOf(given.GetStartDate()), dateOf(given.GetEndDate())
	if session.EndDate == nil {
		session.EndDate = session.StartDate
	}
	session.CentreCode, session.CentreDisplayName = given.GetCentre().GetCode(), given.GetCentre().GetDisplayName()
	session.Assessors, session.Jury = nil, nil
	for _, a := range given.GetAssessors() {
		session.Assessors = append(session.Assessors, &storepb.Assessor{Subject: a.GetSubject(), Quality: a.GetQuality()})
	}
	for _, m := range given.GetJury() {
		session.Jury = append(session.Jury, &storepb.JuryMember{
			Subject: m.GetSubject(), DisplayName: m.GetDisplayName(), External: m.GetExternal(), Chair: m.GetChair(),
			College: m.GetCollege(), Quality: m.GetQuality(), Profession: m.GetProfession(), Organisation: m.GetOrganisation(),
		})
	}
}

// people checks that a revision has the colleges and qualities that a session names.
func people(under *revision, session *storepb.Session) []words.Refusal {
	return under.compiled.Scheme().People(casefile.Jury(session.GetJury()), casefile.Assessors(session))
}

// atPeople is the field that a refusal of a session is about.
func atPeople(session *storepb.Session) func(words.Refusal) string {
	return func(r words.Refusal) string {
		for i, m := range session.GetJury() {
			if r.Rule == words.CollegeUnknown && r.Subject == "member "+m.GetSubject() {
				return fmt.Sprintf("session.jury[%d].college", i)
			}
		}
		for i, a := range session.GetAssessors() {
			if r.Rule == words.QualityUnknown && r.Subject == "assessor "+a.GetSubject() {
				return fmt.Sprintf("session.assessors[%d].quality", i)
			}
		}
		return "session.jury"
	}
}

// putSession writes a session, and returns its key.
func (t *tx) putSession(session *storepb.Session) (keys, error) {
	made := one(session.GetUid())
	return made, store.Sessions.PutIndexed(t, made[0], session)
}

// GetSession returns a session.
func (s *sessionService) GetSession(ctx context.Context, req *acquispb.GetSessionRequest) (*acquispb.Session, error) {
	caller := call.CallerOf(ctx)
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Session, error) {
		session, _, err := sessionFor(r, caller, req.GetName())
		if err != nil {
			return nil, err
		}
		return sessionFrom(session), nil
	})
}

// ListSessions lists the sessions that exist for the caller.
func (s *sessionService) ListSessions(ctx context.Context, req *acquispb.ListSessionsRequest) (*acquispb.ListSessionsResponse, error) {
	caller := call.CallerOf(ctx)
	items, next, err := list(ctx, s.core, req, listing[*acquispb.Session]{
		fields: sessionFields(),
		from:   every[*acquispb.Session](store.KindSession),
		show: func(r store.Reader, uid uint64) (*acquispb.Session, bool, error) {
			session, err := store.Sessions.Get(r, store.Key(uid))
			if err != nil || callerAt(caller, session).Roles == nil {
				return nil, false, err
			}
			return sessionFrom(session), true, nil
		},
	})
	return &acquispb.ListSessionsResponse{Sessions: items, NextPageToken: next}, err
}

// sessionFields are those that a filter of sessions may name.
func sessionFields() filter.Fields[*acquispb.Session] {
	return filter.Fields[*acquispb.Session]{
		filter.Enum("state", (*acquispb.Session).GetState),
		filter.Texts("referentiel", func(s *acquispb.Session) []string { return referentielSpellings(s.GetReferentiel()) }).
			Holding(aboutReferentiel),
		filter.Text("centre", func(s *acquispb.Session) string { return s.GetCentre().GetCode() }).
			Or("centre.code").Holding("its code"),
	}
}

const aboutReferentiel = "its id, its name or its revision's name"

// referentielSpellings are the ways in which a filter may name a référentiel, of which
// an answer has the revision's name.
func referentielSpellings(revision string) []string {
	id := segment(revision, 1)
	return []string{id, referentielName(id), revision}
}

func (s *sessionService) UpdateSession(ctx context.Context, req *acquispb.UpdateSessionRequest) (*acquispb.Session, error) {
	name := req.GetSession().GetName()
	rpc := s.contract.Of(req)
	paths, err := updatedPaths(rpc, req.GetSession(), req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	return perform(ctx, s.core, act[*acquispb.Session]{
		request: req, resource: name,
		do: func(t *tx) (keys, error) {
			session, _, err := sessionFor(t, t.caller, name)
			if err != nil {
				return nil, err
			}
			if err := checkEtag(req.GetSession().GetEtag(), session, true); err != nil {
				return nil, err
			}
			merged := sessionFrom(session)
			if err := keepsRest(rpc, req.GetSession(), merged, "session"); err != nil {
				return nil, err
			}
			copyPaths(merged, req.GetSession(), paths)
			if proto.Equal(session.GetStartDate(), session.GetEndDate()) && !slices.ContainsFunc(paths, isPartOf("end_date")) {
				merged.EndDate = nil // a session of one day is moved as a whole
			}
			if err := s.validate.Resource(ctx, "session", merged); err != nil {
				return nil, err
			}
			return s.changeSession(t, session, merged)
		},
		answer: shown(store.Sessions, plain(sessionFrom)),
	})
}

// changeSession changes a session to merged, if the rules allow it.
func (s *sessionService) changeSession(t *tx, session *storepb.Session, merged *acquispb.Session) (keys, error) {
	revision, err := s.revisions.byName(t, merged.GetReferentiel())
	if err != nil {
		return nil, err
	}
	before, candidacies, err := loadSession(t, session)
	if err != nil {
		return nil, err
	}
	tookPart, err := actors(t, session.GetUid())
	if err != nil {
		return nil, err
	}
	stored := proto.CloneOf(session)
	describeSession(session, merged)
	if err := ownCentre(t.caller, session); err != nil {
		return nil, err
	}
	refusals := before.ChangeJury(casefile.Jury(session.GetJury()), tookPart)
	if revision.id != before.Revision {
		refusals = append(refusals, before.ChangeRevision(revision.id, candidacies, tookPart)...)
	}
	refusals = append(refusals, people(revision, session)...)
	if err := apierr.Refused(refusals, atPeople(session)); err != nil {
		return nil, err
	}
	session.Referentiel, session.Revision = revision.id.Referentiel, revision.id.ID
	if proto.Equal(session, stored) {
		return one(session.GetUid()), nil
	}
	session.Version++
	session.UpdateTime = t.timestamp()
	return t.putSession(session)
}

func (s *sessionService) CloseSession(ctx context.Context, req *acquispb.CloseSessionRequest) (*acquispb.Session, error) {
	return s.endSession(ctx, req,
		acquispb.Session_State_CLOSED, func(session rules.Session, candidacies []rules.Candidacy, _ []string) []words.Refusal {
			return session.Close(candidacies)
		})
}

func (s *sessionService) CancelSession(ctx context.Context, req *acquispb.CancelSessionRequest) (*acquispb.Session, error) {
	return s.endSession(ctx, req,
		acquispb.Session_State_CANCELLED, rules.Session.Cancel)
}

// An endRequest closes or cancels a session.
type endRequest interface {
	request
	GetName() string
	GetEtag() string
}

func (s *sessionService) endSession(ctx context.Context, req endRequest, state acquispb.Session_State_Enum,
	check func(s rules.Session, candidacies []rules.Candidacy, tookPart []string) []words.Refusal,
) (*acquispb.Session, error) {
	return perform(ctx, s.core, act[*acquispb.Session]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			session, _, err := sessionFor(t, t.caller, req.GetName())
			if err != nil {
				return nil, err
			}
			if err := checkEtag(req.GetEtag(), session, false); err != nil {
				return nil, err
			}
			before, candidacies, err := loadSession(t, session)
			if err != nil {
				return nil, err
			}
			tookPart, err := actors(t, session.GetUid())
			if err != nil {
				return nil, err
			}
			if err := apierr.Refused(check(before, candidacies, tookPart), apierr.At("name")); err != nil {
				return nil, err
			}
			session.State = state
			session.Version++
			session.UpdateTime = t.timestamp()
			if state == acquispb.Session_State_CANCELLED {
				if err := t.cancelCandidacies(session.GetUid()); err != nil {
					return nil, err
				}
			}
			return t.putSession(session)
		},
		answer: shown(store.Sessions, plain(sessionFrom)),
	})
}

// cancelCandidacies ends the undecided candidacies of a cancelled session. Those
// withdrawn or absent keep their state.
func (t *tx) cancelCandidacies(session uint64) error {
	candidacies, err := store.Candidacies.Listed(t, store.KindSessionCandidacy, session)
	if err != nil {
		return err
	}
	for _, c := range candidacies {
		if c.GetState() != acquispb.Candidacy_State_ENROLLED {
			continue
		}
		c.State = acquispb.Candidacy_State_CANCELLED
		c.Version++
		c.UpdateTime = t.timestamp()
		if err := store.Candidacies.Put(t, store.Key(c.GetUid()), c); err != nil {
			return err
		}
	}
	return nil
}

// loadSession reads a session and all of its candidacies for the rules.
func loadSession(r store.Reader, session *storepb.Session) (rules.Session, []rules.Candidacy, error) {
	stored, err := store.Candidacies.Listed(r, store.KindSessionCandidacy, session.GetUid())
	if err != nil {
		return rules.Session{}, nil, err
	}
	candidacies := make([]rules.Candidacy, len(stored))
	for i, c := range stored {
		if candidacies[i], err = casefile.Candidacy(c, session); err != nil {
			return rules.Session{}, nil, err
		}
	}
	read, err := casefile.Session(session)
	return read, candidacies, err
}

// actors lists the subjects who took part in an act of a session's jury.
func actors(r store.Reader, session uint64) ([]string, error) {
	const most = 10_000 // far above the size of a jury
	records, err := r.Scan(store.KindSessionActor, store.Key(session), nil, most)
	if err != nil {
		return nil, err
	}
	subjects := make([]string, len(records))
	for i, record := range records {
		subjects[i] = string(record.Key[8:])
	}
	return subjects, nil
}

// sessionFrom shows a session as the API does.
func sessionFrom(s *storepb.Session) *acquispb.Session {
	shown := &acquispb.Session{
		Name:        sessionName(s.GetLabel()),
		DisplayName: s.GetDisplayName(),
		Referentiel: revisionName(s.GetReferentiel(), s.GetRevision()),
		StartDate:   dateFrom(s.GetStartDate()),
		EndDate:     dateFrom(s.GetEndDate()),
		Jury:        juryFrom(s.GetJury()),
		Assessors:   assessorsFrom(s.GetAssessors()),
		State:       s.GetState(),
		Etag:        etag(s),
		CreateTime:  s.GetCreateTime(),
		UpdateTime:  s.GetUpdateTime(),
	}
	if s.GetCentreCode() != "" {
		shown.Centre = &acquispb.Session_Centre{Code: s.GetCentreCode(), DisplayName: s.GetCentreDisplayName()}
	}
	return shown
}

func assessorsFrom(stored []*storepb.Assessor) (shown []*acquispb.SessionAssessor) {
	for _, a := range stored {
		shown = append(shown, &acquispb.SessionAssessor{Subject: a.GetSubject(), Quality: a.GetQuality()})
	}
	return shown
}

func juryFrom(members []*storepb.JuryMember) []*acquispb.JuryMember {
	shown := make([]*acquispb.JuryMember, len(members))
	for i, m := range members {
		shown[i] = &acquispb.JuryMember{
			Subject: m.GetSubject(), DisplayName: m.GetDisplayName(), External: m.GetExternal(), Chair: m.GetChair(),
			College: m.GetCollege(), Quality: m.GetQuality(), Profession: m.GetProfession(), Organisation: m.GetOrganisation(),
		}
	}
	return shown
}
