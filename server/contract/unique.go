package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A uniqueList is a list with unique_by in the proto file: no two items agree
// in all those fields. It is not an expression of buf.validate because that is
// slow for long lists (docs/performance.md).
type uniqueList struct {
	path []protoreflect.FieldDescriptor // from the message that is checked to the list
	by   []protoreflect.FieldDescriptor
	rule string // for people
}

// uniqueLists are those in a message and its nested messages, by message. Lists
// within items of lists are not supported: there are none.
type uniqueLists map[protoreflect.FullName][]uniqueList

// readUnique reads the rules of every message of the contract.
func readUnique() (uniqueLists, error) {
	u, contract := make(uniqueLists), acquispb.File_acquis_v1_unique_proto.Package()
	var err error
	protoregistry.GlobalFiles.RangeFilesByPackage(contract, func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			message := file.Messages().Get(i)
			if u[message.FullName()], err = uniqueIn(message, nil); err != nil {
				return false
			}
		}
		return true
	})
	return u, err
}

func uniqueIn(message protoreflect.MessageDescriptor, path []protoreflect.FieldDescriptor) (found []uniqueList, err error) {
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		to := append(slices.Clip(path), field)
		names, _ := proto.GetExtension(field.Options(), acquispb.E_UniqueBy).([]string)
		switch {
		case len(names) > 0:
			list, err := newUniqueList(to, names)
			if err != nil {
				return nil, err
			}
			found = append(found, list)
		case field.Message() != nil && !field.IsList() && !slices.Contains(path, field): // messages may be recursive
			below, err := uniqueIn(field.Message(), to)
			if err != nil {
				return nil, err
			}
			found = append(found, below...)
		}
	}
	return found, nil
}

func newUniqueList(path []protoreflect.FieldDescriptor, by []string) (uniqueList, error) {
	list := path[len(path)-1]
	u := uniqueList{path: path, rule: "must not contain the same " + strings.Join(by, " and ") + " twice"}
	if !list.IsList() || list.Message() == nil {
		return u, fmt.Errorf("%s: unique_by is for lists of messages", list.FullName())
	}
	for _, name := range by {
		field := list.Message().Fields().ByName(protoreflect.Name(name))
		if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
			return u, fmt.Errorf("%s: unique_by names %q, which is not a string field of an item", list.FullName(), name)
		}
		u.by = append(u.by, field)
	}
	return u, nil
}

// broken returns the lists of a message with duplicates.
func (u uniqueLists) broken(message protoreflect.Message) (broken []*protovalidate.Violation) {
	for _, list := range u[message.Descriptor().FullName()] {
		if list.repeats(message) {
			broken = append(broken, list.violation())
		}
	}
	return broken
}

func (u uniqueList) repeats(message protoreflect.Message) bool {
	last := len(u.path) - 1
	for _, field := range u.path[:last] {
		message = message.Get(field).Message() // an empty one if it is not set
	}
	items := message.Get(u.path[last]).List()
	seen := make(map[string]struct{}, items.Len())
	for i := range items.Len() {
		seen[u.key(items.Get(i).Message())] = struct{}{}
	}
	return len(seen) < items.Len()
}

// key is the part of an item that must be unique.
func (u uniqueList) key(item protoreflect.Message) string {
	key := item.Get(u.by[0]).String()
	for _, field := range u.by[1:] {
		key += "\n" + item.Get(field).String()
	}
	return key
}

func (u uniqueList) violation() *protovalidate.Violation {
	path := make([]*validatepb.FieldPathElement, len(u.path))
	for i, field := range u.path {
		path[i] = element(field)
	}
	return violation(u.rule, path...)
}

// compareViolations orders by field, in the order of the message, and a list
// before its items.
func compareViolations(a, b *protovalidate.Violation) int {
	return slices.CompareFunc(a.Proto.GetField().GetElements(), b.Proto.GetField().GetElements(), compareElements)
}

func compareElements(a, b *validatepb.FieldPathElement) int {
	return cmp.Or(cmp.Compare(a.GetFieldNumber(), b.GetFieldNumber()), cmp.Compare(a.GetIndex(), b.GetIndex()))
}
