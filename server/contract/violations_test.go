package contract

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// criteria is a référentiel with n criteria, made by one, in compétences of 100
// each.
func criteria(n int, one func(i int) *acquispb.Criterion) *acquispb.PublishReferentielRequest {
	method := &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: "t"}
	r := &acquispb.Referentiel{DisplayName: "d"}
	for i := range n {
		if i%10_000 == 0 {
			r.Blocs = append(r.Blocs, &acquispb.Bloc{Code: "B", Title: "t"})
		}
		bloc := r.Blocs[len(r.Blocs)-1]
		if i%100 == 0 {
			bloc.Competences = append(bloc.Competences, &acquispb.Competence{Code: "C", Statement: "s", Method: method})
		}
		k := bloc.Competences[len(bloc.Competences)-1]
		k.Criteria = append(k.Criteria, one(i))
	}
	return &acquispb.PublishReferentielRequest{ReferentielId: "r", Referentiel: r}
}

func goodCriterion(int) *acquispb.Criterion { return &acquispb.Criterion{Code: "C1", Statement: "s"} }

// worst are the largest requests with as many violations as possible.
func worst() map[string]proto.Message {
	record := new(acquispb.RecordAssessmentsRequest)
	settle := new(acquispb.SettleCriteriaRequest)
	retract := new(acquispb.RetractAssessmentsRequest)
	for range 1000 {
		record.Assessments = append(record.Assessments, new(acquispb.Assessment))
		settle.Settlements = append(settle.Settlements, &acquispb.Settlement{Criterion: "?"})
		retract.Criteria = append(retract.Criteria, "?")
	}
	return map[string]proto.Message{
		"verdicts":        record,
		"settlements":     settle,
		"texts":           retract,
		"every criterion": criteria(19_000, func(int) *acquispb.Criterion { return new(acquispb.Criterion) }),
		"the last criterion": criteria(19_000, func(i int) *acquispb.Criterion {
			if i == 18_999 {
				return new(acquispb.Criterion)
			}
			return goodCriterion(i)
		}),
	}
}

// trailerSize is the size of an error in gRPC's trailers: its details in base64,
// and its text with percent encoding.
func trailerSize(err error) int {
	st := status.Convert(err)
	return base64.RawStdEncoding.EncodedLen(proto.Size(st.Proto())) + len(url.PathEscape(st.Message()))
}

func violationsIn(err error) (n int) {
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.BadRequest:
			n += len(d.GetFieldViolations())
		case *errdetails.PreconditionFailure:
			n += len(d.GetViolations())
		}
	}
	return n
}

// TestViolationsAreBounded: an answer names 1 to 20 fields, fits into the trailers of
// every client, and is found without collecting all violations.
func TestViolationsAreBounded(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range worst() {
		t.Run(name, func(t *testing.T) {
			err := v.Request(t.Context(), request)
			if n := violationsIn(err); n < 1 || n > apierr.MaxViolations {
				t.Errorf("%d violations", n)
			}
			if size := trailerSize(err); size > 7000 {
				t.Errorf("%d bytes of trailers", size)
			}
			// Protovalidate allocates about 25 times for each violation, of which
			// the worst requests have 38,000; a search for the last one takes
			// about 12 for each item, and 16 under the race detector.
			if allocated := testing.AllocsPerRun(1, func() { _ = v.Request(t.Context(), request) }); allocated > 400_000 {
				t.Errorf("%v allocations", allocated)
			}
		})
	}
}

// BenchmarkViolations is the cost of refusing these requests, and of accepting a
// valid one.
func BenchmarkViolations(b *testing.B) {
	v, err := NewValidator()
	if err != nil {
		b.Fatal(err)
	}
	requests := worst()
	requests["a valid one"] = criteria(19_000, goodCriterion)
	for name, request := range requests {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = v.Request(b.Context(), request)
			}
		})
	}
}

// endsAfter is a context that ends after it was checked a number of times.
type endsAfter struct {
	context.Context
	left int
}

func (e *endsAfter) Err() error {
	if e.left--; e.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestValidationStops: validation checks the context before it begins and before
// each message.
func TestValidationStops(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []int{0, 1, 2, 1000} {
		ctx := &endsAfter{t.Context(), asked}
		if err := v.Request(ctx, worst()["the last criterion"]); !errors.Is(err, context.Canceled) {
			t.Errorf("checked %d times: %v", asked, err)
		}
		if ctx.left != -1 {
			t.Errorf("after its end it was checked %d more times", -ctx.left-1)
		}
	}
}

// TestCollectedIsWhatProtovalidateFinds: up to 20 violations are all reported, in
// order; of more, only existing ones.
func TestCollectedIsWhatProtovalidateFinds(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		request := criteria(rapid.IntRange(1, 250).Draw(t, "criteria"), func(int) *acquispb.Criterion {
			c := goodCriterion(0)
			if rapid.IntRange(0, 19).Draw(t, "bad") == 0 {
				c.Code = "?"
			}
			return c
		})
		if rapid.Bool().Draw(t, "bad method") {
			request.Referentiel.Blocs[0].Competences[0].Method = new(acquispb.AssessmentMethod)
		}
		if rapid.Bool().Draw(t, "no title") {
			request.Referentiel.Blocs[0].Title = ""
		}
		want := []string{}
		found := new(protovalidate.ValidationError)
		if err := v.rules.Validate(request); errors.As(err, &found) {
			for _, b := range found.Violations {
				want = append(want, jsonPath(b))
			}
		}
		got := violationsOf(v.Request(context.Background(), request))
		if len(want) <= apierr.MaxViolations && !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%q\nwant %q", got, want)
		}
		if len(want) > apierr.MaxViolations && len(got) != apierr.MaxViolations {
			t.Errorf("%d violations of %d", len(got), len(want))
		}
		for _, field := range got {
			if !slices.Contains(want, field) {
				t.Errorf("%s is reported, but protovalidate does not find it", field)
			}
		}
	})
}

// TestEnumsLeftOut: the error about a missing enum has no number.
func TestEnumsLeftOut(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range []proto.Message{
		&acquispb.ForgetCandidateRequest{Name: "candidates/c-1"},
		&acquispb.DeclareTieRequest{Candidate: "candidates/c-1", Subject: "ann"},
	} {
		const want = "is required: one of "
		if got := v.Request(t.Context(), req); got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("%T: %v, want %q", req, got, want)
		}
	}
}
