package rules

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// A row is one line of a Markdown table in testdata, by the names of its columns.
type row struct {
	t     *testing.T
	where string // the heading above the table
	cells map[string]string
}

// rows reads the tables of a file that have a column with that name.
func rows(t *testing.T, path, column string) []row {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	var columns []string
	where := ""
	for line := range strings.SplitSeq(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			where = strings.Trim(line, "# ")
		case !strings.HasPrefix(line, "|"):
			columns = nil
		case columns == nil:
			columns = cellsOf(line)
		case strings.HasPrefix(line, "|--"):
		case slices.Contains(columns, column):
			cells := cellsOf(line)
			if len(cells) != len(columns) {
				t.Fatalf("%s: %d cells under %d columns: %s", path, len(cells), len(columns), line)
			}
			r := row{t, where, make(map[string]string)}
			for i, name := range columns {
				r.cells[name] = cells[i]
			}
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s: no table with a column %q", path, column)
	}
	return all
}

func cellsOf(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// cell returns the text in a column, which must exist.
func (r row) cell(column string) string {
	r.t.Helper()
	cell, ok := r.cells[column]
	if !ok {
		r.t.Fatalf("%s: no column %q", r.where, column)
	}
	return cell
}

// list returns the items in a cell, each split into words.
func (r row) list(column string) [][]string {
	r.t.Helper()
	var things [][]string
	for thing := range strings.SplitSeq(r.cell(column), ",") {
		if words := strings.Fields(thing); len(words) > 0 {
			things = append(things, words)
		}
	}
	return things
}
