package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
)

// checkCommand checks the file of a référentiel as the service does before
// publishing.
type checkCommand struct {
	File string `arg:"" help:"File of the référentiel (YAML)."`
}

// Run prints every problem, one per line, as compilers do, or a summary of the file.
func (k *checkCommand) Run(c console) error {
	r, err := load(k.File, c.out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %s\n%s\nrevision %s\n", r.GetId(), r.GetDisplayName(), count(r), referentiel.ID(r))
	for _, warning := range referentiel.Warnings(r) {
		_, failed := fmt.Fprintln(c.out, warning)
		err = cmp.Or(err, failed)
	}
	return err
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// load reads a file, and prints every problem of it, one per line.
func load(file string, out io.Writer) (*storepb.Referentiel, error) {
	r, err := referentiel.Load(file)
	if problems, ok := errors.AsType[referentiel.Problems](err); ok {
		_, err := fmt.Fprintln(out, problems)
		return nil, cmp.Or(err, errSaid)
	}
	return r, err
}

// diffCommand compares two revisions.
type diffCommand struct {
	From   string `arg:"" help:"File of the earlier revision (YAML)."`
	To     string `arg:"" help:"File of the later revision."`
	Output string `enum:"text,json" default:"text" env:"-" placeholder:"FORMAT" help:"How to print: text or json."`
}

// Run prints what changes, and fails if anything does.
func (k *diffCommand) Run(c console) error {
	diff, err := k.compare(c)
	if err != nil {
		return trouble{err}
	}
	show := showDiff
	if k.Output == "json" {
		show = showDiffJSON
	}
	if err := show(c.out, diff); err != nil {
		return trouble{err}
	}
	if diff.From != diff.To {
		return errSaid
	}
	return nil
}

func (k *diffCommand) compare(c console) (referentiel.Diff, error) {
	from, err := load(k.From, c.err)
	if err != nil {
		return referentiel.Diff{}, err
	}
	to, err := load(k.To, c.err)
	if err != nil {
		return referentiel.Diff{}, err
	}
	return referentiel.Compare(from, to)
}

func showDiffJSON(out io.Writer, d referentiel.Diff) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	name := func(r rules.Revision) string { return "referentiels/" + r.Referentiel + "/revisions/" + r.ID }
	return encoder.Encode(struct {
		Same bool   `json:"same"`
		From string `json:"from"`
		To   string `json:"to"`
		referentiel.Diff
	}{d.From == d.To, name(d.From), name(d.To), d})
}

// showDiff prints first what matters to candidates who hold blocs.
func showDiff(out io.Writer, d referentiel.Diff) error {
	if d.From == d.To {
		_, err := fmt.Fprintf(out, "Both are revision %s of %s.\n", d.To.ID, d.To.Referentiel)
		return err
	}
	text := fmt.Appendf(nil, "%s, revision %s\n%s, revision %s\n", d.From.Referentiel, d.From.ID, d.To.Referentiel, d.To.ID)
	text = fmt.Appendln(text, "\nBlocs that candidates hold under the first:")
	for _, b := range d.Held {
		text = fmt.Appendf(text, "  %s %s\n", b.Bloc, worth(b))
	}
	if len(d.Missing) > 0 {
		text = fmt.Appendf(text, "Under the second every candidate must acquire %s: nothing of the first counts as it.\n", strings.Join(d.Missing, ", "))
	}
	text = fmt.Appendln(text, "Sessions keep the revision with which they were created.\n\nChanges:")
	for _, change := range d.Changes {
		text = fmt.Appendf(text, "  %s\n", sentence(change))
	}
	_, err := out.Write(text)
	return err
}

// worth says what a bloc counts as under the second revision.
func worth(b referentiel.HeldBloc) string {
	switch as := strings.Join(b.CountsAs, ", "); {
	case as == "":
		return "does not count under the second: no bloc is identical, and no line of replaces names it"
	case b.Identical:
		return "is identical: it counts as " + as
	default:
		return "counts as " + as + ", because replaces says so"
	}
}

// sentence is a change on one line.
func sentence(c referentiel.Change) string {
	kind, place := strings.ToLower(string(c.Kind)), strings.TrimSpace(c.Where+" "+c.Field)
	switch c.Kind {
	case referentiel.Renumbered, referentiel.Moved:
		return fmt.Sprintf("%s: %s → %s", kind, c.From, c.To)
	case referentiel.Added:
		return fmt.Sprintf("%s: %s: %s", kind, place, c.To)
	case referentiel.Removed:
		return fmt.Sprintf("%s: %s: %s", kind, place, c.From)
	default:
		return fmt.Sprintf("%s: %s: %s → %s", kind, place, orNothing(c.From), orNothing(c.To))
	}
}

func orNothing(value string) string {
	if value == "" {
		return "(not given)"
	}
	return value
}

// explainCommand says how one acquires what.
type explainCommand struct {
	File     string `arg:"" help:"File of the référentiel (YAML)."`
	Language string `enum:"fr,en" default:"fr" env:"-" placeholder:"LANGUAGE" help:"Language: fr or en."`
}

// Run prints it.
func (k *explainCommand) Run(c console) error {
	r, err := load(k.File, c.err)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(c.out, referentiel.Explain(r, k.Language))
	return err
}

// schemaCommand prints the schema of the files, for editors.
type schemaCommand struct{}

// Run prints it.
func (*schemaCommand) Run(c console) error {
	_, err := fmt.Fprint(c.out, referentiel.Schema())
	return err
}

// count says how many of everything a référentiel has.
func count(r *storepb.Referentiel) string {
	competences, epreuves, criteria := 0, 0, 0
	for _, bloc := range r.GetBlocs() {
		competences += len(bloc.GetCompetences())
		for _, competence := range bloc.GetCompetences() {
			criteria += len(competence.GetCriteria())
		}
		epreuves += len(bloc.GetEpreuves())
		for _, epreuve := range bloc.GetEpreuves() {
			criteria += len(epreuve.GetCriteria())
		}
	}
	parts := []string{counted(len(r.GetBlocs()), "bloc", "blocs"), counted(competences, "compétence", "compétences")}
	if epreuves > 0 {
		parts = append(parts, counted(epreuves, "épreuve", "épreuves"))
	}
	return strings.Join(append(parts, counted(criteria, "criterion", "criteria")), ", ")
}
