package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A word is the smallest part of a filter.
type word struct {
	sort sort
	text string // of a quoted one: what it stands for

	before, after bool // it has a star there
	middle        bool // or elsewhere
	at            int  // where it begins, in bytes
}

type sort int

const (
	end    sort = iota
	sign        // ( ) , - and the operators
	plain       // without quotes
	quoted      // with quotes
)

// is tells whether a word is a sign or a keyword.
func (w word) is(text string) bool { return w.sort != quoted && w.sort != end && w.text == text }

// operators, of which the longer ones come first.
var operators = [...]string{"<=", ">=", "!=", "<", ">", "=", ":"}

// word reads the next word. On the right side of an operator it may have characters
// that are operators elsewhere: times without quotes have colons.
func (p *parser[T]) word(value bool) (word, error) {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	at := len(p.text) - len(rest)
	if rest == "" {
		return word{sort: end, at: at}, nil
	}
	if rest[0] == '"' || rest[0] == '\'' {
		return p.quoted(at)
	}
	if strings.IndexByte("(),", rest[0]) >= 0 || rest[0] == '-' && !value {
		p.at = at + 1
		return word{sort: sign, text: rest[:1], at: at}, nil
	}
	if !value {
		for _, operator := range operators {
			if strings.HasPrefix(rest, operator) {
				p.at = at + len(operator)
				return word{sort: sign, text: operator, at: at}, nil
			}
		}
	}
	return p.plain(at, value)
}

func (p *parser[T]) plain(at int, value bool) (word, error) {
	escaped := false
	length := strings.IndexFunc(p.text[at:], func(r rune) bool {
		if escaped || r == '\\' {
			escaped = !escaped
			return false
		}
		return unicode.IsSpace(r) || strings.ContainsRune(`(),"'`, r) || !value && strings.ContainsRune("<>=!:", r)
	})
	if length < 0 {
		length = len(p.text) - at
	}
	if length == 0 { // a lone !
		return word{}, p.wrong(at, "has a ! that is not followed by =")
	}
	p.at = at + length
	w := word{sort: plain, at: at}
	return w, p.unescape(&w, p.text[at:p.at])
}

func (p *parser[T]) quoted(at int) (word, error) {
	quote, escaped := rune(p.text[at]), false
	length := strings.IndexFunc(p.text[at+1:], func(r rune) bool {
		if escaped || r == '\\' {
			escaped = !escaped
			return false
		}
		return r == quote
	})
	if length < 0 {
		return word{}, p.wrong(at, "has a quote that is not closed")
	}
	p.at = at + 1 + length + 1
	w := word{sort: quoted, at: at}
	return w, p.unescape(&w, p.text[at+1:at+1+length])
}

// unescape notes where a text has stars, and takes away backslashes.
func (p *parser[T]) unescape(w *word, raw string) error {
	var text strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && i+1 < len(raw) && strings.IndexByte(`\*"'`, raw[i+1]) >= 0:
			i++
			text.WriteByte(raw[i])
		case c == '\\':
			return p.wrong(w.at, `has a backslash before something other than *, a quote or a backslash`)
		case c == '*' && i == 0:
			w.before = true
		case c == '*' && i == len(raw)-1:
			w.after = true
		case c == '*':
			w.middle = true
		default:
			text.WriteByte(c)
		}
	}
	w.text = text.String()
	return nil
}

// A Fault says why a text is not a filter of a list, and what to write instead.
type Fault struct{ Why string }

// Error is for the caller.
func (f *Fault) Error() string { return f.Why }

// wrong makes a fault that says where it is.
func (p *parser[T]) wrong(at int, format string, args ...any) error {
	return &Fault{fmt.Sprintf(format, args...) + fmt.Sprintf(" (at character %d)", 1+utf8.RuneCountInString(p.text[:at]))}
}
