package apierr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// An error travels in trailers, of which some clients take 8 KB in all (gRPC's C
// core, and with it Python and Ruby, and Java), once in base64 and its text once
// more with percent signs. So none shows more violations than somebody mends at a
// time, nor texts longer than it takes to know what is meant.
const (
	MaxViolations  = 20   // that an answer shows
	MaxFieldText   = 160  // bytes of a field's path
	MaxMessageText = 480  // bytes of the text of an error
	maxRuleText    = 240  // bytes of what is wrong with a field
	maxDetails     = 3600 // bytes of all violations
)

// shown are the first violations of many, as many as an error has room for. There
// is always room for one.
func shown[V any, M proto.Message](all []V, show func(V) M) (some []M) {
	size := 0
	for _, v := range all {
		m := show(v)
		size += proto.Size(m) + 3
		if len(some) == MaxViolations || len(some) > 0 && size > maxDetails {
			break
		}
		some = append(some, m)
	}
	return some
}

// andMore says how many violations there are besides the one that a text names.
// What collects them stops once it has more than are shown.
func andMore(violations int) string {
	switch {
	case violations > MaxViolations:
		return fmt.Sprintf(" (and at least %d more)", MaxViolations)
	case violations > 1:
		return fmt.Sprintf(" (and %d more)", violations-1)
	}
	return ""
}

// Clip shortens a text that may repeat what a caller wrote.
func Clip(text string, most int) string {
	end := ""
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text, end = text[:most], "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD") + end
}
