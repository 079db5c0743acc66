package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// A mutant is a fault: lines of code, and their replacement.
type mutant struct {
	name, what string
	from, to   []string // without indentation
}

// parse reads a list of faults; the form is explained at its head.
func parse(text string) ([]mutant, error) {
	var all []mutant
	for i, line := range strings.Split(text, "\n") {
		mark, rest := line, ""
		if len(line) > 0 {
			mark, rest = line[:1], strings.TrimSpace(line[1:])
		}
		switch {
		case mark == "" || mark == "#":
			continue
		case mark == "=":
			name, what, _ := strings.Cut(rest, ": ")
			all = append(all, mutant{name: name, what: what})
			continue
		case len(all) == 0:
			return nil, fmt.Errorf("line %d: no fault has begun", i+1)
		}
		m := &all[len(all)-1]
		switch mark {
		case " ":
			m.from, m.to = append(m.from, rest), append(m.to, rest)
		case "-":
			m.from = append(m.from, rest)
		case "+":
			m.to = append(m.to, rest)
		default:
			return nil, fmt.Errorf("line %d: begins with %q", i+1, mark)
		}
	}
	return all, nil
}

// code is the program, file by file, as lines. Paths are those below its root.
type code map[string][]string

// notPlanted are folders without code of the service.
var notPlanted = []string{".git", "gen", "bench", "tools", "systemtest", "docs"}

func readCode(tree string) (code, error) {
	c, root := make(code), os.DirFS(tree)
	return c, fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notPlanted, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		c[path] = strings.Split(string(text), "\n")
		return err
	})
}

// plantings are files with faults in them, by their paths.
type plantings map[string]string

// packages returns the packages of the files, as the go command names them.
func (p plantings) packages() (all []string) {
	for file := range p {
		all = append(all, "./"+path.Dir(file))
	}
	return all
}

// plant puts each fault into the one place that it fits. The error names all that
// do not fit.
func (c code) plant(mutants ...mutant) (plantings, error) {
	changed := make(code)
	var misfits error
	for _, m := range mutants {
		file, at, err := c.find(m.from)
		if err != nil {
			misfits = errors.Join(misfits, fmt.Errorf("%s: %w", m.name, err))
			continue
		}
		if changed[file] == nil {
			changed[file] = slices.Clone(c[file])
		}
		// Removed lines stay as empty ones, so that the lines of other faults
		// keep their positions.
		place := changed[file][at : at+len(m.from)]
		clear(place)
		place[0] = strings.Join(m.to, "\n")
	}
	planted := make(plantings)
	for file, lines := range changed {
		planted[file] = strings.Join(lines, "\n")
	}
	return planted, misfits
}

// find returns the one place with these lines.
func (c code) find(lines []string) (file string, at int, err error) {
	found := 0
	for name, code := range c {
		for i := range code {
			if fits(code[i:], lines) {
				file, at = name, i
				found++
			}
		}
	}
	if found != 1 {
		return "", 0, fmt.Errorf("fits %d places, not one", found)
	}
	return file, at, nil
}

// fits tells whether code begins with those lines, with any indentation.
func fits(code, lines []string) bool {
	return len(lines) > 0 && len(lines) <= len(code) &&
		slices.EqualFunc(code[:len(lines)], lines, func(a, b string) bool { return strings.TrimSpace(a) == b })
}
