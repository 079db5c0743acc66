package verify

import (
	"fmt"
	"strings"

	"github.com/acquis-eval/acquis/store"
)

// A Report says what was checked and what did not match.
type Report struct {
	// Events is how many events the journal has, and Root the root of the Merkle
	// log over them, in base64; empty if the journal is broken.
	Events uint64 `json:"events"`
	Root   string `json:"root"`
	// Erased counts references, records and bodies of events whose data is
	// missing because a forgetting lists it.
	Erased int `json:"erased"`
	// Records counts stored records by kind, in the order of the kinds' numbers.
	Records []Count `json:"records"`
	// Checked counts what was derived again and compared.
	Checked []Count `json:"checked"`
	// Signers are the keys that the service publishes as its own, in the order in
	// which they were recorded. Somebody who can write the file can add one:
	// compare them with those that you know.
	Signers []string `json:"signers"`
	// Checkpoint is the result of the comparison with a checkpoint from outside;
	// empty without one.
	Checkpoint string `json:"checkpoint,omitempty"`
	// Findings are the first things that do not match; More counts the others.
	Findings []Finding `json:"findings"`
	More     int       `json:"more"`
}

// A Count is a number of things.
type Count struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// OK tells whether everything matches.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// A Finding is one thing that does not match.
type Finding struct {
	Kind    string `json:"kind"`            // of the record: "decision", "event", "name"
	Key     string `json:"key"`             // readable: "42", "session 7, jury-1"
	Event   uint64 `json:"event,omitempty"` // that last wrote it; 0 if none did
	Problem string `json:"problem"`         // what there is, and what was expected
}

// String is one line for people.
func (f Finding) String() string {
	var s strings.Builder
	s.WriteString(f.Kind)
	if f.Key != "" {
		s.WriteString(" " + f.Key)
	}
	if f.Event != 0 && f.Kind != "event" {
		fmt.Fprintf(&s, " (written by event %d)", f.Event)
	}
	return s.String() + ": " + f.Problem
}

// Is tells whether the finding is about the record of that kind and key.
func (f Finding) Is(kind store.KindID, key []byte) bool {
	return f.Kind == kind.String() && f.Key == readable(kind, key)
}

// add counts one more of something.
func add(counts *[]Count, what string, n int) {
	for i := range *counts {
		if (*counts)[i].What == what {
			(*counts)[i].N += n
			return
		}
	}
	*counts = append(*counts, Count{what, n})
}
