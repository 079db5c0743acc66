package filter

// A Filter tells which resources of a list are wanted. One that was not parsed wants
// all.
type Filter[T any] struct{ root *node[T] }

// A node is a comparison, or joins others.
type node[T any] struct {
	op   op
	kids []*node[T] // of and, or, not

	field    *Field[T] // of a comparison
	operator string
	want     wanted
}

type op int

const (
	compare op = iota
	isSet
	and
	or
	not
)

// Matches tells whether the filter wants a resource.
func (f Filter[T]) Matches(of T) bool { return f.root == nil || f.root.matches(of) }

func (n *node[T]) matches(of T) bool {
	switch n.op {
	case and:
		for _, kid := range n.kids {
			if !kid.matches(of) {
				return false
			}
		}
		return true
	case or:
		for _, kid := range n.kids {
			if kid.matches(of) {
				return true
			}
		}
		return false
	case not:
		return !n.kids[0].matches(of)
	case isSet:
		return !n.field.read(of).empty(n.field.kind)
	default:
		return n.compares(n.field.read(of))
	}
}

func (n *node[T]) compares(v value) bool {
	switch n.operator {
	case "=", ":":
		return n.want.equals(v, n.field.kind)
	case "!=":
		return !n.want.equals(v, n.field.kind)
	}
	if v.at == nil {
		return false // no time is earlier or later than none
	}
	order := v.at.AsTime().Compare(n.want.when)
	switch n.operator {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

// Demands returns the text that the filter demands of a field, if it is one
// comparison or a conjunction that holds one: lists use it to read an index.
func (f Filter[T]) Demands(field string) (string, bool) {
	if f.root == nil {
		return "", false
	}
	return f.root.demands(field)
}

func (n *node[T]) demands(field string) (string, bool) {
	switch n.op {
	case and:
		for _, kid := range n.kids {
			if text, ok := kid.demands(field); ok {
				return text, true
			}
		}
	case compare:
		exact := n.operator != "!=" && !n.want.before && !n.want.after
		if n.field.kind == textKind && n.field.Name == field && exact {
			return n.want.text, true
		}
	}
	return "", false
}
