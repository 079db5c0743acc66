package contract

import (
	"fmt"
	"strings"
)

// What the patterns in the proto files say in words. A test fails if there are none for
// a pattern.

// A pattern is the form of a text, or of a part of a name.
type pattern struct{ form, stands, words string }

// parts are the patterns between the slashes of names. None is within another that comes later.
func parts() []pattern {
	return []pattern{
		{`[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, "ID", "an ID has 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end"},
		{`[0-9a-f]{32}`, "REVISION", "a REVISION has 32 digits and letters from a to f"},
		{`[A-Za-z0-9.-]{1,32}`, "CODE", "a CODE has 1 to 32 letters without accents, digits, dots and hyphens"},
		{`[a-z2-7]{16}`, "KEY", "a KEY has 16 letters and digits, as CreateKey returned it"},
		{`[1-9][0-9]{0,17}`, "NUMBER", "a NUMBER has at most 18 digits, and does not start with 0"},
		{`[1-9][0-9]{0,18}`, "NUMBER", "a NUMBER has at most 19 digits, and does not start with 0"},
	}
}

// wholes are the patterns of texts that are no names.
func wholes() []pattern {
	return []pattern{
		{form: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`, words: "must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end"},
		{form: `[A-Za-z0-9][A-Za-z0-9._@:|-]{0,127}`, words: "must have 1 to 128 letters without accents, digits and the characters . _ @ : | -, starting with a letter or a digit"},
		{form: `[A-Za-z0-9.-]{1,32}`, words: "must have 1 to 32 letters without accents, digits, dots and hyphens"},
		{form: `[A-Za-z0-9.-]{1,40}`, words: "must have 1 to 40 letters without accents, digits, dots and hyphens"},
		{form: `[A-Za-z0-9._-]{1,64}`, words: "must have 1 to 64 letters without accents, digits, dots, underscores and hyphens"},
		{form: `(99)?[1-9][0-9]{2}`, words: "must be INSEE's code of a country, such as 99100 or 100"},
		{form: `(0[1-9]|[1-9][0-9]|2[AB])([1-9][0-9]{2}|0[1-9][0-9]|00[1-9])`, words: "must be INSEE's code of a commune, such as 69123 or 2A004, and not a postal code"},
		{form: `[A-Za-z0-9]([A-Za-z0-9 -]{0,7}[A-Za-z0-9])?`, words: "must have 1 to 9 letters without accents, digits, spaces and hyphens, with a letter or a digit at its start and end"},
		{form: `0|-?(0\.[0-9]{0,2}[1-9]|[1-9][0-9]{0,3}(\.[0-9]{0,2}[1-9])?)`, words: "must be a number such as 10 or 12.5, with at most 4 digits before the point and 3 after it, and no needless zero"},
		{form: `[0-9]{3}[a-z]?`, words: "must be a code NSF: 3 digits and at most one letter, such as 312m"},
		{form: `[0-9]{5}`, words: "must be a Formacode: 5 digits, such as 34052"},
		{form: `[A-N][0-9]{4}`, words: "must be a code ROME: a letter from A to N and 4 digits, such as M1705"},
		{form: `(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`, words: "must be a day from 1900 to 2099, such as 2027-03-31"},
		{form: `[0-9]{14}`, words: "must be 14 digits without spaces"},
	}
}

// patternWording says what a text must be that a pattern describes.
func patternWording(anchored string) string {
	form := strings.TrimSuffix(strings.TrimPrefix(anchored, "^"), "$")
	for _, whole := range wholes() {
		switch form {
		case whole.form, "(" + whole.form + ")":
			return whole.words
		case "(" + whole.form + ")?":
			return whole.words + ", or be empty"
		}
	}
	return nameWording(form)
}

// nameWording shows the forms of a name, and says what its parts are.
func nameWording(form string) string {
	var words []string
	for _, part := range parts() {
		if strings.Contains(form, part.form) {
			form = strings.ReplaceAll(form, part.form, part.stands)
			words = append(words, part.words)
		}
	}
	if start, ok := strings.CutSuffix(form, "(-|ID)"); ok {
		form = start + "ID, or " + start + "- for all"
	}
	if start, rest, ok := strings.Cut(form, "("); ok { // a part that may be missing
		optional, end, _ := strings.Cut(rest, ")?")
		form = start + end + " or " + start + optional + end
	}
	return fmt.Sprintf("must have the form %s; %s", form, strings.Join(words, "; "))
}
