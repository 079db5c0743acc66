package rules

import (
	"math/big"
	"strings"
)

// exact is a fraction. Points, means and thresholds are exact: nothing is rounded but
// where a référentiel says so. Almost all fit two small numbers, with which arithmetic
// costs nothing; the others are rational numbers of any size. The zero value is 0.
type exact struct {
	n, d int64    // of a small one: n/d in lowest terms; a d of 0 stands for 1
	big  *big.Rat // of all others; never changed once made
}

// small bounds both numbers of a small fraction, so that what is computed of two of
// them, before it is reduced, fits an int64.
const small = 1 << 30

func whole(n int) exact { return fraction(int64(n), 1) }

// fraction reduces n/d, where d is positive.
func fraction(n, d int64) exact {
	if d != 1 {
		g := gcd(n, d)
		n, d = n/g, d/g
	}
	if -small < n && n < small && d < small {
		return exact{n: n, d: d}
	}
	return exact{big: big.NewRat(n, d)}
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

func (x exact) den() int64 { return max(x.d, 1) }

func (x exact) rat() *big.Rat {
	if x.big != nil {
		return x.big
	}
	return big.NewRat(x.n, x.den())
}

func (x exact) plus(y exact) exact {
	switch {
	case x.big != nil || y.big != nil:
		return exact{big: new(big.Rat).Add(x.rat(), y.rat())}
	case x.den() == y.den():
		return fraction(x.n+y.n, x.den())
	}
	return fraction(x.n*y.den()+y.n*x.den(), x.den()*y.den())
}

func (x exact) minus(y exact) exact { return x.plus(y.times(whole(-1))) }

func (x exact) times(y exact) exact {
	if x.big != nil || y.big != nil {
		return exact{big: new(big.Rat).Mul(x.rat(), y.rat())}
	}
	return fraction(x.n*y.n, x.den()*y.den())
}

// over divides by a positive number.
func (x exact) over(y exact) exact {
	if x.big != nil || y.big != nil {
		return exact{big: new(big.Rat).Quo(x.rat(), y.rat())}
	}
	return fraction(x.n*y.den(), x.den()*y.n)
}

func (x exact) cmp(y exact) int {
	if x.big != nil || y.big != nil {
		return x.rat().Cmp(y.rat())
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

func (x exact) less(y exact) bool { return x.cmp(y) < 0 }

// roundTo is the multiple of a step that is nearest; of two, the higher one.
func (x exact) roundTo(step exact) exact {
	steps := x.over(step).plus(fraction(1, 2)).rat()
	return exact{big: new(big.Rat).SetInt(floor(steps))}.times(step)
}

// floor is the largest whole number that is not above x.
func floor(x *big.Rat) *big.Int { return new(big.Int).Div(x.Num(), x.Denom()) } // Euclidean: Denom is positive

// places is how many decimals people are shown.
const places = 2

// String is the number in decimals, cut: a mean of 9.998 has not become 10.
func (x exact) String() string {
	scaled := x.times(whole(100)).rat()
	cut := new(big.Int).Quo(scaled.Num(), scaled.Denom()) // toward 0
	text := new(big.Rat).SetFrac(cut, big.NewInt(100)).FloatString(places)
	return trimmed(text)
}

// decimal is a number with at most three places, as a référentiel gives it.
func (x exact) decimal() string { return trimmed(x.rat().FloatString(3)) }

// inFull is the number as a fraction if String cuts it, otherwise empty.
func (x exact) inFull() string {
	text := x.String()
	if said, _ := new(big.Rat).SetString(text); said.Cmp(x.rat()) == 0 {
		return ""
	}
	return x.rat().String()
}

// decimal reads a number as a référentiel has it: at most four digits before the point
// and three after it, and no zero that says nothing, so that one number has one form.
func decimal(text string) (x exact, ok bool) {
	if strings.Trim(text, "-.0123456789") != "" || len(text) > len("-9999.999") {
		return exact{}, false
	}
	read, ok := new(big.Rat).SetString(text)
	if !ok || trimmed(read.FloatString(3)) != text {
		return exact{}, false
	}
	x = fraction(read.Num().Int64(), read.Denom().Int64())
	return x, x.less(whole(10000)) && whole(-10000).less(x)
}

// trimmed is a number without the zeros after its point that say nothing.
func trimmed(text string) string {
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
