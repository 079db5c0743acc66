// Package filter reads the filters of lists (AIP-160) and tells which resources they
// want.
//
// A list has a table of its fields ([Fields]): each with its name, its kind and how it is
// read from a resource. The kind decides which operators a field takes and what can
// stand on their right side. All of it is checked when a filter is parsed, so that
// a filter that was accepted always has an answer ([Filter.Matches]).
//
// The grammar is that of AIP-160: OR binds tighter than a space between two
// comparisons, and that tighter than AND; both of the latter mean "and". Left out are
// bare values, functions other than timestamp, and parentheses around values.
//
// Reading a filter takes time in proportion to its length, and so does matching one
// resource. Depth and number of comparisons are limited.
package filter
