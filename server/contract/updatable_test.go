package contract

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestUpdatable: the updatable fields follow from the behaviour declared for each
// field.
func TestUpdatable(t *testing.T) {
	c, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		request proto.Message
		want    []string
	}{
		{new(acquispb.UpdateCandidateRequest), []string{"birth_name", "usage_name", "given_names", "sex", "birth_date", "birth_place", "external_ids"}},
		{new(acquispb.UpdateSessionRequest), []string{"display_name", "referentiel", "start_date", "end_date", "centre", "jury", "assessors"}},
		{new(acquispb.CreateCandidateRequest), nil},
	} {
		got := slices.Clone(c.Of(s.request).Updatable)
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(s.want))) {
			t.Errorf("%T changes %v, want %v", s.request, got, s.want)
		}
	}
}
