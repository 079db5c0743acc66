package examples

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Case is one numbered case of a certification.
type Case struct {
	Number string // "4", or "4a" and "4b" if the case has two halves
	Title  string
	Waits  string // the part of the rules that it waits for; empty: it is played
	Lines  []Line
}

// Line is one line of a case: a word, what it is about, and after the colon parts
// separated by commas.
type Line struct {
	file  string
	no    int
	Text  string
	Word  string
	about []string
	parts [][]string
	tail  string // after the colon, as written
}

func (l Line) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %s", l.file, l.no, l.Text, fmt.Sprintf(format, args...))
}

// arg is the i-th word before the colon; empty if there is none.
func (l Line) arg(i int) string {
	if i >= len(l.about) {
		return ""
	}
	return l.about[i]
}

// part is the i-th part after the colon.
func (l Line) part(i int) []string {
	if i >= len(l.parts) {
		return nil
	}
	return l.parts[i]
}

func parseLine(file string, no int, text string) (Line, bool) {
	text, _, _ = strings.Cut(text, "#")
	text = strings.TrimSpace(text)
	if text == "" {
		return Line{}, false
	}
	l := Line{file: file, no: no, Text: text}
	head, tail, _ := strings.Cut(text, ":")
	l.tail = strings.TrimSpace(tail)
	words := strings.Fields(head)
	if len(words) == 0 {
		return l, true // refused as an unknown word
	}
	l.Word, l.about = words[0], words[1:]
	for part := range strings.SplitSeq(tail, ",") {
		l.parts = append(l.parts, strings.Fields(part))
	}
	return l, true
}

// parseStory reads one file. The lines before the first case are the beginning of every
// case, but for the one that names the référentiel.
func parseStory(file, text string) (about string, cases []Case, err error) {
	number := regexp.MustCompile(`^[1-9][0-9]?[a-z]?$`)
	var start []Line
	for i, raw := range strings.Split(text, "\n") {
		l, ok := parseLine(file, i+1, raw)
		switch {
		case !ok:
		case l.Word == "case":
			if !number.MatchString(l.arg(0)) || len(l.about) != 1 || l.tail == "" {
				return "", nil, l.errorf("must be: case, its number, a colon and its title")
			}
			if slices.ContainsFunc(cases, func(c Case) bool { return c.Number == l.arg(0) }) {
				return "", nil, l.errorf("this number is taken")
			}
			cases = append(cases, Case{Number: l.arg(0), Title: l.tail, Lines: slices.Clone(start)})
		case l.Word == "referentiel":
			about = l.tail
		case len(cases) == 0:
			start = append(start, l)
		case l.Word == "waits":
			cases[len(cases)-1].Waits = l.arg(1)
		default:
			last := &cases[len(cases)-1]
			last.Lines = append(last.Lines, l)
		}
	}
	return about, cases, nil
}
