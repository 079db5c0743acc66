package legible_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/acquis-eval/acquis/legible"
)

// TestRealNamesAreAccepted: nobody's name is refused, whatever its script.
func TestRealNamesAreAccepted(t *testing.T) {
	for _, name := range []string{
		"O'Brien", "O’Brien", "N’Diaye", "D'Almeida", "Dupont-Moretti", "de La Tour d’Auvergne", "van der Berg", "Å", "X", "M'Ba Ndong",
		"Ŝ", "Łukasiewicz", "Đặng Thị Ngọc", "Nguyễn", "Gülşen", "Æsa", "Ħamrun", "Jean  Paul", "Anne, dite « Nan »", "L. 2", "Ꝃ",
		"محمد", "فاطِمَة", "مى\u200Cخواهم", "نوشین\u200Cزاده", "יִצְחָק", "כהן־לוי", "श्रीमान्", "क्\u200Dष", "শ্রী", "நன்றி", "ශ්\u200Dරී", "അവന്\u200D",
		"王小明", "葛\U000E0100城", "髙橋", "홍길동", "Иванов", "Ё", "Παπαδόπουλος", "ქართული", "Հայկ", "ສົມຊາຍ", "สมชาย", "ဒေါ်အောင်", "ትግራይ", "؀١",
	} {
		for _, form := range []legible.Form{legible.Line, legible.Text} {
			if problem := form.Problem(name); problem != "" {
				t.Errorf("form %d: %q %s", form, name, problem)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	const unseen, line, space, nothing = "which cannot be seen", "a control character or line break", "must not begin or end with white space", "must contain something that can be seen"
	const blankID = "which looks like the space"
	for _, c := range []struct {
		text           string
		line, long, id string // part of what is said; empty: accepted
	}{
		{"", "", "", ""},
		{"INE 0123-A", "", "", ""},
		{"Deux\n\tlignes", line, "", line},
		{"Deux\r\nlignes", line, "end lines with U+000A alone", line},
		{" ", nothing, nothing, nothing},
		{"\u00A0\u3000", nothing, nothing, blankID},
		{"A\u00A01", "", "", blankID},
		{"A\u28001", "", "", blankID},
		{"\n", line, nothing, line},
		{" Léa", space, space, space},
		{"Léa ", space, space, space},
		{"Léa\u00A0", space, space, blankID},
		{"王\u3000", space, space, blankID},
		{"\u200B", unseen, unseen, unseen},
		{"Lé\u200Ba", unseen, unseen, unseen},
		{"a\x00", line, line, line},
		{"a\u0085b", line, line, line},
		{"a\u2028b", line, line, line},
		{"a\u202Eb", "order", "order", "order"},
		{"a\u2066b\u2069", "order", "order", "order"},
		{"\u200Fאב", "order", "order", "order"},
		{"e\u0301", "NFC", "NFC", "NFC"},
		{"\u2126", "NFC", "NFC", "NFC"}, // the sign of ohm is the letter omega
		{"\u0301", nothing, nothing, nothing},
		{"\u2800", nothing, nothing, blankID},
		{"a\u00ADb", unseen, unseen, unseen},
		{"Jean\u200Dne", unseen, unseen, unseen},
		{"\u200Cم", unseen, unseen, unseen},
		{"م\u200C\u200Dم", unseen, unseen, unseen},
		{"م\u200Cم", "", "", unseen},
		{"👩🏽\u200D🏫 ❤\uFE0F", "", "", unseen},
		{"\uFE0F", unseen, unseen, unseen},
		{"a\u3164", unseen, unseen, unseen}, // a letter of Hangul that is blank
		{"a\u034Fb", unseen, unseen, unseen},
		{"🏴\U000E0067", unseen, unseen, unseen},
		{"\uFEFFa", unseen, unseen, unseen},
		{"Ren\uFFFD", "conversion", "conversion", "conversion"},
		{"a\uE000", "not a character", "not a character", "not a character"},
		{"a\uFFFF", "not a character", "not a character", "not a character"},
		{"a\u0378", "not a character", "not a character", "not a character"},
		{"a\xff", "UTF-8", "UTF-8", "UTF-8"},
	} {
		for form, want := range map[legible.Form]string{legible.Line: c.line, legible.Text: c.long, legible.ID: c.id} {
			if got := form.Problem(c.text); (got == "") != (want == "") || !strings.Contains(got, want) {
				t.Errorf("form %d of %q: %q, want %q", form, c.text, got, want)
			}
		}
	}
}

// The same, said another way: what a text may be made of. Go's regular expressions
// know the categories of Unicode.
const (
	seen   = `[\pL\pN\pP\pS]`
	blank  = `\p{Zs}`
	extra  = `\x{600}-\x{605}\x{6DD}\x{70F}\x{890}\x{891}\x{8E2}\x{110BD}\x{110CD}`
	made   = `[\pL\pM\pN\pP\pS` + blank + extra + `]`
	joins  = `[\pL\pM\p{So}\p{Sk}][\x{200C}\x{200D}]`
	latins = `[\p{Latin}\p{Greek}\p{Cyrillic}\x{00}-\x{250}][\x{200C}\x{200D}]`
	never  = `[\x{34F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{3164}\x{FFA0}\x{FFFD}]`
	picks  = `\x{180B}-\x{180D}\x{180F}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}`
)

var naive = struct{ line, text, id, seen, latins, never, loose *regexp.Regexp }{
	line:   regexp.MustCompile(`^(` + made + `|` + joins + `)*$`),
	text:   regexp.MustCompile(`^(` + made + `|` + joins + `|[\n\t])*$`),
	id:     regexp.MustCompile(`^[\pL\pM\pN\pP\pS ` + extra + `]*$`),
	seen:   regexp.MustCompile(`[\pL\pN\pP\pS]`),
	latins: regexp.MustCompile(latins),
	never:  regexp.MustCompile(never),
	loose:  regexp.MustCompile(`(^|[^\pL\pN\pP\pS]|\x{2800})[` + picks + `]`),
}

func accepted(form legible.Form, s string) bool {
	alphabet := map[legible.Form]*regexp.Regexp{legible.Line: naive.line, legible.Text: naive.text, legible.ID: naive.id}[form]
	return s == "" || utf8.ValidString(s) && norm.NFC.String(s) == s && strings.TrimFunc(s, unicode.IsSpace) == s &&
		naive.seen.MatchString(strings.ReplaceAll(s, "\u2800", "")) && alphabet.MatchString(s) &&
		!naive.latins.MatchString(s) && !naive.never.MatchString(s) && !naive.loose.MatchString(s) &&
		(form != legible.ID || !regexp.MustCompile(`[\x{2800}`+picks+`]`).MatchString(s))
}

// TestFormsAreWhatTheySay compares the forms with their definition in expressions,
// for random texts of characters that matter.
func TestFormsAreWhatTheySay(t *testing.T) {
	letters := []rune("aéÉ’' -ÿĀɐ\u0300\u0301\u0323eعم\u064Bक्अ王葛👩🏽❤★^´1\u00A0\u3000\n\t\r\x00\u0085\u2028\u200B\u200C\u200D\u200E\u202E\u2066" +
		"\uFEFF\u00AD\u034F\u115F\u3164\u2800\uFE0F\U000E0100\U000E0041\uFFFD\uE000\uFFFE\u0378\u0600\u180E\u212B\uAC00\u1100\u1161")
	any := rapid.OneOf(rapid.SampledFrom(letters), rapid.Rune())
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(any, 0, 6, -1).Draw(t, "text")
		if rapid.IntRange(0, 19).Draw(t, "cut") == 0 && s != "" {
			s = s[:len(s)-1] // perhaps not UTF-8
		}
		for _, form := range []legible.Form{legible.Line, legible.Text, legible.ID} {
			if problem := form.Problem(s); (problem == "") != accepted(form, s) {
				t.Errorf("form %d of %q (%U): %q", form, s, []rune(s), problem)
			}
		}
	})
}

// TestEveryCharacterIsJudged compares them for every single character, alone and
// within a text.
func TestEveryCharacterIsJudged(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if utf8.RuneLen(r) < 0 || 0x40000 < r && r < 0xE0000 { // planes of which nothing is assigned
			continue
		}
		for _, form := range []legible.Form{legible.Text, legible.ID} {
			for _, s := range []string{string(r), "王" + string(r) + "."} {
				if problem := form.Problem(s); (problem == "") != accepted(form, s) {
					t.Errorf("form %d of %q (%U): %q", form, s, []rune(s), problem)
				}
			}
		}
	}
}

func BenchmarkProblem(b *testing.B) {
	for name, s := range map[string]string{
		"french": "Le candidat justifie ses choix, mais oublie l’échéancier.", "arabic": "محمد بن عبد الله بن عبد المطلب",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if legible.Text.Problem(s) != "" {
					b.Fatal(s)
				}
			}
		})
	}
}
