// Package show makes messages of what the rules return. It decides nothing:
// hidden parts have been removed before (rules.Grid.Seen), and it shows
// everything that it gets.
//
// What follows from a revision alone is made once and shared between answers:
// statements and methods of the référentiel, and reasons, which name only codes
// and numbers. So code that gets a message from here may send it and read it, but
// must never change it, nor any field or list in it. Nothing about a candidate is
// kept (docs/adr/0013).
package show
