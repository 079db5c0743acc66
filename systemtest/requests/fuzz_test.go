package requests

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// fuzzed takes choices from bytes; when they are used up, each choice is the
// first.
type fuzzed struct{ bytes []byte }

func (f *fuzzed) IntN(n int) int {
	value := 0
	for size := n - 1; size > 0 && len(f.bytes) > 0; size >>= 8 {
		value = value<<8 | int(f.bytes[0])
		f.bytes = f.bytes[1:]
	}
	return value % n
}

// FuzzREST lets bytes choose up to four calls: operation, key, ids, body, and
// what is wrong with them, as in TestRandomRequests; the bytes also place a text.
// Every answer must be as the document says. The service keeps its state from
// input to input, so that acts find what others left.
func FuzzREST(f *testing.F) {
	w, _ := world.Start(f, f.TempDir())
	p := newProber(f, w, make(answerCount))
	for i := range p.document.operations {
		f.Add([]byte{byte(i)}, "")
		f.Add([]byte{byte(i), 2, 1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31}, "\xff{\"\u0000é")
	}
	f.Fuzz(func(t *testing.T, bytes []byte, text string) {
		w := *p.World
		w.T = t
		p := *p
		p.t, p.generator = t, &generator{World: &w, document: p.document, good: p.good, names: p.names}
		p.newEvents()
		c := &fuzzed{bytes}
		for i := range 4 {
			call := p.next(c)
			withText(c, &call, text)
			p.send(i, call)
			if len(c.bytes) == 0 {
				break
			}
		}
	})
}

// withText puts a text into a call.
func withText(c world.Choices, call *randomCall, text string) {
	if text == "" {
		return
	}
	switch c.IntN(5) {
	case 0:
		onNode(c, call, func(n node) { n.put(text) })
	case 1:
		if json.Valid([]byte(text)) {
			onNode(c, call, func(n node) { n.put(json.RawMessage(text)) })
		}
	case 2:
		call.body = text
	case 3:
		call.query = strings.TrimPrefix(call.query+"&"+url.QueryEscape(text)+"="+url.QueryEscape(text), "&")
	case 4:
		call.path += url.PathEscape(text)
	}
}
