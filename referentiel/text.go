package referentiel

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/acquis-eval/acquis/legible"
)

// Maximum lengths of texts, in characters (code points), as in the API's proto
// files.
const (
	maxName      = 300  // the référentiel's name
	maxTitle     = 500  // of blocs, activities, methods, sections
	maxStatement = 4000 // of compétences, criteria, deliverables
	maxText      = 8000 // paragraphs, instructions, frameworks
)

// text checks one text for people. Each is one line, so that a page, a grid and a
// certificate can show it.
func (c *checker) text(field, s string, longest int) {
	if s == "" {
		c.report(field, "must not be empty")
		return
	}
	if problem := legible.Line.Problem(s); problem != "" {
		c.report(field, problem)
	}
	if n := utf8.RuneCountInString(s); n > longest {
		c.report(field, fmt.Sprintf("has %d characters; at most %d", n, longest))
	}
}

// optionalText checks a text that may be left out.
func (c *checker) optionalText(field, s string, longest int) {
	if s != "" {
		c.text(field, s, longest)
	}
}

// code checks a code and tells whether it is well formed. Within this form it is
// free: certificateurs number their blocs in different ways.
func (c *checker) code(field, s string) bool {
	if s == "" {
		c.report(field, "must not be empty")
		return false
	}
	if !c.shapes.code.MatchString(s) {
		c.report(field, fmt.Sprintf("%q must have 1 to 32 letters without accents, digits, dots and hyphens, with a letter or digit at its start and end", clip(s)))
		return false
	}
	return true
}

// clip shortens text that is quoted in a message.
func clip(s string) string {
	const longest = 64
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}

// shapes are the forms of codes and ids.
type shapes struct {
	code, id, revision                         *regexp.Regexp
	rncp, rs, nsf, formacode, rome, day, siret *regexp.Regexp
}

func newShapes() shapes {
	return shapes{
		code:      regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,30}[A-Za-z0-9])?$`),
		id:        regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`),
		revision:  regexp.MustCompile(`^[0-9a-f]{32}$`),
		rncp:      regexp.MustCompile(`^RNCP[0-9]{1,6}$`),
		rs:        regexp.MustCompile(`^RS[0-9]{1,6}$`),
		nsf:       regexp.MustCompile(`^[0-9]{3}[a-z]?$`),
		formacode: regexp.MustCompile(`^[0-9]{5}$`),
		rome:      regexp.MustCompile(`^[A-N][0-9]{4}$`),
		day:       regexp.MustCompile(`^(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}$`),
		siret:     regexp.MustCompile(`^[0-9]{14}$`),
	}
}
