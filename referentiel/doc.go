// Package referentiel keeps what a candidate must show: it reads référentiels,
// checks them, names their revisions, searches them, and compiles them for the
// rules.
//
// A référentiel comes from a file in data, embedded in the binary, or over the
// API. Both end as a [storepb.Referentiel], and from there on there is one road:
//
//	file ──Parse──▶ storepb.Referentiel ──Check──▶ nothing wrong
//	                        │
//	                        ├──ID────────▶ the name of this revision, for ever
//	                        └──Compile───▶ Compiled: the rules' Scheme, lookups, search
//
// [Check] names fields as the proto does (blocs[1].competences[0].statement),
// [Parse] adds file and line, and both report every problem, not the first: who
// writes a référentiel is a specialist of certification, and should correct a
// file once.
//
// # What can never happen
//
//   - Content changes and keeps its id. [ID] is a digest of an encoding of our own
//     (canonical.go), written out field by field, so that no library can change it.
//   - A référentiel that [Check] accepted asks for a jury of one.
//   - A revision names itself among the blocs that it replaces.
//   - The text of data/marketing.yaml drifts from its source: a test rebuilds the
//     one from the other, both ways.
//
// Revisions are checked when they enter, never when they are read back: one that
// was published under an older, laxer checker still compiles years later.
package referentiel
