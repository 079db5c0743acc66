package rules

import (
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// Session is one sitting of a jury.
type Session struct {
	ID       string
	Label    string // the name that callers use, and that refusals show
	Revision Revision
	State    SessionState
	Jury     []Member
}

// Member is a member of a session's jury.
type Member struct {
	Subject  string
	External bool
	Chair    bool
	College  string // code; may be empty
}

// SameSubject tells whether two subjects are one person to the rules that keep people
// apart: ties, a jury that is more than one, assessors who agree, roles that exclude each other. Systems
// write addresses in capitals or not, and must not get around a rule by that.
func SameSubject(one, other string) bool { return strings.EqualFold(one, other) }

// member finds a member of the session's jury; nil if the subject is not on it.
func (s Session) member(subject string) *Member {
	i := slices.IndexFunc(s.Jury, func(m Member) bool { return m.Subject == subject })
	if i < 0 {
		return nil
	}
	return &s.Jury[i]
}

// Sitting says who performs an act of the jury: the members present, as the
// caller states them, and the caller, who must be one of them.
type Sitting struct {
	Caller  string
	Present []string
}

// collegial is the smallest number of members who can act as a jury, even if a
// référentiel asks for fewer: no juror alone brings about a capitalisation or an
// award.
const collegial = 2

// sitting checks the members present at an act of the jury.
func (c Case) sitting(s Sitting) []words.Refusal {
	var refusals []words.Refusal
	var members []Member
	for i, subject := range s.Present {
		if slices.Contains(s.Present[:i], subject) {
			refusals = append(refusals, words.Refuse(words.MemberRepeated, "member", subject))
			continue
		}
		refusals = append(refusals, c.juror(subject)...)
		if m := c.Session.member(subject); m != nil {
			members = append(members, *m)
		}
	}
	if !slices.Contains(s.Present, s.Caller) {
		refusals = append(refusals, words.Refuse(words.CallerNotPresent, "member", s.Caller))
	}
	return append(refusals, c.composition(members)...)
}

// composition checks the jury rule: number, share of externals, a chair, colleges.
func (c Case) composition(members []Member) []words.Refusal {
	var refusals []words.Refusal
	externals, chairs := 0, 0
	for _, m := range members {
		if m.External {
			externals++
		}
		if m.Chair {
			chairs++
		}
	}
	rule := c.Scheme.Jury()
	if n := len(members); n < rule.MinMembers.Value {
		refusals = append(refusals, c.refuseJury(words.JuryTooSmall).Against(n, rule.MinMembers.Value, "", rule.MinMembers.Default))
	} else if n < collegial {
		refusals = append(refusals, c.refuseJury(words.JuryNotCollegial))
	}
	if n := len(members); externals*100 < rule.MinExternalPercent.Value*n {
		refusals = append(refusals, c.refuseJury(words.JuryTooInternal).Against(externals*100/n, rule.MinExternalPercent.Value, " %", rule.MinExternalPercent.Default))
	}
	if chairs == 0 && rule.NeedsChair {
		refusals = append(refusals, c.refuseJury(words.JuryWithoutChair))
	}
	return append(refusals, c.colleges(members)...)
}

func (c Case) refuseJury(rule words.RefusalRule) words.Refusal {
	return words.Refuse(rule, "jury of session", c.Session.Label)
}

// Close checks that a session can be closed, given all its candidacies.
func (s Session) Close(candidacies []Candidacy) []words.Refusal {
	return s.end(candidacies, Enrolled, words.CandidacyUndecided)
}

// Cancel checks that a session can be cancelled, given all its candidacies, whose
// state becomes CandidacyCancelled, and the subjects who took part in an act of
// its jury. That act may concern a candidacy of another session, because a jury
// can also rectify and award for others. A session whose jury acted took place.
func (s Session) Cancel(candidacies []Candidacy, tookPart []string) []words.Refusal {
	refusals := s.end(candidacies, Decided, words.CandidacyDecided)
	if len(tookPart) > 0 {
		refusals = append(refusals, words.Refuse(words.JuryActed, "session", s.Label))
	}
	return refusals
}

// end checks that the session is open and has no candidacy in the state that
// prevents its end.
func (s Session) end(candidacies []Candidacy, holdsBack CandidacyState, rule words.RefusalRule) []words.Refusal {
	refusals := s.open()
	for _, c := range candidacies {
		if c.State == holdsBack {
			refusals = append(refusals, words.Refuse(rule, "candidacy", c.Label))
		}
	}
	return refusals
}

// ChangeJury checks a new jury, given the subjects who took part in an act. A new
// session is checked as a change from an empty jury.
func (s Session) ChangeJury(jury []Member, tookPart []string) []words.Refusal {
	refusals := s.open()
	for i, m := range jury {
		if slices.ContainsFunc(jury[:i], func(other Member) bool { return SameSubject(other.Subject, m.Subject) }) {
			refusals = append(refusals, words.Refuse(words.MemberRepeated, "member", m.Subject))
		}
	}
	for _, m := range s.Jury {
		if slices.Contains(tookPart, m.Subject) && !slices.Contains(jury, m) {
			refusals = append(refusals, words.Refuse(words.MemberTookPart, "member", m.Subject))
		}
	}
	return refusals
}

// ChangeRevision checks a change of référentiel or revision, given all
// candidacies of the session and the subjects who took part in an act of its
// jury: they sat under the jury rule of its current revision.
func (s Session) ChangeRevision(to Revision, candidacies []Candidacy, tookPart []string) []words.Refusal {
	refusals := s.open()
	if to != s.Revision && len(candidacies)+len(tookPart) > 0 {
		refusals = append(refusals, words.Refuse(words.ReferentielFixed, "session", s.Label))
	}
	return refusals
}

// open refuses if the session takes no more acts.
func (s Session) open() []words.Refusal {
	if s.State != SessionOpen {
		return []words.Refusal{words.Refuse(words.SessionNotOpen, "session", s.Label)}
	}
	return nil
}
