package stories

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// A stage plays one story with the service and with the model. All stages share a
// service: each has its own prefix for every id.
type stage struct {
	*world.World
	model     *model.World
	prefix    string
	labels    map[string]*model.Revision
	etags     map[string][]string   // of grids, in the order in which they were seen, by candidacy
	alone     map[string]string     // the last etag of an assessor's grid, by candidacy and assessor
	grids     map[string]model.Grid // at the last of them
	events    int                   // sequence of the last event seen
	calls     int
	tally     *tally
	judgement model.Answer // the last answer of the model
}

// A call is an act as it is sent.
type call struct{ key, method, path, body string }

// An act is one thing that somebody does. It names everything by ids of its own
// story, so that a story can be played again, and shortened.
type act interface {
	// call returns the call to send; false if a shortened story does not have
	// what it names.
	call(s *stage) (call, bool)
	// predict makes the model do it. It is called after call.
	predict(s *stage) model.Answer
	// touches returns what an accepted act can have changed.
	touches() touched
}

// touched are ids, empty for none.
type touched struct{ session, candidacy, candidate string }

// A learner reads from an answer what the model cannot know.
type learner interface {
	learn(s *stage, body map[string]any) error
}

func newStage(w *world.World, prefix string, tally *tally) *stage {
	s := &stage{
		World: w, model: model.NewWorld(w.Clock.Now().Format(time.DateOnly)), prefix: prefix, tally: tally,
		labels: make(map[string]*model.Revision), etags: make(map[string][]string), alone: make(map[string]string), grids: make(map[string]model.Grid),
	}
	s.events = len(w.Journal())
	return s
}

func (s *stage) session(id string) *model.Session {
	return s.model.Session("sessions/" + s.prefix + id)
}

func (s *stage) candidate(id string) *model.Candidate {
	return s.model.Candidate("candidates/" + s.prefix + id)
}

// candidacy finds a candidacy by "s1/k1".
func (s *stage) candidacy(id string) *model.Candidacy { return s.model.Candidacy(s.candidacyName(id)) }

func (s *stage) candidacyName(id string) string {
	session, candidacy, _ := strings.Cut(id, "/")
	return "sessions/" + s.prefix + session + "/candidacies/" + s.prefix + candidacy
}

// send makes a call over one transport and the next one over the other.
func (s *stage) send(c call) world.Answer {
	s.calls++
	if s.calls%2 == 0 {
		return s.REST(c.key, c.method, c.path, c.body)
	}
	return s.GRPC(c.key, c.method, c.path, c.body)
}

// read decodes the answer to a GET.
func (s *stage) read(key, name string, into any) error {
	a := s.send(call{key, "GET", "/v1/" + name, ""})
	if a.Code != "OK" {
		return fmt.Errorf("GET %s: %s", name, a.Raw)
	}
	return json.Unmarshal([]byte(a.Raw), into)
}

// perform does one act and compares the service with the model.
func (s *stage) perform(a act) error {
	c, ok := a.call(s)
	if !ok {
		return nil
	}
	about := a.touches()
	before := s.decisions(about.candidate)
	s.judgement = a.predict(s)
	got := s.send(c)
	s.tally.note(a, s.judgement)
	if err := s.compareAnswer(got); err != nil {
		return fmt.Errorf("%s %s %s %s: %w", c.key, c.method, c.path, c.body, err)
	}
	if err := s.compareJournal(); err != nil || !s.judgement.OK() {
		return err
	}
	if l, ok := a.(learner); ok {
		if err := l.learn(s, got.Body); err != nil {
			return err
		}
	}
	if err := s.compareTouched(about); err != nil {
		return err
	}
	return s.compareDecided(s.decisions(about.candidate)[len(before):], got)
}

// decisions are those about the candidate of that id, if there is one.
func (s *stage) decisions(candidate string) []*model.Decision {
	if c := s.candidate(candidate); c != nil {
		return c.Decisions
	}
	return nil
}

// compareDecided compares the answer to the act itself: the decisions that it
// made and the ledger after it.
func (s *stage) compareDecided(made []*model.Decision, got world.Answer) error {
	if got.Body["capitalisation"] == nil {
		return nil
	}
	var answered struct {
		Decisions      []model.ShownDecision
		Capitalisation model.Ledger
	}
	if err := json.Unmarshal([]byte(got.Raw), &answered); err != nil {
		return err
	}
	if diff := cmp.Diff(shownOf(made), answered.Decisions, cmpEmpty); diff != "" {
		return fmt.Errorf("decisions answered (-model +service):\n%s", diff)
	}
	candidate, id, _ := strings.Cut(answered.Capitalisation.Name, "/capitalisations/")
	if diff := cmp.Diff(s.model.Candidate(candidate).Ledger(s.model.Current[id], ""), answered.Capitalisation); diff != "" {
		return fmt.Errorf("ledger answered (-model +service):\n%s", diff)
	}
	return nil
}

func shownOf(decisions []*model.Decision) (shown []model.ShownDecision) {
	for _, d := range decisions {
		shown = append(shown, d.Shown())
	}
	return shown
}

func (s *stage) compareAnswer(got world.Answer) error {
	want := s.judgement
	if got.Code != want.Code {
		return fmt.Errorf("answered %s, the model says %s %v: %s", got.Code, want.Code, want.Rules, got.Raw)
	}
	if want.OK() {
		return nil
	}
	rules := rulesOf(got)
	if diff := cmp.Diff(want.Rules, rules); diff != "" {
		return fmt.Errorf("rules that refuse (-model +service):\n%s", diff)
	}
	if reason := fmt.Sprint(world.Get(got.Body, "details", 0, "reason")); !slices.Contains(rules, reason) {
		return fmt.Errorf("its reason %s is not among the rules that refuse: %v", reason, rules)
	}
	return nil
}

// rulesOf lists the rules that an error names: in its details, otherwise as its
// reason.
func rulesOf(a world.Answer) (rules []string) {
	for _, detail := range world.List(a.Body, "details") {
		for _, v := range world.List(detail, "fieldViolations") {
			rules = append(rules, v["reason"].(string))
		}
		for _, v := range world.List(detail, "violations") {
			rules = append(rules, v["type"].(string))
		}
	}
	if len(rules) == 0 {
		rules = append(rules, fmt.Sprint(world.Get(a.Body, "details", 0, "reason")))
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// compareJournal: an act that changes something writes one event, any other act
// none.
func (s *stage) compareJournal() error {
	var page struct {
		Events []struct {
			Sequence int `json:",string"`
			Kind     string
		}
	}
	if err := s.read("auditor", fmt.Sprintf("events?after=%d", s.events), &page); err != nil {
		return err
	}
	want := 0
	if s.judgement.OK() && !s.judgement.Idle {
		want = 1
	}
	grew := 0
	for _, event := range page.Events {
		s.events = event.Sequence
		if event.Kind != "READ" { // those are written later
			grew++
		}
	}
	if grew != want {
		return fmt.Errorf("the journal grew by %d events, not %d", grew, want)
	}
	return nil
}

func (s *stage) compareTouched(t touched) error {
	if session := s.session(t.session); session != nil {
		if err := s.compareSession(session); err != nil {
			return err
		}
	}
	if candidate := s.candidate(t.candidate); candidate != nil {
		if err := s.compareCandidate(candidate); err != nil {
			return err
		}
	}
	if candidacy := s.candidacy(t.candidacy); candidacy != nil {
		return s.compareCandidacy(candidacy)
	}
	return nil
}

// compareAll compares the whole world of the story.
func (s *stage) compareAll() error {
	for _, session := range s.model.Sessions {
		if err := s.compareSession(session); err != nil {
			return err
		}
	}
	for _, candidate := range s.model.Candidates {
		if err := s.compareCandidate(candidate); err != nil {
			return err
		}
	}
	return nil
}

// compareSession compares a session with all its candidacies.
func (s *stage) compareSession(want *model.Session) error {
	var got model.ShownSession
	if err := s.read("registrar", want.Name, &got); err != nil {
		return err
	}
	if diff := cmp.Diff(want.Shown(), got); diff != "" {
		return fmt.Errorf("%s (-model +service):\n%s", want.Name, diff)
	}
	for _, k := range want.Candidacies {
		if err := s.compareCandidacy(k); err != nil {
			return err
		}
	}
	return nil
}

// compareCandidate compares the decisions about a candidate, then the ledgers
// under every référentiel. It learns the names of new decisions.
func (s *stage) compareCandidate(c *model.Candidate) error {
	var page struct{ Decisions []model.ShownDecision }
	if err := s.read("jury-1", c.Name+"/decisions?pageSize=1000", &page); err != nil {
		return err
	}
	for i, d := range c.Decisions {
		if d.Name == "" && i < len(page.Decisions) {
			d.Name, d.Day = page.Decisions[i].Name, page.Decisions[i].DecideDate
		}
	}
	if diff := cmp.Diff(shownOf(c.Decisions), page.Decisions, cmpEmpty); diff != "" {
		return fmt.Errorf("decisions about %s (-model +service):\n%s", c.Name, diff)
	}
	for id, current := range s.model.Current {
		for _, later := range []int{0, 31, 62, 367} { // days
			query, on := "", ""
			if later > 0 {
				on = time.Now().UTC().AddDate(0, 0, later).Format(time.DateOnly)
				query = "?asOf=" + on
			}
			var got model.Ledger
			if err := s.read("reader", c.Name+"/capitalisations/"+id+query, &got); err != nil {
				return err
			}
			if diff := cmp.Diff(c.Ledger(current, on), got); diff != "" {
				return fmt.Errorf("ledger of day %q (-model +service):\n%s", on, diff)
			}
		}
	}
	return nil
}

// cmpEmpty treats no list and an empty list as equal.
var cmpEmpty = cmp.FilterValues(func(a, b []model.ShownDecision) bool { return len(a)+len(b) == 0 }, cmp.Ignore())

func (s *stage) compareCandidacy(k *model.Candidacy) error {
	var got model.ShownCandidacy
	if err := s.read("registrar", k.Name, &got); err != nil {
		return err
	}
	if diff := cmp.Diff(k.Shown(), got); diff != "" {
		return fmt.Errorf("%s (-model +service):\n%s", k.Name, diff)
	}
	if err := s.compareAccommodations(k); err != nil {
		return err
	}
	return s.compareGrid(k)
}

func (s *stage) compareAccommodations(k *model.Candidacy) error {
	if len(k.Accommodations) == 0 {
		return nil
	}
	var page struct{ Accommodations []*model.Accommodation }
	if err := s.read("advisor", k.Name+"/accommodations", &page); err != nil {
		return err
	}
	if diff := cmp.Diff(k.Accommodations, page.Accommodations); diff != "" {
		return fmt.Errorf("accommodations of %s (-model +service):\n%s", k.Name, diff)
	}
	return nil
}

// compareGrid compares a grid, and checks that its etag changes with it.
func (s *stage) compareGrid(k *model.Candidacy) error {
	var got struct {
		model.Grid
		Etag string
	}
	if err := s.read("registrar", k.Name+"/grid", &got); err != nil {
		return err
	}
	for _, b := range got.Blocs {
		for _, c := range slices.Concat(b.Competences, b.Epreuves) {
			for _, criterion := range c.Criteria {
				model.SortAssessments(criterion.Assessments)
				if criterion.Settlement != nil {
					slices.Sort(criterion.Settlement.Authors)
				}
			}
		}
	}
	want := k.Grid()
	if diff := cmp.Diff(want, got.Grid); diff != "" {
		return fmt.Errorf("grid (-model +service):\n%s", diff)
	}
	if err := s.compareAlone(k, want); err != nil {
		return err
	}
	seen := s.etags[k.Name]
	if len(seen) > 0 && seen[len(seen)-1] == got.Etag {
		if diff := cmp.Diff(s.grids[k.Name], want); diff != "" {
			return fmt.Errorf("the grid's etag is unchanged, but the grid has changed (-before +now):\n%s", diff)
		}
		return nil
	}
	s.etags[k.Name], s.grids[k.Name] = append(seen, got.Etag), want
	return nil
}

// compareAlone compares an assessor's grid, each time another assessor's, and
// checks that its etag changes with it.
func (s *stage) compareAlone(k *model.Candidacy, whole model.Grid) error {
	assessor := []string{"assessor-1", "assessor-2", "assessor-3"}[s.calls%3]
	var got struct {
		model.Grid
		Etag string
	}
	if err := s.read(assessor, k.Name+"/grid", &got); err != nil {
		return err
	}
	want := k.SeenBy(assessor, whole)
	if diff := cmp.Diff(want, got.Grid); diff != "" {
		return fmt.Errorf("%s's grid (-model +service):\n%s", assessor, diff)
	}
	last := k.Name + " " + assessor
	if before, ok := s.alone[last]; ok && before == got.Etag {
		if diff := cmp.Diff(s.grids[last], want); diff != "" {
			return fmt.Errorf("the etag of %s's grid is unchanged, but the grid has changed (-before +now):\n%s", assessor, diff)
		}
	}
	s.alone[last], s.grids[last] = got.Etag, want
	return nil
}
