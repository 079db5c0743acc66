package store_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/store"
)

// nothing is a layer without records. An overlay over it is a complete table.
type nothing struct{}

func (nothing) Get(store.KindID, []byte) ([]byte, error) { return nil, store.ErrNotFound }
func (nothing) Scan(store.KindID, []byte, []byte, int) ([]store.Record, error) {
	return nil, nil
}
func (nothing) Prefetch(...store.Want) error { return nil }

func table(t *testing.T, keys ...string) *store.Overlay {
	t.Helper()
	o := store.NewOverlay(nothing{})
	for _, k := range keys {
		put(t, o, k, "below")
	}
	return o
}

func put(t *testing.T, o *store.Overlay, key, value string) {
	t.Helper()
	if err := o.Put(store.KindSession, []byte(key), []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, o *store.Overlay, key string) {
	t.Helper()
	if err := o.Delete(store.KindSession, []byte(key)); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, l store.Layer, prefix, after string, limit int) string {
	t.Helper()
	var behind []byte
	if after != "" {
		behind = []byte(after)
	}
	records, err := l.Scan(store.KindSession, []byte(prefix), behind, limit)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range records {
		found = append(found, string(r.Key)+"="+string(r.Value))
	}
	return strings.Join(found, " ")
}

func TestOverlayScan(t *testing.T) {
	below := table(t, "a1", "a3", "a5", "b1", "b2")
	o := store.NewOverlay(below)
	put(t, o, "a2", "new")
	put(t, o, "a3", "changed")
	remove(t, o, "a1")
	remove(t, o, "b1")
	remove(t, o, "zz") // never existed
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 9, "a2=new a3=changed a5=below b2=below"},
		{"a", "", 9, "a2=new a3=changed a5=below"},
		{"a", "", 1, "a2=new"},
		{"a", "a2", 1, "a3=changed"},
		{"a", "a2x", 9, "a3=changed a5=below"},
		{"a", "a5", 9, ""},
		{"b", "a", 9, "b2=below"},
		{"b", "", 1, "b2=below"},
		{"a", "b", 9, ""},
		{"c", "", 9, ""},
		{"", "", 0, ""},
		{"", "", -1, ""},
		{"", "", math.MaxInt, "a2=new a3=changed a5=below b2=below"},
	} {
		if got := scan(t, o, c.prefix, c.after, c.limit); got != c.want {
			t.Errorf("Scan(%q, %q, %d) = %q, want %q", c.prefix, c.after, c.limit, got, c.want)
		}
	}
}

func TestOverlaysNest(t *testing.T) {
	group := store.NewOverlay(table(t, "a", "b", "c"))
	remove(t, group, "a")
	put(t, group, "b", "group")
	closure := store.NewOverlay(group)
	put(t, closure, "a", "closure")
	remove(t, closure, "b")
	if got, want := scan(t, closure, "", "", 9), "a=closure c=below"; got != want {
		t.Errorf("closure sees %q, want %q", got, want)
	}
	if got, want := scan(t, group, "", "", 9), "b=group c=below"; got != want {
		t.Errorf("group sees %q, want %q", got, want)
	}
}

// FuzzOverlay plays writes on two nested overlays and on a map, and compares the
// results of Scan and Get.
func FuzzOverlay(f *testing.F) {
	f.Add([]byte("a1b2c3-a+bxa"), "a", "a", 2)
	f.Add([]byte{0, 1, 2, 3, 255, 254, 0, 0}, "", "", 100)
	f.Fuzz(func(t *testing.T, ops []byte, prefix, after string, limit int) {
		model := map[string]string{}
		layers := []*store.Overlay{table(t)}
		for range 2 {
			layers = append(layers, store.NewOverlay(layers[len(layers)-1]))
		}
		// Lower layers are written first, because an overlay's base must not
		// change.
		third := len(ops)/3 + 1
		for i, op := range ops {
			o, key := layers[i/third], strings.Repeat(string(rune('a'+op%4)), int(op/4%3)+1)
			if op >= 128 {
				remove(t, o, key)
				delete(model, key)
				continue
			}
			put(t, o, key, string(rune(op)))
			model[key] = string(rune(op))
		}
		top := layers[2]
		if got, want := scan(t, top, prefix, after, limit), modelScan(model, prefix, after, limit); got != want {
			t.Errorf("Scan(%q, %q, %d) = %q, want %q", prefix, after, limit, got, want)
		}
		for key, want := range model {
			if got, err := top.Get(store.KindSession, []byte(key)); err != nil || string(got) != want {
				t.Errorf("Get(%q) = %q, %v, want %q", key, got, err, want)
			}
		}
	})
}

func modelScan(model map[string]string, prefix, after string, limit int) string {
	var found []string
	for k, v := range model {
		if strings.HasPrefix(k, prefix) && (after == "" || k > after) {
			found = append(found, k+"="+v)
		}
	}
	slices.Sort(found)
	return strings.Join(found[:max(0, min(limit, len(found)))], " ")
}

func TestDraftGivesAndTakesCopies(t *testing.T) {
	d := store.NewDraft(table(t), 0)
	key, value := []byte("key"), []byte("value")
	if err := d.Put(store.KindSession, key, value); err != nil {
		t.Fatal(err)
	}
	key[0], value[0] = 'X', 'X'
	got, err := d.Get(store.KindSession, []byte("key"))
	if err != nil || !bytes.Equal(got, []byte("value")) {
		t.Fatalf("Get = %q, %v", got, err)
	}
	got[0] = 'X'
	records, err := d.Scan(store.KindSession, nil, nil, 9)
	if diff := cmp.Diff([]store.Record{{Key: []byte("key"), Value: []byte("value")}}, records); err != nil || diff != "" {
		t.Errorf("Scan: %v\n%s", err, diff)
	}
}

func TestDraftRefuses(t *testing.T) {
	d := store.NewDraft(table(t), 0)
	for name, err := range map[string]error{
		"no kind":         d.Put(0, []byte("k"), nil),
		"the journal":     d.Put(store.KindEvent, []byte("k"), nil),
		"no key":          d.Put(store.KindSession, nil, nil),
		"a long key":      d.Put(store.KindSession, make([]byte, store.MaxKeySize+1), nil),
		"a large value":   d.Put(store.KindSession, []byte("k"), make([]byte, store.MaxValueSize+1)),
		"deletes of them": d.Delete(store.KindEvent, []byte("k")),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	d.End()
	if err := d.Put(store.KindSession, []byte("k"), nil); err == nil {
		t.Error("a draft that ended accepts writes")
	}
	if _, err := d.Get(store.KindSession, []byte("k")); err == nil || err == store.ErrNotFound { //nolint:errorlint // unwrapped
		t.Errorf("a draft that ended reads: %v", err)
	}
}
