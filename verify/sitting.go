package verify

import (
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// An act of a jury is judged by the revision, the jury and the state of its session
// that were in force at that act. Of a session only the latest version is kept, and
// the rules make it tell: a jury that acted keeps the revision under whose jury rule
// it sat, and the members who took part in their quality; a session that ended is
// never written again, so that the event of its record is its end; and one whose
// jury acted is never cancelled.

// A sitting is a session of whose jury an act is judged.
type sitting struct {
	stored[*storepb.Session]
	ruled rules.Session // as the rules read it
}

// sits reads a session for the acts of its jury. It is not ok where the session or
// its revision cannot be read, which is told where all records are.
func (v *verifier) sits(uid uint64) (s sitting, ok bool, err error) {
	if s.stored, ok, err = load[*storepb.Session](v, store.KindSession, store.Key(uid)); err != nil || !ok {
		return s, false, err
	}
	read, bad := casefile.Session(s.message)
	s.ruled = read
	return s, bad == nil && v.scheme(s.ruled.Revision) != nil, nil
}

// at is the session as acts in its candidacies met it at an event.
func (s sitting) at(event uint64) rules.Session {
	met := s.ruled
	if met.State != rules.SessionOpen && event <= s.event {
		met.State = rules.SessionOpen
	}
	return met
}

// forJury is the session as an act of its jury met it.
func (s sitting) forJury(event uint64) rules.Session {
	if s.ruled.State == rules.SessionCancelled {
		return s.ruled
	}
	return s.at(event)
}

// ended tells whether an event came after the end of the session.
func (s sitting) ended(event uint64) bool {
	return s.ruled.State != rules.SessionOpen && event > s.event
}

// qualities checks that members sat in the quality in which the jury lists them.
func (s sitting) qualities(record subject, present []*storepb.JuryMember) bool {
	jury := casefile.Jury(s.message.GetJury())
	for _, m := range casefile.Jury(present) {
		if !slices.Contains(jury, m) {
			record.wrong("names a member present, %s, in another quality than the jury of session %d does", m.Subject, s.message.GetUid())
			return false
		}
	}
	return true
}

// satFor makes the rules' sitting of what a record says.
func satFor(author string, present []*storepb.JuryMember) rules.Sitting {
	s := rules.Sitting{Caller: author}
	for _, m := range present {
		s.Present = append(s.Present, m.GetSubject())
	}
	return s
}

// heldAlready checks a deliberation that decided nothing: every bloc was held. Its
// candidacy says who sat, since no decision does.
func (p *person) heldAlready(judged rules.Case, c candidacy) {
	sat := c.message.GetSitting()
	if sat == nil {
		c.wrong("is DECIDED, and neither a decision of event %d nor the candidacy says who deliberated", c.event)
		return
	}
	judgement, refusals := judged.Deliberate(satFor(sat.GetAuthor(), sat.GetMembersPresent()),
		rules.Deliberation{SeenEtag: "seen", CurrentEtag: "seen"})
	switch {
	case len(refusals) > 0:
		c.wrong("was decided, which the rules forbid: %s", why(refusals))
	case len(judgement.Rulings) > 0:
		missing := judgement.Rulings[0]
		c.wrong("is DECIDED, and no decision of event %d says so: expected %s %s %s", c.event, missing.Kind, missing.Bloc, missing.Outcome)
	case c.session.qualities(c.subject, sat.GetMembersPresent()):
		p.fates(c, judgement.Fates)
	}
}
