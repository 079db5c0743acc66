package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/acquis-eval/acquis/server/apierr"
)

// CheckJSON checks a body before it is decoded: it must be one JSON value of
// the form of the message, within its limits, without unknown or duplicate
// fields. The decoder checks the form of numbers, times and enum names; their
// length is checked here. White space alone passes: it is an absent body. The
// walk allocates only if a key has escapes. A field that the path of the call has
// too (path, by its name in the proto file) must have the same value as there.
func (s *Shape) CheckJSON(body []byte, path map[string]string) *Fault {
	w := jsonWalk{data: body, left: MaxItems, path: path}
	if w.blank(); w.at == len(body) {
		return nil
	}
	if fault := w.message(s.top, maxDepth); fault != nil {
		if fault.Rule == "" {
			return notJSON(body)
		}
		fault.Field = cmp.Or(fault.Field, "body")
		return fault
	}
	if w.blank(); w.at < len(body) {
		return &Fault{Field: "body", Rule: "has more than one JSON value", Malformed: true}
	}
	return nil
}

// notJSON returns the error of the standard library about a body. Unmarshal,
// unlike a Decoder, checks the syntax before it copies anything.
func notJSON(body []byte) *Fault {
	why := "it has a syntax error"
	if err := json.Unmarshal(body, new(json.RawMessage)); err != nil {
		why = strings.ReplaceAll(err.Error(), "unexpected end of JSON input", "unexpected EOF") // as from a Decoder
	}
	return &Fault{Field: "body", Rule: "is not JSON: " + why, Malformed: true}
}

// A jsonWalk is one walk over a body.
type jsonWalk struct {
	data []byte
	at   int
	left int // items that the lists may still have
	path map[string]string
}

// badSyntax is a fault that gets its text from the standard library.
func badSyntax() *Fault { return &Fault{Malformed: true} }

// wrongForm is a value of another type than its field. The path is added on the
// way out.
func wrongForm(rule string) *Fault { return &Fault{Rule: rule, Malformed: true} }

func (w *jsonWalk) blank() {
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}

// next skips white space and returns the next byte: 0 at the end.
func (w *jsonWalk) next() byte {
	w.blank()
	if w.at == len(w.data) {
		return 0
	}
	return w.data[w.at]
}

// take skips white space and one byte, if it is that one.
func (w *jsonWalk) take(c byte) bool {
	if w.next() != c {
		return false
	}
	w.at++
	return true
}

// message checks an object.
func (w *jsonWalk) message(n *node, depth int) *Fault {
	if depth == 0 {
		return tooDeep()
	}
	if !w.take('{') {
		if depth == maxDepth {
			return w.unexpected("must be an object")
		}
		return w.unexpected("must be " + objectOf(n.message))
	}
	if w.take('}') {
		return nil
	}
	var met [maxFields]bool
	for {
		if fault := w.member(n, &met, depth); fault != nil {
			return fault
		}
		if w.take('}') {
			return nil
		}
		if !w.take(',') {
			return badSyntax()
		}
	}
}

// unexpected is a value of another type, or a syntax error.
func (w *jsonWalk) unexpected(rule string) *Fault {
	if c := w.next(); c != '{' && c != '[' && c != '"' {
		if fault := w.literal(); fault != nil {
			return fault
		}
	}
	return wrongForm(rule)
}

// member checks a key and its value.
func (w *jsonWalk) member(n *node, met *[maxFields]bool, depth int) *Fault {
	if w.next() != '"' {
		return badSyntax()
	}
	key, fault := w.text()
	if fault != nil {
		return fault
	}
	i, known := n.byName[string(key)]
	if !known && bytes.IndexByte(key, '\\') >= 0 {
		i, known = n.byName[unquoted(key)]
	}
	if !known {
		return &Fault{Field: apierr.Clip(string(key), maxKey), Rule: fmt.Sprintf("unknown field %q", apierr.Clip(string(key), maxKey)), Malformed: true}
	}
	f := &n.fields[i]
	if met[i] {
		return wrongForm(fmt.Sprintf("duplicate field %q", f.name)).within(f, -1).spelled(f, key)
	}
	met[i] = true
	if !w.take(':') {
		return badSyntax()
	}
	if f.list {
		return w.list(f, depth).spelled(f, key)
	}
	w.blank()
	start := w.at
	fault = w.value(f, -1, depth)
	if fault == nil && depth == maxDepth {
		fault = w.asInPath(f, w.data[start:w.at])
	}
	return fault.spelled(f, key)
}

// asInPath checks a value at the top. One that is empty says nothing.
func (w *jsonWalk) asInPath(f *field, value []byte) *Fault {
	want, ok := w.path[f.protoName]
	if !ok || value[0] != '"' {
		return nil
	}
	var given string
	_ = json.Unmarshal(value, &given) // text has checked it
	if given == "" || given == want {
		return nil
	}
	return (&Fault{Rule: "is another one than in the path"}).within(f, -1)
}

// maxKey is how much of an unknown key an error shows.
const maxKey = 60

// unquoted is a key without its escapes. No name of ours is long.
func unquoted(key []byte) string {
	name := ""
	if len(key) <= 6*maxKey {
		_ = json.Unmarshal(append(append([]byte{'"'}, key...), '"'), &name) // an invalid key gives an empty name
	}
	return name
}

// list checks a list, or null in its place.
func (w *jsonWalk) list(f *field, depth int) *Fault {
	if !w.take('[') {
		if w.next() == 'n' {
			return w.literal()
		}
		return w.unexpected("must be a list").within(f, -1)
	}
	if w.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		if i == f.items {
			return tooMany(f)
		}
		if w.left--; w.left < 0 {
			return tooManyItems(f)
		}
		if fault := w.value(f, i, depth); fault != nil {
			return fault
		}
		if w.take(']') {
			return nil
		}
		if !w.take(',') {
			return badSyntax()
		}
	}
}

// value checks one value of a field.
func (w *jsonWalk) value(f *field, index, depth int) *Fault {
	c := w.next()
	switch {
	case f.inner != nil && f.inner.text == 0 && c == '"':
		_, fault := w.text() // no decoder takes it, and ExplainJSON names what else is wrong
		return fault
	case f.inner != nil && f.inner.text == 0 && (c == '{' || c == '['):
		return w.message(f.inner, depth-1).within(f, index)
	case c == '"':
		return w.string(f, index)
	case c == '{' || c == '[':
		return wrongForm("must be a single value").within(f, index)
	}
	return w.literal().within(f, index)
}

// string checks the length of a text in characters: in JSON each may take up to
// 12 bytes.
func (w *jsonWalk) string(f *field, index int) *Fault {
	value, fault := w.text()
	if fault != nil {
		return fault
	}
	if len(value) > f.bytes && characters(value) > f.letters {
		fault = tooLong(f, index)
		fault.Malformed = f.form < text // the decoder would refuse it for its form
		return fault
	}
	if f.inner != nil && bytes.Count(value, []byte{','}) > f.inner.commas {
		return tooLong(f, index)
	}
	return nil
}

// text skips a string and returns the bytes between its quotes.
func (w *jsonWalk) text() ([]byte, *Fault) {
	start := w.at + 1
	for i := start; i < len(w.data); i++ {
		switch c := w.data[i]; {
		case c == '"':
			w.at = i + 1
			return w.data[start:i], nil
		case c < ' ':
			return nil, badSyntax()
		case c == '\\':
			size := escape(w.data[i:])
			if size == 0 {
				return nil, badSyntax()
			}
			i += size - 1
		}
	}
	return nil, badSyntax()
}

// escape is the size of the escape at the start of data; 0 if there is none.
func escape(data []byte) int {
	if len(data) < 2 {
		return 0
	}
	switch data[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for i := 2; i < 6; i++ {
			if i >= len(data) || !isHex(data[i]) {
				return 0
			}
		}
		return 6
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// characters counts the characters of a text without its escapes. A surrogate
// pair is one character.
func characters(text []byte) (n int) {
	for len(text) > 0 {
		if text[0] != '\\' {
			_, size := utf8.DecodeRune(text)
			text = text[size:]
			n++
			continue
		}
		size := escape(text)
		second := size == 6 && (text[2] == 'd' || text[2] == 'D') && (text[3] >= 'c' && text[3] <= 'f' || text[3] >= 'C' && text[3] <= 'F')
		if !second {
			n++
		}
		text = text[max(size, 1):]
	}
	return n
}

// literal skips a number, true, false or null.
func (w *jsonWalk) literal() *Fault {
	w.blank()
	rest := w.data[w.at:]
	for _, word := range [...]string{"true", "false", "null"} {
		if len(rest) >= len(word) && string(rest[:len(word)]) == word {
			w.at += len(word)
			return nil
		}
	}
	size := number(rest)
	if size == 0 {
		return badSyntax()
	}
	if size > maxScalar {
		return wrongForm(longScalar)
	}
	w.at += size
	return nil
}

// number is the size of the number at the start of data; 0 if there is none.
func number(data []byte) int {
	i := 0
	if i < len(data) && data[i] == '-' {
		i++
	}
	whole := digits(data[i:])
	if whole == 0 || whole > 1 && data[i] == '0' {
		return 0
	}
	i += whole
	if i < len(data) && data[i] == '.' {
		fraction := digits(data[i+1:])
		if fraction == 0 {
			return 0
		}
		i += 1 + fraction
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		exponent := digits(data[i:])
		if exponent == 0 {
			return 0
		}
		i += exponent
	}
	return i
}

func digits(data []byte) (n int) {
	for n < len(data) && '0' <= data[n] && data[n] <= '9' {
		n++
	}
	return n
}
