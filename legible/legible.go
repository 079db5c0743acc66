// Package legible decides which texts are accepted: those in which people can see
// everything that is stored.
//
// Names, motives and reasons are read by juries, are in signed credentials, and
// are compared by other systems. So a text must not look empty if it is not, look
// like another one, or be shown in another order than it is stored. All code that
// accepts texts from outside uses this package: the API (the option `form` in its
// proto files), the files of référentiels, and the flags.
//
// A refused text is never repaired: its sender learns what to change, and an
// accepted text comes back unchanged.
package legible

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Form is the purpose of a text. It determines which characters the text may
// have.
type Form int

// The forms of texts.
const (
	Line Form = iota // names, titles, statements: one line
	Text             // comments, motives, reasons: may have line feeds and tabs
	ID               // ids that other systems give: no invisible characters, no blank but the space
)

const (
	zwnj = '\u200C' // separates letters that would join, as in Persian
	zwj  = '\u200D' // joins letters, as in Indic scripts, and emoji
)

// Problem returns what is wrong with a text, so that it can follow the name of
// its field; empty if it is accepted. An empty text has no problem here: fields
// declare themselves whether they are required.
func (f Form) Problem(s string) string {
	if f.simple(s) {
		return ""
	}
	if !utf8.ValidString(s) {
		return "must be valid UTF-8"
	}
	seen, before := false, rune(0)
	for _, r := range s {
		if why := f.forbids(before, r); why != "" {
			return fmt.Sprintf("must not contain %U, %s", r, why)
		}
		seen, before = seen || visible(r), r
	}
	switch {
	case !seen:
		return "must contain something that can be seen"
	case strings.TrimSpace(s) != s:
		return "must not begin or end with white space"
	case !norm.NFC.IsNormalString(s):
		return "must be in Unicode normal form NFC: accents composed with their letters"
	}
	return ""
}

// simple quickly accepts almost every text: letters of Western Europe and common
// characters between them. All these characters are in normal form.
func (f Form) simple(s string) bool {
	for _, r := range s {
		if !plain(r) && (f != Text || r != '\n' && r != '\t') {
			return false
		}
	}
	return s == "" || !edge(s[0]) && !edge(s[len(s)-1])
}

// plain tells whether a character is simple: a letter of Western Europe, a dash,
// a quotation mark. U+00AD, which is among them, is invisible.
func plain(r rune) bool {
	return ' ' <= r && r < 0x7F || 0xA0 < r && r < 0x0250 && r != '\u00AD' || 0x2010 <= r && r <= 0x2027
}

func edge(b byte) bool { return b == ' ' || b == '\n' || b == '\t' }

// forbids returns why a character may not follow another; empty if it may.
func (f Form) forbids(before, r rune) string {
	switch {
	case plain(r), f == Text && (r == '\n' || r == '\t'):
		return ""
	case r == '\r' && f == Text:
		return "a carriage return: end lines with U+000A alone"
	case f == ID && (unicode.Is(unicode.Zs, r) || r == '\u2800'):
		return "which looks like the space U+0020"
	case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
		return "a control character or line break"
	case r == utf8.RuneError:
		return "which says that a conversion lost a character"
	case r == zwj || r == zwnj:
		return f.joiner(before)
	case unicode.Is(unicode.Variation_Selector, r):
		if f == ID || !visible(before) {
			return "which cannot be seen"
		}
	case unicode.Is(unicode.Bidi_Control, r):
		return "which changes the order in which text is shown"
	case unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r),
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return "which cannot be seen"
	case unicode.In(r, unicode.Cn, unicode.Co, unicode.Cs):
		return "which is not a character of Unicode " + unicode.Version
	}
	return ""
}

// joiner returns why a joiner may not follow a character: between Latin letters,
// for instance, it has no visible effect.
func (f Form) joiner(before rune) string {
	letter := unicode.In(before, unicode.L, unicode.M) && before > 0x0250 &&
		!unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	emoji := unicode.In(before, unicode.So, unicode.Sk) && before > 0x0250
	if f != ID && (letter || emoji) {
		return ""
	}
	return "which cannot be seen here"
}

// visible tells whether a character is visible by itself. U+2800 is the blank of
// Braille.
func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && r != '\u2800'
}
