package referentiel

import (
	"fmt"
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// Published are revisions of one référentiel.
type Published struct {
	Revisions []*storepb.ReferentielRevision
	All       bool // there are no others, wherever this one is published
}

// CheckReplaced reports the blocs that a référentiel replaces although they do not
// exist: a slip of the pen in an equivalence shows only years later, when a candidate
// relies on it. It judges only what it can know of the référentiels that it asks for.
func CheckReplaced(r *storepb.Referentiel, published func(id string) (Published, error)) (problems []Problem, err error) {
	look := func(at string, n named) error {
		known, err := published(n.GetReferentiel())
		if err != nil {
			return err
		}
		if field, message := known.lacks(n); message != "" {
			problems = append(problems, Problem{Field: at + field, Message: message})
		}
		return nil
	}
	for i, p := range r.GetReplaces() {
		field := at("replaces", i)
		if err := look(field, p); err != nil {
			return nil, err
		}
		for j, held := range p.GetTogetherWith() {
			if err := look(at(field+".together_with", j), held); err != nil {
				return nil, err
			}
		}
	}
	return problems, nil
}

// lacks says what there is not of what is replaced; nothing if all is there, or may be.
func (p Published) lacks(r named) (field, message string) {
	revisions := p.Revisions
	if r.GetRevision() != "" {
		revisions = slices.DeleteFunc(slices.Clone(revisions), func(known *storepb.ReferentielRevision) bool { return known.GetId() != r.GetRevision() })
	}
	switch {
	case len(revisions) == 0 && !p.All:
		return "", ""
	case len(p.Revisions) == 0:
		return ".referentiel", fmt.Sprintf("%q is not published here: publish it first", r.GetReferentiel())
	case len(revisions) == 0:
		return ".revision", fmt.Sprintf("%q has no revision %q here: publish it first", r.GetReferentiel(), r.GetRevision())
	case !p.All && r.GetRevision() == "":
		return "", "" // another revision may have the bloc
	}
	for _, revision := range revisions {
		if slices.ContainsFunc(revision.GetContent().GetBlocs(), func(b *storepb.Bloc) bool { return b.GetCode() == r.GetReplacedBloc() }) {
			return "", ""
		}
	}
	return ".replaced_bloc", fmt.Sprintf("%q is not a bloc of what is replaced", r.GetReplacedBloc())
}
