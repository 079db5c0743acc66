package referentiel

import (
	"errors"
	"slices"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// TestCheckReplaced: what is replaced must exist, as far as can be known.
func TestCheckReplaced(t *testing.T) {
	revision := func(id string, blocs ...string) *storepb.ReferentielRevision {
		content := new(storepb.Referentiel)
		for _, code := range blocs {
			content.Blocs = append(content.Blocs, &storepb.Bloc{Code: code})
		}
		return &storepb.ReferentielRevision{Id: id, Content: content}
	}
	known := map[string]Published{
		"ventes": {Revisions: []*storepb.ReferentielRevision{revision("r1", "A", "B"), revision("r2", "B", "C")}, All: true},
		"some":   {Revisions: []*storepb.ReferentielRevision{revision("r1", "A")}},
		"none":   {All: true},
	}
	published := func(id string) (Published, error) { return known[id], nil }
	for _, c := range []struct {
		referentiel, revision, bloc string
		want                        []string
	}{
		{"ventes", "", "A", nil},
		{"ventes", "", "C", nil},
		{"ventes", "", "D", []string{`replaces[0].replaced_bloc: "D" is not a bloc of what is replaced`}},
		{"ventes", "r1", "A", nil},
		{"ventes", "r1", "C", []string{`replaces[0].replaced_bloc: "C" is not a bloc of what is replaced`}},
		{"ventes", "r3", "A", []string{`replaces[0].revision: "ventes" has no revision "r3" here: publish it first`}},
		{"none", "", "A", []string{`replaces[0].referentiel: "none" is not published here: publish it first`}},
		{"none", "r1", "A", []string{`replaces[0].referentiel: "none" is not published here: publish it first`}},
		{"some", "", "Z", nil},
		{"some", "r2", "Z", nil},
		{"some", "r1", "A", nil},
		{"some", "r1", "Z", []string{`replaces[0].replaced_bloc: "Z" is not a bloc of what is replaced`}},
		{"unknown", "r1", "A", nil},
	} {
		r := &storepb.Referentiel{Replaces: []*storepb.Replacement{{Bloc: "B1", Referentiel: c.referentiel, Revision: c.revision, ReplacedBloc: c.bloc}}}
		problems, err := CheckReplaced(r, published)
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s %s %s: %q, %v; want %q", c.referentiel, c.revision, c.bloc, got, err, c.want)
		}
	}
	together := &storepb.Referentiel{Replaces: []*storepb.Replacement{{
		Bloc: "B1", Referentiel: "ventes", ReplacedBloc: "A",
		TogetherWith: []*storepb.Replacement_Held{{Referentiel: "ventes", ReplacedBloc: "B"}, {Referentiel: "none", ReplacedBloc: "A"}, {Referentiel: "ventes", ReplacedBloc: "D"}},
	}}}
	problems, err := CheckReplaced(together, published)
	if err != nil || len(problems) != 2 || problems[0].Field != "replaces[0].together_with[1].referentiel" || problems[1].Field != "replaces[0].together_with[2].replaced_bloc" {
		t.Errorf("blocs that are needed together: %v %v", problems, err)
	}
	broken := errors.New("broken")
	if _, err := CheckReplaced(small(), func(string) (Published, error) { return Published{}, broken }); !errors.Is(err, broken) {
		t.Errorf("an error is lost: %v", err)
	}
}

// TestEmbeddedReplaceWhatThereIs: what the binary brings along replaces only what it
// brings along too.
func TestEmbeddedReplaceWhatThereIs(t *testing.T) {
	contents, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range contents {
		problems, err := CheckReplaced(r, func(id string) (Published, error) { return Published{among(contents, id), true}, nil })
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", r.GetId(), Problems(problems), err)
		}
	}
}
