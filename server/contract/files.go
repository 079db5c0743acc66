package contract

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A namePath leads to the names of the candidates whose files an RPC shows, in
// its request or its answer.
type namePath struct {
	ofAnswer bool
	fields   []protoreflect.FieldDescriptor // the last one is a string
}

// newNamePath reads `shows_files_of`. It fails if there is no such field.
func newNamePath(text string, method protoreflect.MethodDescriptor) (*namePath, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ".")
	p, at := new(namePath), method.Input()
	if p.ofAnswer = parts[0] == "answer"; p.ofAnswer {
		at = method.Output()
	}
	for _, part := range parts[1:] {
		field := at.Fields().ByName(protoreflect.Name(part))
		if field == nil {
			return nil, fmt.Errorf("%s shows files of %q: %s has no field %s", method.FullName(), text, at.FullName(), part)
		}
		p.fields = append(p.fields, field)
		if at = field.Message(); at == nil {
			break
		}
	}
	last := len(p.fields) - 1
	if parts[0] != "answer" && parts[0] != "request" || last != len(parts)-2 || last < 0 || p.fields[last].Kind() != protoreflect.StringKind {
		return nil, fmt.Errorf("%s shows files of %q: that is no path from request or answer to a name", method.FullName(), text)
	}
	return p, nil
}

// FilesShown are the names of the candidates or candidacies whose files an answer
// shows.
func (r *RPC) FilesShown(request, answer proto.Message) []string {
	switch {
	case r.files == nil:
		return nil
	case r.files.ofAnswer:
		return namesIn(answer.ProtoReflect(), r.files.fields, nil)
	}
	return namesIn(request.ProtoReflect(), r.files.fields, nil)
}

func namesIn(m protoreflect.Message, path []protoreflect.FieldDescriptor, names []string) []string {
	field, rest := path[0], path[1:]
	value := m.Get(field)
	switch {
	case field.IsList() && len(rest) > 0:
		for i := range value.List().Len() {
			names = namesIn(value.List().Get(i).Message(), rest, names)
		}
		return names
	case len(rest) > 0:
		return namesIn(value.Message(), rest, names)
	}
	return append(names, value.String())
}
