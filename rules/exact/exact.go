// Package Number computes with fractions of whole numbers, of any size and without
// rounding, so that a mean that is a sixtieth short of a threshold stays short of it.
package exact

import (
	"math/big"
	"strings"
)

// Number is a fraction. Almost all fit two small numbers, with which arithmetic costs
// nothing; the others are rational numbers of any size. The zero value is 0.
type Number struct {
	n, d int64    // of a small one: n/d in lowest terms; a d of 0 stands for 1
	big  *big.Rat // of all others; never changed once made
}

// small bounds both numbers of a small fraction, so that what is computed of two of
// them, before it is reduced, fits an int64.
const small = 1 << 30

// Whole is a whole number.
func Whole(n int) Number { return fraction(int64(n), 1) }

// fraction reduces n/d, where d is positive.
func fraction(n, d int64) Number {
	if d != 1 {
		g := gcd(n, d)
		n, d = n/g, d/g
	}
	if -small < n && n < small && d < small {
		return Number{n: n, d: d}
	}
	return Number{big: big.NewRat(n, d)}
}

func gcd(a, b int64) int64 {
	if a < 0 {
		a = -a
	}
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (x Number) den() int64 { return max(x.d, 1) }

// Rat is the number as the library has it; nobody may change it.
func (x Number) Rat() *big.Rat {
	if x.big != nil {
		return x.big
	}
	return big.NewRat(x.n, x.den())
}

// Plus is the sum.
func (x Number) Plus(y Number) Number {
	switch {
	case x.big != nil || y.big != nil:
		return Number{big: new(big.Rat).Add(x.Rat(), y.Rat())}
	case x.den() == y.den():
		return fraction(x.n+y.n, x.den())
	}
	return fraction(x.n*y.den()+y.n*x.den(), x.den()*y.den())
}

// Minus is the difference.
func (x Number) Minus(y Number) Number { return x.Plus(y.Times(Whole(-1))) }

// Times is the product.
func (x Number) Times(y Number) Number {
	if x.big != nil || y.big != nil {
		return Number{big: new(big.Rat).Mul(x.Rat(), y.Rat())}
	}
	return fraction(x.n*y.n, x.den()*y.den())
}

// Over divides by a positive number.
func (x Number) Over(y Number) Number {
	if x.big != nil || y.big != nil {
		return Number{big: new(big.Rat).Quo(x.Rat(), y.Rat())}
	}
	return fraction(x.n*y.den(), x.den()*y.n)
}

// Cmp is negative if x is below y, and positive if it is above.
func (x Number) Cmp(y Number) int {
	if x.big != nil || y.big != nil {
		return x.Rat().Cmp(y.Rat())
	}
	left, right := x.n*y.den(), y.n*x.den()
	switch {
	case left < right:
		return -1
	case left > right:
		return 1
	}
	return 0
}

// Equal tells whether both are the same number.
func (x Number) Equal(y Number) bool { return x.Cmp(y) == 0 }

// Less tells whether x is below y.
func (x Number) Less(y Number) bool { return x.Cmp(y) < 0 }

// RoundTo is the multiple of a step that is nearest; of two, the higher one.
func (x Number) RoundTo(step Number) Number {
	steps := x.Over(step).Plus(fraction(1, 2)).Rat()
	return Number{big: new(big.Rat).SetInt(floor(steps))}.Times(step)
}

// IsMultipleOf tells whether x is a whole number of steps.
func (x Number) IsMultipleOf(step Number) bool { return x.Over(step).Rat().IsInt() }

// floor is the largest whole number that is not above x.
func floor(x *big.Rat) *big.Int { return new(big.Int).Div(x.Num(), x.Denom()) } // Euclidean: Denom is positive

// places is how many decimals people are shown.
const places = 2

// String is the number in decimals, cut: a mean of 9.998 has not become 10.
func (x Number) String() string {
	scaled := x.Times(Whole(100)).Rat()
	cut := new(big.Int).Quo(scaled.Num(), scaled.Denom()) // toward 0
	text := new(big.Rat).SetFrac(cut, big.NewInt(100)).FloatString(places)
	return trimmed(text)
}

// Decimal is a number with at most three places, as a référentiel gives it.
func (x Number) Decimal() string { return trimmed(x.Rat().FloatString(3)) }

// Int is the number without its decimals.
func (x Number) Int() int {
	if x.big != nil {
		return int(new(big.Int).Quo(x.big.Num(), x.big.Denom()).Int64())
	}
	return int(x.n / x.den())
}

// InFull is the number as a fraction if String cuts it, otherwise empty.
func (x Number) InFull() string {
	text := x.String()
	if said, _ := new(big.Rat).SetString(text); said.Cmp(x.Rat()) == 0 {
		return ""
	}
	return x.Rat().String()
}

// Parse reads a number as a référentiel has it: at most four digits before the point
// and three after it, and no zero that says nothing, so that one number has one form.
func Parse(text string) (x Number, ok bool) {
	if strings.Trim(text, "-.0123456789") != "" || len(text) > len("-9999.999") {
		return Number{}, false
	}
	read, ok := new(big.Rat).SetString(text)
	if !ok || trimmed(read.FloatString(3)) != text {
		return Number{}, false
	}
	x = fraction(read.Num().Int64(), read.Denom().Int64())
	return x, x.Less(Whole(10000)) && Whole(-10000).Less(x)
}

// trimmed is a number without the zeros after its point that say nothing.
func trimmed(text string) string {
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
