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
package model
