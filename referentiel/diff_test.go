package referentiel

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"
)

// two is the small référentiel with a second bloc of two compétences, and two deliverables.
func two() *storepb.Referentiel {
	r := small()
	b := bloc("B2", "A2", "C2.1")
	b.Title, b.Competences[0].Statement = "Acheter", "Choisir"
	more := bloc("B2", "A3", "C2.2").Competences[0]
	more.Statement = "Négocier"
	b.Competences = append(b.Competences, more)
	r.Blocs = append(r.Blocs, b)
	competence(r).Method.Deliverables = append(competence(r).Method.Deliverables, "une synthèse")
	return r
}

// Each kind of change, and what of it is told.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(r *storepb.Referentiel)
		want   []Change
	}{
		{"nothing", func(*storepb.Referentiel) {}, nil},
		{"a bloc retitled", func(r *storepb.Referentiel) { r.Blocs[0].Title = "Vendre mieux" },
			[]Change{{Changed, "B1", "title", "Vendre", "Vendre mieux"}}},
		{"a statement", func(r *storepb.Referentiel) { competence(r).Statement = "Accueillir" },
			[]Change{{Changed, "B1 C1.1", "statement", "Accueillir le client", "Accueillir"}}},
		{"a bloc added", func(r *storepb.Referentiel) {
			r.Blocs = append(r.Blocs, bloc("B3", "A9", "C3.1"))
		}, []Change{{Added, "", "blocs", "", "B3 Vendre"}}},
		{"a bloc gone", func(r *storepb.Referentiel) { r.Blocs = r.Blocs[:1] },
			[]Change{{Removed, "", "blocs", "B2 Acheter", ""}}},
		{"blocs in another order", func(r *storepb.Referentiel) { slices.Reverse(r.Blocs) },
			[]Change{{Reordered, "", "blocs", "B1, B2", "B2, B1"}}},
		{"a bloc renumbered", func(r *storepb.Referentiel) { r.Blocs[1].Code = "B7" },
			[]Change{{Renumbered, "", "", "B2", "B7"}}},
		{"a compétence in another bloc", func(r *storepb.Referentiel) {
			r.Blocs[0].Competences = append(r.Blocs[0].Competences, r.Blocs[1].Competences[1])
			r.Blocs[1].Competences = r.Blocs[1].Competences[:1]
		}, []Change{{Moved, "", "", "B2 C2.2", "B1 C2.2"}}},
		{"the same, reworded", func(r *storepb.Referentiel) {
			r.Blocs[0].Competences = append(r.Blocs[0].Competences, r.Blocs[1].Competences[1])
			r.Blocs[1].Competences = r.Blocs[1].Competences[:1]
			r.Blocs[0].Competences[1].Statement = "Négocier bien"
		}, []Change{{Moved, "", "", "B2 C2.2", "B1 C2.2"}, {Changed, "B1 C2.2", "statement", "Négocier", "Négocier bien"}}},
		{"a criterion put first", func(r *storepb.Referentiel) {
			k := competence(r)
			k.Criteria = slices.Insert(k.Criteria, 0, &storepb.Criterion{Code: "C1.1.1", Statement: "Il sourit"})
			k.Criteria[1].Code, k.Criteria[2].Code = "C1.1.2", "C1.1.3"
		}, []Change{
			{Renumbered, "", "", "B1 C1.1 C1.1.1", "B1 C1.1 C1.1.2"},
			{Renumbered, "", "", "B1 C1.1 C1.1.2", "B1 C1.1 C1.1.3"},
			{Added, "B1 C1.1", "criteria", "", "C1.1.1 Il sourit"}}},
		{"eliminatory no more", func(r *storepb.Referentiel) { competence(r).Criteria[1].Eliminatory = false },
			[]Change{{Changed, "B1 C1.1 C1.1.2", "eliminatory", "true", ""}}},
		{"another method", func(r *storepb.Referentiel) { competence(r).Method.Kind = 5 },
			[]Change{{Changed, "B1 C1.1", "method.kind", "SITUATIONAL_EXERCISE", "OTHER"}}},
		{"no dossier", func(r *storepb.Referentiel) { competence(r).BlocOnlyMethod = nil },
			[]Change{
				{Changed, "B1 C1.1", "bloc_only_method.kind", "PROFESSIONAL_FILE", ""},
				{Changed, "B1 C1.1", "bloc_only_method.title", "Dossier", ""}}},
		{"a deliverable", func(r *storepb.Referentiel) { competence(r).Method.Deliverables[0] = "deux clients" },
			[]Change{
				{Removed, "B1 C1.1", "method.deliverables", "un client", ""},
				{Added, "B1 C1.1", "method.deliverables", "", "deux clients"}}},
		{"a deliverable twice", func(r *storepb.Referentiel) {
			competence(r).Method.Deliverables = append(competence(r).Method.Deliverables, "un client")
		}, []Change{{Added, "B1 C1.1", "method.deliverables", "", "un client"}}},
		{"deliverables in another order", func(r *storepb.Referentiel) { slices.Reverse(competence(r).Method.Deliverables) },
			[]Change{{Reordered, "B1 C1.1", "method.deliverables", "un client; une synthèse", "une synthèse; un client"}}},
		{"a threshold that was a default", func(r *storepb.Referentiel) {
			r.Rules.Jury.MinMembers, r.Rules.BlocThresholdPercent = new(int32(4)), nil
		},
			[]Change{{Changed, "", "rules.bloc_threshold_percent", "100", ""}, {Changed, "", "rules.jury.min_members", "3", "4"}}},
		{"what is replaced", func(r *storepb.Referentiel) { r.Replaces = nil },
			[]Change{{Removed, "", "replaces", `bloc "B1", referentiel "vente-2019", replaced_bloc "CCP1"`, ""}}},
	} {
		from, to := two(), two()
		test.change(to)
		d, err := Compare(from, to)
		if diff := cmp.Diff(test.want, d.Changes); err != nil || diff != "" {
			t.Errorf("%s: %v -want +got:\n%s", test.name, err, diff)
		}
	}
}

// What blocs that are held count as: an identical one, one that is replaced, none.
func TestCompareHeld(t *testing.T) {
	from, to := two(), two()
	to.Blocs[1].Title = "Acheter mieux"
	d, err := Compare(from, to)
	want := []HeldBloc{{"B1", true, []string{"B1"}}, {"B2", false, []string{}}}
	if diff := cmp.Diff(want, d.Held); err != nil || diff != "" || !slices.Equal(d.Missing, []string{"B2"}) {
		t.Errorf("%v, missing %v, -want +got:\n%s", err, d.Missing, diff)
	}
	to.Blocs = append(to.Blocs, bloc("B3", "A9", "C3.1"))
	to.Replaces = append(to.Replaces, &storepb.Replacement{Bloc: "B3", Referentiel: "vente", Revision: ID(from), ReplacedBloc: "B2"},
		&storepb.Replacement{Bloc: "B2", Referentiel: "vente", Revision: strings.Repeat("0", 32), ReplacedBloc: "B2"})
	d, err = Compare(from, to)
	want[1].CountsAs = []string{"B3"}
	if diff := cmp.Diff(want, d.Held); err != nil || diff != "" || !slices.Equal(d.Missing, []string{"B2"}) {
		t.Errorf("%v, missing %v, -want +got:\n%s", err, d.Missing, diff)
	}
	to.Id = "vente-2027" // another référentiel: what is the same there counts for nothing
	if d, err = Compare(from, to); err != nil || d.Held[0].Identical || len(d.Held[0].CountsAs) > 0 {
		t.Errorf("%v %v", d.Held, err)
	}
}

// Whatever field of whatever message changes, something is told of it.
func TestCompareSeesEveryField(t *testing.T) {
	r := filled()
	before := proto.CloneOf(r)
	for _, p := range spots(r.ProtoReflect(), apiReferentiel(), "") {
		if p.isItem {
			continue
		}
		undo := change(p.owner, p.field)
		if len(compare(before.ProtoReflect(), r.ProtoReflect())) == 0 {
			t.Errorf("nothing is told of %s", p.path)
		}
		undo()
	}
	if told := compare(before.ProtoReflect(), r.ProtoReflect()); len(told) > 0 {
		t.Errorf("of the same: %v", told)
	}
}

// There are changes exactly if the ids differ, and each is told from the other side too.
func TestCompareIsTheID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := new(storepb.Referentiel)
		draw(t, a.ProtoReflect())
		b := proto.CloneOf(a)
		if rapid.Bool().Draw(t, "other") {
			draw(t, b.ProtoReflect())
		}
		reverse(t, b.ProtoReflect())
		there, back := compare(a.ProtoReflect(), b.ProtoReflect()), compare(b.ProtoReflect(), a.ProtoReflect())
		if same := ID(a) == ID(b); same != (len(there) == 0) || same != (len(back) == 0) {
			t.Fatalf("same id: %t, but there %v and back %v", same, there, back)
		}
	})
}

// reverse gives some lists another order.
func reverse(t *rapid.T, m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList():
			list := v.List()
			if n := list.Len(); rapid.Bool().Draw(t, "reversed") {
				for i := range n / 2 {
					x, y := list.Get(i), list.Get(n-1-i)
					list.Set(i, y)
					list.Set(n-1-i, x)
				}
			}
			for i := 0; f.Message() != nil && i < list.Len(); i++ {
				reverse(t, list.Get(i).Message())
			}
		case f.Message() != nil:
			reverse(t, v.Message())
		}
		return true
	})
}

// The largest référentiel in which every compétence is in another bloc is compared at
// once: a search of all pairs for each of them takes hours.
func TestCompareLarge(t *testing.T) {
	large := func(shift int) *storepb.Referentiel {
		r := small()
		r.Blocs, r.Replaces = nil, nil
		for i := range maxBlocs {
			b := bloc(fmt.Sprintf("B%d", i), fmt.Sprintf("A%d", i), "C")
			b.Title, b.Competences = fmt.Sprint("Bloc ", i), nil
			for j := range maxCompetences {
				of := (i + shift) % maxBlocs
				k := bloc("B", "A", fmt.Sprintf("C%d.%d", of, j)).GetCompetences()[0]
				k.Statement = fmt.Sprint("Savoir ", of, " ", j)
				b.Competences = append(b.Competences, k)
			}
			r.Blocs = append(r.Blocs, b)
		}
		return r
	}
	d, err := Compare(large(0), large(1))
	if want := maxBlocs * maxCompetences; err != nil || len(d.Changes) != want || d.Changes[0].Kind != Moved {
		t.Errorf("%v, %d changes, not %d", err, len(d.Changes), want)
	}
}
