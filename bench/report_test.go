package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v: %v, not %v", c.of, got, c.want)
		}
	}
	of := []float64{3, 1, 2}
	median(of)
	if diff := cmp.Diff([]float64{3, 1, 2}, of); diff != "" {
		t.Errorf("median changed what it was given: %s", diff)
	}
	if !math.IsNaN(median(nil)) || !math.IsNaN(spread(nil)) || !math.IsNaN(quantile(nil, 0.5)) {
		t.Error("nothing has a median, a spread or a quantile")
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i)
	}
	for q, want := range map[float64]float64{0: 0, 0.5: 50, 0.99: 98, 1: 99} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("quantile %v: %v, not %v", q, got, want)
		}
	}
}

// TestCompare: the ratio is that of the medians; the spread that of the rounds.
func TestCompare(t *testing.T) {
	r := compare("x", []float64{10, 20, 30, 45, 900}, []float64{10, 40, 30, 30, 30}) // 1, 0.5, 1, 1.5, 30
	want := Row{Name: "x", A: 30, B: 30, Ratio: 1, Spread: 0.5}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		row  Row
		said string
		met  bool
	}{
		{Row{Ratio: 0.5}, "", true},
		{Row{Ratio: 0.5}.atLeast(0.6), "≥ 0.600", false},
		{Row{Ratio: 0.6}.atLeast(0.6), "≥ 0.600", true},
		{Row{Ratio: 1.6}.atMost(1.5), "≤ 1.50", false},
		{Row{Ratio: 1.4}.atMost(1.5), "≤ 1.50", true},
	} {
		if c.row.met() != c.met || targetOf(c.row) != c.said {
			t.Errorf("%v: met %t, target %q", c.row, c.row.met(), targetOf(c.row))
		}
	}
	if missed := (&Report{Results: []Row{Row{}.atLeast(1), Row{Ratio: 1}.atLeast(1)}}).missed(); len(missed) != 1 {
		t.Errorf("%d rows are missed, not 1", len(missed))
	}
}

func TestTable(t *testing.T) {
	got := table([]Row{Row{Name: "référentiel", A: 1234.5, B: 10, Ratio: 0.5, Spread: 0.126, OfA: "Acquis", OfB: "echo", Unit: "calls/s"}.atLeast(0.85)})
	want := `
| what        | a           | b         | unit    | ratio | spread | target  |        |
|-------------|-------------|-----------|---------|-------|--------|---------|--------|
| référentiel | Acquis 1234 | echo 10.0 | calls/s | 0.500 | 13 %   | ≥ 0.850 | missed |
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
		t.Error(diff)
	}
}

// TestJSON: other programs read these names, and a row without a target has none.
func TestJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	report := Report{Results: []Row{Row{Name: "x", Ratio: math.NaN()}.atMost(0), {Name: "y", Ratio: 2}}}
	if err := report.save(file, ""); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Results []map[string]any }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	rest := map[string]any{"a": 0.0, "b": 0.0, "spread": 0.0, "aIs": "", "bIs": "", "unit": ""}
	x := map[string]any{"name": "x", "ratio": 0.0, "target": 0.0, "atMost": true}
	y := map[string]any{"name": "y", "ratio": 2.0}
	for name, value := range rest {
		x[name], y[name] = value, value
	}
	if diff := cmp.Diff([]map[string]any{x, y}, got.Results); diff != "" {
		t.Error(diff)
	}
}

func TestParseGC(t *testing.T) {
	share, heap, err := parseGC("gc 7 @0.512s 3%: 0.018+1.2+0.003 ms clock, 0.036+0.3/1.1/0+0.006 ms cpu, 4->5->2 MB, 5 MB goal, 0 MB stacks, 0 MB globals, 2 P")
	if err != nil || share != 3 || heap != 2<<20 {
		t.Errorf("%v %% and %v bytes, %v", share, heap, err)
	}
	for _, line := range []string{"", `{"level":"INFO","msg":"call"}`, "gc what is this", "gc 7 @0.5s 3%: no sizes"} {
		if _, _, err := parseGC(line); err == nil {
			t.Errorf("%q is no line of the collector", line)
		}
	}
}
