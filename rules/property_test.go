package rules

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// snapshot is what the properties compare before and after an act.
type snapshot struct {
	decisions   []Decision
	candidacies []Candidacy
	grids       []Grid
	acts        []Acts
	awarded     bool
}

func (s *story) snapshot() snapshot {
	shot := snapshot{decisions: slices.Clone(s.world.decisions)}
	for _, k := range s.world.candidacies {
		shot.candidacies = append(shot.candidacies, k.Candidacy)
		shot.grids = append(shot.grids, s.world.caseOf(k.ID).Grid())
		shot.acts = append(shot.acts, k.acts)
	}
	shot.awarded = len(s.awards()) > 0
	return shot
}

// held says, independently of Ledger, whether a bloc is held on a day: a decision that
// is not superseded capitalises it or a bloc that counts as it, and is not over.
func (s *story) held(wanted BlocRef, on calendar.Day) bool {
	for _, d := range s.world.decisions {
		ref := BlocRef{d.Revision, d.Bloc}
		if s.effective(d) && d.Outcome == Capitalised && (ref == wanted || s.world.Counts(wanted, ref)) && (d.Until == "" || d.Until >= on) {
			return true
		}
	}
	return false
}

func (s *story) effective(d Decision) bool {
	return !slices.ContainsFunc(s.world.decisions, func(later Decision) bool { return later.Supersedes == d.ID })
}

func (s *story) complete(revision Revision, on calendar.Day) bool {
	for _, bloc := range s.world.schemes[revision].BlocCodes() {
		if !s.held(BlocRef{revision, bloc}, on) {
			return false
		}
	}
	return true
}

// awards lists the awards in force.
func (s *story) awards() []Decision {
	return slices.DeleteFunc(slices.Clone(s.world.decisions), func(d Decision) bool {
		return d.Outcome != Awarded || !s.effective(d)
	})
}

// TestStories plays random stories and checks after each act what must always hold.
func TestStories(t *testing.T) {
	untilReached(t, []string{
		"refused", "contested", "settled", "settlement lapsed", "exempted", "acquired", "not acquired", "bloc only",
		"capitalised", "not capitalised", "prior", "awarded", "awarded later", "award lost", "rectified", "held by equivalence",
		"complete", "expired", "award expired", "awarded anew", "reinstated", "absent", "withdrawn", "cancelled",
	}, func(t *rapid.T, reached map[string]int) {
		s := newStory(t, reached)
		before := s.snapshot()
		acts := s.acts()
		acts[""] = func(t *rapid.T) {
			s.T = t
			s.neverEdited(before)
			s.traceable(before)
			s.decidedStays(before)
			s.rectifiedKeeps(before)
			s.awardIffComplete(before)
			s.onlyValidityMoves()
			s.seen(before)
			s.nobodyDeliberatesAlone()
			before = s.snapshot()
			s.count()
		}
		t.Repeat(acts)
		s.nobodyRectifiesAlone()
		s.sameAgain()
	})
}

// untilReached repeats a property until it has reached every state that it is
// about, so that it neither passes because it never got there nor fails by bad
// luck.
func untilReached(t *testing.T, states []string, property func(*rapid.T, map[string]int)) {
	t.Helper()
	reached := make(map[string]int)
	missing := func() []string {
		return slices.DeleteFunc(slices.Clone(states), func(state string) bool { return reached[state] > 0 })
	}
	for round := 0; round == 0 || len(missing()) > 0; round++ {
		if round == 1000 { // rare states need many rounds, and -short makes each round small
			t.Fatalf("never reached: %v", missing())
		}
		rapid.Check(t, func(t *rapid.T) { property(t, reached) })
		if t.Failed() {
			return
		}
	}
	t.Logf("reached: %v", reached)
}

// neverEdited: decisions are only added.
func (s *story) neverEdited(before snapshot) {
	if !slices.Equal(s.world.decisions[:len(before.decisions)], before.decisions) {
		s.Fatalf("%s edited a decision", s.last)
	}
}

// traceable: a new decision names the session whose jury sat and its candidacy; a
// registrar's names neither.
func (s *story) traceable(before snapshot) {
	for _, d := range s.world.decisions[len(before.decisions):] {
		if d.Session != s.sat || d.Candidacy != s.of {
			s.Fatalf("%s, in %q of %q, wrote %+v", s.last, s.sat, s.of, d)
		}
	}
}

// decidedStays: a decided candidacy changes only by a rectification, and even
// then only by a decision that supersedes.
func (s *story) decidedStays(before snapshot) {
	for i, k := range before.candidacies {
		if k.State != Decided {
			continue
		}
		now := s.world.candidacies[i]
		if !reflect.DeepEqual(k, now.Candidacy) || !reflect.DeepEqual(before.grids[i], s.world.caseOf(k.ID).Grid()) {
			s.Fatalf("%s changed the decided candidacy %s", s.last, k.ID)
		}
		for _, d := range s.world.decisions[len(before.decisions):] {
			if d.Kind != AwardDecision && d.Candidacy == k.ID && s.last != "rectify" {
				s.Fatalf("%s decided %s again", s.last, k.ID)
			}
		}
	}
}

// rectifiedKeeps: a decision on a bloc that supersedes another is about the same
// bloc and candidacy, and keeps the outcome computed for the first.
func (s *story) rectifiedKeeps(before snapshot) {
	for _, d := range s.world.decisions[len(before.decisions):] {
		for _, old := range before.decisions {
			if old.ID != d.Supersedes || d.Kind == AwardDecision {
				continue
			}
			want := old
			want.ID, want.Seq, want.Outcome, want.Session, want.Supersedes = d.ID, d.Seq, d.Outcome, d.Session, d.Supersedes
			want.Day, want.Until = d.Day, d.Until
			if d != want {
				s.Fatalf("%s made of %+v the decision %+v", s.last, old, d)
			}
		}
	}
}

// awardIffComplete: an award exists if and only if its conditions hold.
func (s *story) awardIffComplete(before snapshot) {
	awards, valid := s.awards(), 0
	for _, a := range awards {
		if a.Until == "" || a.Until >= s.world.today {
			valid++
		}
		if !s.complete(a.Revision, a.Day) {
			s.Fatalf("after %s an award stands without its blocs", s.last)
		}
	}
	if valid > 1 {
		s.Fatalf("%d awards of one référentiel are valid", valid)
	}
	if len(awards) > 1 {
		s.reached["awarded anew"]++
	}
	for _, revision := range s.judged {
		if s.complete(revision, s.world.today) && valid == 0 {
			s.Fatalf("%s left every bloc capitalised and awarded nothing", s.last)
		}
	}
	if len(s.judged) == 0 && before.awarded != (len(awards) > 0) {
		s.Fatalf("%s, which is not an act of a jury, changed the award", s.last)
	}
	for _, revision := range []Revision{mainR1, mainR2} {
		ledger := s.world.candidate().Ledger(revision, s.world.today)
		want := CertificationInProgress
		switch {
		case valid > 0:
			want = CertificationAwarded
		case len(awards) > 0:
			want = CertificationExpired
		case s.complete(revision, s.world.today):
			want = CertificationComplete
		}
		if ledger.Certification != want {
			s.Fatalf("ledger says %s, not %s", ledger.Certification, want)
		}
	}
}

// onlyValidityMoves: from one day to a later one what is valid may expire, and nothing
// else changes; nothing changes at all if nothing has an end.
func (s *story) onlyValidityMoves() {
	candidate := s.world.candidate()
	endless := !slices.ContainsFunc(s.world.decisions, func(d Decision) bool { return d.Until != "" })
	for _, revision := range []Revision{mainR1, mainR2} {
		earlier, later := candidate.Ledger(revision, s.world.today), candidate.Ledger(revision, daysAfter(s.world.today, 400))
		if endless && !reflect.DeepEqual(earlier, later) {
			s.Fatalf("nothing has an end, and yet %+v becomes %+v", earlier, later)
		}
		for i, b := range earlier.Blocs {
			after := later.Blocs[i]
			expires := b.Status == LedgerCapitalised && after.Status == LedgerExpired && b.Until != ""
			if b.Decision != after.Decision || b.Until != after.Until || b.Status != after.Status && !expires {
				s.Fatalf("a later day makes of %+v %+v", b, after)
			}
		}
		was, is := earlier.Certification, later.Certification
		expires := map[CertificationStatus]CertificationStatus{
			CertificationAwarded: CertificationExpired, CertificationComplete: CertificationInProgress,
		}
		if earlier.Award != later.Award || was != is && is != expires[was] {
			s.Fatalf("a later day makes of %s %s", was, is)
		}
	}
}

// daysAfter is a day so many days later.
func daysAfter(d calendar.Day, days int) calendar.Day {
	t, _ := time.Parse(time.DateOnly, string(d))
	return calendar.DayOf(t.AddDate(0, 0, days))
}

// alone lists the ways in which one juror can try to act as a jury.
func (s *story) alone() []Sitting {
	var sittings []Sitting
	for _, juror := range s.jurors {
		for _, present := range [][]string{{juror}, {juror, juror}, {juror, "stranger"}} {
			sittings = append(sittings, Sitting{Caller: juror, Present: present})
		}
	}
	return sittings
}

// nobodyDeliberatesAlone: at any stage of a candidacy.
func (s *story) nobodyDeliberatesAlone() {
	for _, k := range s.world.candidacies {
		if k.State != Enrolled {
			continue
		}
		for _, sitting := range s.alone() {
			if _, refusals := s.world.caseOf(k.ID).Deliberate(sitting, Deliberation{SeenEtag: "e", CurrentEtag: "e"}); len(refusals) == 0 {
				s.Fatalf("%v deliberated %s", sitting, k.ID)
			}
		}
	}
}

// nobodyRectifiesAlone: nobody alone rectifies or awards at the end of a story.
func (s *story) nobodyRectifiesAlone() {
	for session := range s.world.sessions {
		for _, sitting := range s.alone() {
			if _, refusals := s.world.before(session).Award(sitting, mainR1); len(refusals) == 0 {
				s.Fatalf("%v awarded", sitting)
			}
			for _, d := range s.world.decisions {
				if _, refusals := s.world.before(session).Rectify(sitting, Rectification{d.ID, Capitalised, "motive"}); len(refusals) == 0 {
					s.Fatalf("%v rectified %s", sitting, d.ID)
				}
			}
		}
	}
}

// sameAgain: the same acts give the same ledger, in whatever order the records
// are stored.
func (s *story) sameAgain() {
	again := *s.world
	again.decisions, again.candidacies, again.tied, again.seq = nil, nil, nil, 0
	again.today = newWorld().today
	again.tookPart = make(map[string][]string)
	again.sessions = make(map[string]*Session)
	for id, session := range s.world.sessions {
		fresh := *session
		fresh.State = SessionOpen
		again.sessions[id] = &fresh
	}
	for _, act := range s.log {
		act(&again)
	}
	again.decisions = rapid.Permutation(again.decisions).Draw(s.T, "decisions")
	for _, revision := range []Revision{mainR1, mainR2} {
		if diff := cmp.Diff(s.world.candidate().Ledger(revision, s.world.today), again.candidate().Ledger(revision, s.world.today)); diff != "" {
			s.Fatalf("the same acts give another ledger: %s", diff)
		}
	}
	for _, k := range again.candidacies {
		k.acts.Assessments = rapid.Permutation(k.acts.Assessments).Draw(s.T, "assessments")
		k.acts.Settlements = rapid.Permutation(k.acts.Settlements).Draw(s.T, "settlements")
		k.acts.Exemptions = rapid.Permutation(k.acts.Exemptions).Draw(s.T, "exemptions")
		k.acts.Advice = rapid.Permutation(k.acts.Advice).Draw(s.T, "advice")
		if diff := cmp.Diff(s.world.caseOf(k.ID).Grid(), again.caseOf(k.ID).Grid()); diff != "" {
			s.Fatalf("the same acts give another grid: %s", diff)
		}
	}
}

// count records the states that the story reached.
func (s *story) count() {
	for _, d := range s.world.decisions {
		s.reached[map[DecisionOutcome]string{Capitalised: "capitalised", NotCapitalised: "not capitalised", Awarded: "awarded", NotAwarded: "award lost"}[d.Outcome]]++
		switch {
		case d.Kind == PriorBlocDecision && d.Supersedes == "":
			s.reached["prior"]++
		case d.Supersedes != "":
			s.reached["rectified"]++
		case d.Kind == AwardDecision && d.Candidacy == "":
			s.reached["awarded later"]++
		}
	}
	for _, k := range s.world.candidacies {
		s.reached[map[CandidacyState]string{Absent: "absent", Withdrawn: "withdrawn", CandidacyCancelled: "cancelled"}[k.State]]++
		s.countGrid(s.world.caseOf(k.ID).Grid())
	}
	if s.last == "reinstate" {
		s.reached["reinstated"]++
	}
	ledger := s.world.candidate().Ledger(mainR2, s.world.today)
	s.reached[map[CertificationStatus]string{CertificationComplete: "complete", CertificationExpired: "award expired"}[ledger.Certification]]++
	for _, b := range ledger.Blocs {
		s.reached[map[words.ReasonRule]string{words.HeldByEquivalence: "held by equivalence"}[b.Reasons[0].Rule]]++
		s.reached[map[LedgerStatus]string{LedgerExpired: "expired"}[b.Status]]++
	}
}

func (s *story) countGrid(g Grid) {
	for _, b := range g.Blocs {
		s.reached[map[Outcome]string{Acquired: "acquired", NotAcquired: "not acquired", Contested: "contested"}[b.Outcome]]++
		for _, c := range b.Units {
			s.reached[map[Method]string{BlocOnly: "bloc only"}[c.Method]]++
			for _, k := range c.Criteria {
				s.reached[map[words.ReasonRule]string{words.SettledByJury: "settled", words.SettlementLapsed: "settlement lapsed", words.ExemptionGranted: "exempted"}[k.Reason.Rule]]++
			}
		}
	}
}

// TestNobodyCapitalisesAlone plays stories in which one juror and the registrar
// try everything, and every sitting names only that juror.
func TestNobodyCapitalisesAlone(t *testing.T) {
	untilReached(t, []string{"acquired", "prior", "complete", "settled", "exempted"}, func(t *rapid.T, reached map[string]int) {
		s := newStory(t, reached)
		s.jurors = []string{rapid.SampledFrom(s.jurors).Draw(t, "juror")}
		acts := s.acts()
		acts[""] = func(t *rapid.T) {
			s.T = t
			s.count()
			for _, d := range s.world.decisions {
				if d.Kind != PriorBlocDecision {
					t.Fatalf("%s brought about %v", s.last, d)
				}
			}
		}
		t.Repeat(acts)
	})
}
