package referentiel

import "github.com/acquis-eval/acquis/rules"

// A Catalogue holds revisions and answers what the rules ask about référentiels
// ([rules.Catalogue]).
type Catalogue map[rules.Revision]*Compiled

// Blocs lists the blocs of a revision, in order; none where it is not known.
func (c Catalogue) Blocs(revision rules.Revision) []string {
	if r := c[revision]; r != nil {
		return r.scheme.BlocCodes()
	}
	return nil
}

// Counts says whether holding one bloc counts as holding the wanted one.
func (c Catalogue) Counts(wanted, held rules.BlocRef) bool {
	current := c[wanted.Revision]
	if current == nil {
		return false
	}
	return current.replaces(wanted.Bloc, held) || current.identical(wanted.Bloc, c[held.Revision], held.Bloc)
}

// replaces says whether this revision declares that the held bloc counts as one of
// its own. The declarations of other revisions do not add up: each revision
// repeats those that still hold, so that one page says all that counts.
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

// identical says whether another revision of the same référentiel has the same
// bloc. Between référentiels only replaces counts: the law registers each
// certification by itself, whatever words they share.
func (c *Compiled) identical(bloc string, other *Compiled, otherBloc string) bool {
	return other != nil && c.content.GetId() == other.content.GetId() &&
		c.blocs[bloc] != nil && c.fingerprints[bloc] == other.fingerprints[otherBloc]
}
