package filter_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/filter"
)

// A thing has a field of each kind.
type thing struct {
	centre    string
	names     []string
	state     acquispb.Session_State_Enum
	effective bool
	decided   *timestamppb.Timestamp
}

func fields() filter.Fields[thing] {
	return filter.Fields[thing]{
		filter.Text("centre", func(t thing) string { return t.centre }).Or("centre.code_name").Holding("its code"),
		filter.Texts("names", func(t thing) []string { return t.names }),
		filter.Enum("state", func(t thing) acquispb.Session_State_Enum { return t.state }),
		filter.Bool("effective", func(t thing) bool { return t.effective }),
		filter.Time("decide_time", func(t thing) *timestamppb.Timestamp { return t.decided }),
	}
}

// matches are filters, and whether they want a thing with values and one without.
var matches = map[string]struct{ full, none bool }{
	``:  {true, true},
	` `: {true, true},

	`centre = "LYON\*2"`:          {true, false},
	`centre = LYON\*2`:            {true, false},
	`centre="PARIS"`:              {false, false},
	`centre != "PARIS"`:           {true, true},
	`centre : 'LYON\*2'`:          {true, false},
	`centre = "LY*"`:              {true, false},
	`centre = LY*`:                {true, false},
	`centre = "*2"`:               {true, false},
	`centre = "*YON*"`:            {true, false},
	`centre = "LYON\**"`:          {true, false},
	`centre = "LYO\*"`:            {false, false},
	`centre = "YON*"`:             {false, false},
	`centre = "*LYON"`:            {false, false},
	`centre != "LY*"`:             {false, true},
	`centre:*`:                    {true, false},
	`centre:"*"`:                  {true, false},
	`NOT centre:*`:                {false, true},
	`centre = ""`:                 {false, true},
	`centre.code_name = "LY*"`:    {true, false},
	`centre.codeName = "LY*"`:     {true, false},
	`names:"m"`:                   {true, false},
	`names = "referentiels/m"`:    {true, false},
	`names = "refer*"`:            {true, false},
	`names != "m"`:                {false, true},
	`names:"n"`:                   {false, false},
	`names:*`:                     {true, false},
	`state = OPEN`:                {true, false},
	`state = "OPEN"`:              {true, false},
	`state:OPEN`:                  {true, false},
	`state != CLOSED`:             {true, true},
	`state:*`:                     {true, false},
	`-state = CLOSED`:             {true, true},
	`- state = OPEN`:              {false, true},
	`effective`:                   {true, false},
	`NOT effective`:               {false, true},
	`-effective`:                  {false, true},
	`effective = false`:           {false, true},
	`effective != false`:          {true, false},
	`effective:true`:              {true, false},
	`effective centre = LY*`:      {true, false},
	`effective state = CLOSED`:    {false, false},
	`(effective)AND(state=OPEN)`:  {true, false},
	"effective\n AND\tstate=OPEN": {true, false},

	`decide_time = timestamp("2026-06-15T14:00:00+02:00")`: {true, false},
	`decideTime = "2026-06-15T12:00:00Z"`:                  {true, false},
	`decideTime = 2026-06-15T12:00:00.000Z`:                {true, false},
	`decide_time != "2026-06-15T12:00:00Z"`:                {false, true},
	`decide_time < "2026-06-15T12:00:00Z"`:                 {false, false},
	`decide_time <= "2026-06-15T12:00:00Z"`:                {true, false},
	`decide_time > "2026-06-15T12:00:00Z"`:                 {false, false},
	`decide_time >= "2026-06-15T12:00:00Z"`:                {true, false},
	`decide_time > "2020-01-01T00:00:00Z"`:                 {true, false},
	`decide_time < "2026-06-15T12:00:00.000001Z"`:          {true, false},
	`decide_time > 2026-06-15T11:59:59.999999Z`:            {true, false},
	`decide_time:*`: {true, false},
	`state = CLOSED OR state = OPEN AND effective = false`:                                    {false, false}, // OR binds tighter
	`(state = CLOSED OR state = OPEN) AND effective = false`:                                  {false, false},
	`state = OPEN OR (state = CLOSED AND effective = false)`:                                  {true, false},
	`NOT (state = CLOSED OR effective)`:                                                       {false, true},
	`NOT state = CLOSED effective = false`:                                                    {false, true},
	`state = CLOSED OR state = OPEN names = m AND decide_time:*`:                              {true, false},
	`NOT state = OPEN OR NOT centre = LY*`:                                                    {false, true},
	strings.Repeat("(", filter.MaxDepth) + "effective" + strings.Repeat(")", filter.MaxDepth): {true, false},
}

// TestMatches: what filters say of two resources, of which one has no values.
func TestMatches(t *testing.T) {
	full := thing{
		centre: "LYON*2", names: []string{"m", "referentiels/m"}, state: acquispb.Session_State_OPEN, effective: true,
		decided: timestamppb.New(time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)),
	}
	for text, want := range matches {
		parsed, err := filter.Parse(text, fields())
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := parsed.Matches(full); got != want.full {
			t.Errorf("%q matches what has values: %v", text, got)
		}
		if got := parsed.Matches(thing{}); got != want.none {
			t.Errorf("%q matches what has none: %v", text, got)
		}
	}
}

// TestRefused: what is no filter of the list, and what its author reads.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`room = "1"`:                   `has "room" where a field must stand: the fields are centre, names, state, effective, decide_time (also < <= > >=); all take = != and : (at character 1)`,
		`centre.code = "LYON"`:         `has "centre.code" where a field must stand`,
		`CENTRE = "LYON"`:              `has "CENTRE" where`,
		`centre > "A"`:                 `compares centre by >: it takes =, !=, : (at character 8)`,
		`names < "m"`:                  `compares names by <: it takes =, !=, :`,
		`state >= OPEN`:                `compares state by >=`,
		`effective < true`:             `compares effective by <`,
		`state = SHUT`:                 `has "SHUT" as state: it takes OPEN, CLOSED, CANCELLED (at character 9)`,
		`state = open`:                 `it takes OPEN, CLOSED, CANCELLED`,
		`state = STATE_UNSPECIFIED`:    `it takes OPEN, CLOSED, CANCELLED`,
		`state = "OP*"`:                `has "OP*" as state: it takes OPEN, CLOSED, CANCELLED`,
		`state = 'open'`:               `has "open" as state: it takes OPEN, CLOSED, CANCELLED`,
		`state = ""`:                   `has "" as state: it takes OPEN, CLOSED, CANCELLED`,
		`effective = yes`:              `has "yes" as effective: it takes true and false`,
		`decide_time > "tomorrow"`:     `has "tomorrow" as decide_time: it takes times with a zone, such as "2026-06-01T00:00:00Z"`,
		`decide_time > "2026-06-01"`:   `it takes times with a zone`,
		`decide_time = "2026*"`:        `it takes times with a zone`,
		`decide_time > timestamp("x")`: `it takes times with a zone`,
		`decide_time > timestamp(x)`:   `has a function that is not of the form timestamp("2026-06-01T00:00:00Z")`,
		`decide_time > timestamp("2026-06-01T00:00:00Z"`: `has a function that is not of the form`,
		`decide_time > duration("5s")`:                   `calls "duration", which is not a value of decide_time`,
		`centre = timestamp("2026-06-01T00:00:00Z")`:     `calls "timestamp", which is not a value of centre`,
		`duration("5s") > duration("3s")`:                `calls "duration": there are no functions but timestamp(…)`,
		`"LYON" = centre`:                                `has a value where a field must stand: write for instance centre = "…"`,
		`"LYON"`:                                         `has a value where a field must stand`,
		`LY*`:                                            `has a value where a field must stand`,
		`LYON`:                                           `has "LYON" where a field must stand`,
		`centre`:                                         `has centre without an operator and a value: write for instance centre = "…"`,
		`state`:                                          `write for instance state = OPEN`,
		`decide_time`:                                    `write for instance decide_time >= "2026-06-01T00:00:00Z"`,
		`centre =`:                                       `ends where a value of centre must follow: it takes a text in quotes`,
		`centre = (LYON OR PARIS)`:                       `has a value in parentheses: repeat the field, as in centre = "…" OR centre = "…"`,
		`centre = )`:                                     `has ) where a value of centre must stand`,
		`centre = "LY*ON"`:                               `has a star inside of a value`,
		`centre = "*"`:                                   `has only a star as a value: write centre:* to ask whether centre has a value`,
		`centre = "a\n"`:                                 `has a backslash before something other than`,
		`centre = "LYON`:                                 `has a quote that is not closed (at character 10)`,
		`centre ! "LYON"`:                                `has a ! that is not followed by = (at character 8)`,
		`state = OPEN AND`:                               `ends where a comparison must follow, such as centre = "…"`,
		`AND state = OPEN`:                               `has AND where a comparison must stand`,
		`state = OPEN AND OR effective`:                  `has OR where a comparison must stand`,
		`NOT NOT effective`:                              `has NOT where a comparison must stand`,
		`state = OPEN and effective`:                     `has and: write it in capital letters (at character 14)`,
		`(centre = "LYON"`:                               `has a ( without its ) (at character 1)`,
		`centre = "LYON")`:                               `has a ) without its ( (at character 16)`,
		`()`:                                             `has ) where a comparison must stand`,
		`centre = "é" ?`:                                 `has "?" where a field must stand`,
	} {
		_, err := filter.Parse(text, fields())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is told\n%v\nwant\n%s", text, err, want)
		}
	}
}

// TestBounded: whatever is written, reading it is cheap, and so is what is said of it.
func TestBounded(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"deep":     {strings.Repeat("(", 10_000) + "effective" + strings.Repeat(")", 10_000), "nests parentheses more than 20 deep"},
		"negated":  {strings.Repeat("NOT (", 10_000), "nests parentheses more than 20 deep"},
		"minus":    {strings.Repeat("-", 10_000), "has - where a comparison must stand"},
		"long":     {"effective" + strings.Repeat(" effective", 10_000), "more than 50 comparisons"},
		"or":       {"effective" + strings.Repeat(" OR effective", 10_000), "more than 50 comparisons"},
		"dots":     {"a" + strings.Repeat(".a", 10_000), `has "a.a.a`},
		"a name":   {strings.Repeat("é", 10_000), "where a field must stand"},
		"a value":  {"state = " + strings.Repeat("é", 10_000), "it takes OPEN"},
		"escapes":  {`centre = "` + strings.Repeat(`\\`, 10_000), "has a quote that is not closed"},
		"calls":    {strings.Repeat("a(", 10_000), "there are no functions"},
		"stars":    {"centre = " + strings.Repeat("*", 10_000), "only a star"},
		"operator": {"effective" + strings.Repeat("=", 10_000), "it takes true and false"},
	} {
		_, err := filter.Parse(c.text, fields())
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
			t.Errorf("%s is told %v, not %q", name, err, c.want)
		}
		if allocated := testing.AllocsPerRun(5, func() { _, _ = filter.Parse(c.text, fields()) }); allocated > 1000 {
			t.Errorf("%s takes %v allocations", name, allocated)
		}
	}
}

// TestDemands: an index is read for what a filter demands, never for what it only
// allows.
func TestDemands(t *testing.T) {
	for text, want := range map[string]string{
		`centre = "LYON"`:                                 "LYON",
		`centre:"LYON"`:                                   "LYON",
		`centre.codeName = "LYON"`:                        "LYON",
		`centre = "LYON" AND names = "1"`:                 "LYON",
		`names = "1" centre = "LYON"`:                     "LYON",
		`effective AND (centre = "LYON" AND names = "2")`: "LYON",
		``:                               "",
		`names = "1"`:                    "",
		`centre != "LYON"`:               "",
		`NOT centre = "LYON"`:            "",
		`centre = "LYON*"`:               "",
		`centre = "*LYON"`:               "",
		`centre:*`:                       "",
		`centre = "LYON" OR names = "1"`: "",
		`(centre = "LYON" OR names = "1") AND names = "2"`: "",
		`effective AND NOT (centre = "LYON")`:              "",
	} {
		parsed, err := filter.Parse(text, fields())
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := parsed.Demands("centre"); got != want || ok != (want != "") {
			t.Errorf("%q demands %q, %v", text, got, ok)
		}
	}
}
