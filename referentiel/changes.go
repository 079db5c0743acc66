package referentiel

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// compare compares two messages, field by field as the descriptors list them.
//
// Items that have codes are paired across the two, wherever they stand: those with the
// same code and text, then the same text (a code that is a position changes if an item is
// put before it), then the same code (a text that is reworded). Other items are only
// there or not.
func compare(a, b protoreflect.Message) []Change {
	c := new(comparison)
	c.message(a, b, "", "")
	for c.moved() {
	}
	for _, x := range c.gone {
		c.note(Change{Removed, x.parent, x.list, x.code + " " + x.text, ""})
	}
	for _, y := range c.added {
		c.note(Change{Added, y.parent, y.list, "", y.code + " " + y.text})
	}
	return c.found
}

// comparison collects changes. What is in one list only waits until the end, because it
// may have moved to another.
type comparison struct {
	found       []Change
	gone, added []element
}

func (c *comparison) note(change Change) { c.found = append(c.found, change) }

// An element is an item of a list whose items have codes.
type element struct {
	protoreflect.Message
	parent string // codes that lead to its list
	list   string // the list's field
	code   string
	text   string // its title, statement or label: the first text beside the code
}

func elements(m protoreflect.Message, f protoreflect.FieldDescriptor, parent, path string) []element {
	list := m.Get(f).List()
	all := make([]element, list.Len())
	for i := range all {
		item := list.Get(i).Message()
		all[i] = element{item, parent, path, item.Get(codeOf(item.Descriptor())).String(), textBesideCode(item)}
	}
	return all
}

func codeOf(m protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	return m.Fields().ByName("code")
}

func textBesideCode(m protoreflect.Message) string {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f != codeOf(m.Descriptor()) && f.Kind() == protoreflect.StringKind && !f.IsList() {
			return m.Get(f).String()
		}
	}
	return ""
}

// where names it by the codes that lead to it.
func (e element) where() string { return strings.TrimSpace(e.parent + " " + e.code) }

// message compares two messages. Codes lead to the element that they belong to, fields
// to them in it.
func (c *comparison) message(a, b protoreflect.Message, where, field string) {
	fields := a.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		path := join(field, string(f.Name()))
		switch {
		case f.IsList() && f.Message() != nil && codeOf(f.Message()) != nil:
			c.elements(elements(a, f, where, path), elements(b, f, where, path))
		case f.IsList():
			c.values(values(a.Get(f).List(), f), values(b.Get(f).List(), f), where, path)
		case f.Message() != nil:
			c.message(a.Get(f).Message(), b.Get(f).Message(), where, path)
		case f != codeOf(a.Descriptor()): // by which elements are paired
			if was, is := value(a, f), value(b, f); was != is {
				c.note(Change{Changed, where, path, was, is})
			}
		}
	}
}

// A likeness is what two elements have in common if they are the same.
type likeness struct {
	kind       protoreflect.FullName
	code, text string
}

// ways are those in which two elements can be the same, the surest first.
func ways() []func(element) likeness {
	return []func(e element) likeness{
		func(e element) likeness { return likeness{e.Descriptor().FullName(), e.code, e.text} },
		func(e element) likeness { return likeness{kind: e.Descriptor().FullName(), text: e.text} },
		func(e element) likeness { return likeness{kind: e.Descriptor().FullName(), code: e.code} },
	}
}

// match pairs elements of two lists that are alike: for each of the first the position in
// the second, or -1. Those that have a pair keep it.
func match(a, b []element, alike func(element) likeness, pairs []int, taken []bool) {
	free := make(map[likeness][]int)
	for j, y := range b {
		if !taken[j] {
			free[alike(y)] = append(free[alike(y)], j)
		}
	}
	for i, x := range a {
		if js := free[alike(x)]; pairs[i] < 0 && len(js) > 0 {
			pairs[i], taken[js[0]], free[alike(x)] = js[0], true, js[1:]
		}
	}
}

func unpaired(n int) []int { return slices.Repeat([]int{-1}, n) }

// elements compares two lists of elements.
func (c *comparison) elements(a, b []element) {
	pairs, taken := unpaired(len(a)), make([]bool, len(b))
	for _, alike := range ways() {
		match(a, b, alike, pairs, taken)
	}
	for i, x := range a {
		switch j := pairs[i]; {
		case j < 0:
			c.gone = append(c.gone, x)
		case x.code != b[j].code:
			c.pair(Renumbered, x, b[j])
		default:
			c.message(x, b[j], b[j].where(), "")
		}
	}
	for j, y := range b {
		if !taken[j] {
			c.added = append(c.added, y)
		}
	}
	c.order(a, b, pairs)
}

// pair compares two elements of which more changed than their fields.
func (c *comparison) pair(kind ChangeKind, x, y element) {
	c.note(Change{kind, "", "", x.where(), y.where()})
	c.message(x, y, y.where(), "")
}

// order reports that elements which kept their codes have another order.
func (c *comparison) order(a, b []element, pairs []int) {
	var before, after []int // of b
	for i, j := range pairs {
		if j >= 0 && a[i].code == b[j].code {
			before = append(before, j)
		}
	}
	if after = slices.Sorted(slices.Values(before)); slices.Equal(before, after) {
		return
	}
	codes := func(of []int) string {
		names := make([]string, len(of))
		for i, j := range of {
			names[i] = b[j].code
		}
		return strings.Join(names, ", ")
	}
	c.note(Change{Reordered, b[0].parent, b[0].list, codes(before), codes(after)})
}

// moved pairs what is gone from one list with what was added to another, in the surest
// way in which anything is the same, and tells whether anything is. More may turn up in it.
func (c *comparison) moved() bool {
	for _, alike := range ways() {
		gone, added := c.gone, c.added
		pairs, taken := unpaired(len(gone)), make([]bool, len(added))
		match(gone, added, alike, pairs, taken)
		if !slices.Contains(taken, true) {
			continue
		}
		c.gone, c.added = nil, nil
		for j, y := range added {
			if !taken[j] {
				c.added = append(c.added, y)
			}
		}
		for i, x := range gone {
			if pairs[i] < 0 {
				c.gone = append(c.gone, x)
			}
		}
		for i, j := range pairs {
			if j >= 0 {
				c.pair(Moved, gone[i], added[j])
			}
		}
		return true
	}
	return false
}

// values compares two lists of items that have no codes.
func (c *comparison) values(a, b []string, where, path string) {
	gone, before := without(a, b)
	added, after := without(b, a)
	for _, v := range gone {
		c.note(Change{Removed, where, path, v, ""})
	}
	for _, v := range added {
		c.note(Change{Added, where, path, "", v})
	}
	if !slices.Equal(before, after) {
		c.note(Change{Reordered, where, path, strings.Join(before, "; "), strings.Join(after, "; ")})
	}
}

// without parts the items of a list into those that another one lacks, and the others.
func without(list, other []string) (lacking, common []string) {
	left := make(map[string]int)
	for _, v := range other {
		left[v]++
	}
	for _, v := range list {
		if left[v]--; left[v] >= 0 {
			common = append(common, v)
		} else {
			lacking = append(lacking, v)
		}
	}
	return lacking, common
}

// values are the items of a list as texts: different items have different texts.
func values(list protoreflect.List, f protoreflect.FieldDescriptor) []string {
	all := make([]string, list.Len())
	for i := range all {
		if f.Message() != nil {
			all[i] = group(list.Get(i).Message())
		} else {
			all[i] = scalar(list.Get(i), f)
		}
	}
	return all
}

// group is a message as a text: the fields that are set, with texts in quotes.
func group(m protoreflect.Message) string {
	var parts []string
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		var text string
		switch {
		case !m.Has(f):
			continue
		case f.IsList():
			text = fmt.Sprintf("%q", values(m.Get(f).List(), f))
		case f.Message() != nil:
			text = "(" + group(m.Get(f).Message()) + ")"
		case f.Kind() == protoreflect.StringKind:
			text = fmt.Sprintf("%q", m.Get(f).String())
		default:
			text = value(m, f)
		}
		parts = append(parts, string(f.Name())+" "+text)
	}
	return strings.Join(parts, ", ")
}

// value is a text, number, boolean or name of a message; empty if it is not set.
func value(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	if !m.Has(f) {
		return ""
	}
	return scalar(m.Get(f), f)
}

func scalar(v protoreflect.Value, f protoreflect.FieldDescriptor) string {
	if f.Kind() == protoreflect.EnumKind {
		if named := f.Enum().Values().ByNumber(v.Enum()); named != nil {
			return string(named.Name())
		}
	}
	return v.String()
}
