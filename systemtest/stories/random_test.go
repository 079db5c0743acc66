package stories

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// An author makes up the next act of a story. It reads the model to find out what
// is possible, and usually, not always, chooses that.
type author struct {
	*rand.Rand
	s  *stage
	id int
}

// some takes a random subset, in random order.
func some[T any](r *rand.Rand, from []T) []T {
	part := slices.Clone(from)
	r.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	return part[:r.IntN(len(part)+1)]
}

func (a *author) chance(percent int) bool { return a.IntN(100) < percent }

func (a *author) newID(kind string) string {
	a.id++
	return fmt.Sprintf("%s%d", kind, a.id)
}

// short is the id of a story for a name of the model: "s1/k2" for
// "sessions/m1-s1/candidacies/m1-k2".
func (a *author) short(name string) string {
	var ids []string
	for i, part := range strings.Split(name, "/") {
		if i%2 == 1 {
			ids = append(ids, strings.TrimPrefix(part, a.s.prefix))
		}
	}
	return strings.Join(ids, "/")
}

// next makes up an act. What a story needs first comes first; then usually a step
// that brings a candidacy forward, otherwise anything.
func (a *author) next() act {
	m := a.s.model
	enrolled := a.enrolled()
	switch {
	case len(m.Revisions) < 2:
		return a.publish()
	case len(m.Candidates) < 2:
		return newCandidate{a.newID("c")}
	case len(m.Sessions) < 2:
		return a.newSession()
	case len(enrolled) > 0 && a.chance(50):
		return a.advance(world.Pick(a.Rand, enrolled))
	}
	rare := []func() act{
		a.publish, a.newSession, a.changeSession, a.endSession, a.tie,
		func() act { return newCandidate{a.newID("c")} },
	}
	if a.chance(15) {
		return world.Pick(a.Rand, rare)()
	}
	if k := a.someCandidacy(); k != nil && a.chance(60) {
		return a.onCandidacy(k)
	}
	return world.Pick(a.Rand, []func() act{a.enrol, a.enrol, a.enrol, a.comeBack, a.rectify, a.rectify, a.award, a.prior, a.requirement, a.attest})()
}

// enrolled lists the candidacies that accept acts.
func (a *author) enrolled() []*model.Candidacy {
	return slices.DeleteFunc(a.s.model.Candidacies(), func(k *model.Candidacy) bool {
		return k.State != "ENROLLED" || k.Session.State != "OPEN"
	})
}

// someCandidacy is usually one that accepts acts; nil if there is none.
func (a *author) someCandidacy() *model.Candidacy {
	if a.chance(15) {
		return world.Pick(a.Rand, a.s.model.Candidacies())
	}
	return world.Pick(a.Rand, a.enrolled())
}

func (a *author) onCandidacy(k *model.Candidacy) act {
	return world.Pick(a.Rand, []func(*model.Candidacy) act{
		a.record, a.record, a.retract, a.settle, a.advise, a.exempt, a.exempt, a.accommodate, a.deliberate, a.move,
	})(k)
}

// advance does what the candidacy waits for, sometimes something that may change
// it: an exemption, another verdict on something settled.
func (a *author) advance(k *model.Candidacy) act {
	var pending, contested []string
	for _, criterion := range k.Criteria() {
		switch k.Status(criterion) {
		case "PENDING":
			pending = append(pending, criterion)
		case "CONTESTED":
			contested = append(contested, criterion)
		}
	}
	id := on{a.short(k.Name)}
	switch {
	case a.chance(25):
		return a.exempt(k)
	case len(k.Settled()) > 0 && a.chance(25):
		return a.settle(k)
	case len(pending) > 0:
		for _, assessor := range []string{"assessor-1", "assessor-2", "assessor-3"} {
			open := slices.DeleteFunc(slices.Clone(pending), func(c string) bool { return k.Opinions(c)[assessor] != "" })
			if len(open) > 0 {
				return record{id, assessor, "", a.verdicts(k, open, 70)}
			}
		}
	case len(contested) > 0:
		by := a.sitting(k.Session, k.Candidate, 90)
		return settle{id, by.Caller, a.verdicts(k, contested, 60)}
	}
	if len(k.Session.Jury) < 5 && a.chance(40) {
		return a.strengthen(k.Session)
	}
	return a.deliberate(k)
}

// verdicts are the best with a probability of met percent, and rarely on another scale.
func (a *author) verdicts(k *model.Candidacy, criteria []string, met int) (lines []model.Line) {
	for _, criterion := range criteria {
		_, _, known := k.Session.Revision.Find(criterion)
		var scale *model.Scale
		if known != nil {
			scale = k.Session.Revision.On(*known)
		}
		line := model.Line{Criterion: criterion, Verdict: "MET"}
		others := []string{"PARTIALLY_MET", "NOT_MET", "MET"}
		switch {
		case a.chance(1):
			line.Verdict, line.Kind, others = "12.5", "mark", []string{"12.25", "-1"}
		case scale != nil && scale.Marks != nil:
			line.Verdict, line.Kind, others = "20", "mark", []string{"0", "7.5", "10", "12.5", "14"}
		case scale != nil:
			line.Verdict, line.Kind, others = "A", "level", []string{"B", "C"}
		}
		if !a.chance(met) {
			line.Verdict = world.Pick(a.Rand, others)
		}
		lines = append(lines, line)
	}
	return lines
}

// criteria are at least one, usually presented.
func (a *author) criteria(k *model.Candidacy) []string {
	from := k.Criteria()
	if len(from) == 0 || a.chance(10) {
		return []string{a.criterion(k)}
	}
	return append(some(a.Rand, from), a.criterion(k))
}

func (a *author) criterion(k *model.Candidacy) string {
	from := k.Criteria()
	if a.chance(8) || len(from) == 0 {
		return world.Pick(a.Rand, []string{"C1.1.1", "C2.1.1", "C3.1.1", "C9.9.9"})
	}
	return world.Pick(a.Rand, from)
}

// motive is a text, or with a probability of missing percent none.
func (a *author) motive(missing int) string {
	if a.chance(missing) {
		return ""
	}
	return "motif"
}

func unique(codes []string) []string {
	slices.Sort(codes)
	return slices.Compact(codes)
}

// assessor is a key and the assessor for whom it calls.
func (a *author) assessor() (key, named string) {
	key = world.Pick(a.Rand, []string{"assessor-1", "assessor-1-too", "assessor-2", "assessor-3", "platform", "jury-1", "jury-2", "jury-5"})
	if key == "platform" || a.chance(5) {
		named = world.Pick(a.Rand, []string{"assessor-1", "Assessor-1", "assessor-2", "jury-1", "someone", "SomeOne"})
	}
	return key, named
}

func (a *author) record(k *model.Candidacy) act {
	key, named := a.assessor()
	return record{on{a.short(k.Name)}, key, named, a.verdicts(k, unique(a.criteria(k)), 50)}
}

func (a *author) retract(k *model.Candidacy) act {
	key, named := a.assessor()
	criteria := unique(a.criteria(k))
	if a.chance(70) { // those on which there is something to retract
		spoke := named
		if spoke == "" {
			spoke = people[key].Subject
		}
		criteria = slices.DeleteFunc(criteria, func(c string) bool { return k.Opinions(c)[strings.ToLower(spoke)] == "" })
	}
	if len(criteria) == 0 {
		criteria = []string{a.criterion(k)}
	}
	return retract{on{a.short(k.Name)}, key, named, criteria}
}

func (a *author) settle(k *model.Candidacy) act {
	by := a.sitting(k.Session, k.Candidate, 80).Caller
	if settled := k.Settled(); len(settled) > 0 && a.chance(50) {
		return settle{on{a.short(k.Name)}, by, settled} // it confirms
	}
	criteria := unique(a.criteria(k))
	disputed := slices.DeleteFunc(k.Criteria(), func(c string) bool { return len(k.Opinions(c)) < 2 })
	if len(disputed) > 0 && a.chance(60) {
		criteria = disputed[:1+a.IntN(len(disputed))]
	}
	return settle{on{a.short(k.Name)}, by, a.verdicts(k, criteria, 60)}
}

func (a *author) advise(k *model.Candidacy) act {
	return advise{on{a.short(k.Name)}, a.criterion(k), a.chance(75)}
}

func (a *author) exempt(k *model.Candidacy) act {
	criterion, advised := a.criterion(k), k.Advised()
	switch {
	case len(advised) == 0 && a.chance(80):
		return a.advise(k)
	case len(advised) > 0 && a.chance(80):
		criterion = world.Pick(a.Rand, advised)
	}
	condition := func() model.Condition {
		return model.Condition{Holds: a.chance(95), Reason: a.motive(5)}
	}
	return exempt{on{a.short(k.Name)}, a.sitting(k.Session, k.Candidate, 85).Caller, model.Exemption{
		Criterion: criterion, Granted: a.chance(75), CapacityPreserved: condition(), NotApplicableInPractice: condition(),
		Reason: a.motive(30),
	}}
}

func (a *author) accommodate(k *model.Candidacy) act {
	if n := len(k.Accommodations); n > 0 && a.chance(60) {
		return grantAccommodation{on{a.short(k.Name)}, a.IntN(n), a.chance(50)}
	}
	return accommodate{on{a.short(k.Name)}, world.Pick(a.Rand, []string{"EXTRA_TIME", "THIRD_PERSON"})}
}

func (a *author) deliberate(k *model.Candidacy) act {
	by := a.sitting(k.Session, k.Candidate, 80)
	d := deliberate{on: on{a.short(k.Name)}, Candidate: a.short(k.Candidate.Name), Key: by.Caller, Present: by.Present}
	if a.chance(12) {
		d.Older = 1 + a.IntN(2)
	}
	if a.chance(30) {
		for _, code := range a.blocs(k.Session.Revision, k.Presented()) {
			d.Lines = append(d.Lines, model.BlocLine{
				Bloc: code, Outcome: world.Pick(a.Rand, []string{"CAPITALISED", "NOT_CAPITALISED"}),
				Motive: a.motive(30),
			})
		}
	}
	return d
}

// blocs are usually among the likely ones, each once.
func (a *author) blocs(r *model.Revision, likely []string) []string {
	codes := some(a.Rand, likely)
	if a.chance(10) {
		codes = append(codes, world.Pick(a.Rand, append(r.Codes(), "B9")))
	}
	return unique(codes)
}

// sitting is a jury. With a probability of regular percent it is valid: all who
// have no tie, or most of them.
func (a *author) sitting(s *model.Session, c *model.Candidate, regular int) model.Sitting {
	var present []string
	for _, m := range s.Jury {
		if !slices.Contains(c.Tied, m.Subject) {
			present = append(present, m.Subject)
		}
	}
	if !a.chance(regular) {
		present = some(a.Rand, []string{"jury-1", "jury-2", "jury-3", "jury-4", "jury-5"})
	}
	if n := len(present); n > 2 && a.chance(40) {
		i := a.IntN(n)
		present = slices.Delete(present, i, i+1)
	}
	if len(present) == 0 {
		present = []string{"jury-3"}
	}
	by := model.Sitting{Caller: world.Pick(a.Rand, present), Present: present}
	if a.chance(4) {
		by.Caller = world.Pick(a.Rand, []string{"jury-1", "jury-2", "jury-3", "jury-4"})
	}
	return by
}

func (a *author) move(k *model.Candidacy) act {
	m := move{on: on{a.short(k.Name)}, Verb: world.Pick(a.Rand, []string{"withdraw", "markAbsent", "reinstate"})}
	if a.chance(70) {
		likely := k.Presented()
		if m.Verb == "reinstate" {
			likely = k.Enrolled
		}
		m.Blocs = a.blocs(k.Session.Revision, likely)
	}
	return m
}

// comeBack reinstates in a candidacy that blocs have left.
func (a *author) comeBack() act {
	left := slices.DeleteFunc(a.s.model.Candidacies(), func(k *model.Candidacy) bool { return len(k.Departed) == 0 })
	if len(left) == 0 {
		return a.enrol()
	}
	k := world.Pick(a.Rand, left)
	m := move{on: on{a.short(k.Name)}, Verb: "reinstate"}
	if a.chance(50) {
		m.Blocs = []string{world.Pick(a.Rand, k.Departed).Bloc}
	}
	return m
}
