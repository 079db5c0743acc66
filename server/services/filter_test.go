package services

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.einride.tech/aip/filtering"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
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

// TestFilter: what a filter says of one resource, and what no filter can say.
func TestFilter(t *testing.T) {
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	resource := values{"centre": "LYON", "state": "OPEN", "effective": true, "referentiel": []string{"m", "referentiels/m"}, "decide_time": noon}
	parse := func(text string) (filter, error) {
		return parseFilter(&acquispb.ListSessionsRequest{Filter: text},
			stringField("centre"), stringField("referentiel"), enumField("state", acquispb.Session_State_Enum(0).Type()),
			filtering.DeclareIdent("effective", filtering.TypeBool), filtering.DeclareIdent("decide_time", filtering.TypeTimestamp))
	}
	for text, want := range map[string]bool{
		``:                                                true,
		`centre = "LYON"`:                                 true,
		`centre = "PARIS"`:                                false,
		`centre != "PARIS"`:                               true,
		`centre != "LYON"`:                                false,
		`"LYON" = centre`:                                 true,
		`state = OPEN`:                                    true,
		`state = CLOSED`:                                  false,
		`state != CLOSED`:                                 true,
		`NOT state = OPEN`:                                false,
		`-state = CLOSED`:                                 true,
		`effective`:                                       true,
		`NOT effective`:                                   false,
		`effective = true`:                                true,
		`effective = false`:                               false,
		`effective != false`:                              true,
		`referentiel = "m"`:                               true,
		`referentiel = "referentiels/m"`:                  true,
		`referentiel = "n"`:                               false,
		`referentiel != "n"`:                              true,
		`referentiel != "m"`:                              false,
		`state = OPEN AND centre = "LYON"`:                true,
		`state = OPEN AND centre = "PARIS"`:               false,
		`state = CLOSED AND centre = "LYON"`:              false,
		`state = CLOSED OR centre = "LYON"`:               true,
		`state = OPEN OR centre = "PARIS"`:                true,
		`state = CLOSED OR centre = "PARIS"`:              false,
		`NOT (state = CLOSED OR centre = "PARIS")`:        true,
		`decide_time = timestamp("2026-06-15T12:00:00Z")`: true,
		`decide_time = timestamp("2026-06-15T14:00:00+02:00")`:                                        true,
		`decide_time != timestamp("2026-06-15T12:00:00Z")`:                                            false,
		`decide_time < timestamp("2026-06-15T12:00:00Z")`:                                             false,
		`decide_time <= timestamp("2026-06-15T12:00:00Z")`:                                            true,
		`decide_time > timestamp("2026-06-15T12:00:00Z")`:                                             false,
		`decide_time >= timestamp("2026-06-15T12:00:00Z")`:                                            true,
		`decide_time < timestamp("2026-06-15T12:00:00.000001Z")`:                                      true,
		`decide_time > timestamp("2026-06-15T11:59:59.999999Z")`:                                      true,
		`decide_time > "2026-06-15T11:59:59Z" AND decide_time < "2026-06-15T12:00:01Z"`:               true,
		`decide_time >= "2026-06-15T12:00:01Z"`:                                                       false,
		`decide_time = "2026-06-15T12:00:00Z"`:                                                        true,
		`decide_time >= timestamp("2026-06-15T00:00:00Z") AND (state = CLOSED OR effective != false)`: true,
	} {
		f, err := parse(text)
		must(t, err)
		if got, err := f.matches(resource); got != want || err != nil {
			t.Errorf("%q matches: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		`centre > "A"`, `centre >= centre`, `referentiel < "m"`, `state > OPEN`, `state = "OPEN"`, `state = SHUT`, `centre = 3`, `room = "1"`,
		`centre`, `centre:"LYON"`, `centre.code = "LYON"`, `decide_time > "tomorrow"`, `decide_time = "tomorrow"`, `decide_time > timestamp("tomorrow")`,
		`decide_time > centre`, `decide_time = centre`, `decide_time > 5`, `state = OPEN AND`, `(centre = "LYON"`, `duration("5s") > duration("3s")`,
		`effective AND effective effective`,
	} {
		if _, err := parse(text); apierr.ReasonOf(err) != "FILTER_INVALID" {
			t.Errorf("%q is told %v", text, err)
		}
	}
}

// TestFilterReadsAnIndex: an index is read for what a filter demands, never for what
// it only allows.
func TestFilterReadsAnIndex(t *testing.T) {
	for text, want := range map[string]string{
		`centre = "LYON"`:                                  "LYON",
		`centre = "LYON" AND room = "1"`:                   "LYON",
		`room = "1" AND centre = "LYON"`:                   "LYON",
		`room = "1" AND (centre = "LYON" AND floor = "2")`: "LYON",
		``:                              "",
		`room = "1"`:                    "",
		`centre != "LYON"`:              "",
		`NOT centre = "LYON"`:           "",
		`centre = "LYON" OR room = "1"`: "",
		`(centre = "LYON" OR room = "1") AND floor = "2"`: "",
		`centre = room`:                        "",
		`room = "1" AND NOT (centre = "LYON")`: "",
		`room = "LYON" AND floor = "2"`:        "",
	} {
		f, err := parseFilter(&acquispb.ListSessionsRequest{Filter: text}, stringField("centre"), stringField("room"), stringField("floor"))
		must(t, err)
		if got, ok := f.equals("centre"); got != want || ok != (want != "") {
			t.Errorf("%q demands %q, %v", text, got, ok)
		}
	}
}
