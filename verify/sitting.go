package verify

import (
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// An act of a jury is judged by the revision, the jury and the state of its
// session that were in force at that act. Of a session only the latest version is
// kept, but the rules make it sufficient: a jury that acted keeps the revision
// under whose jury rule it sat, and the members who took part in their quality; a
// session that ended is never written again, so that the event of its record is
// its end; and one whose jury acted is never cancelled.

// A sitting is the session of the jury whose act is judged.
type sitting struct {
	stored[*storepb.Session]
	ruled rules.Session // as the rules read it
}

// sits reads a session for the acts of its jury. ok is false if the session or
// its revision cannot be read, which is reported with all other records.
func (v *verifier) sits(uid uint64) (s sitting, ok bool, err error) {
	if s.stored, ok, err = load[*storepb.Session](v, store.KindSession, store.Key(uid)); err != nil || !ok {
		return s, false, err
	}
	read, bad := casefile.Session(s.message)
	s.ruled = read
	return s, bad == nil && v.scheme(s.ruled.Revision) != nil, nil
}

// at returns the session as acts in its candidacies saw it at an event.
func (s sitting) at(event uint64) rules.Session {
	met := s.ruled
	if met.State != rules.SessionOpen && event <= s.event {
		met.State = rules.SessionOpen
	}
	return met
}

// forJury returns the session as an act of its jury saw it.
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

// qualities checks that members sat in the quality that the jury lists.
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

// satFor returns the rules' sitting for what a record says.
func satFor(author string, present []*storepb.JuryMember) rules.Sitting {
	s := rules.Sitting{Caller: author}
	for _, m := range present {
		s.Present = append(s.Present, m.GetSubject())
	}
	return s
}

// heldAlready checks a deliberation that decided nothing, because every bloc was
// held. The candidacy says who sat, because no decision does.
func (p *person) heldAlready(judged rules.Case, c candidacy) {
	sat := c.message.GetSitting()
	if sat == nil {
		c.wrong("is DECIDED, but neither a decision of event %d nor the candidacy says who deliberated", c.event)
		return
	}
	c.onItsDay(sat.GetDay(), c.message.GetUpdateTime())
	judgement, refusals := judged.Deliberate(satFor(sat.GetAuthor(), sat.GetMembersPresent()),
		rules.Deliberation{SeenEtag: "seen", CurrentEtag: "seen"})
	switch {
	case len(refusals) > 0:
		c.wrong("was decided, which the rules forbid: %s", why(refusals))
	case len(judgement.Rulings) > 0:
		missing := judgement.Rulings[0]
		c.wrong("is DECIDED, but no decision of event %d says so: expected %s %s %s", c.event, missing.Kind, missing.Bloc, missing.Outcome)
	case c.session.qualities(c.subject, sat.GetMembersPresent()):
		p.fates(c, judgement.Fates)
	}
}
