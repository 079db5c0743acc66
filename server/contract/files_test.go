package contract

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestFilesShown: the candidates whose files an answer shows are read from the
// field that the contract names.
func TestFilesShown(t *testing.T) {
	c, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	two := &acquispb.ListCandidaciesResponse{Candidacies: []*acquispb.Candidacy{{Candidate: "candidates/a"}, {Candidate: "candidates/b"}}}
	for _, s := range []struct {
		request, answer proto.Message
		want            []string
	}{
		{new(acquispb.GetCandidateRequest), &acquispb.Candidate{Name: "candidates/a"}, []string{"candidates/a"}},
		{new(acquispb.ListCandidaciesRequest), two, []string{"candidates/a", "candidates/b"}},
		{new(acquispb.ListCandidaciesRequest), new(acquispb.ListCandidaciesResponse), nil},
		{&acquispb.ListHoldsRequest{Parent: "candidates/a"}, new(acquispb.ListHoldsResponse), []string{"candidates/a"}},
		{new(acquispb.GetSessionRequest), &acquispb.Session{Name: "sessions/s"}, nil},
	} {
		if got := c.Of(s.request).FilesShown(s.request, s.answer); !slices.Equal(got, s.want) {
			t.Errorf("%T shows files of %q, want %q", s.answer, got, s.want)
		}
	}
}

// TestNamePaths: an invalid path is detected at the start.
func TestNamePaths(t *testing.T) {
	method := acquispb.File_acquis_v1_candidate_proto.Services().ByName("CandidateService").Methods().ByName("ListCandidates")
	for _, good := range []string{"", "answer.candidates.name", "request.page_token", "answer.next_page_token"} {
		if _, err := newNamePath(good, method); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"answer", "candidates.name", "answer.name", "answer.candidates", "answer.candidates.sex", "request.page_size", "answer.candidates.name.more",
		"answer.", "elsewhere.name",
	} {
		if _, err := newNamePath(bad, method); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
