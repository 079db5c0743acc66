package main

import (
	"errors"
	"fmt"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
)

// checkCommand checks the file of a référentiel as the service does before
// publishing.
type checkCommand struct {
	File string `arg:"" help:"File of the référentiel (YAML)."`
}

// Run prints every problem, one per line, as compilers do, or a summary of the file.
func (k *checkCommand) Run(c console) error {
	r, err := referentiel.Load(k.File)
	if problems, ok := errors.AsType[referentiel.Problems](err); ok {
		if _, err := fmt.Fprintln(c.out, problems); err != nil {
			return err
		}
		return errSaid
	}
	if err != nil {
		return err
	}
	competences, criteria := count(r)
	_, err = fmt.Fprintf(c.out, "%s: %s\n%d blocs, %d compétences, %d criteria\nrevision %s\n",
		r.GetId(), r.GetDisplayName(), len(r.GetBlocs()), competences, criteria, referentiel.ID(r))
	return err
}

// schemaCommand prints the schema of the files, for editors.
type schemaCommand struct{}

// Run prints it.
func (*schemaCommand) Run(c console) error {
	_, err := fmt.Fprint(c.out, referentiel.Schema())
	return err
}

func count(r *storepb.Referentiel) (competences, criteria int) {
	for _, bloc := range r.GetBlocs() {
		competences += len(bloc.GetCompetences())
		for _, competence := range bloc.GetCompetences() {
			criteria += len(competence.GetCriteria())
		}
	}
	return competences, criteria
}
