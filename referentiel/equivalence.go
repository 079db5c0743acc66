package referentiel

import (
	"cmp"
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

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

// Equivalences are what the revision of a bloc declares as its equivalents.
func (c Catalogue) Equivalences(wanted rules.BlocRef) (lines [][]rules.Needed) {
	current := c[wanted.Revision]
	if current == nil {
		return nil
	}
	for _, r := range current.content.GetReplaces() {
		if r.GetBloc() != wanted.Bloc {
			continue
		}
		line := []rules.Needed{c.needed(current, r)}
		for _, held := range r.GetTogetherWith() {
			line = append(line, c.needed(current, held))
		}
		lines = append(lines, line)
	}
	return lines
}

// A named bloc is one of some revision or of every one.
type named interface {
	GetReferentiel() string
	GetRevision() string
	GetReplacedBloc() string
}

func means(n named, revision rules.Revision) bool {
	return n.GetReferentiel() == revision.Referentiel && (n.GetRevision() == "" || n.GetRevision() == revision.ID)
}

// needed is a bloc that a revision asks for. It may be held through revisions of other
// référentiels that were published before.
func (c Catalogue) needed(by *Compiled, n named) rules.Needed {
	needed := rules.Needed{Referentiel: n.GetReferentiel(), Revision: n.GetRevision(), Bloc: n.GetReplacedBloc()}
	var through []*Compiled
	for id, other := range c {
		if by.leadsTo(other) && means(n, id) && other.blocs[needed.Bloc] != nil {
			through = append(through, other)
		}
	}
	slices.SortFunc(through, func(a, b *Compiled) int { return cmp.Compare(a.published, b.published) })
	for _, other := range through {
		needed.Through = append(needed.Through, rules.BlocRef{Revision: other.Revision(), Bloc: needed.Bloc})
	}
	return needed
}

// leadsTo tells whether a chain of equivalences may go from one revision to another.
func (c *Compiled) leadsTo(other *Compiled) bool {
	return other.published < c.published && other.content.GetId() != c.content.GetId()
}

// coveredBy tells whether some blocs of another revision count together as one of this
// revision.
func (c *Compiled) coveredBy(bloc string, other *Compiled) bool {
	has := func(n named) bool { return means(n, other.Revision()) && other.blocs[n.GetReplacedBloc()] != nil }
	return slices.ContainsFunc(c.content.GetReplaces(), func(r *storepb.Replacement) bool {
		return r.GetBloc() == bloc && has(r) && !slices.ContainsFunc(r.GetTogetherWith(), func(h *storepb.Replacement_Held) bool { return !has(h) })
	})
}

// Replaces lists the référentiels other than its own of which a revision names blocs.
func (c *Compiled) Replaces() (ids []string) {
	note := func(n named) {
		if id := n.GetReferentiel(); id != c.content.GetId() && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, r := range c.content.GetReplaces() {
		note(r)
		for _, held := range r.GetTogetherWith() {
			note(held)
		}
	}
	return ids
}

// replaces tells whether this revision declares that the held bloc alone counts as
// one of its own. Declarations of other revisions do not count: each revision
// repeats those that are still valid, so that it is complete by itself.
func (c *Compiled) replaces(bloc string, held rules.BlocRef) bool {
	if c.blocs[bloc] == nil {
		return false
	}
	for _, r := range c.content.GetReplaces() {
		if r.GetBloc() == bloc && r.GetReplacedBloc() == held.Bloc && len(r.GetTogetherWith()) == 0 && means(r, held.Revision) {
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
