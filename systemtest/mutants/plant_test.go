package main

import (
	"strings"
	"testing"
)

const program = `package p

func less(a, b int) bool {
	if a <= b {
		return true
	}
	return false
}
`

func TestPlant(t *testing.T) {
	mutants, err := parse("# a list\n\n= p/less: equal is not less\n  if a <= b {\n- return true\n+ return a < b\n= p/more: it is never said\n- return false\n")
	if err != nil || len(mutants) != 2 || mutants[0].name != "p/less" || mutants[0].what != "equal is not less" {
		t.Fatalf("parsed %+v, %v", mutants, err)
	}
	c := code{"p/less.go": strings.Split(program, "\n"), "q/none.go": {"package q"}}
	planted, err := c.plant(mutants...)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(planted["p/less.go"]), " ")
	if want := "package p func less(a, b int) bool { if a <= b { return a < b } }"; got != want || len(planted) != 1 {
		t.Errorf("planted %q, want %q", got, want)
	}
	if got := planted.packages(); len(got) != 1 || got[0] != "./p" {
		t.Errorf("in packages %v", got)
	}
}

// TestPlantFits: a fault fits exactly one place, or is not planted.
func TestPlantFits(t *testing.T) {
	c := code{"a.go": {"return nil", "x++"}, "b.go": {"\treturn nil"}}
	for line, places := range map[string]string{"return nil": "fits 2", "return": "fits 0"} {
		_, err := c.plant(mutant{name: "m", from: []string{line}})
		if err == nil || !strings.Contains(err.Error(), places) {
			t.Errorf("%q: %v, want it to say %s", line, err, places)
		}
	}
	for _, bad := range []string{"- no head", "= a: b\nno mark"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q was parsed", bad)
		}
	}
}

// TestEveryFaultFits: the faults of the list fit the code as it is now.
func TestEveryFaultFits(t *testing.T) {
	mutants, err := parse(listed)
	if err != nil {
		t.Fatal(err)
	}
	code, err := readCode("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := code.plant(mutants...); err != nil {
		t.Error(err)
	}
}

func TestFailedTest(t *testing.T) {
	for out, want := range map[string]string{
		"--- FAIL: TestA (0.1s)\n    --- FAIL: TestA/b (0.1s)\nFAIL\nFAIL\tx.org/m/p\t0.1s\n": "TestA; x.org/m/p -run=^TestA$",
		"panic: test timed out\nFAIL\tx.org/m/p\t600s\n":                                      "p as a whole; x.org/m/p",
		"go: no such tool": "; ",
	} {
		name, again := failedTest([]byte(out))
		if got := name + "; " + strings.Join(again, " "); got != want {
			t.Errorf("%q: %q, want %q", out, got, want)
		}
	}
}
