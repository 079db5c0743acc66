package examples

import (
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/referentiel"
)

// pieces are the parts of the rules that cases may wait for.
var pieces = []string{
	"compensation",    // an award by the mean of its blocs
	"variants",        // methods by the scope of a candidacy
	"verdicts",        // a route that gives no marks on a scale of marks
	"second-chance",   // an épreuve on condition of the others
	"votes",           // what members voted, and a casting vote
	"validity",        // an end that is a day of the calendar
	"kept",            // marks kept for a later session
	"dispensation",    // units not to be taken
	"prerequisites",   // what must be held before
	"incompatibility", // assessors who must not be tied to the candidate
}

// TestStories checks the files as far as no server is needed, and counts what waits.
func TestStories(t *testing.T) {
	waiting, total := make(map[string]int), 0
	for _, id := range IDs() {
		of, err := Load(id)
		if err != nil {
			t.Fatal(err)
		}
		last := 0
		for _, c := range of.Cases {
			n := numberOf(t, c.Number)
			if n != last && n != last+1 {
				t.Errorf("%s: case %s follows case %d", id, c.Number, last)
			}
			last = n
			total++
			checkCase(t, id, c)
			if c.Waits != "" {
				waiting[c.Waits]++
			}
		}
		if want := certifications[id]; last != want {
			t.Errorf("%s: has cases 1 to %d, not %d", id, last, want)
		}
	}
	left := 0
	for _, piece := range pieces {
		if waiting[piece] == 0 {
			t.Errorf("no case waits for %s", piece)
		}
		left += waiting[piece]
	}
	t.Logf("%d of %d cases wait: %v", left, total, waiting)
}

// certifications are the numbers of their cases.
var certifications = map[string]int{
	"bpjeps-apsf": 9, "bts-sio": 9, "caces": 8, "ch-kv": 9, "clea": 9, "cqp-alim": 9, "dcg": 9, "priv-mes": 8,
	"priv-notes": 9, "tp-cda": 9, "us-emt": 9, "vae-bts-sio": 8,
}

func numberOf(t *testing.T, number string) (n int) {
	t.Helper()
	for _, digit := range strings.TrimRight(number, "abcdefghijklmnopqrstuvwxyz") {
		n = n*10 + int(digit-'0')
	}
	return n
}

func checkCase(t *testing.T, id string, c Case) {
	t.Helper()
	compares := false
	for _, l := range c.Lines {
		_, check := checks[l.Word]
		_, act := acts[l.Word]
		compares = compares || check
		if c.Waits == "" && !check && !act {
			t.Error(l.errorf("unknown word"))
		}
	}
	switch {
	case c.Waits == "" && !compares:
		t.Errorf("%s: case %s compares nothing: give an expected result, or what it waits for", id, c.Number)
	case c.Waits != "" && !slices.Contains(pieces, c.Waits):
		t.Errorf("%s: case %s waits for %q, which nobody makes", id, c.Number, c.Waits)
	}
}

// TestReferentiels: every file is valid, and named after its id.
func TestReferentiels(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		id, ok := strings.CutSuffix(entry.Name(), ".yaml")
		if !ok {
			continue
		}
		r, err := Referentiel(id)
		if err != nil {
			t.Error(err)
			continue
		}
		if r.GetId() != id {
			t.Errorf("%s has the id %q", entry.Name(), r.GetId())
		}
		if _, err := referentiel.Compile(r); err != nil {
			t.Error(err)
		}
	}
}
