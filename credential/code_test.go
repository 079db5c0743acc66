package credential

import (
	"strings"
	"testing"
)

// TestCodes: a code can be typed in any way, and pasted from any document; a code with one wrong character,
// two swapped, one missing or one too many is refused.
func TestCodes(t *testing.T) {
	if strings.ContainsAny(codeAlphabet, "0OQ1IL2Z5SG8BUVWN") || len(codeAlphabet) != 19 {
		t.Error("the alphabet is", codeAlphabet)
	}
	if _, err := ParseCode("A3C4-X7KM-9PRT-HJ6X"); err != nil {
		t.Error("the code in the documentation:", err)
	}
	for _, pasted := range []string{
		"A3C4-X7KM-9PRT-HJ6X\r\n", "\tA3C4\u00A0X7KM\u202F9PRT\u00A0HJ6X", "A3C4\u2011X7KM\u20119PRT\u2011HJ6X", "A3C4–X7KM—9PRT−HJ6X",
		"\uFEFFA3C4-X7KM-\n9PRT-HJ6X\u200B", "A3C4\u00ADX7KM\u00AD9PRT\u00ADHJ6X",
	} {
		if got, err := ParseCode(pasted); err != nil || got != "A3C4X7KM9PRTHJ6X" {
			t.Errorf("%q is read as %q, %v", pasted, got, err)
		}
	}
	seen := make(map[string]bool)
	refused := 0
	for range 200 {
		code := NewCode()
		if seen[code] {
			t.Fatal("two codes are the same")
		}
		seen[code] = true
		for _, typed := range []string{code, SpellCode(code), strings.ToLower(SpellCode(code)), " " + strings.ReplaceAll(SpellCode(code), "-", " ")} {
			if got, err := ParseCode(typed); err != nil || got != code {
				t.Errorf("%q is read as %q, %v", typed, got, err)
			}
		}
		for _, wrong := range misread(code) {
			if _, err := ParseCode(wrong); err == nil {
				t.Errorf("%q was accepted instead of %q", wrong, code)
			}
			refused++
		}
	}
	t.Logf("%d codes, %d misreadings", len(seen), refused)
}

func misread(code string) (all []string) {
	for i := range len(code) {
		for _, c := range codeAlphabet {
			if byte(c) != code[i] {
				all = append(all, code[:i]+string(c)+code[i+1:])
			}
		}
		for j := i + 1; j < len(code); j++ {
			if code[i] != code[j] {
				all = append(all, code[:i]+string(code[j])+code[i+1:j]+string(code[i])+code[j+1:])
			}
		}
		all = append(all, code[:i]+code[i+1:], code[:i]+"O"+code[i+1:], code[:i]+"é"+code[i+2*min(1, len(code)-i-1):])
	}
	return append(all, "", code+"3", strings.Repeat("3", 15))
}
