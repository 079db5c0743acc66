package filter_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/filter"
)

// A said filter is its text, and what it says, found without reading the text.
type said struct {
	text string
	of   func(thing) bool
}

// joined writes parts with a separator between them.
func joined(parts []said, between []string, all bool) said {
	text := parts[0].text
	for i, part := range parts[1:] {
		text += between[i] + part.text
	}
	return said{text, func(t thing) bool {
		holds := func(part said) bool { return part.of(t) == all }
		if all {
			return !slices.ContainsFunc(parts, func(p said) bool { return !holds(p) })
		}
		return slices.ContainsFunc(parts, func(p said) bool { return p.of(t) })
	}}
}

func several(t *rapid.T, name string, part func() said, all bool, between ...string) said {
	parts := []said{part()}
	var signs []string
	for rapid.IntRange(0, 2).Draw(t, name) == 0 && len(parts) < 3 {
		signs = append(signs, rapid.SampledFrom(between).Draw(t, "between"))
		parts = append(parts, part())
	}
	return joined(parts, signs, all)
}

// expression draws a filter as AIP-160's grammar makes one.
func expression(t *rapid.T, depth int) said {
	return several(t, "AND", func() said {
		return several(t, "sequence", func() said {
			return several(t, "OR", func() said { return term(t, depth) }, false, " OR ", "  OR\t")
		}, true, " ", "\n ")
	}, true, " AND ", "  AND ")
}

func term(t *rapid.T, depth int) said {
	simple := comparison(t)
	if depth > 0 && rapid.IntRange(0, 3).Draw(t, "parentheses") == 0 {
		inner := expression(t, depth-1)
		simple = said{"(" + inner.text + rapid.SampledFrom([]string{")", " )"}).Draw(t, "close"), inner.of}
	}
	switch rapid.IntRange(0, 5).Draw(t, "not") {
	case 0:
		return said{"NOT " + simple.text, func(t thing) bool { return !simple.of(t) }}
	case 1:
		return said{"-" + simple.text, func(t thing) bool { return !simple.of(t) }}
	}
	return simple
}

var (
	someTexts  = []string{"", "a", "b", "ab", "aab", "a*", "*", "a\"b", `a\b`, "é'", "LYON"}
	someTimes  = []string{"2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00", "2026-06-01T00:00:00.000001Z", "1999-12-31T23:59:59Z"}
	someStates = []acquispb.Session_State_Enum{1, 2, 3}
)

func comparison(t *rapid.T) said {
	space := rapid.SampledFrom([]string{"", " ", "  "}).Draw(t, "space")
	switch rapid.IntRange(0, 6).Draw(t, "field") {
	case 0:
		return texts(t, rapid.SampledFrom([]string{"centre", "centre.code_name", "centre.codeName"}).Draw(t, "name"), space,
			func(of thing) []string { return []string{of.centre} })
	case 1:
		return texts(t, "names", space, func(of thing) []string { return of.names })
	case 2:
		want := rapid.SampledFrom(someStates).Draw(t, "state")
		return signed(t, "state"+space, space+want.String(), func(of thing) bool { return of.state == want })
	case 3:
		want := rapid.Bool().Draw(t, "bool")
		return signed(t, "effective", fmt.Sprint(want), func(of thing) bool { return of.effective == want })
	case 4:
		return said{"effective", func(of thing) bool { return of.effective }}
	case 5:
		return set(t)
	default:
		return times(t, space)
	}
}

// signed compares by one of the operators that every field takes.
func signed(t *rapid.T, left, right string, equal func(thing) bool) said {
	switch sign := rapid.SampledFrom([]string{"=", "!=", ":"}).Draw(t, "operator"); sign {
	case "!=":
		return said{left + sign + right, func(of thing) bool { return !equal(of) }}
	default:
		return said{left + sign + right, equal}
	}
}

// texts compares with a text that may have stars around it.
func texts(t *rapid.T, name, space string, read func(thing) []string) said {
	want := rapid.SampledFrom(someTexts).Draw(t, "text")
	before, after := rapid.Bool().Draw(t, "star before"), rapid.Bool().Draw(t, "star after")
	if want == "" {
		before, after = false, false
	}
	quote := rapid.SampledFrom([]string{`"`, `'`}).Draw(t, "quote")
	written := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `"`, `\"`, `'`, `\'`).Replace(want)
	if before {
		written = "*" + written
	}
	if after {
		written += "*"
	}
	return signed(t, name+space, space+quote+written+quote, func(of thing) bool {
		return slices.ContainsFunc(read(of), func(has string) bool {
			i := strings.Index(has, want)
			for i >= 0 { // every place where it stands
				if (before || i == 0) && (after || i+len(want) == len(has)) {
					return true
				}
				next := -1
				if i < len(has) {
					next = strings.Index(has[i+1:], want)
				}
				if next < 0 {
					return false
				}
				i += 1 + next
			}
			return false
		})
	})
}

func set(t *rapid.T) said {
	all := map[string]func(thing) bool{
		"centre":      func(of thing) bool { return of.centre != "" },
		"names":       func(of thing) bool { return strings.Join(of.names, "") != "" },
		"state":       func(of thing) bool { return of.state != 0 },
		"effective":   func(of thing) bool { return of.effective },
		"decide_time": func(of thing) bool { return of.decided != nil },
	}
	name := rapid.SampledFrom([]string{"centre", "names", "state", "effective", "decide_time"}).Draw(t, "set")
	return said{name + ":*", all[name]}
}

func times(t *rapid.T, space string) said {
	written := rapid.SampledFrom(someTimes).Draw(t, "time")
	want, err := time.Parse(time.RFC3339Nano, written)
	if err != nil {
		t.Fatal(err)
	}
	form := rapid.SampledFrom([]string{`%s`, `"%s"`, `timestamp("%s")`}).Draw(t, "form")
	sign := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">=", ":"}).Draw(t, "operator")
	name := rapid.SampledFrom([]string{"decide_time", "decideTime"}).Draw(t, "name")
	return said{name + space + sign + space + fmt.Sprintf(form, written), func(of thing) bool {
		if of.decided == nil {
			return sign == "!="
		}
		has := of.decided.AsTime().UnixNano()
		return map[string]bool{
			"=": has == want.UnixNano(), ":": has == want.UnixNano(), "!=": has != want.UnixNano(),
			"<": has < want.UnixNano(), "<=": has <= want.UnixNano(), ">": has > want.UnixNano(), ">=": has >= want.UnixNano(),
		}[sign]
	}}
}

func aThing(t *rapid.T) thing {
	one := thing{
		centre:    rapid.SampledFrom(someTexts).Draw(t, "centre"),
		names:     rapid.SliceOfN(rapid.SampledFrom(someTexts), 0, 3).Draw(t, "names"),
		state:     acquispb.Session_State_Enum(rapid.IntRange(0, 3).Draw(t, "state")),
		effective: rapid.Bool().Draw(t, "effective"),
	}
	if rapid.Bool().Draw(t, "decided") {
		at, err := time.Parse(time.RFC3339Nano, rapid.SampledFrom(someTimes).Draw(t, "at"))
		if err != nil {
			t.Fatal(err)
		}
		one.decided = timestamppb.New(at)
	}
	return one
}

// TestFiltersSayWhatIsWritten: any filter of the grammar is understood as it was
// meant, over any resource; and what it demands of a field is true of all it matches.
func TestFiltersSayWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meant := expression(t, 2)
		parsed, err := filter.Parse(meant.text, fields())
		if err != nil {
			if strings.Contains(err.Error(), "more than 50 comparisons") {
				return
			}
			t.Fatalf("%q: %v", meant.text, err)
		}
		one := aThing(t)
		if got, want := parsed.Matches(one), meant.of(one); got != want {
			t.Errorf("%q over %+v: %v", meant.text, one, got)
		}
		if demanded, ok := parsed.Demands("centre"); ok && parsed.Matches(one) && one.centre != demanded {
			t.Errorf("%q demands %q, and matches %+v", meant.text, demanded, one)
		}
	})
}

// FuzzFilter: whatever a caller sends is read or refused in a few words, and what is
// read can be written with spaces around it.
func FuzzFilter(f *testing.F) {
	f.Add(`state = OPEN AND centre = "LYON"`)
	f.Add(`NOT effective OR decide_time >= timestamp("2026-06-01T00:00:00Z")`)
	f.Add(`-(effective = true centre:"LY\**")`)
	f.Add(`timestamp("x") < decide_time`)
	f.Add(`centre = "a.b" OR a.b.c`)
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := filter.Parse(text, fields())
		if err != nil {
			if len(err.Error()) > 400 {
				t.Errorf("%q is told %q", text, err)
			}
			return
		}
		again, err := filter.Parse("\t"+text+"\n", fields())
		if err != nil {
			t.Fatalf("%q with spaces around it: %v", text, err)
		}
		one := thing{centre: "LYON", state: acquispb.Session_State_OPEN, effective: true}
		if parsed.Matches(one) != again.Matches(one) || parsed.Matches(thing{}) != again.Matches(thing{}) {
			t.Errorf("%q means something else with spaces around it", text)
		}
		parsed.Demands("centre")
	})
}
