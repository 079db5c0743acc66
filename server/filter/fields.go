package filter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Fields are those that the filters of one list may name.
type Fields[T any] []Field[T]

// A Field is one of them.
type Field[T any] struct {
	// Name is as in the proto file. Callers may also write it as JSON has it.
	Name string
	// Also are other names for it.
	Also []string
	// About says what its values are, for the contract; empty if the name says it.
	About string

	kind kind
	enum protoreflect.EnumDescriptor
	read func(T) value
}

type kind int

const (
	textKind kind = iota
	enumKind
	boolKind
	timeKind
)

// A value is what a resource has in a field: one of these by the field's kind.
type value struct {
	texts  []string // any of them; empty texts do not count as a value
	number protoreflect.EnumNumber
	is     bool
	at     *timestamppb.Timestamp
}

// Text is a field of one text.
func Text[T any](name string, read func(T) string) Field[T] {
	return Texts(name, func(of T) []string { return []string{read(of)} })
}

// Texts is a field of several texts. A comparison holds if it holds for one of them.
func Texts[T any](name string, read func(T) []string) Field[T] {
	return Field[T]{Name: name, kind: textKind, read: func(of T) value { return value{texts: read(of)} }}
}

// Enum is a field of an enum, which filters have by its names.
func Enum[T any, E protoreflect.Enum](name string, read func(T) E) Field[T] {
	var none E
	return Field[T]{Name: name, kind: enumKind, enum: none.Descriptor(), read: func(of T) value {
		return value{number: read(of).Number()}
	}}
}

// Bool is a field that is true or false.
func Bool[T any](name string, read func(T) bool) Field[T] {
	return Field[T]{Name: name, kind: boolKind, read: func(of T) value { return value{is: read(of)} }}
}

// Time is a field of a point in time.
func Time[T any](name string, read func(T) *timestamppb.Timestamp) Field[T] {
	return Field[T]{Name: name, kind: timeKind, read: func(of T) value { return value{at: read(of)} }}
}

// Or gives a field other names.
func (f Field[T]) Or(names ...string) Field[T] {
	f.Also = names
	return f
}

// Holding says what a field's values are.
func (f Field[T]) Holding(about string) Field[T] {
	f.About = about
	return f
}

// operators are those that the field takes.
func (f Field[T]) operators() []string {
	if f.kind == timeKind {
		return []string{"=", "!=", "<", "<=", ">", ">=", ":"}
	}
	return []string{"=", "!=", ":"}
}

// find returns the field of a name.
func (f Fields[T]) find(name string) *Field[T] {
	i := slices.IndexFunc(f, func(field Field[T]) bool {
		all := append([]string{field.Name}, field.Also...)
		return slices.ContainsFunc(all, func(known string) bool { return name == known || name == camel(known) })
	})
	if i < 0 {
		return nil
	}
	return &f[i]
}

// camel is a name as JSON has it: decide_time is decideTime.
func camel(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, "")
}

// known lists the fields and their operators, for errors.
func (f Fields[T]) known() string {
	all := make([]string, len(f))
	for i, field := range f {
		all[i] = field.Name
		if field.kind == timeKind {
			all[i] += " (also < <= > >=)"
		}
	}
	return "the fields are " + strings.Join(all, ", ") + "; all take = != and :"
}

// Contract is what the comment on a filter in the proto files says about the fields.
func (f Fields[T]) Contract() string {
	all := make([]string, len(f))
	for i, field := range f {
		all[i] = fmt.Sprintf("`%s` (%s)", field.Name, field.says())
	}
	return "AIP-160 filter over " + strings.Join(all, ", ") + ". "
}

func (f Field[T]) says() string {
	about := f.About
	switch f.kind {
	case textKind:
		if about == "" {
			about = "a text"
		}
	case enumKind:
		about = strings.Join(f.allowed(), ", ")
	case boolKind:
		about = "true, false"
	case timeKind:
		about = "a time"
	}
	return about + "; " + strings.Join(f.operators(), " ")
}

// allowed are the names of an enum that mean something.
func (f Field[T]) allowed() (all []string) {
	for i := range f.enum.Values().Len() {
		if v := f.enum.Values().Get(i); v.Number() != 0 {
			all = append(all, string(v.Name()))
		}
	}
	return all
}

// empty tells whether a resource has no value in the field.
func (v value) empty(k kind) bool {
	switch k {
	case textKind:
		return !slices.ContainsFunc(v.texts, func(text string) bool { return text != "" })
	case enumKind:
		return v.number == 0
	case boolKind:
		return !v.is
	default:
		return v.at == nil
	}
}

// A wanted value is the right side of a comparison.
type wanted struct {
	value
	text          string // of a text, without its stars
	before, after bool   // it has a star there: any text may stand there
	when          time.Time
}

// equals tells whether a resource has the wanted value.
func (w wanted) equals(v value, k kind) bool {
	switch k {
	case textKind:
		return slices.ContainsFunc(v.texts, w.fits)
	case enumKind:
		return v.number == w.number
	case boolKind:
		return v.is == w.is
	default:
		return v.at != nil && v.at.AsTime().Equal(w.when)
	}
}

func (w wanted) fits(text string) bool {
	switch {
	case w.before && w.after:
		return strings.Contains(text, w.text)
	case w.before:
		return strings.HasSuffix(text, w.text)
	case w.after:
		return strings.HasPrefix(text, w.text)
	}
	return text == w.text
}
