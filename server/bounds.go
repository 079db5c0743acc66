package server

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
	maxViolations  = 20
	maxDetails     = 3600 // bytes of all violations
	maxFieldText   = 160
	maxRuleText    = 240
	maxMessageText = 480
)

// shown are the first violations of many, as many as an error has room for. There
// is always room for one.
func shown[V any, M proto.Message](all []V, show func(V) M) (some []M) {
	size := 0
	for _, v := range all {
		m := show(v)
		size += proto.Size(m) + 3
		if len(some) == maxViolations || len(some) > 0 && size > maxDetails {
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
	case violations > maxViolations:
		return fmt.Sprintf(" (and at least %d more)", maxViolations)
	case violations > 1:
		return fmt.Sprintf(" (and %d more)", violations-1)
	}
	return ""
}

// clip shortens a text that may repeat what a caller wrote.
func clip(text string, most int) string {
	end := ""
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text, end = text[:most], "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD") + end
}
