package stories

import (
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/referentiel/examples"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestCertifications plays the cases of real certifications over gRPC.
func TestCertifications(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	p := examples.NewPlayer(w.Conn, w.Keys["admin"])
	p.SetClock = w.Clock.Set
	for _, id := range examples.IDs() {
		t.Run(id, func(t *testing.T) {
			of, err := examples.Load(id)
			world.Must(t, err)
			world.Must(t, p.Publish(t.Context(), of.Referentiel))
			for _, c := range of.Cases {
				if c.Waits == "" {
					t.Run(c.Number, func(t *testing.T) { world.Must(t, p.Play(t.Context(), of, c)) })
				}
			}
		})
	}
}

// TestCertificationsCanFail plays stories that are wrong, and expects each to fail at its
// line.
func TestCertificationsCanFail(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	p := examples.NewPlayer(w.Conn, w.Keys["admin"])
	p.SetClock = w.Clock.Set
	world.Must(t, p.Publish(t.Context(), "clea"))
	for name, c := range map[string]struct{ story, want string }{
		"outcome":            {"shows k1 D1 ACQUIRED", "story:5: shows k1 D1 ACQUIRED: got PENDING"},
		"mark":               {"marks k1 eve D1.1: 12 12", "story:6: end: not listed before it: refused OFF_SCALE"},
		"reason":             {"assess k1 eve: MET D1\nshows k1 D1 ACQUIRED\nbecause MEAN_REACHED", "story:7: because MEAN_REACHED: got D1: 5 of 5"},
		"sentence":           {"assess k1 eve: MET D1\nshows k1 D1 ACQUIRED\nbecause COMPETENCES_REACHED: no", "story:7: because COMPETENCES_REACHED: no: got D1: 5 of 5"},
		"refusal":            {"deliberate k1 ann: ann bob", "story:6: end: not listed before it: refused BLOC_PENDING"},
		"refusal too many":   {"assess k1 eve: MET D1\nrefused OFF_SCALE", "story:6: refused OFF_SCALE: it was not refused"},
		"another refusal":    {"deliberate k1 ann: ann bob\nrefused JURY_TOO_SMALL", "story:6: refused JURY_TOO_SMALL: got BLOC_PENDING"},
		"ledger":             {"ledger CAPITALISED: D1", "story:5: ledger CAPITALISED: D1: got "},
		"certification":      {"certification AWARDED", "story:5: certification AWARDED: got IN_PROGRESS"},
		"divisibility":       {"divisible no", "story:5: divisible no: got yes"},
		"blocs":              {"presents k1: D1 D2", "story:5: presents k1: D1 D2: got D1"},
		"method":             {"method k1 D1.1: Oral", "story:5: method k1 D1.1: Oral: got Évaluation en contexte"},
		"marks left out":     {"marks k1 eve D1.1: 12", "story:5: marks k1 eve D1.1: 12: 1 marks for 2 criteria"},
		"unknown word":       {"dance k1", "story:5: dance k1: unknown word"},
		"unknown candidacy":  {"shows k9 D1 ACQUIRED", "there is no candidacy k9"},
		"nothing there":      {"shows k1 D2 ACQUIRED", "the grid has no D2"},
		"unknown verdict":    {"assess k1 eve: GOOD D1", `"GOOD" is not known here`},
		"quality of a juror": {"session s2: ann(late)", `"late" is neither external nor chair nor a college`},
	} {
		t.Run(name, func(t *testing.T) {
			id := "clea-" + strings.ReplaceAll(name, " ", "-")
			of, err := examples.Parse(id, "story", "referentiel: clea\nsession s1: ann(external,chair,college=EMP) bob(college=SAL)\nenrol k1 in s1: D1\ncase 1: "+name+"\n"+c.story)
			world.Must(t, err)
			if err := p.Play(t.Context(), of, of.Cases[0]); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
