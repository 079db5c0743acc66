package credential

import (
	"crypto/rand"
	"errors"
	"strings"
	"unicode"
)

// The code of an attestation is read from paper, typed, and spelt on the
// telephone:
//
//	A3C4-X7KM-9PRT-HJ6X
//
// Its alphabet has no characters that look alike (0 O Q, 1 I L, 2 Z, 5 S, 8 B,
// U V W, G and 6) and only one of M and N, which sound alike. 15 characters are
// random, about 63.7 bits; the last one is computed. The positions of the
// characters in the alphabet, times 16, 15 … 1, add up to a multiple of 19.
// Since 19 is prime, this is never true with one wrong character or two swapped
// ones.
const (
	codeAlphabet = "34679ACDEFHJKMPRTXY"
	codeLength   = 16
	codeGroup    = 4
)

// withoutGaps drops what may stand between the characters of a code: word
// processors, mail programs and PDF files replace spaces and hyphens by others, by
// line breaks, and by characters that cannot be seen.
func withoutGaps(r rune) rune {
	if unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf) || r == '\u2212' { // minus
		return -1
	}
	return r
}

// ErrCode says that a text is not a code; it follows the name of a field.
var ErrCode = errors.New("is not a valid code: a code has 16 characters of " + codeAlphabet + ", the last of which is computed from the others")

// NewCode returns a random code without its hyphens.
func NewCode() string {
	code := make([]byte, 0, codeLength)
	random := make([]byte, 2*codeLength)
	for len(code) < codeLength-1 {
		_, _ = rand.Read(random) // never fails: on an error it ends the process
		for _, b := range random {
			// Bytes above the last multiple would make some characters likelier.
			if int(b) < 256/len(codeAlphabet)*len(codeAlphabet) && len(code) < codeLength-1 {
				code = append(code, codeAlphabet[int(b)%len(codeAlphabet)])
			}
		}
	}
	last := (len(codeAlphabet) - codeSum(string(code))) % len(codeAlphabet)
	return string(append(code, codeAlphabet[last]))
}

// codeSum adds up a code, modulo the size of the alphabet; a valid code gives 0.
func codeSum(code string) (sum int) {
	for i := range len(code) {
		sum += (codeLength - i) * strings.IndexByte(codeAlphabet, code[i])
	}
	return sum % len(codeAlphabet)
}

// SpellCode writes a code in groups, as people read it.
func SpellCode(code string) string {
	var groups []string
	for ; len(code) > codeGroup; code = code[codeGroup:] {
		groups = append(groups, code[:codeGroup])
	}
	return strings.Join(append(groups, code), "-")
}

// ParseCode reads a code as people type or paste it. It refuses only texts that
// were never a code.
func ParseCode(typed string) (string, error) {
	code := strings.ToUpper(strings.Map(withoutGaps, typed))
	if len(code) != codeLength || strings.Trim(code, codeAlphabet) != "" || codeSum(code) != 0 {
		return "", ErrCode
	}
	return code, nil
}
