package transport

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// TestLibraryErrorsAreBounded: what the gateway library says of a request repeats
// what the caller wrote, of any length.
func TestLibraryErrorsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	badQuery := queryError{long, "is not a parameter of this call"}
	for name, err := range map[string]error{
		"query parameter": (&gateway{}).explain(t.Context(), status.New(codes.InvalidArgument, badQuery.Error()), badQuery),
		"body":            (&gateway{}).explain(t.Context(), status.New(codes.InvalidArgument, `unknown field "`+long+`"`), nil),
	} {
		if size := proto.Size(status.Convert(err).Proto()); size > 5000 || size < 10 {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}
