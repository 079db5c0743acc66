package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/referentiel"
)

func TestReferentielCheck(t *testing.T) {
	code, out, _ := acquis(t, "referentiel", "check", "../../referentiel/data/marketing.yaml")
	if code != 0 || !strings.Contains(out, "4 blocs, 15 compétences, 58 criteria\nrevision 0a5ee66c010043345e91231c544541cf\n") {
		t.Errorf("exit %d, %s", code, out)
	}
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("id: Sales\nblocs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = acquis(t, "referentiel", "check", bad)
	if code != 1 || !strings.Contains(out, bad+":1: id: ") || !strings.Contains(out, "blocs: ") {
		t.Errorf("exit %d, %s", code, out)
	}
	small := `id: sales
display_name: Vente
blocs:
  - code: B1
    title: Vendre
    competences:
      - {code: C1.1, statement: Vendre, method: {kind: OTHER, title: Oral}, criteria: [{code: C1.1.1, statement: Vend}]}
replaces:
  - {bloc: B1, referentiel: marketing, revision: 0a5ee66c010043345e91231c544541cf, replaced_bloc: B9}
`
	if err := os.WriteFile(bad, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = acquis(t, "referentiel", "check", bad)
	if code != 1 || !strings.HasSuffix(out, `replaces[0].replaced_bloc: "B9" is not a bloc of what is replaced`+"\n") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// The schema is printed as it is, so that it can be written to a file.
func TestReferentielSchema(t *testing.T) {
	if code, out, _ := acquis(t, "referentiel", "schema"); code != 0 || out != referentiel.Schema() || !strings.HasPrefix(out, "{") {
		t.Errorf("exit %d, %.100s", code, out)
	}
}
