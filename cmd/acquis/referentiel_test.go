package main

import (
	"errors"
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
	one, _, _ := strings.Cut(small, "replaces:")
	if err := os.WriteFile(bad, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = acquis(t, "referentiel", "check", bad)
	if code != 0 || !strings.Contains(out, "\n1 bloc, 1 compétence, 1 criterion\n") || strings.Contains(out, "warning") {
		t.Errorf("exit %d, %s", code, out)
	}
	more := one + "register: {kind: RNCP, number: RNCP1}\naward: {requirements: [{code: S, title: Stage, kind: PROOF}]}\n"
	if err := os.WriteFile(bad, []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ = acquis(t, "referentiel", "check", bad)
	if code != 0 || !strings.Contains(out, "\naward.requirements[0]: warning: in the register RNCP") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// Two revisions are compared: the exit code says whether they differ, and an error is no
// difference.
func TestReferentielDiff(t *testing.T) {
	const marketing = "../../referentiel/data/marketing.yaml"
	text, err := os.ReadFile(marketing)
	if err != nil {
		t.Fatal(err)
	}
	changed, bad := filepath.Join(t.TempDir(), "changed.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	content := strings.Replace(string(text), "title: Pilotage d'un", "title: Pilotage de son", 1) + "rules:\n  jury: {min_members: 3}\n"
	if err := errors.Join(os.WriteFile(changed, []byte(content), 0o600), os.WriteFile(bad, []byte("id: Sales\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string // on either output, in order
	}{
		{[]string{marketing, marketing}, 0, []string{"Both are revision 0a5ee66c010043345e91231c544541cf of marketing."}},
		{[]string{marketing, changed}, 1, []string{"B1 does not count", "B2 is identical: it counts as B2", "must acquire B1:",
			"changed: B1 A1 title: Pilotage d'un", " → Pilotage de son", "changed: rules.jury.min_members: (not given) → 3"}},
		{[]string{marketing, changed, "--output", "json"}, 1, []string{`"same": false`, `"from": "referentiels/marketing/revisions/0a5ee66c010043345e91231c544541cf"`,
			`"countsAs": []`, `"kind": "CHANGED"`, `"where": "B1 A1"`}},
		{[]string{marketing, bad}, 2, []string{bad + ":1: id: "}},
		{[]string{"none.yaml", marketing}, 2, []string{"acquis: ", "no such file"}},
		{[]string{marketing}, 2, []string{"missing argument: to"}},
		{[]string{marketing, changed, "--output", "xml"}, 2, []string{"--output"}},
	} {
		code, out, err := acquis(t, append([]string{"referentiel", "diff"}, c.args...)...)
		rest, found := out+err, true
		for _, told := range c.says {
			if _, rest, found = strings.Cut(rest, told); !found {
				t.Errorf("%v: %q is not said, or not there", c.args, told)
				break
			}
		}
		if code != c.code || !found {
			t.Errorf("%v: exit %d, want %d\n%s%s", c.args, code, c.code, out, err)
		}
	}
}

// The schema is printed as it is, so that it can be written to a file.
func TestReferentielSchema(t *testing.T) {
	if code, out, _ := acquis(t, "referentiel", "schema"); code != 0 || out != referentiel.Schema() || !strings.HasPrefix(out, "{") {
		t.Errorf("exit %d, %.100s", code, out)
	}
}

// TestReferentielExplain says it in French unless asked otherwise, and what is wrong with
// the file instead if anything is.
func TestReferentielExplain(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("id: Sales\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const marketing = "../../referentiel/data/marketing.yaml"
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{marketing}, 0, "Le bloc B2 est acquis quand toutes ses compétences sont acquises."},
		{[]string{marketing, "--language", "en"}, 0, "Bloc B2 is acquired when all its compétences are acquired."},
		{[]string{marketing, "--language", "de"}, 2, "--language"},
		{[]string{bad}, 1, bad + ":1: id: "},
	} {
		code, out, err := acquis(t, append([]string{"referentiel", "explain"}, c.args...)...)
		if code != c.code || !strings.Contains(out+err, c.says) {
			t.Errorf("%v: exit %d, want %d and %q\n%s%s", c.args, code, c.code, c.says, out, err)
		}
	}
}
