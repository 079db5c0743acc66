package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// A spot is a list in a request, and the fields that lead to it.
type spot struct {
	path []*field
}

// lists finds every list of a message, and those in the messages below.
func lists(n *node, above []*field) (found []spot) {
	for i := range n.fields {
		path := append(slices.Clip(above), &n.fields[i])
		if n.fields[i].list {
			found = append(found, spot{path})
		}
		if inner := n.fields[i].inner; inner != nil && len(path) < maxDepth {
			found = append(found, lists(inner, path)...)
		}
	}
	return found
}

func (s spot) name() string {
	var name strings.Builder
	for i, f := range s.path {
		if i > 0 {
			name.WriteByte('.')
		}
		name.WriteString(f.name)
		if f.list && i < len(s.path)-1 {
			name.WriteString("[0]")
		}
	}
	return name.String()
}

// wireBomb is a request with that many empty items at the spot.
func (s spot) wireBomb(items int) []byte {
	var inner []byte
	f := s.path[len(s.path)-1]
	for range items {
		switch f.form {
		case fixed32:
			inner = protowire.AppendFixed32(protowire.AppendTag(inner, f.number, protowire.Fixed32Type), 1)
		case fixed64:
			inner = protowire.AppendFixed64(protowire.AppendTag(inner, f.number, protowire.Fixed64Type), 1)
		case varint:
			inner = protowire.AppendVarint(protowire.AppendTag(inner, f.number, protowire.VarintType), 1)
		default:
			inner = protowire.AppendBytes(protowire.AppendTag(inner, f.number, protowire.BytesType), nil)
		}
	}
	for _, outer := range slices.Backward(s.path[:len(s.path)-1]) {
		inner = protowire.AppendBytes(protowire.AppendTag(nil, outer.number, protowire.BytesType), inner)
	}
	return inner
}

func (s spot) jsonBomb(items int) string {
	f := s.path[len(s.path)-1]
	item := map[form]string{message: "{}", text: `""`, raw: `""`}[f.form]
	if item == "" {
		item = "1"
	}
	if f.inner != nil && f.inner.text > 0 {
		item = `""`
	}
	inner := fmt.Sprintf(`{%q:[%s]}`, f.name, strings.TrimSuffix(strings.Repeat(item+",", items), ","))
	for _, outer := range slices.Backward(s.path[:len(s.path)-1]) {
		if outer.list {
			inner = "[" + inner + "]"
		}
		inner = fmt.Sprintf(`{%q:%s}`, outer.name, inner)
	}
	return inner
}

// TestItemBombs: in every list of every request, as many empty items as its limit
// pass, and one more is refused with the list's name; refusing a hundred times as
// many takes a few small allocations, in both encodings.
func TestItemBombs(t *testing.T) {
	requests, tried := everyRequest(t), 0
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		request := requests[name]
		for _, s := range lists(request.top, nil) {
			f := s.path[len(s.path)-1]
			tried++
			t.Run(fmt.Sprintf("%s/%s", name.Name(), s.name()), func(t *testing.T) {
				want := &Fault{Field: s.name(), Rule: lengthWording("repeated.max_items", f.items, "item")}
				check := func(form string, limit, over, bomb *Fault, again func() *Fault) {
					t.Helper()
					if limit != nil {
						t.Errorf("%s: %d items are refused: %v", form, f.items, limit)
					}
					for _, got := range []*Fault{over, bomb} {
						if got == nil || *got != *want {
							t.Errorf("%s: %v, want %v", form, got, want)
						}
					}
					if allocated := testing.AllocsPerRun(5, func() { again() }); allocated > 20 {
						t.Errorf("%s: refusing allocates %v times", form, allocated)
					}
				}
				bomb := s.wireBomb(100 * (f.items + 1))
				check("protobuf", request.CheckWire(s.wireBomb(f.items)), request.CheckWire(s.wireBomb(f.items+1)),
					request.CheckWire(bomb), func() *Fault { return request.CheckWire(bomb) })
				if isMask(s) {
					return // JSON has a single string instead
				}
				body := []byte(s.jsonBomb(100 * (f.items + 1)))
				check("JSON", request.CheckJSON([]byte(s.jsonBomb(f.items)), nil), request.CheckJSON([]byte(s.jsonBomb(f.items+1)), nil),
					request.CheckJSON(body, nil), func() *Fault { return request.CheckJSON(body, nil) })
			})
		}
	}
	if tried < 20 {
		t.Errorf("only %d lists were found", tried)
	}
}

func isMask(s spot) bool {
	return len(s.path) > 1 && s.path[len(s.path)-2].inner.text > 0
}

// TestPackedBombs: a packed list of numbers counts like an unpacked one.
func TestPackedBombs(t *testing.T) {
	request := everyRequest(t)["acquis.v1.CreateKeyRequest"]
	packed := func(items int) []byte {
		roles := protowire.AppendBytes(protowire.AppendTag(nil, 4, protowire.BytesType), make([]byte, items))
		return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), roles)
	}
	if fault := request.CheckWire(packed(7)); fault != nil {
		t.Error(fault)
	}
	for _, items := range []int{8, 1 << 20} {
		if fault := request.CheckWire(packed(items)); fault == nil || fault.Field != "key.roles" {
			t.Errorf("%d roles: %v", items, fault)
		}
	}
	twice := append(packed(4)[2:], packed(4)[2:]...) // two pieces of one list
	twice = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), twice)
	if fault := request.CheckWire(twice); fault == nil || fault.Field != "key.roles" {
		t.Errorf("two pieces: %v", fault)
	}
}

// TestItemsInAll: nested lists, each within its limit, are limited together.
func TestItemsInAll(t *testing.T) {
	request := everyRequest(t)["acquis.v1.PublishReferentielRequest"]
	field := func(number protowire.Number, inner []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), inner)
	}
	repeat := func(times int, data []byte) (all []byte) {
		return []byte(strings.Repeat(string(data), times))
	}
	competence := field(4, repeat(100, field(5, nil)))            // 100 criteria
	wire := field(2, repeat(3, field(6, repeat(80, competence)))) // 3 blocs of 80: 24,243 items
	want := "referentiel.blocs[2].competences[37].criteria"
	if fault := request.CheckWire(wire); fault == nil || fault.Field != want || fault.Malformed {
		t.Errorf("protobuf: %v, want %s", fault, want)
	}
	list := func(times int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", times), ",") + "]"
	}
	body := `{"referentiel":{"blocs":` + list(3, `{"competences":`+list(80, `{"criteria":`+list(100, "{}")+"}")+"}") + "}}"
	if fault := request.CheckJSON([]byte(body), nil); fault == nil || fault.Field != want || fault.Malformed {
		t.Errorf("JSON: %v, want %s", fault, want)
	}
}
