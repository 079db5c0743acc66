package apierr

import (
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/rules/words"
)

// TestRefused: refusals of the rules have the code of their first kind. For
// impossible input the error names the fields, otherwise each rule and its
// subject.
func TestRefused(t *testing.T) {
	refusal := func(rule string, kind words.Kind) words.Refusal {
		return words.Refusal{Rule: words.RefusalRule(rule), Kind: kind, Subject: "bloc " + rule, Description: rule + " forbids it"}
	}
	impossible, forbidden, stale := refusal("I", words.InvalidArgument), refusal("F", words.FailedPrecondition), refusal("A", words.Aborted)
	for what, c := range map[string]struct {
		refusals []words.Refusal
		code     codes.Code
		reason   string
		named    []string
	}{
		"nothing":                      {nil, codes.OK, "", nil},
		"impossible":                   {[]words.Refusal{impossible}, codes.InvalidArgument, "I", []string{"at bloc I"}},
		"forbidden":                    {[]words.Refusal{forbidden}, codes.FailedPrecondition, "F", []string{"F bloc F"}},
		"stale":                        {[]words.Refusal{stale}, codes.Aborted, "A", []string{"A bloc A"}},
		"impossible, though forbidden": {[]words.Refusal{forbidden, impossible, stale}, codes.InvalidArgument, "I", []string{"at bloc I"}},
		"twice impossible":             {[]words.Refusal{impossible, forbidden, impossible}, codes.InvalidArgument, "I", []string{"at bloc I", "at bloc I"}},
		"stale, though forbidden":      {[]words.Refusal{forbidden, stale}, codes.Aborted, "A", []string{"F bloc F", "A bloc A"}},
	} {
		err := Refused(c.refusals, func(r words.Refusal) string { return "at " + r.Subject })
		if status.Code(err) != c.code || ReasonOf(err) != c.reason {
			t.Errorf("%s: %v %s, want %v %s", what, status.Code(err), ReasonOf(err), c.code, c.reason)
		}
		var named []string
		for _, detail := range status.Convert(err).Details() {
			switch d := detail.(type) {
			case *errdetails.BadRequest:
				for _, v := range d.GetFieldViolations() {
					named = append(named, v.GetField())
				}
			case *errdetails.PreconditionFailure:
				for _, v := range d.GetViolations() {
					named = append(named, v.GetType()+" "+v.GetSubject())
				}
			}
		}
		if !slices.Equal(named, c.named) {
			t.Errorf("%s: names %v, want %v", what, named, c.named)
		}
		if text := status.Convert(err).Message(); err != nil && text != c.reason+" forbids it"+andMore(len(named)) {
			t.Errorf("%s: %q counts other refusals than the %d that it names", what, text, len(named))
		}
	}
}
