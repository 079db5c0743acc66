// Package model is a second, independent implementation of what Acquis decides,
// written only from the text of the rules. Tests give the same acts to it and to
// the real service, and compare every answer of the service with its own.
//
// It imports nothing of ours, because code shared with package rules could be
// wrong in both and seem right. For the same reason it works differently. The
// rules are pure functions over acts that are read from records for each call;
// the model is a world of objects that change: a candidacy has the current
// verdicts, a decision knows which one replaced it. It favours simplicity over
// speed.
//
// An act is a method of World. It checks everything that could forbid the act,
// each rule separately, because the answer must list every rule that refuses; if
// there is none it changes the world. The types of shown.go have the form of the
// API's JSON, so that an answer decodes into them and can be compared as a whole.
//
// If the text does not say, the model does what the service does:
//   - criteria on which too few assessors disagree are pending, not contested,
//     and cannot be settled;
//   - only the latest settlement can be in force, possibly again;
//   - a cancelled session leaves withdrawn and absent candidacies as they are;
//   - blocs are presented elsewhere even if one only counts as the other;
//   - a refusal on a bloc that counts as another shows in the ledger of both;
//   - the rule for a jury is that of the revision of its session;
//   - a prior bloc that a jury rectifies stays a prior bloc;
//   - a candidacy that accepts no acts has no stale grid.
package model
