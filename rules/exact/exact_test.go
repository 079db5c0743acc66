package exact

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "10": "10", "12.5": "12.5", "0.125": "0.12", "-3": "-3", "-0.5": "-0.5", "9999.999": "9999.99",
		"": "", "-0": "", "12.50": "", "012": "", ".5": "", "1.": "", "1e3": "", "1/2": "", "10000": "", "1.0001": "", "+1": "", "é": "", "0x1": "", "1_0": "", " 1": "",
	} {
		x, ok := Parse(text)
		if ok != (want != "") || ok && x.String() != want {
			t.Errorf("%q is %v, %t", text, x, ok)
		}
	}
}

// TestAgainstTheLibrary: small or large, numbers are those of math/big.
func TestAgainstTheLibrary(t *testing.T) {
	large := false
	number := rapid.Custom(func(t *rapid.T) Number {
		x := Whole(rapid.IntRange(-1<<31, 1<<31).Draw(t, "n")).Over(Whole(rapid.IntRange(1, 1<<31).Draw(t, "d")))
		large = large || x.big != nil
		return x
	})
	rapid.Check(t, func(t *rapid.T) {
		x, y, z := number.Draw(t, "x"), number.Draw(t, "y"), Whole(rapid.IntRange(1, 100).Draw(t, "z"))
		for what, pair := range map[string][2]*big.Rat{
			"sum":        {x.Plus(y).Rat(), new(big.Rat).Add(x.Rat(), y.Rat())},
			"difference": {x.Minus(y).Rat(), new(big.Rat).Sub(x.Rat(), y.Rat())},
			"product":    {x.Times(y).Rat(), new(big.Rat).Mul(x.Rat(), y.Rat())},
			"quotient":   {x.Over(z).Rat(), new(big.Rat).Quo(x.Rat(), z.Rat())},
		} {
			if pair[0].Cmp(pair[1]) != 0 {
				t.Fatalf("the %s of %v and %v is %v, not %v", what, x, y, pair[0], pair[1])
			}
		}
		if x.Cmp(y) != x.Rat().Cmp(y.Rat()) || x.Less(y) != (x.Rat().Cmp(y.Rat()) < 0) {
			t.Fatalf("%v and %v are compared otherwise", x, y)
		}
		rounded := x.RoundTo(z)
		if away := x.Minus(rounded).Times(Whole(2)); !rounded.IsMultipleOf(z) || !away.Less(z) || away.Less(Whole(0).Minus(z)) {
			t.Fatalf("%v to %v is %v", x.Rat(), z, rounded.Rat())
		}
	})
	if !large {
		t.Error("no number was large")
	}
}

// TestShown: cut, never rounded; and in full if something was cut.
func TestShown(t *testing.T) {
	for _, c := range []struct {
		of           Number
		text, inFull string
		whole        int
	}{
		{Whole(599).Over(Whole(60)), "9.98", "599/60", 9},
		{Whole(1999).Over(Whole(200)), "9.99", "1999/200", 9},
		{Whole(-7).Over(Whole(3)), "-2.33", "-7/3", -2},
		{Whole(10), "10", "", 10},
		{Number{}, "0", "", 0},
		{Whole(1 << 40).Over(Whole(3)), "366503875925.33", "1099511627776/3", 366503875925},
	} {
		if c.of.String() != c.text || c.of.InFull() != c.inFull || c.of.Int() != c.whole {
			t.Errorf("%v is shown as %s, %q, %d", c.of.Rat(), c.of, c.of.InFull(), c.of.Int())
		}
	}
}
