// Package examples has real certifications as files, and plays their cases on a server.
//
// Each certification has a référentiel, <id>.yaml, and a story, <id>.story.txt: its
// cases by number, in the words of a jury, with the results that its rules ask for.
// README.md explains the words.
//
//	<id>.yaml ──Load──▶ Certification ──Publish──▶ server
//	<id>.story.txt ──┘        │
//	                          └─ Case ──Player.Play──▶ calls over gRPC, results compared
//
// A [Player] calls as any client does: it has keys, and knows nothing of the server but
// its contract. The tests play every case, and "acquis demo --certification" plays one
// story for people to see.
//
// A case that needs what the rules cannot say yet is written down with what it waits for
// (Case.Waits), and not played.
package examples
