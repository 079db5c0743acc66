package services

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestFilterDots: chains of names are short, and texts in quotes may hold what they like.
func TestFilterDots(t *testing.T) {
	for _, c := range []struct {
		filter string
		many   bool
	}{
		{"centre = \"" + strings.Repeat(".", 500) + "\"", false},
		{"centre = '" + strings.Repeat(".", 500) + "'", false},
		{`centre = "a\"` + strings.Repeat(".", 500) + `"`, false},
		{"a" + strings.Repeat(".a", maxDots+1), true},
		{`centre = "a" ` + strings.Repeat(" a.b", maxDots+1), true},
		{`centre = "it's"` + strings.Repeat(" a.b", maxDots+1), true},
		{strings.Repeat(`"\\".`, maxDots+1), true},
	} {
		_, err := parseFilter(&acquispb.ListSessionsRequest{Filter: c.filter}, stringField("centre"))
		if many := err != nil && strings.Contains(err.Error(), "dots outside"); many != c.many {
			t.Errorf("%.60s: %v, want that it has too many dots: %v", c.filter, err, c.many)
		}
	}
	if allocated := testing.AllocsPerRun(5, func() {
		_, _ = parseFilter(&acquispb.ListSessionsRequest{Filter: "a" + strings.Repeat(".a", maxDots)}, stringField("centre"))
	}); allocated > 3000 {
		t.Errorf("the longest chain takes %v allocations", allocated)
	}
}

// TestLongFaultsAreBounded: a filter and a référentiel repeat what the caller wrote.
func TestLongFaultsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	for name, err := range map[string]error{
		"filter": badFilter(long),
		"référentiel": checkContent(&storepb.Referentiel{Id: "r", DisplayName: long[:9000], Blocs: slices.Repeat([]*storepb.Bloc{
			{Code: long[:9000], Title: long[:9000]},
		}, 50)}),
	} {
		if size := proto.Size(status.Convert(err).Proto()); size > 5000 || size < 10 {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}
