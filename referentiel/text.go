package referentiel

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Maximum lengths of texts, in characters (code points), as in the API's proto
// files.
const (
	maxName      = 300  // the référentiel's name
	maxTitle     = 500  // of blocs, activities, methods, sections
	maxStatement = 4000 // of compétences, critères, deliverables
	maxText      = 8000 // paragraphs, instructions, frameworks
)

// text checks one text for people. Each is one paragraph, so that a page, a
// grid and a certificate can show it.
func (c *checker) text(field, s string, longest int) {
	switch {
	case s == "":
		c.report(field, "must not be empty")
		return
	case !utf8.ValidString(s):
		c.report(field, "must be valid UTF-8")
		return
	}
	if !norm.NFC.IsNormalString(s) {
		// With two encodings of é there could be two revisions that look the
		// same.
		c.report(field, "must be in Unicode normal form NFC: accents composed with their letters")
	}
	if strings.TrimSpace(s) != s {
		c.report(field, "must not begin or end with white space")
	}
	if i := strings.IndexFunc(s, forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		c.report(field, fmt.Sprintf("must be one paragraph of plain text, without the control character %U", r))
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

// forbidden tells whether a text must not contain r: control characters, line
// breaks of all kinds, and characters that change the order of text, with which
// a jury would read another sentence than the stored one.
func forbidden(r rune) bool {
	if ' ' <= r && r < 0x7f || 0xa0 <= r && r < 0x61c { // almost every letter; 61c is the first mark that changes order
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == '\uFEFF'
}

// code checks a code and tells whether it is well formed. Otherwise its form is
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

// clip shortens what a message quotes.
func clip(s string) string {
	const longest = 64
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}

// shapes are the forms of codes and ids.
type shapes struct {
	code, id, revision, rncp *regexp.Regexp
}

func newShapes() shapes {
	return shapes{
		code:     regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,30}[A-Za-z0-9])?$`),
		id:       regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`),
		revision: regexp.MustCompile(`^[0-9a-f]{32}$`),
		rncp:     regexp.MustCompile(`^RNCP[0-9]{1,6}$`),
	}
}
