package contract

import (
	"fmt"
	"regexp/syntax"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// MaxItems limits the items of all lists of a request together, because
	// nested lists multiply.
	MaxItems = 20_000
	// maxFields is the most fields of a message; a walk counts them in an array.
	maxFields = 32
	// maxNumber is the highest number of a field; a walk looks them up in a table.
	maxNumber = 255
	// maxDepth limits the nesting of messages. Only recursive messages can
	// reach it.
	maxDepth = 16
	// maxScalar bounds the text of a number, a time or the name of an enum value.
	maxScalar  = 128
	longScalar = "has a value that is too long"
)

// A Shape has the limits of a message: which fields it has, how often each may
// occur, how long each text may be. It is read from the descriptor once and
// then checks raw bytes, in both encodings, before anything is decoded.
type Shape struct {
	top *node
}

// A node is the shape of one message type. Nodes refer to each other, so that
// types may be recursive.
type node struct {
	name     protoreflect.FullName
	message  protoreflect.MessageDescriptor
	fields   []field
	byNumber []int8         // index in fields, or -1
	byName   map[string]int // by the JSON name and by the proto name
	text     int            // if it is a string in JSON: its maximum of bytes
	commas   int            // and its maximum of commas
}

// A field has what a walk must know of a field.
type field struct {
	name       string // as JSON spells it
	protoName  string
	descriptor protoreflect.FieldDescriptor
	number     protoreflect.FieldNumber
	list       bool
	form       form
	inner      *node  // of a message
	items      int    // most times it may occur
	chars      int    // most characters of a text; 0: counted in bytes
	bytes      int    // most bytes of a text or of bytes
	letters    int    // most characters of what JSON has in quotes
	tooMany    string // the fault if it occurs too often
	tooLong    string // the fault if the text is too long
}

// A form is the wire format of a value.
type form uint8

const (
	varint form = iota
	fixed32
	fixed64
	text
	raw
	message
)

// NewShape reads the shape of a message. Each of its list, string and bytes
// fields must have a limit in the proto file.
func NewShape(descriptor protoreflect.MessageDescriptor) (*Shape, error) {
	c := compiler{}
	top, err := c.node(descriptor)
	if err != nil {
		return nil, err
	}
	return &Shape{top: top}, nil
}

// Field is the shape of the message in a field, for bindings whose body is not
// the whole request.
func (s *Shape) Field(name string) (*Shape, error) {
	i, ok := s.top.byName[name]
	if !ok || s.top.fields[i].inner == nil {
		return nil, fmt.Errorf("%s: %q is not a field with a message", s.top.name, name)
	}
	return &Shape{top: s.top.fields[i].inner}, nil
}

// A compiler caches nodes by their message.
type compiler map[protoreflect.FullName]*node

func (c compiler) node(descriptor protoreflect.MessageDescriptor) (*node, error) {
	if known, ok := c[descriptor.FullName()]; ok {
		return known, nil
	}
	fields := descriptor.Fields()
	n := &node{name: descriptor.FullName(), message: descriptor, byName: make(map[string]int)}
	n.text, n.commas = asText(n.name)
	c[n.name] = n
	if fields.Len() > maxFields {
		return nil, fmt.Errorf("%s: has more than %d fields", n.name, maxFields)
	}
	for i := range fields.Len() {
		f, err := c.field(fields.Get(i))
		if err != nil {
			return nil, err
		}
		if err := n.add(f, string(fields.Get(i).Name())); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *node) add(f field, protoName string) error {
	if f.number > maxNumber {
		return fmt.Errorf("%s: the number of %s is over %d", n.name, f.name, maxNumber)
	}
	for len(n.byNumber) <= int(f.number) {
		n.byNumber = append(n.byNumber, -1)
	}
	n.byNumber[f.number] = int8(len(n.fields))
	n.byName[f.name], n.byName[protoName] = len(n.fields), len(n.fields)
	n.fields = append(n.fields, f)
	return nil
}

// asText tells which messages are strings in JSON, with their maximum of bytes
// and commas.
func asText(name protoreflect.FullName) (bytes, commas int) {
	switch name {
	case "google.protobuf.Timestamp", "google.protobuf.Duration":
		return maxScalar, maxScalar
	case "google.protobuf.FieldMask":
		return maskPaths * (maskPath + 1), maskPaths - 1
	}
	return 0, 0
}

// A field mask has no rules in the proto file, because it is defined by Google.
const (
	maskPaths = 100
	maskPath  = 200
)

func (c compiler) field(descriptor protoreflect.FieldDescriptor) (field, error) {
	f := field{
		name: descriptor.JSONName(), protoName: string(descriptor.Name()), descriptor: descriptor, number: descriptor.Number(), list: descriptor.IsList(),
		form: formOf(descriptor.Kind()), items: 1, tooMany: "is given more than once",
	}
	rules, _ := proto.GetExtension(descriptor.Options(), validatepb.E_Field).(*validatepb.FieldRules)
	if descriptor.FullName() == "google.protobuf.FieldMask.paths" {
		rules = maskRules()
	}
	if descriptor.IsMap() || descriptor.Kind() == protoreflect.GroupKind {
		return f, fmt.Errorf("%s: maps and groups have no shape", descriptor.FullName())
	}
	if f.list {
		most := rules.GetRepeated().GetMaxItems()
		if !rules.GetRepeated().HasMaxItems() || most > MaxItems {
			return f, fmt.Errorf("%s: a list needs max_items, at most %d", descriptor.FullName(), MaxItems)
		}
		f.items, f.tooMany = int(most), lengthWording("repeated.max_items", int(most), "item")
		rules = rules.GetRepeated().GetItems()
	}
	var err error
	switch f.form {
	case text:
		err = f.limitText(rules.GetString())
	case raw:
		err = f.limitBytes(rules.GetBytes())
	case message:
		if f.inner, err = c.node(descriptor.Message()); err == nil {
			f.bytes, f.letters, f.tooLong = f.inner.text, f.inner.text, longScalar
		}
	default:
		f.bytes, f.letters, f.tooLong = maxScalar, maxScalar, longScalar
	}
	if err != nil {
		return f, fmt.Errorf("%s: %w", descriptor.FullName(), err)
	}
	return f, nil
}

func maskRules() *validatepb.FieldRules {
	items := &validatepb.FieldRules{Type: &validatepb.FieldRules_String_{String_: &validatepb.StringRules{MaxBytes: proto.Uint64(maskPath)}}}
	list := &validatepb.RepeatedRules{MaxItems: proto.Uint64(maskPaths), Items: items}
	return &validatepb.FieldRules{Type: &validatepb.FieldRules_Repeated{Repeated: list}}
}

func formOf(kind protoreflect.Kind) form {
	switch kind {
	case protoreflect.StringKind:
		return text
	case protoreflect.BytesKind:
		return raw
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return message
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return fixed32
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return fixed64
	}
	return varint
}

// limitText reads the limit of a string: a length, or the maximum length that
// its pattern, constant or format allows.
func (f *field) limitText(rules *validatepb.StringRules) error {
	switch {
	case rules.HasMaxBytes():
		f.bytes = int(rules.GetMaxBytes())
	case rules.HasLenBytes():
		f.bytes = int(rules.GetLenBytes())
	case rules.HasMaxLen():
		f.chars = int(rules.GetMaxLen())
	case rules.HasLen():
		f.chars = int(rules.GetLen())
	case rules.HasConst():
		f.chars = len(rules.GetConst())
	case rules.GetUuid():
		f.chars = 36
	case rules.HasPattern():
		longest, err := longestMatch(rules.GetPattern())
		if err != nil {
			return err
		}
		f.chars = longest
	default:
		return fmt.Errorf("a string needs a limit: max_len, or a pattern that bounds it")
	}
	f.letters, f.tooLong = f.bytes, lengthWording("string.max_bytes", f.bytes, "byte")
	if f.chars > 0 {
		f.letters = f.chars
		f.bytes = 4 * f.chars // of UTF-8; validation counts characters afterwards
		f.tooLong = lengthWording("string.max_len", f.chars, "character")
	}
	return nil
}

func (f *field) limitBytes(rules *validatepb.BytesRules) error {
	switch {
	case rules.HasMaxLen():
		f.bytes = int(rules.GetMaxLen())
	case rules.HasLen():
		f.bytes = int(rules.GetLen())
	default:
		return fmt.Errorf("bytes need a limit: max_len or len")
	}
	f.letters = (f.bytes + 2) / 3 * 4 // base64
	f.tooLong = lengthWording("bytes.max_len", f.bytes, "byte")
	return nil
}

// longestMatch is the length, in characters, of the longest text that a pattern
// matches. The pattern must be anchored at both ends.
func longestMatch(pattern string) (int, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, err
	}
	parsed = parsed.Simplify()
	parts := parsed.Sub
	anchored := parsed.Op == syntax.OpConcat && parts[0].Op == syntax.OpBeginText && parts[len(parts)-1].Op == syntax.OpEndText
	if length, ok := longest(parsed); ok && anchored {
		return length, nil
	}
	return 0, fmt.Errorf("the pattern %s bounds no length: add max_len", pattern)
}

// longest is the length of a part of a pattern; not ok if it is unlimited.
func longest(part *syntax.Regexp) (length int, ok bool) {
	switch part.Op {
	case syntax.OpStar, syntax.OpPlus:
		return 0, false
	case syntax.OpLiteral:
		return len(part.Rune), true
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, true
	}
	for _, sub := range part.Sub {
		n, ok := longest(sub)
		if !ok {
			return 0, false
		}
		if part.Op == syntax.OpAlternate {
			length = max(length, n)
		} else {
			length += n
		}
	}
	return length, true
}
