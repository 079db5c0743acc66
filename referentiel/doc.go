// Package referentiel reads référentiels, which say what a candidate must show,
// checks them, computes the ids of their revisions, searches them, and compiles
// them for the rules.
//
// A référentiel comes from a file in data, embedded in the binary, or over the
// API. Both become a [storepb.Referentiel], and are then treated alike:
//
//	file ──Parse──▶ storepb.Referentiel ──Check──▶ nothing wrong
//	                        │
//	                        ├──ID────────▶ the permanent name of this revision
//	                        └──Compile───▶ Compiled: the rules' Scheme, lookups, search
//
// [Check] names fields as the proto file does
// (blocs[1].competences[0].statement), [Parse] adds file and line, and both
// report every problem, not only the first, so that authors, who are
// specialists of certification, can correct a file at once. [Schema] lets an editor
// report most of them while a file is written.
//
// # What can never happen
//
//   - Content changes and keeps its id. [ID] is a digest of our own encoding
//     (canonical.go), written field by field, so that no library can change it.
//   - A référentiel that [Check] accepted asks for a jury of one.
//   - A revision names itself among the blocs that it replaces.
//   - The text of data/marketing.yaml drifts from its source: a test rebuilds the
//     one from the other, both ways.
//
// [Compare] tells what changes from one revision to another, and which blocs that
// candidates hold still count. [Explain] says in sentences how one acquires what, so that
// people who know a certification can check its file.
//
// Revisions are checked when they are published, never when they are read: one
// that passed an older, less strict checker still compiles years later.
package referentiel
