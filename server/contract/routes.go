package contract

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A step is what may stand at one place of a path: one of some words, or any
// text. No place has both, so that a path leads to at most one end.
type step struct {
	words map[string]*step
	any   *step
	ends  map[string][]string // the HTTP methods by verb: by "record" those of …:record, by "" those without one
}

func newStep() *step { return &step{words: make(map[string]*step), ends: make(map[string][]string)} }

var variable = regexp.MustCompile(`\{[a-z_.]+=([^}]*)\}`)

// route adds a path pattern such as /v1/{name=sessions/*}:close.
func (c *Contract) route(method, pattern string) error {
	path, verb := cutVerb(variable.ReplaceAllString(pattern, "$1"))
	at := c.paths
	for word := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if at = at.along(word); at == nil {
			return fmt.Errorf("%s: another path has a word in place of any text, or any text in place of a word", pattern)
		}
	}
	if slices.Contains(at.ends[verb], method) {
		return fmt.Errorf("%s %s is the path of two RPCs", method, pattern)
	}
	at.ends[verb] = append(at.ends[verb], method)
	if method == http.MethodGet {
		at.ends[verb] = append(at.ends[verb], http.MethodHead)
	}
	slices.Sort(at.ends[verb])
	return nil
}

// along is the next step of a pattern, made if need be; nil if it would be
// unclear which one a path takes.
func (s *step) along(word string) *step {
	switch {
	case word == "*" && len(s.words) == 0:
		if s.any == nil {
			s.any = newStep()
		}
		return s.any
	case word == "*" || s.any != nil:
		return nil
	case s.words[word] == nil:
		s.words[word] = newStep()
	}
	return s.words[word]
}

// cutVerb cuts off what follows the last colon of the last segment.
func cutVerb(path string) (rest, verb string) {
	colon := strings.LastIndexByte(path, ':')
	if colon < 0 || colon < strings.LastIndexByte(path, '/') {
		return path, ""
	}
	return path[:colon], path[colon+1:]
}

// Methods lists the HTTP methods that a path supports; none if there is no such
// path. A colon in the last segment always begins a verb, because no id has one.
// Without that, GET …:close would be taken for a read of an id with a colon.
func (c *Contract) Methods(path string) []string {
	rest, verb := cutVerb(strings.TrimPrefix(path, "/"))
	if verb == "" && strings.HasSuffix(path, ":") {
		return nil
	}
	at := c.paths
	for more := true; more; {
		var word string
		word, rest, more = strings.Cut(rest, "/")
		if at.any != nil && word != "" {
			at = at.any
		} else if at = at.words[word]; at == nil {
			return nil
		}
	}
	return at.ends[verb]
}
