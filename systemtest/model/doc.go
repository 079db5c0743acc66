// Package model is a second, independent implementation of what Acquis decides,
// written from the design's text alone. Tests put the same acts to it and to the
// real service, and hold every answer of the service against its own.
//
// It imports nothing of ours: whatever it shared with package rules could be
// wrong in both and seem right. For the same reason it is made another way. The
// rules are pure functions over acts that are read from records again for each
// call; the model is a world of things that change: a candidacy holds the
// verdicts as they stand, a decision knows which one took its place. It is as
// slow and as plain as it likes.
//
// An act is a method of World. It looks at everything that could forbid the act,
// each rule by itself, as the answer must list every rule that refuses; where
// there is none it changes the world. The types of shown.go have the form of the
// API's JSON, so that an answer decodes into them and can be compared whole.
//
// Where the text is silent the model does as the service does:
//   - criteria on which too few assessors disagree are pending, not contested,
//     and cannot be settled;
//   - only the latest settlement can hold, be it again;
//   - a cancelled session leaves candidacies that are withdrawn or absent so;
//   - blocs are presented elsewhere also where one merely counts as the other;
//   - a refusal on a bloc that counts as another shows in the ledger of both;
//   - the rule for a jury is that of the revision of its session;
//   - a prior bloc that a jury rectifies stays a prior bloc;
//   - a candidacy that takes no acts has no stale grid.
package model
