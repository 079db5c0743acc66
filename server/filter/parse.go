package filter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// What a filter may have at most.
const (
	MaxDepth       = 20 // parentheses in parentheses
	MaxComparisons = 50
)

// maxShown bounds what an error repeats of a filter.
const maxShown = 40

type parser[T any] struct {
	text   string
	at     int // what is before it was read
	fields Fields[T]

	depth, comparisons int
}

// Parse checks a filter against the fields that a list offers. Its error is a *Fault.
func Parse[T any](text string, fields Fields[T]) (Filter[T], error) {
	p := &parser[T]{text: text, fields: fields}
	if strings.TrimSpace(text) == "" {
		return Filter[T]{}, nil
	}
	root, err := p.expression()
	if err != nil {
		return Filter[T]{}, err
	}
	next, err := p.word(false)
	if err == nil && next.sort != end {
		err = p.wrong(next.at, "has a ) without its (")
	}
	return Filter[T]{root}, err
}

// expression: sequence {AND sequence}.
func (p *parser[T]) expression() (*node[T], error) {
	return p.list(and, p.sequence, func(next word) (more, keyword bool) { return next.is("AND"), true })
}

// sequence: factor {factor}, up to what ends it.
func (p *parser[T]) sequence() (*node[T], error) {
	return p.list(and, p.factor, func(next word) (more, keyword bool) {
		return next.sort != end && !next.is("AND") && !next.is(")"), false
	})
}

// factor: term {OR term}.
func (p *parser[T]) factor() (*node[T], error) {
	return p.list(or, p.term, func(next word) (more, keyword bool) { return next.is("OR"), true })
}

// list reads parts as long as the next word says that there are more. If that word is
// a keyword it stands between the parts, otherwise it belongs to the next one.
func (p *parser[T]) list(op op, part func() (*node[T], error), goesOn func(word) (more, keyword bool)) (*node[T], error) {
	var all []*node[T]
	for {
		one, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, one)
		before := p.at
		next, err := p.word(false)
		if err != nil {
			return nil, err
		}
		more, keyword := goesOn(next)
		if !more || !keyword {
			p.at = before
		}
		switch {
		case more:
		case len(all) == 1:
			return one, nil
		default:
			return &node[T]{op: op, kids: all}, nil
		}
	}
}

// term: [NOT | -] simple.
func (p *parser[T]) term() (*node[T], error) {
	first, err := p.word(false)
	if err != nil {
		return nil, err
	}
	if !first.is("NOT") && !first.is("-") {
		return p.simple(first)
	}
	if first, err = p.word(false); err != nil {
		return nil, err
	}
	of, err := p.simple(first)
	return &node[T]{op: not, kids: []*node[T]{of}}, err
}

// simple: restriction, or an expression in parentheses.
func (p *parser[T]) simple(first word) (*node[T], error) {
	if !first.is("(") {
		return p.restriction(first)
	}
	if p.depth++; p.depth > MaxDepth {
		return nil, p.wrong(first.at, "nests parentheses more than %d deep", MaxDepth)
	}
	defer func() { p.depth-- }()
	inner, err := p.expression()
	if err != nil {
		return nil, err
	}
	last, err := p.word(false)
	if err == nil && !last.is(")") {
		err = p.wrong(first.at, "has a ( without its )")
	}
	return inner, err
}

// restriction: field [operator value].
func (p *parser[T]) restriction(first word) (*node[T], error) {
	if p.comparisons++; p.comparisons > MaxComparisons {
		return nil, p.wrong(first.at, "has more than %d comparisons", MaxComparisons)
	}
	if err := p.checkFirst(first); err != nil {
		return nil, err
	}
	before := p.at
	operator, err := p.word(false)
	if err != nil {
		return nil, err
	}
	if operator.is("(") && operator.at == before {
		return nil, p.wrong(first.at, "calls %s: there are no functions but timestamp(…), on the right side of a comparison", show(first.text))
	}
	field := p.fields.find(first.text)
	if field == nil {
		return nil, p.wrong(first.at, "has %s where a field must stand: %s", show(first.text), p.fields.known())
	}
	if !slices.Contains(operators[:], operator.text) || operator.sort != sign {
		if p.at = before; field.kind == boolKind {
			return &node[T]{field: field, operator: "=", want: wanted{value: value{is: true}}}, nil
		}
		return nil, p.wrong(first.at, "has %s without an operator and a value: write for instance %s", field.Name, field.example())
	}
	if !slices.Contains(field.operators(), operator.text) {
		return nil, p.wrong(operator.at, "compares %s by %s: it takes %s", field.Name, operator.text, strings.Join(field.operators(), ", "))
	}
	return p.value(field, operator.text)
}

// checkFirst refuses what cannot be the name of a field.
func (p *parser[T]) checkFirst(first word) error {
	switch {
	case first.sort == end:
		return p.wrong(first.at, "ends where a comparison must follow, such as %s", p.fields[0].example())
	case first.sort == quoted, first.before, first.after, first.middle:
		return p.wrong(first.at, "has a value where a field must stand: write for instance %s", p.fields[0].example())
	case first.sort == sign, first.is("AND"), first.is("OR"), first.is("NOT"):
		return p.wrong(first.at, "has %s where a comparison must stand, such as %s", first.text, p.fields[0].example())
	case slices.Contains([]string{"and", "or", "not"}, strings.ToLower(first.text)):
		return p.wrong(first.at, "has %s: write it in capital letters", first.text)
	}
	return nil
}

// value reads the right side of a comparison.
func (p *parser[T]) value(field *Field[T], operator string) (*node[T], error) {
	right, err := p.word(true)
	if err != nil {
		return nil, err
	}
	switch {
	case right.sort == end:
		return nil, p.wrong(right.at, "ends where a value of %s must follow: %s", field.Name, field.takes())
	case right.is("("):
		return nil, p.wrong(right.at, "has a value in parentheses: repeat the field, as in %s OR %s", field.example(), field.example())
	case right.sort == sign:
		return nil, p.wrong(right.at, "has %s where a value of %s must stand: %s", right.text, field.Name, field.takes())
	}
	if right, err = p.called(field, right); err != nil {
		return nil, err
	}
	if right.text == "" && (right.before || right.after || right.middle) {
		if operator != ":" {
			return nil, p.wrong(right.at, "has only a star as a value: write %s:* to ask whether %s has a value", field.Name, field.Name)
		}
		return &node[T]{op: isSet, field: field}, nil
	}
	want, err := p.wanted(field, right)
	return &node[T]{field: field, operator: operator, want: want}, err
}

// called reads the argument of timestamp(…), the only function.
func (p *parser[T]) called(field *Field[T], name word) (word, error) {
	if name.sort != plain || p.at == len(p.text) || p.text[p.at] != '(' {
		return name, nil
	}
	if name.text != "timestamp" || field.kind != timeKind {
		return word{}, p.wrong(name.at, "calls %s, which is not a value of %s: %s", show(name.text), field.Name, field.takes())
	}
	p.at++
	inner, err := p.word(true)
	if err != nil {
		return word{}, err
	}
	closing, err := p.word(false)
	if err == nil && (inner.sort != quoted || !closing.is(")")) {
		err = p.wrong(name.at, `has a function that is not of the form timestamp("2026-06-01T00:00:00Z")`)
	}
	return inner, err
}

// wanted checks a value against its field.
func (p *parser[T]) wanted(field *Field[T], right word) (want wanted, err error) {
	bad := right.before || right.after || right.middle
	switch field.kind {
	case textKind:
		if right.middle {
			return want, p.wrong(right.at, `has a star inside of a value: one may stand at its start and at its end; the character itself is \*`)
		}
		return wanted{text: right.text, before: right.before, after: right.after}, nil
	case enumKind:
		found := field.enum.Values().ByName(protoreflect.Name(right.text))
		if bad = bad || found == nil || found.Number() == 0; !bad {
			want.number = found.Number()
		}
	case boolKind:
		want.is = right.text == "true"
		bad = bad || !want.is && right.text != "false"
	case timeKind:
		want.when, err = time.Parse(time.RFC3339Nano, right.text)
		bad = bad || err != nil
	}
	if bad {
		return want, p.wrong(right.at, "has %s as %s: %s", show(unquoted(p.text[right.at:p.at])), field.Name, field.takes())
	}
	return want, nil
}

// takes says which values a field is compared with.
func (f Field[T]) takes() string {
	switch f.kind {
	case textKind:
		return `it takes a text in quotes, with a star at its start or end for any text there`
	case enumKind:
		return "it takes " + strings.Join(f.allowed(), ", ")
	case boolKind:
		return "it takes true and false"
	default:
		return `it takes times with a zone, such as "2026-06-01T00:00:00Z"`
	}
}

// example is a comparison of the field.
func (f Field[T]) example() string {
	switch f.kind {
	case textKind:
		return f.Name + ` = "…"`
	case enumKind:
		return f.Name + " = " + f.allowed()[0]
	case boolKind:
		return f.Name + " = true"
	default:
		return f.Name + ` >= "2026-06-01T00:00:00Z"`
	}
}

// unquoted is a value without its quotes, since show puts it in some.
func unquoted(value string) string {
	if value[0] == '"' || value[0] == '\'' {
		return strings.Trim(value, value[:1])
	}
	return value
}

// show repeats a part of the filter, but not much of it.
func show(part string) string {
	if runes := []rune(part); len(runes) > maxShown {
		part = string(runes[:maxShown]) + "…"
	}
	return fmt.Sprintf("%q", part)
}
