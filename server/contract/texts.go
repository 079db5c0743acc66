package contract

import (
	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/legible"
)

// A formed is a string field, or a list of strings, with a form in the proto file.
type formed struct {
	field protoreflect.FieldDescriptor
	form  legible.Form
}

// messageTexts has the fields of a message with a form, and the fields whose
// messages have some. It is not an expression of buf.validate because each
// verdict of a batch has a comment.
type messageTexts struct {
	own   []formed
	below []protoreflect.FieldDescriptor
}

// texts has those of every message of the contract, by message.
type texts map[protoreflect.FullName]*messageTexts

// readTexts reads the forms of every message of the contract.
func readTexts() texts {
	all := make(texts)
	protoregistry.GlobalFiles.RangeFilesByPackage(acquispb.File_acquis_v1_form_proto.Package(), func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			all.read(file.Messages().Get(i))
		}
		return true
	})
	return all
}

// read reads the forms in a message, and tells whether it has any. Messages may be
// recursive.
func (t texts) read(message protoreflect.MessageDescriptor) bool {
	if known := t[message.FullName()]; known != nil {
		return len(known.own)+len(known.below) > 0
	}
	m := new(messageTexts)
	t[message.FullName()] = m
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if form, ok := textForm(field); ok {
			m.own = append(m.own, formed{field, form})
		}
		if field.Message() != nil && t.read(field.Message()) {
			m.below = append(m.below, field)
		}
	}
	return len(m.own)+len(m.below) > 0
}

// textForm returns the form of a field, if it has one that is checked.
func textForm(field protoreflect.FieldDescriptor) (legible.Form, bool) {
	switch form, _ := proto.GetExtension(field.Options(), acquispb.E_Form).(acquispb.Form_Enum); form {
	case acquispb.Form_LINE:
		return legible.Line, true
	case acquispb.Form_TEXT:
		return legible.Text, true
	case acquispb.Form_EXTERNAL_ID:
		return legible.ID, true
	}
	return 0, false
}

// fine tells whether all texts of a message and of those in it have their form.
// It leaves out the partial field of the message itself.
func (t texts) fine(m protoreflect.Message, partial protoreflect.Name) bool {
	here := t[m.Descriptor().FullName()]
	if here == nil {
		return true
	}
	for _, f := range here.own {
		if !f.fine(m) {
			return false
		}
	}
	for _, field := range here.below {
		switch {
		case field.Name() == partial || !m.Has(field):
		case !field.IsList():
			if !t.fine(m.Get(field).Message(), "") {
				return false
			}
		default:
			list := m.Get(field).List()
			for i := range list.Len() {
				if !t.fine(list.Get(i).Message(), "") {
					return false
				}
			}
		}
	}
	return true
}

func (f formed) fine(m protoreflect.Message) bool {
	if !f.field.IsList() {
		return f.form.Problem(m.Get(f.field).String()) == ""
	}
	list := m.Get(f.field).List()
	for i := range list.Len() {
		if f.form.Problem(list.Get(i).String()) != "" {
			return false
		}
	}
	return true
}

// broken returns what is wrong with the texts of a message itself.
func (t texts) broken(m protoreflect.Message) (broken []*protovalidate.Violation) {
	here := t[m.Descriptor().FullName()]
	if here == nil {
		return nil
	}
	for _, f := range here.own {
		if !f.field.IsList() {
			if problem := f.form.Problem(m.Get(f.field).String()); problem != "" {
				broken = append(broken, violation(problem, element(f.field)))
			}
			continue
		}
		list := m.Get(f.field).List()
		for i := range list.Len() {
			if problem := f.form.Problem(list.Get(i).String()); problem != "" {
				item := element(f.field)
				item.Subscript = &validatepb.FieldPathElement_Index{Index: uint64(i)}
				broken = append(broken, violation(problem, item))
			}
		}
	}
	return broken
}

// violation is the same as one of buf.validate.
func violation(problem string, path ...*validatepb.FieldPathElement) *protovalidate.Violation {
	return &protovalidate.Violation{Proto: &validatepb.Violation{Field: &validatepb.FieldPath{Elements: path}, Message: proto.String(problem)}}
}
