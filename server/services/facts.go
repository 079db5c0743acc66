package services

import (
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// Beyond the roles of an RPC, the facts of the case determine what exists for a
// caller. The session decides: for an assessor the sessions exist that list them
// (or list nobody), for a jury member those whose jury names them, for a key of
// one centre those of that centre. If something does not exist for a caller, the
// answer is the same, word for word, as if it did not exist at all, so that
// nobody can find out by asking.

// callerAt returns the caller with the roles that they have in a session.
func callerAt(c *call.Caller, session *storepb.Session) *call.Caller {
	return c.With(func(role acquispb.Role_Enum) bool {
		switch {
		case !c.Sees(session.GetCentreCode()):
			return false
		case role == acquispb.Role_ASSESSOR:
			return c.Delegate || assesses(session, c.Subject)
		case role == acquispb.Role_JURY:
			return onJury(session, c.Subject)
		}
		return true
	})
}

// viewOf is what the rules let a caller see, by their roles: for what belongs to
// a session, by their roles in that session.
func viewOf(c *call.Caller) visibility.View {
	roles := make([]visibility.Role, len(c.Roles))
	for i, role := range c.Roles {
		roles[i] = visibility.Role(role.String())
	}
	return visibility.Of(c.Subject, roles)
}

// assesses tells whether a session accepts verdicts of an assessor.
func assesses(session *storepb.Session, subject string) bool {
	return len(session.GetAssessors()) == 0 || listed(session, subject) != nil
}

// listed finds an assessor whom a session lists; nil if it does not.
func listed(session *storepb.Session, subject string) *storepb.Assessor {
	i := slices.IndexFunc(session.GetAssessors(), func(a *storepb.Assessor) bool { return a.GetSubject() == subject })
	if i < 0 {
		return nil
	}
	return session.GetAssessors()[i]
}

func onJury(session *storepb.Session, subject string) bool {
	return slices.ContainsFunc(session.GetJury(), func(m *storepb.JuryMember) bool { return m.GetSubject() == subject })
}

// sessionFor returns a session, and the caller with their roles in it.
func sessionFor(r store.Reader, caller *call.Caller, name string) (*storepb.Session, *call.Caller, error) {
	session, err := sessionByName(r, name)
	if err != nil {
		return nil, nil, err
	}
	there := callerAt(caller, session)
	if len(there.Roles) == 0 {
		return nil, nil, apierr.NotFound(sessionName(segment(name, 1)))
	}
	return session, there, nil
}

// candidacyFor returns a candidacy, its session and the caller with their roles
// in it, and announces what else of it will be read.
func candidacyFor(r store.Reader, caller *call.Caller, name string, more ...wantOf) (*storepb.Session, *storepb.Candidacy, *call.Caller, error) {
	session, candidacy, err := candidacyByName(r, name, more...)
	if err != nil {
		return nil, nil, nil, err
	}
	there := callerAt(caller, session)
	if len(there.Roles) == 0 {
		return nil, nil, nil, apierr.NotFound(candidacyName(segment(name, 1), segment(name, 3)))
	}
	return session, candidacy, there, nil
}

// candidateFor returns a candidate who exists for the caller, given the name of
// any resource below theirs.
func candidateFor(r store.Reader, caller *call.Caller, name string) (*storepb.Candidate, error) {
	candidate, err := candidateByName(r, name)
	if err != nil {
		return nil, apierr.NotFoundInstead(err, name)
	}
	ok, err := seesCandidate(r, caller, candidate)
	if err == nil && !ok {
		err = apierr.NotFound(name)
	}
	return candidate, err
}

// seesCandidate tells whether a candidate was created or is enrolled in the
// caller's centre.
func seesCandidate(r store.Reader, c *call.Caller, candidate *storepb.Candidate) (bool, error) {
	if c.Sees(candidate.GetCentreCode()) {
		return true, nil
	}
	return enrolledWhere(r, candidate, func(s *storepb.Session) bool { return c.Sees(s.GetCentreCode()) })
}

// personFor is candidateFor for answers with an identity: for assessors and jury
// members only the candidates of their own sessions exist.
func personFor(r store.Reader, caller *call.Caller, name string) (*storepb.Candidate, error) {
	candidate, err := candidateFor(r, caller, name)
	if err != nil || caller.With(everywhere).Roles != nil {
		return candidate, err
	}
	ok, err := enrolledWhere(r, candidate, func(s *storepb.Session) bool { return callerAt(caller, s).Roles != nil })
	if err == nil && !ok {
		err = apierr.NotFound(name)
	}
	return candidate, err
}

// everywhere tells whether a role does not depend on the session.
func everywhere(role acquispb.Role_Enum) bool {
	return role != acquispb.Role_ASSESSOR && role != acquispb.Role_JURY
}

// enrolledWhere tells whether a candidate has a candidacy in a session for which
// such is true.
func enrolledWhere(r store.Reader, candidate *storepb.Candidate, such func(*storepb.Session) bool) (bool, error) {
	candidacies, err := store.Candidacies.Listed(r, store.KindCandidateCandidacy, candidate.GetUid())
	if err != nil {
		return false, err
	}
	for _, c := range candidacies {
		session, err := store.Sessions.Get(r, store.Key(c.GetSessionUid()))
		if err != nil || such(session) {
			return err == nil, err
		}
	}
	return false, nil
}

// stillExists checks the facts again for a repeated request, because the caller
// may have been removed from the session since.
func stillExists(r store.Reader, caller *call.Caller, again request, resource string) error {
	if named, ok := again.(interface{ GetSession() string }); ok {
		if _, _, err := sessionFor(r, caller, named.GetSession()); err != nil {
			return err
		}
	}
	var err error
	switch segment(resource, 0) {
	case "sessions":
		_, _, err = sessionFor(r, caller, resource)
	case "candidates":
		if segment(resource, 1) == "" {
			return nil // it was about many candidates
		}
		_, err = candidateFor(r, caller, resource)
	}
	return err
}

// ownCentre refuses a session of another centre to a caller of one centre.
func ownCentre(caller *call.Caller, session *storepb.Session) error {
	if caller.Sees(session.GetCentreCode()) {
		return nil
	}
	return apierr.Denied(acquispb.ErrorReason_OTHER_CENTRE, "a key of one centre can only create and change sessions of that centre")
}

// allCentres refuses to a caller of one centre what concerns a person in all of
// them.
func allCentres(caller *call.Caller) error {
	if caller.Centre == "" {
		return nil
	}
	return apierr.Denied(acquispb.ErrorReason_OTHER_CENTRE, "exporting and erasing cover all centres, so a key of one centre cannot request them")
}

// A sessionSight caches the sessions of a list while it is read, so that a
// session is read once, and not for each candidacy.
type sessionSight struct {
	caller *call.Caller
	known  map[uint64]*storepb.Session // nil: it does not exist for the caller
}

func newSessionSight(caller *call.Caller) *sessionSight {
	return &sessionSight{caller, make(map[uint64]*storepb.Session)}
}

// find returns a session, or nil if it does not exist for the caller.
func (s *sessionSight) find(r store.Reader, uid uint64) (*storepb.Session, error) {
	if known, ok := s.known[uid]; ok {
		return known, nil
	}
	session, err := store.Sessions.Get(r, store.Key(uid))
	if err != nil {
		return nil, err
	}
	if callerAt(s.caller, session).Roles == nil {
		session = nil
	}
	s.known[uid] = session
	return session, nil
}
