package stories

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestModel plays random stories with the service and with the model, and
// compares every answer. ACQUIS_MODEL_SEED repeats one story.
func TestModel(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	meet(w)
	total := newTally()
	began := time.Now()
	stories, acts := seeds(t)
	for i, seed := range stories {
		if err := tell(w, fmt.Sprintf("m%d-", i), seed, acts, total); err != nil {
			t.Fatalf("ACQUIS_MODEL_SEED=%d: %v", seed, err)
		}
	}
	t.Logf("%d stories of %d acts in %v, the last of seed %d", len(stories), acts,
		time.Since(began).Round(time.Millisecond), stories[len(stories)-1])
	t.Log(total)
	if missed := total.missed(); len(missed) > 0 {
		t.Logf("rules of refusal never met: %v", missed)
		if world.Long() {
			t.Error("every rule must be met")
		}
	}
}

// seeds are fixed ones, so that every run plays known stories, and a random one,
// so that many runs cover more.
func seeds(t *testing.T) (all []uint64, acts int) {
	t.Helper()
	const length = 120
	if text := os.Getenv("ACQUIS_MODEL_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		world.Must(t, err)
		return []uint64{seed}, length
	}
	stories := 7
	if world.Long() {
		stories = 150
	}
	for i := range stories {
		all = append(all, uint64(i+1))
	}
	return append(all, rand.Uint64()), length
}

// tell plays one story. If the service and the model differ, it looks for the
// shortest story in which they still do.
func tell(w *world.World, prefix string, seed uint64, acts int, total *tally) error {
	s := newStage(w, prefix, total)
	a := &author{Rand: rand.New(rand.NewPCG(seed, 0)), s: s}
	var story []act
	for range acts {
		story = append(story, a.next())
		if err := s.perform(story[len(story)-1]); err != nil {
			return shortest(w, prefix, story, err)
		}
	}
	if err := s.compareAll(); err != nil {
		return shortest(w, prefix, story, err)
	}
	total.noteDecisions(s.model)
	return nil
}

// play plays a whole story again, under new ids.
func play(w *world.World, prefix string, story []act) error {
	s := newStage(w, prefix, newTally())
	for _, a := range story {
		if err := s.perform(a); err != nil {
			return err
		}
	}
	return s.compareAll()
}

// shortest leaves out as many acts of a story as it can: halves, then smaller and
// smaller parts, as long as the story still ends in disagreement.
func shortest(w *world.World, prefix string, story []act, found error) error {
	const most = 300 // stories played again
	tries := 0
	for size := len(story) / 2; size > 0 && tries < most; {
		shorter := false
		for from := len(story) - size; from >= 0 && tries < most; from -= size {
			without := slices.Delete(slices.Clone(story), from, from+size)
			tries++
			if err := play(w, fmt.Sprintf("%st%d-", prefix, tries), without); err != nil {
				story, found, shorter = without, err, true
			}
		}
		if !shorter || size > len(story) {
			size /= 2
		}
	}
	var text strings.Builder
	for i, a := range story {
		fmt.Fprintf(&text, "%3d %s %+v\n", i+1, kindOf(a), a)
	}
	return fmt.Errorf("%w\nafter (of %d tries the shortest story):\n%s", found, tries, &text)
}

func kindOf(a act) string { return strings.TrimPrefix(fmt.Sprintf("%T", a), "stories.") }

// A tally counts the results of stories.
type tally struct {
	accepted, refused map[string]int // by kind of act
	rules             map[string]int
	decisions         map[string]int // by kind and outcome
}

func newTally() *tally {
	return &tally{accepted: make(map[string]int), refused: make(map[string]int), rules: make(map[string]int), decisions: make(map[string]int)}
}

func (c *tally) note(a act, answer model.Answer) {
	kind := kindOf(a)
	if m, ok := a.(move); ok {
		kind = m.Verb
	}
	if answer.OK() {
		c.accepted[kind]++
		return
	}
	c.refused[kind]++
	for _, rule := range answer.Rules {
		c.rules[rule]++
	}
}

func (c *tally) noteDecisions(w *model.World) {
	for _, candidate := range w.Candidates {
		for _, d := range candidate.Decisions {
			kind := d.Kind + " " + d.Outcome
			if d.Supersedes != nil && d.Kind != "AWARD" {
				kind += " rectified"
			}
			c.decisions[kind]++
		}
	}
}

func (c *tally) missed() (rules []string) {
	for _, rule := range slices.Sorted(maps.Keys(model.Refusals())) {
		if c.rules[rule] == 0 {
			rules = append(rules, rule)
		}
	}
	return rules
}

func (c *tally) String() string {
	var text strings.Builder
	text.WriteString("acts accepted and refused:")
	kinds := maps.Clone(c.accepted)
	maps.Copy(kinds, c.refused)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&text, "\n  %-20s %5d %5d", kind, c.accepted[kind], c.refused[kind])
	}
	for _, table := range []struct {
		title  string
		counts map[string]int
	}{{"decisions", c.decisions}, {"refusals by rule", c.rules}} {
		text.WriteString("\n" + table.title + ":")
		for _, name := range slices.Sorted(maps.Keys(table.counts)) {
			fmt.Fprintf(&text, "\n  %-38s %5d", name, table.counts[name])
		}
	}
	return text.String()
}
