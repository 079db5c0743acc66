package referentiel

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decoder fills a message from a YAML tree. The keys of the file are the names
// of the proto fields, so there is no second list of them.
type decoder struct {
	lines    map[string]int // the line of each field
	unread   []string       // fields whose value could not be read
	problems []Problem
}

func (d *decoder) report(n *yaml.Node, field, message string) {
	d.problems = append(d.problems, Problem{Line: n.Line, Field: field, Message: message})
}

// refuse reports a value that cannot be read.
func (d *decoder) refuse(n *yaml.Node, field, message string) {
	d.unread = append(d.unread, field)
	d.report(n, field, message)
}

// plain refuses anchors and aliases: readers must find each text in its place,
// and a short file must not expand into a gigabyte. It also refuses a key
// without a value, which somebody probably meant to fill in.
func (d *decoder) plain(n *yaml.Node, field string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.refuse(n, field, "must not use anchors (&) or aliases (*): write the text out")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.refuse(n, field, "must not be empty: write a value or leave it out")
	default:
		return true
	}
	return false
}

// message reads keys and values into m.
func (d *decoder) message(n *yaml.Node, m protoreflect.Message, path string) {
	if !d.plain(n, path) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.refuse(n, path, "must be a group of keys: "+keys(m.Descriptor()))
		return
	}
	met := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		path := join(path, strings.Trim(strconv.Quote(clip(key.Value)), `"`))
		field := m.Descriptor().Fields().ByName(protoreflect.Name(key.Value))
		first, again := met[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || field == nil:
			d.report(key, path, "is not a valid key here; valid keys: "+keys(m.Descriptor()))
		case again:
			d.report(key, path, fmt.Sprintf("is given twice, first on line %d", first))
		default:
			met[key.Value] = key.Line
			d.lines[path] = key.Line
			d.field(value, m, field, path)
		}
	}
}

// field reads the value of one key into m.
func (d *decoder) field(n *yaml.Node, m protoreflect.Message, field protoreflect.FieldDescriptor, path string) {
	switch {
	case !d.plain(n, path):
	case field.IsList():
		d.list(n, m, field, path)
	case field.Message() != nil:
		d.message(n, m.Mutable(field).Message(), path)
	default:
		if v := d.scalar(n, field, path); v.IsValid() {
			m.Set(field, v)
		}
	}
}

// list reads the items of a list into m.
func (d *decoder) list(n *yaml.Node, m protoreflect.Message, field protoreflect.FieldDescriptor, path string) {
	if n.Kind != yaml.SequenceNode {
		d.refuse(n, path, "must be a list: each item on a line that begins with -")
		return
	}
	items := m.Mutable(field).List()
	for i, item := range n.Content {
		path := at(path, i)
		d.lines[path] = item.Line
		if field.Message() != nil {
			d.message(item, items.AppendMutable().Message(), path)
			continue
		}
		v := items.NewElement() // a bad item keeps its position, for the numbers of later items
		if d.plain(item, path) {
			if read := d.scalar(item, field, path); read.IsValid() {
				v = read
			}
		}
		items.Append(v)
	}
}

// scalar reads a text, a number or a boolean; the result is not valid if it
// cannot.
func (d *decoder) scalar(n *yaml.Node, field protoreflect.FieldDescriptor, path string) protoreflect.Value {
	tag := ""
	if n.Kind == yaml.ScalarNode {
		tag = n.ShortTag()
	}
	switch {
	case field.Kind() == protoreflect.EnumKind:
		values := field.Enum().Values()
		if value := values.ByName(protoreflect.Name(n.Value)); tag == "!!str" && value != nil && value.Number() != 0 {
			return protoreflect.ValueOfEnum(value.Number())
		}
		d.refuse(n, path, "must be one of "+strings.Join(namesOf(values), ", "))
	case field.Kind() == protoreflect.StringKind:
		if tag == "!!str" {
			return protoreflect.ValueOfString(n.Value)
		}
		d.refuse(n, path, "must be text; put it in quotes if it looks like a number, date or boolean")
	case field.Kind() == protoreflect.BoolKind:
		if tag == "!!bool" && (n.Value == "true" || n.Value == "false") {
			return protoreflect.ValueOfBool(n.Value == "true")
		}
		d.refuse(n, path, "must be true or false")
	default: // int32, the only other type; a test fails if one is added
		if number, err := strconv.ParseInt(n.Value, 10, 32); tag == "!!int" && err == nil {
			return protoreflect.ValueOfInt32(int32(number))
		}
		d.refuse(n, path, "must be a whole number")
	}
	return protoreflect.Value{}
}

// keys lists the keys that a group may have.
func keys(m protoreflect.MessageDescriptor) string {
	names := make([]string, m.Fields().Len())
	for i := range names {
		names[i] = string(m.Fields().Get(i).Name())
	}
	return strings.Join(names, ", ")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// namesOf lists the values of an enum by their numbers, without the unspecified one.
func namesOf(values protoreflect.EnumValueDescriptors) (names []string) {
	for i := range values.Len() {
		if v := values.Get(i); v.Number() != 0 {
			names = append(names, string(v.Name()))
		}
	}
	return names
}
