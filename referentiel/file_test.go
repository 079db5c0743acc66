package referentiel

import (
	"encoding/json"
	"fmt"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A spot is a field of the file of a référentiel, or an item of a list.
type spot struct {
	path   string
	owner  protoreflect.Message
	field  protoreflect.FieldDescriptor
	of     protoreflect.FieldDescriptor // the field of the API that has its limits; nil if it has another form there
	isItem bool
}

// isList, isGroup and isText tell what stands there.
func (p spot) isList() bool  { return p.field.IsList() && !p.isItem }
func (p spot) isGroup() bool { return p.field.Message() != nil && !p.isList() }
func (p spot) isText() bool {
	return p.field.Kind() == protoreflect.StringKind && !p.isList()
}

// limits are what the API says of it. [TestBoundsAreTheAPIs] shows that the
// checker says the same, so that there is no third list.
func (p spot) limits() *validate.FieldRules {
	if p.of == nil {
		return nil
	}
	rules, _ := proto.GetExtension(p.of.Options(), validate.E_Field).(*validate.FieldRules)
	if p.isItem {
		return rules.GetRepeated().GetItems()
	}
	return rules
}

// spots lists the fields of a message of the file and all in it. A message has its
// limits in the message of the API with the same meaning.
func spots(m protoreflect.Message, api protoreflect.MessageDescriptor, path string) []spot {
	var all []spot
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		p := spot{path: join(path, string(fields.Get(i).Name())), owner: m, field: fields.Get(i), of: api.Fields().ByName(fields.Get(i).Name())}
		if !m.Has(p.field) {
			continue
		}
		all = append(all, p)
		switch v := m.Get(p.field); {
		case p.field.IsList():
			for i := range v.List().Len() {
				item := spot{at(p.path, i), m, p.field, p.of, true}
				all = append(all, item)
				if p.field.Message() != nil {
					all = append(all, spots(v.List().Get(i).Message(), p.of.Message(), item.path)...)
				}
			}
		case p.field.Message() != nil:
			all = append(all, spots(v.Message(), p.of.Message(), p.path)...)
		}
	}
	return all
}

// apiReferentiel is the message of the API that is published.
func apiReferentiel() protoreflect.MessageDescriptor {
	return new(acquispb.Referentiel).ProtoReflect().Descriptor()
}

// filled is the small référentiel with a value for every field of every message, so
// that each can be broken. Values of one kind may contradict each other.
func filled() *storepb.Referentiel {
	r := small()
	r.Blocs = append(r.Blocs, byEpreuves())
	r.Replaces[0].Revision = strings.Repeat("0", 32)
	r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "vente-2018", Revision: strings.Repeat("0", 32), ReplacedBloc: "CCP2"}}
	r.Register, r.Certificateur = registered(), certified()
	fill(r.ProtoReflect())
	r.Blocs[0].Epreuves, r.Blocs[1].Competences = nil, byEpreuves().Competences
	return r
}

func fill(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsList() && field.Message() != nil:
			if m.Get(field).List().Len() == 0 {
				m.Mutable(field).List().AppendMutable()
			}
			for i := range m.Get(field).List().Len() {
				fill(m.Get(field).List().Get(i).Message())
			}
		case field.Message() != nil:
			fill(m.Mutable(field).Message())
		case m.Has(field):
		case field.IsList() && field.Kind() == protoreflect.EnumKind:
			m.Mutable(field).List().Append(protoreflect.ValueOfEnum(1))
		case field.IsList():
			m.Mutable(field).List().Append(protoreflect.ValueOfString("1"))
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString("1"))
		case field.Kind() == protoreflect.BoolKind:
			m.Set(field, protoreflect.ValueOfBool(true))
		case field.Kind() == protoreflect.EnumKind:
			m.Set(field, protoreflect.ValueOfEnum(1))
		default:
			m.Set(field, protoreflect.ValueOfInt32(1))
		}
	}
}

// What can stand instead of a value of a file.
const (
	leftOut = "\x00left out" // neither key nor value
	twice   = "\x00twice"    // the key and its value, and then again
)

// file writes a référentiel as authors do, one key on each line, and remembers the
// line of each field: what the decoder says is compared with it.
type file struct {
	text    strings.Builder
	lines   map[string]int
	instead map[string]string // what stands for a value, or for a key that there is not
}

// fileOf is the file of a référentiel in which something else stands at some places.
func fileOf(r *storepb.Referentiel, instead map[string]string) *file {
	f := &file{lines: map[string]int{"": 1}, instead: instead}
	f.group(r.ProtoReflect(), "", "", "")
	return f
}

// line is where a field stands or, if it does not, the group that lacks it.
func (f *file) line(path string) int { return (&decoder{lines: f.lines}).line(path) }

func (f *file) put(path, text string) {
	f.text.WriteString(text + "\n")
	if path != "" {
		f.lines[path] = strings.Count(f.text.String(), "\n")
	}
}

// unknown is a key that no group has.
const unknown = "nonsense"

// group writes the keys of a message: the first after one indentation, the others
// after another, which differ in the items of a list.
func (f *file) group(m protoreflect.Message, path, first, indent string) {
	before := f.text.Len()
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f.key(m, fields.Get(i), path, first, indent) {
			first = indent
		}
	}
	if other, ok := f.instead[join(path, unknown)]; ok {
		f.put(join(path, unknown), first+unknown+": "+other)
	}
	if f.text.Len() == before {
		f.put("", first+"{}")
	}
}

// key writes one key, and tells whether there is anything to write.
func (f *file) key(m protoreflect.Message, field protoreflect.FieldDescriptor, path, first, indent string) bool {
	path = join(path, string(field.Name()))
	key := first + string(field.Name()) + ":"
	switch other, ok := f.instead[path]; {
	case other == leftOut || !m.Has(field):
		return false
	case ok && other != twice:
		f.put(path, key+" "+other)
		return true
	}
	f.value(m.Get(field), field, path, key, indent)
	if f.instead[path] == twice {
		f.put(path, indent+string(field.Name())+": x")
	}
	return true
}

func (f *file) value(v protoreflect.Value, field protoreflect.FieldDescriptor, path, key, indent string) {
	switch {
	case field.IsList():
		f.put(path, key)
		for i := range v.List().Len() {
			f.item(v.List().Get(i), field, at(path, i), indent+"  ")
		}
	case field.Message() != nil:
		f.put(path, key)
		f.group(v.Message(), path, indent+"  ", indent+"  ")
	default:
		f.put(path, key+" "+scalarText(v, field))
	}
}

func (f *file) item(v protoreflect.Value, field protoreflect.FieldDescriptor, path, indent string) {
	f.lines[path] = strings.Count(f.text.String(), "\n") + 1
	switch other, ok := f.instead[path]; {
	case ok:
		f.put(path, indent+"- "+other)
	case field.Message() != nil:
		f.group(v.Message(), path, indent+"- ", indent+"  ")
	default:
		f.put(path, indent+"- "+scalarText(v, field))
	}
}

// scalarText is a value as YAML. Quoted texts of JSON are texts of YAML.
func scalarText(v protoreflect.Value, field protoreflect.FieldDescriptor) string {
	switch {
	case field.Kind() == protoreflect.StringKind:
		quoted, err := json.Marshal(v.String())
		if err != nil {
			panic(err) // no text has an error
		}
		return string(quoted)
	case field.Kind() != protoreflect.EnumKind:
		return fmt.Sprint(v.Interface())
	case field.Enum().Values().ByNumber(v.Enum()) == nil:
		return fmt.Sprint(v.Enum())
	default:
		return string(field.Enum().Values().ByNumber(v.Enum()).Name())
	}
}
