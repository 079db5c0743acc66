package apierr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
)

// An error is sent in trailers, of which some clients accept 8 KB in total
// (gRPC's C core, and so Python and Ruby, and Java): once in base64, and its
// text again with percent encoding. So an error has a limited number of
// violations, with limited texts.
const (
	MaxViolations  = 20   // that an answer shows
	MaxFieldText   = 160  // bytes of a field's path
	MaxMessageText = 480  // bytes of the text of an error
	maxRuleText    = 240  // bytes of what is wrong with a field
	maxDetails     = 3600 // bytes of all violations
)

// shown are the first violations, as many as fit into an error. At least one
// always fits.
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

// andMore says how many more violations there are than the one in a text.
// Collecting stops when there are more than are shown.
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
