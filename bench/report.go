package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"
)

// A Report is all that a run found.
type Report struct {
	Form    string    `json:"form"`
	Time    time.Time `json:"time"`
	Machine string    `json:"machine"`
	Results []Row     `json:"results"`
	Notes   []string  `json:"notes"` // what rows cannot say
}

// missed are the rows that do not reach their targets.
func (r *Report) missed() []Row {
	var missed []Row
	for _, row := range r.Results {
		if !row.met() {
			missed = append(missed, row)
		}
	}
	return missed
}

// markdown writes the report as a page.
func (r *Report) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Form %s, %s, %s.\n\n", r.Form, r.Machine, r.Time.UTC().Format("2 January 2006"))
	b.WriteString(table(r.Results))
	targets := 0
	for _, row := range r.Results {
		if row.Target != nil {
			targets++
		}
	}
	fmt.Fprintf(&b, "\nOf %d targets %d are missed.\n\n", targets, len(r.missed()))
	for _, note := range r.Notes {
		b.WriteString("- " + note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table writes rows as a Markdown table whose columns line up in plain text too.
func table(rows []Row) string {
	lines := [][]string{{"what", "a", "b", "unit", "ratio", "spread", "target", ""}}
	for _, r := range rows {
		lines = append(lines, []string{
			r.Name, r.OfA + " " + figure(r.A), r.OfB + " " + figure(r.B), r.Unit,
			figure(r.Ratio), fmt.Sprintf("%.0f %%", 100*r.Spread), targetOf(r), verdictOf(r),
		})
	}
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("|" + strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

func targetOf(r Row) string {
	switch {
	case r.Target == nil:
		return ""
	case r.AtMost:
		return "≤ " + figure(*r.Target)
	}
	return "≥ " + figure(*r.Target)
}

func verdictOf(r Row) string {
	switch {
	case r.Target == nil:
		return ""
	case r.met():
		return "met"
	}
	return "missed"
}

// save writes the report to the files that were asked for.
func (r *Report) save(jsonFile, markdownFile string) error {
	if jsonFile != "" {
		data, err := json.MarshalIndent(r.finite(), "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(jsonFile, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	if markdownFile == "" {
		return nil
	}
	var b strings.Builder
	if err := r.markdown(&b); err != nil {
		return err
	}
	return os.WriteFile(markdownFile, []byte(b.String()), 0o644)
}

// finite is the report without what JSON cannot say: a figure of no calls at all
// is 0.
func (r *Report) finite() *Report {
	made := *r
	made.Results = make([]Row, len(r.Results))
	for i, row := range r.Results {
		for _, f := range []*float64{&row.A, &row.B, &row.Ratio, &row.Spread} {
			if math.IsNaN(*f) || math.IsInf(*f, 0) {
				*f = 0
			}
		}
		made.Results[i] = row
	}
	return &made
}
