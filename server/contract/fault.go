package contract

import (
	"strconv"
	"strings"
)

// A Fault says why bytes are not a valid request of an RPC.
type Fault struct {
	Field     string // as JSON has it: assessments[3].comment; empty for the whole
	Rule      string // what is wrong with it
	Malformed bool   // not a message of this type at all; otherwise a limit is exceeded
}

// Error names the field and what is wrong with it.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Rule
	}
	return f.Field + ": " + f.Rule
}

// within prepends a field, and an index of its list, to the path of a fault. A
// walk adds them on its way out, so that a walk without faults builds no path.
func (f *Fault) within(outer *field, index int) *Fault {
	if f == nil || f.Rule == "" { // none, or one about the syntax of the whole
		return f
	}
	name := outer.name
	if outer.list && index >= 0 {
		name += "[" + strconv.Itoa(index) + "]"
	}
	if f.Field != "" {
		name += "." + f.Field
	}
	f.Field = name
	return f
}

// spelled names a field in the path of a fault as the body does: a body may have
// the name that the proto file has for it.
func (f *Fault) spelled(outer *field, key []byte) *Fault {
	if f != nil && string(key) == outer.protoName {
		if rest, ok := strings.CutPrefix(f.Field, outer.name); ok {
			f.Field = outer.protoName + rest
		}
	}
	return f
}

// noMessage is the fault of bytes that are not a message at all.
func noMessage() *Fault {
	return &Fault{Rule: "is not a message of this call", Malformed: true}
}

func unknownField() *Fault { return &Fault{Rule: "has a field that this version does not know"} }

func tooMany(f *field) *Fault { return (&Fault{Rule: f.tooMany}).within(f, -1) }

func tooLong(f *field, index int) *Fault { return (&Fault{Rule: f.tooLong}).within(f, index) }

func tooManyItems(f *field) *Fault {
	return (&Fault{Rule: "exceeds the limit of " + strconv.Itoa(MaxItems) + " items in all lists of a request"}).within(f, -1)
}

func tooDeep() *Fault { return &Fault{Rule: "nests messages too deeply"} }
