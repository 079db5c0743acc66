// Package show makes messages of what the rules say. It decides nothing: who may
// see what has been cut before (rules.Grid.Seen), and whatever it is given, it shows.
//
// What follows from a revision alone is made once and shared between answers:
// statements and methods as the référentiel has them, and reasons, which name codes
// and numbers and nobody. So whoever gets a message from here may send it and read
// it, and must never change it: not a field, not a list in it. Nothing about a
// candidate is kept (docs/adr/0013).
package show
