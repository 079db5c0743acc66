// Package rules decides what a candidate has acquired. It is the only place
// of the service that does.
//
// It is pure: values in, values out. It reads no clock, no disk and no network,
// imports the standard library and the packages below it only, which are as pure, and the
// same input always gives the same answer. So anybody who has the records of a decision can
// recompute it years later.
//
// Data flows in one direction:
//
//	Spec ──NewScheme──▶ Scheme            the référentiel, compiled once
//	Scheme + Candidacy + Acts ──Assess──▶ Grid        what was shown
//	Case ──Deliberate, Rectify, Award──▶ []Ruling     what is decided
//	Candidate ──Ledger──▶ Ledger                          what is held
//	Grid + View ──Seen──▶ Grid                            what somebody sees of it
//
// What may be erased about a person is package retention, which reads no outcome.
//
// There are two kinds of explanation, each with one table of all names in package words: a
// reason says why an outcome is what it is, and a refusal why an act is not possible. Checks
// return every rule that fails, not only the first, in a stable order. testdata has a case
// for each of them, in files that a jury member can read and extend.
//
// # What can never happen
//
//   - Blocs never compensate each other, and an exemption never lowers an outcome.
//   - The order in which different assessors speak changes nothing.
//   - A decision is never edited: a later one supersedes it, and both stay.
//   - A bloc that one candidacy capitalised is not lost by another candidacy.
//   - An assessor's view of a grid is the same whatever others did, but on criteria
//     that the référentiel has them assess together.
//   - No single juror brings about a capitalisation or an award. An act of the
//     jury has two members present at least, even where a référentiel asks for
//     fewer (JURY_NOT_COLLEGIAL); and what one juror did alone beforehand, a
//     settlement or an exemption, has an author among them.
//   - No registrar brings about an award. A registrar may recognise a prior bloc,
//     which names its proof: that capitalises the bloc without a jury, as the
//     référentiel's law allows, but the certification then is COMPLETE until a
//     jury pronounces it.
//
// # Versions
//
// Every decision keeps the [Version] of the rules that made it, and every version
// that ever decided can still be run. There is one so far. The second will move
// these files, unchanged, to rules/v1. Package casefile, which reads the version
// of a decision, will then be the only place that chooses.
package rules

// Version names this version of the rules. Each decision keeps it.
const Version = "1"
