package referentiel

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// wordsOf splits a text into words without accents and in lower case: "L'Œuvre à
// l'Été" is l, oeuvre, a, l, ete. A word is a run of letters and digits; a dot
// within it is kept, so that codes such as C1.1 are one word.
func wordsOf(text string) []string {
	cut := strings.FieldsFunc(fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '.'
	})
	kept := cut[:0]
	for _, word := range cut {
		if word = strings.Trim(word, "."); word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

// fold removes accents and case. Lower case comes first, because it can produce
// letters with marks; the decomposition is the compatible one, which also
// replaces ligatures and full-width letters from copied text.
func fold(text string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.ToLower(text)))
	// These have no decomposition: for Unicode they are letters.
	return strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ı", "i").Replace(plain)
}
