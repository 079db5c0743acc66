package model

import (
	"maps"
	"slices"
	"strings"
)

// NewSession opens a session on a revision.
func (w *World) NewSession(name string, revision *Revision, jury []Member, qualities map[string]string) Answer {
	if w.Session(name) != nil {
		return failed("ALREADY_EXISTS", "ALREADY_EXISTS")
	}
	var o objections
	if revision.knows(&o, jury); len(o) > 0 {
		return o.answer()
	}
	w.Sessions = append(w.Sessions, &Session{
		Name: name, day: w.Today, Revision: revision, State: "OPEN", Jury: jury, Qualities: qualities, acted: make(map[string]bool),
	})
	return accepted
}

func (s *Session) member(subject string) *Member {
	i := slices.IndexFunc(s.Jury, func(m Member) bool { return m.Subject == subject })
	if i < 0 {
		return nil
	}
	return &s.Jury[i]
}

// Change gives the session a jury, a revision and qualities of those who assess, which may be
// those that it has.
func (s *Session) Change(jury []Member, revision *Revision, qualities map[string]string) Answer {
	var o objections
	o.unless(s.State == "OPEN", "SESSION_NOT_OPEN")
	for _, m := range s.Jury {
		o.unless(!s.acted[m.Subject] || slices.Contains(jury, m), "MEMBER_TOOK_PART")
	}
	o.unless(revision == s.Revision || len(s.Candidacies) == 0 && len(s.acted) == 0, "REFERENTIEL_FIXED")
	revision.knows(&o, jury)
	if len(o) > 0 {
		return o.answer()
	}
	idle := slices.Equal(s.Jury, jury) && s.Revision == revision && maps.Equal(s.Qualities, qualities)
	s.Jury, s.Revision, s.Qualities = jury, revision, qualities
	return Answer{Code: "OK", Idle: idle}
}

// Close ends a session in which everything is decided.
func (s *Session) Close() Answer {
	return s.end(nil, "CLOSED", "ENROLLED", "CANDIDACY_UNDECIDED")
}

// Cancel ends a session in which nothing is decided and whose jury did nothing.
func (s *Session) Cancel() Answer {
	var o objections
	o.unless(len(s.acted) == 0, "JURY_ACTED")
	return s.end(o, "CANCELLED", "DECIDED", "CANDIDACY_DECIDED")
}

func (s *Session) end(o objections, state, obstacle, rule string) Answer {
	o.unless(s.State == "OPEN", "SESSION_NOT_OPEN")
	for _, k := range s.Candidacies {
		o.unless(k.State != obstacle, rule)
	}
	if len(o) > 0 {
		return o.answer()
	}
	s.State = state
	for _, k := range s.Candidacies {
		if state == "CANCELLED" && k.State == "ENROLLED" {
			k.State = "CANCELLED"
		}
	}
	return accepted
}

// A Sitting is a jury in an act: who calls, and who is present.
type Sitting struct {
	Caller  string
	Present []string
}

// sit objects to a jury that may not decide about the candidate.
func (s *Session) sit(o *objections, c *Candidate, by Sitting) {
	members, externals, chair := 0, 0, false
	for _, subject := range by.Present {
		s.regular(o, c, subject)
		if m := s.member(subject); m != nil {
			members++
			chair = chair || m.Chair
			if m.External {
				externals++
			}
		}
	}
	o.unless(slices.Contains(by.Present, by.Caller), "CALLER_NOT_PRESENT")
	o.unless(members >= s.Revision.Number(MinMembers), "JURY_TOO_SMALL")
	o.unless(externals*100 >= s.Revision.Number(MinExternal)*members, "JURY_TOO_INTERNAL")
	o.unless(chair || s.Revision.NoChair, "JURY_WITHOUT_CHAIR")
	s.sides(o, by.Present)
}

// regular objects to a subject who may not act for the jury about the candidate.
func (s *Session) regular(o *objections, c *Candidate, subject string) {
	o.unless(s.member(subject) != nil, "MEMBER_NOT_ON_JURY")
	o.unless(!slices.ContainsFunc(c.Tied, func(tied string) bool { return strings.EqualFold(tied, subject) }), "MEMBER_TIED")
}

func (k *Candidacy) regular(o *objections, subject string) {
	k.Session.regular(o, k.Candidate, subject)
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }
