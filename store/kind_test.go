package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/store"
)

// TestEveryKind: each kind has its own name, and is fuzzed if it stores messages;
// kinds of primary data store messages, and index kinds lead to them.
func TestEveryKind(t *testing.T) {
	named := make(map[string]store.KindID)
	for _, kind := range store.Kinds() {
		if other, ok := named[kind.String()]; ok {
			t.Errorf("kinds %d and %d are both called %v", other, kind, kind)
		}
		named[kind.String()] = kind
		message := store.NewMessage(kind)
		i := slices.IndexFunc(readers, func(r reader) bool { return r.kind == kind })
		switch {
		case (message != nil) != (i >= 0):
			t.Errorf("%v holds messages: %t, and is among the readers that are fuzzed: %t", kind, message != nil, i >= 0)
		case message != nil && !sameType(message, readers[i].seed):
			t.Errorf("%v holds %T, and its Records %T", kind, message, readers[i].seed)
		}
		if kind.Journaled() && (message == nil || kind.Index() || kind.Silent()) {
			t.Errorf("%v is primary data: it must store messages, be derived from nothing and leave an event", kind)
		}
		size := 16
		if kind == store.KindExternalID {
			size = 40
		}
		key := append([]byte{byte(store.CollectionSession)}, make([]byte, size-1)...)
		leadsTo, _, ok := store.IndexEntry{Kind: kind, Key: key}.Origin()
		if ok != kind.Index() || ok && !leadsTo.Journaled() {
			t.Errorf("%v is an index: %t; Origin leads to %v: %t", kind, kind.Index(), leadsTo, ok)
		}
	}
}

// TestEveryNumberHasARow: every constant of kinds.go has a row in the table
// there.
func TestEveryNumberHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kinds.go", nil, 0)
	must(t, err)
	var numbers []store.KindID
	ast.Inspect(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(c.Names[0].Name, "Kind") {
			number, err := strconv.ParseUint(c.Values[0].(*ast.BasicLit).Value, 10, 8)
			must(t, err)
			numbers = append(numbers, store.KindID(number))
		}
		return true
	})
	slices.Sort(numbers)
	if diff := cmp.Diff(numbers, store.Kinds()); diff != "" {
		t.Errorf("numbers (-) and rows (+):\n%s", diff)
	}
}

// TestUnknownKinds: a number without a kind has no properties and cannot be
// written.
func TestUnknownKinds(t *testing.T) {
	d := store.NewDraft(nothing{}, 0)
	for n := range 256 {
		kind := store.KindID(n)
		if kind.Known() {
			continue
		}
		if kind.Index() || kind.Silent() || kind.Sequential() || store.NewMessage(kind) != nil {
			t.Errorf("unknown kind %v has properties", kind)
		}
		if err := d.Put(kind, []byte("key"), nil); err == nil {
			t.Errorf("%v was written", kind)
		}
	}
}

func sameType(a, b proto.Message) bool {
	return a.ProtoReflect().Descriptor() == b.ProtoReflect().Descriptor()
}
