package stories

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// qualities are those in which people assess in a session: usually each in their own.
func (a *author) qualities() map[string]string {
	all := map[string]string{"assessor-1": "tutor", "assessor-2": "evaluator", "assessor-3": "arbiter", "platform": "", "someone": "tutor", "jury-1": "", "jury-5": "arbiter"}
	for _, subject := range slices.Sorted(maps.Keys(all)) {
		if a.chance(10) {
			all[subject] = world.Pick(a.Rand, []string{"", "tutor", "evaluator", "arbiter"})
		}
	}
	return all
}

// seat puts the members of a jury on the sides of a référentiel, and rarely on one that it
// does not have.
func (a *author) seat(jury []model.Member, r *model.Revision) {
	for i := range jury {
		switch jury[i].College = ""; {
		case r != nil && len(r.Colleges) > 0:
			jury[i].College = []string{"E", "S"}[i%2]
			if a.chance(10) {
				jury[i].College = ""
			}
		case a.chance(1):
			jury[i].College = "X"
		}
	}
}

// jury is usually one that can sit.
func (a *author) jury() (jury []model.Member) {
	sparse := a.chance(30)
	for i := range 5 {
		if sparse && a.chance(40) {
			continue
		}
		jury = append(jury, model.Member{
			Subject: fmt.Sprintf("jury-%d", i+1), External: a.chance(75), Chair: i == 0 && !sparse || a.chance(40),
		})
	}
	return jury
}

func (a *author) newSession() act {
	s := newSession{ID: a.newID("s"), Jury: a.jury(), Qualities: a.qualities()}
	s.Referentiel, s.Label = a.revision()
	r, _ := pinned(a.s, s.Referentiel, s.Label)
	a.seat(s.Jury, r)
	return s
}

// revision names a current revision, or any by its label.
func (a *author) revision() (referentiel, label string) {
	labels := slices.Sorted(maps.Keys(a.s.labels))
	if a.chance(30) {
		return "", world.Pick(a.Rand, labels)
	}
	return a.referentiel(), ""
}

// referentiel is the id of a published one.
func (a *author) referentiel() string {
	return strings.TrimPrefix(world.Pick(a.Rand, a.s.model.Revisions).ID, a.s.prefix)
}

func (a *author) changeSession() act {
	session := world.Pick(a.Rand, a.s.model.Sessions)
	c := changeSession{ID: a.short(session.Name), Jury: slices.Clone(session.Jury), Stale: a.chance(10)}
	switch {
	case a.chance(20):
		c.Jury = a.jury()
		a.seat(c.Jury, session.Revision)
	case a.chance(50) && len(c.Jury) > 0:
		i := a.IntN(len(c.Jury))
		c.Jury = slices.Delete(c.Jury, i, i+1)
	case len(c.Jury) > 0:
		i := a.IntN(len(c.Jury))
		c.Jury[i].External = !c.Jury[i].External
	}
	if a.chance(30) {
		c.Referentiel, c.Label = a.revision()
	}
	if a.chance(30) {
		c.Qualities = a.qualities()
	}
	return c
}

// strengthen adds subjects to a jury who are not on it yet.
func (a *author) strengthen(session *model.Session) act {
	jury := slices.Clone(session.Jury)
	for i := range 5 {
		subject := fmt.Sprintf("jury-%d", i+1)
		if !slices.ContainsFunc(jury, func(m model.Member) bool { return m.Subject == subject }) {
			added := []model.Member{{Subject: subject, External: true, Chair: true}}
			if a.seat(added, session.Revision); len(session.Revision.Colleges) > 0 {
				added[0].College = []string{"E", "S"}[i%2]
			}
			jury = append(jury, added...)
		}
	}
	return changeSession{ID: a.short(session.Name), Jury: jury}
}

func (a *author) endSession() act {
	return endSession{a.short(world.Pick(a.Rand, a.s.model.Sessions).Name), a.chance(40)}
}

func (a *author) tie() act {
	key := world.Pick(a.Rand, []string{"registrar", "registrar", "jury-1", "jury-5"})
	subject := fmt.Sprintf("jury-%d", 1+a.IntN(5))
	return declareTie{a.short(world.Pick(a.Rand, a.s.model.Candidates).Name), key, subject}
}

func (a *author) enrol() act {
	open := slices.DeleteFunc(slices.Clone(a.s.model.Sessions), func(s *model.Session) bool { return s.State != "OPEN" })
	if len(open) == 0 || a.chance(10) {
		open = a.s.model.Sessions
	}
	session := world.Pick(a.Rand, open)
	candidate := a.newcomer(session)
	if candidate == nil {
		return newCandidate{a.newID("c")}
	}
	e := enrol{Candidacy: a.short(session.Name) + "/" + a.newID("k"), Candidate: a.short(candidate.Name), Scope: "WHOLE", Route: world.Pick(a.Rand, routes)}
	if a.chance(60) {
		e.Scope, e.Blocs = "BLOCS", a.blocs(session.Revision, session.Revision.Codes())
		if len(e.Blocs) == 0 || a.chance(5) {
			e.Blocs = append(e.Blocs, world.Pick(a.Rand, session.Revision.Codes()))
		}
		return e
	}
	if rule := session.Revision.Award; rule != nil {
		if len(rule.Options) > 0 && a.chance(90) {
			e.Path.Option = world.Pick(a.Rand, rule.Options).Code
		}
		for _, c := range rule.Choose {
			if a.chance(90) {
				e.Path.Chosen = a.blocs(session.Revision, c.From)
			}
		}
	}
	switch {
	case a.chance(3):
		e.Path.Option = "Z"
	case a.chance(5):
		e.Path.Chosen = append(e.Path.Chosen, world.Pick(a.Rand, session.Revision.Codes()))
	}
	return e
}

// newcomer is usually one who can be enrolled; nil if there is none.
func (a *author) newcomer(session *model.Session) *model.Candidate {
	free := slices.DeleteFunc(slices.Clone(a.s.model.Candidates), func(c *model.Candidate) bool {
		return c.Ledger(session.Revision, "").Certification.Status != "IN_PROGRESS" ||
			slices.ContainsFunc(c.Candidacies, func(k *model.Candidacy) bool { return k.Session == session })
	})
	if a.chance(20) {
		return world.Pick(a.Rand, a.s.model.Candidates)
	}
	return world.Pick(a.Rand, free)
}

// sessionFor is usually one whose jury can decide about the référentiel.
func (a *author) sessionFor(r *model.Revision) *model.Session {
	fit := slices.DeleteFunc(slices.Clone(a.s.model.Sessions), func(s *model.Session) bool {
		return s.State == "CANCELLED" || s.Revision.ID != r.ID
	})
	if len(fit) == 0 || a.chance(10) {
		return world.Pick(a.Rand, a.s.model.Sessions)
	}
	return world.Pick(a.Rand, fit)
}

func (a *author) rectify() act {
	decided := slices.DeleteFunc(slices.Clone(a.s.model.Candidates), func(c *model.Candidate) bool { return len(c.Decisions) == 0 })
	if len(decided) == 0 {
		return a.enrol()
	}
	c := world.Pick(a.Rand, decided)
	i := a.IntN(len(c.Decisions))
	session := a.sessionFor(c.Decisions[i].Revision)
	by := a.sitting(session, c, 85)
	return rectify{
		Candidate: a.short(c.Name), Number: i, Session: a.short(session.Name), Key: by.Caller, Present: by.Present,
		Outcome: a.outcomeFor(c.Decisions[i]), Motive: "motif",
	}
}

func (a *author) attest() act {
	decided := slices.DeleteFunc(slices.Clone(a.s.model.Candidates), func(c *model.Candidate) bool { return len(c.Decisions) == 0 })
	if len(decided) == 0 {
		return a.enrol()
	}
	c := world.Pick(a.Rand, decided)
	return attest{a.short(c.Name), a.IntN(len(c.Decisions))}
}

// outcomeFor is mostly one that fits the decision.
func (a *author) outcomeFor(d *model.Decision) string {
	if (d.Kind == "PROOF") != a.chance(5) {
		return world.Pick(a.Rand, []string{"FULFILLED", "NOT_FULFILLED"})
	}
	return world.Pick(a.Rand, []string{"CAPITALISED", "NOT_CAPITALISED"})
}

func (a *author) award() act {
	c, id := world.Pick(a.Rand, a.s.model.Candidates), a.referentiel()
	for _, other := range a.s.model.Candidates { // mostly one who waits for it
		for _, r := range a.s.model.Revisions {
			waits := a.s.model.Current[r.ID] == r && other.Ledger(r, "").Certification.Status == "COMPLETE"
			if waits && a.chance(80) {
				c, id = other, strings.TrimPrefix(r.ID, a.s.prefix)
			}
		}
	}
	session := a.sessionFor(a.s.model.Current[a.s.prefix+id])
	by := a.sitting(session, c, 85)
	return award{a.short(c.Name), id, a.short(session.Name), by.Caller, by.Present}
}

func (a *author) prior() act {
	c, id := world.Pick(a.Rand, a.s.model.Candidates), a.referentiel()
	codes := append(a.s.model.Current[a.s.prefix+id].Codes(), "B1", "B9")
	return recordPrior{a.short(c.Name), id, world.Pick(a.Rand, codes), "PV"}
}

func (a *author) requirement() act {
	c, r := world.Pick(a.Rand, a.s.model.Candidates), a.s.model.Current[a.s.prefix+a.referentiel()]
	for _, other := range a.s.model.Current { // mostly one that has a requirement
		if other.Award != nil && len(other.Award.Requirements) > 0 && other.Name < r.Name {
			r = other
		}
	}
	code, amount := "DAYS", 0
	if r.Award != nil && len(r.Award.Requirements) > 0 && r.Award.Requirements[0].AtLeast > 0 || a.chance(10) {
		amount = 1 + a.IntN(3)
	}
	if a.chance(5) {
		code = "B1"
	}
	return recordRequirement{a.short(c.Name), strings.TrimPrefix(r.ID, a.s.prefix), code, amount}
}
