package contract

import (
	"strings"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestNamesInCreates: a create may name only what it creates, and is told how to
// choose the id.
func TestNamesInCreates(t *testing.T) {
	for _, c := range []struct {
		request    proto.Message
		body, want string
	}{
		{new(acquispb.CreateCandidateRequest), `{"candidate":{}}`, ""},
		{new(acquispb.CreateCandidateRequest), `{"candidateId":"a","candidate":{"name":"candidates/a"}}`, ""},
		{new(acquispb.CreateCandidateRequest), `{"candidate":{"name":"candidates/a"}}`, "candidate.name: must be empty: the service chooses the id, unless candidateId gives one"},
		{new(acquispb.CreateCandidateRequest), `{"candidateId":"a","candidate":{"name":"candidates/b"}}`, "candidate.name: must be empty or candidates/a: it is the name of another one"},
		{new(acquispb.CreateKeyRequest), `{"key":{"name":"keys/a"}}`, "key.name: must be empty: the service chooses the id"},
	} {
		if err := protojson.Unmarshal([]byte(c.body), c.request); err != nil {
			t.Fatal(err)
		}
		if got := status.Convert(readSubjects().check(c.request.ProtoReflect())).Message(); strings.TrimSpace(got) != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
		proto.Reset(c.request)
	}
}
