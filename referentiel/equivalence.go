package referentiel

import "github.com/acquis-eval/acquis/rules"

// A Catalogue has revisions and answers the questions of the rules about
// référentiels ([rules.Catalogue]).
type Catalogue map[rules.Revision]*Compiled

// Scheme is that of a revision; nil if it is not known.
func (c Catalogue) Scheme(revision rules.Revision) *rules.Scheme {
	if r := c[revision]; r != nil {
		return r.scheme
	}
	return nil
}

// Counts tells whether one bloc counts as the wanted one.
func (c Catalogue) Counts(wanted, held rules.BlocRef) bool {
	current := c[wanted.Revision]
	if current == nil {
		return false
	}
	return current.replaces(wanted.Bloc, held) || current.identical(wanted.Bloc, c[held.Revision], held.Bloc)
}

// replaces tells whether this revision declares that the held bloc counts as
// one of its own. Declarations of other revisions do not count: each revision
// repeats those that are still valid, so that it is complete by itself.
func (c *Compiled) replaces(bloc string, held rules.BlocRef) bool {
	if c.blocs[bloc] == nil {
		return false
	}
	for _, r := range c.content.GetReplaces() {
		if r.GetBloc() == bloc && r.GetReplacedBloc() == held.Bloc &&
			r.GetReferentiel() == held.Revision.Referentiel &&
			(r.GetRevision() == "" || r.GetRevision() == held.Revision.ID) {
			return true
		}
	}
	return false
}

// identical tells whether another revision of the same référentiel has the same
// bloc. Between référentiels only replaces counts: each certification is
// registered separately, even if texts are the same.
func (c *Compiled) identical(bloc string, other *Compiled, otherBloc string) bool {
	return other != nil && c.content.GetId() == other.content.GetId() &&
		c.fingerprints[bloc] != "" && c.fingerprints[bloc] == other.fingerprints[otherBloc]
}
