package referentiel

import (
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Diff is what changes from one revision to another, and what follows for candidates
// who hold blocs of the first.
type Diff struct {
	From rules.Revision `json:"-"`
	To   rules.Revision `json:"-"`
	// The blocs of the first revision, in order.
	Held []HeldBloc `json:"held"`
	// The blocs of the second revision as which no bloc of the first counts: every
	// candidate must acquire them.
	Missing []string `json:"missing,omitempty"`
	// Empty exactly if both are the same revision.
	Changes []Change `json:"changes,omitempty"`
}

// HeldBloc is what a bloc of the first revision is worth under the second.
type HeldBloc struct {
	Bloc string `json:"bloc"`
	// Whether the second revision has it unchanged.
	Identical bool `json:"identical"`
	// The blocs of the second revision as which it counts: because it is identical, or
	// because `replaces` says so.
	CountsAs []string `json:"countsAs"`
}

// Change is one difference.
type Change struct {
	Kind ChangeKind `json:"kind"`
	// The codes that lead to what changed, for instance "B1 C1.1"; empty if it is the
	// référentiel itself.
	Where string `json:"where,omitempty"`
	// What changed there, named as in files: "statement", "method.title".
	Field string `json:"field,omitempty"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// ChangeKind is what happened.
type ChangeKind string

// The kinds of changes.
const (
	Added      ChangeKind = "ADDED"      // To is its code and text, or its value
	Removed    ChangeKind = "REMOVED"    // From is its code and text, or its value
	Changed    ChangeKind = "CHANGED"    // a text or value; empty if not given
	Renumbered ChangeKind = "RENUMBERED" // the same text has another code: From and To are where
	Moved      ChangeKind = "MOVED"      // it is in another bloc or compétence: From and To are where
	Reordered  ChangeKind = "REORDERED"  // the same items in another order; From and To are their codes
)

// Compare tells what changes from one revision to another. Both must have passed
// [Check]. It goes by the descriptors, so that no field is overlooked.
func Compare(from, to *storepb.Referentiel) (Diff, error) {
	earlier, err := Compile(from)
	if err != nil {
		return Diff{}, err
	}
	later, err := Compile(to)
	if err != nil {
		return Diff{}, err
	}
	return earlier.Compare(later), nil
}

// Compare is [Compare] of compiled revisions.
func (c *Compiled) Compare(later *Compiled) Diff {
	d := Diff{From: c.Revision(), To: later.Revision()}
	d.hold(c, later)
	d.Changes = compare(c.content.ProtoReflect(), later.content.ProtoReflect())
	return d
}

// hold says what blocs of the first revision count as under the second, by the rule by
// which candidacies are decided.
func (d *Diff) hold(earlier, later *Compiled) {
	catalogue, covered := Catalogue{d.From: earlier, d.To: later}, make(map[string]bool)
	for _, bloc := range earlier.scheme.BlocCodes() {
		held := HeldBloc{Bloc: bloc, Identical: later.identical(bloc, earlier, bloc), CountsAs: []string{}}
		for _, wanted := range later.scheme.BlocCodes() {
			covered[wanted] = covered[wanted] || later.coveredBy(wanted, earlier)
			if catalogue.Counts(rules.BlocRef{Revision: d.To, Bloc: wanted}, rules.BlocRef{Revision: d.From, Bloc: bloc}) {
				held.CountsAs = append(held.CountsAs, wanted)
				covered[wanted] = true
			}
		}
		d.Held = append(d.Held, held)
	}
	for _, bloc := range later.scheme.BlocCodes() {
		if !covered[bloc] {
			d.Missing = append(d.Missing, bloc)
		}
	}
}
