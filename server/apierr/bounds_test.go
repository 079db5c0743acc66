package apierr

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/words"
)

// TestErrorsAreBounded: every error fits into trailers, even if it names long
// input of a caller.
func TestErrorsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	manyViolations := slices.Repeat([]Violation{{long, long}}, 1000)
	impossible := slices.Repeat([]words.Refusal{{Rule: "R", Kind: words.InvalidArgument, Subject: long, Description: long}}, 1000)
	forbidden := slices.Repeat([]words.Refusal{{Rule: "R", Kind: words.FailedPrecondition, Subject: long, Description: long}}, 1000)
	for name, err := range map[string]error{
		"violations":       Invalid(acquispb.ErrorReason_INVALID_FIELD, manyViolations...),
		"impossible input": Refused(impossible, func(r words.Refusal) string { return r.Subject }),
		"rules":            Refused(forbidden, At("x")),
		"not found":        NotFound(long),
		"taken":            AlreadyExists(long),
		"forbidden":        Forbidden(acquispb.ErrorReason_INVALID_FIELD, long, long),
	} {
		// Details go in base64, the text with percent signs.
		st := status.Convert(err)
		size := base64.RawStdEncoding.EncodedLen(proto.Size(st.Proto())) + len(url.PathEscape(st.Message()))
		if size > 7000 || size < 10 {
			t.Errorf("%s: %d bytes of trailers", name, size)
		}
	}
	for n, want := range map[int]string{1: "", 2: "(and 1 more)", 20: "(and 19 more)", 21: "(and at least 20 more)", 999: "(and at least 20 more)"} {
		text := status.Convert(Invalid(acquispb.ErrorReason_INVALID_FIELD, slices.Repeat([]Violation{{"a", "b"}}, n)...)).Message()
		if text != strings.TrimSpace("a: b "+want) {
			t.Errorf("%d violations: %q", n, text)
		}
	}
}
