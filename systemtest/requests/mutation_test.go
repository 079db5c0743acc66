package requests

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// mutations are the ways in which a call goes wrong. Those of the body are listed
// more often, because they get furthest.
var mutations = []func(world.Choices, *randomCall){
	otherKey, otherMethod, otherContentType, otherSegment, moreSegments, otherQuery, queryTwice,
	replacedNode, replacedNode, replacedNode, replacedNode, removedNode, removedNode, unknownField, repeatedItem, manyItems,
	cutBody, twoValues, brokenText, deepBody, noBody,
}

func otherKey(c world.Choices, call *randomCall) {
	call.key = world.Pick(c, []string{"", "expired", "revoked", "wrong", "nonsense", "admin", "registrar", "assessor-1", "jury-1", "jury-2", "advisor", "reader", "auditor"})
}

func otherMethod(c world.Choices, call *randomCall) {
	call.method = world.Pick(c, []string{"GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "BREW"})
}

func otherContentType(c world.Choices, call *randomCall) {
	call.contentType = world.Pick(c, []string{"", "text/plain", "application/xml", "application/grpc", "multipart/form-data", "application/json; charset=latin1", "//", "application/x-www-form-urlencoded"})
}

func otherSegment(c world.Choices, call *randomCall) {
	segments := strings.Split(call.path, "/")
	segments[1+c.IntN(len(segments)-1)] = url.PathEscape(world.Pick(c, append([]string{"none", "\xff\xfe", "C Martin", "é"}, oddStrings...)))
	call.path = strings.Join(segments, "/")
}

func moreSegments(c world.Choices, call *randomCall) {
	call.path += world.Pick(c, []string{"/", "//", "/x", ":x", ":close", ":", "/..", "/./grid", "%00", "/grid", "/%2e%2e"})
}

func otherQuery(c world.Choices, call *randomCall) {
	call.query = strings.TrimPrefix(call.query+"&"+world.Pick(c, []string{
		"pageSise=5", "pageSize=x", "pageSize=-1", "pageSize=99999999999", "filter=%FF", "pageToken=%00", "=", "&&", ";", "a.b.c=1", "candidate.birthName=x",
		"%zz=1", "name=x", "parent=x", "$alt=json", "pretty", "etag=1", "requestId=nonsense", "updateMask=birth_name", "session.jury.subject=x",
	}), "&")
}

func queryTwice(_ world.Choices, call *randomCall) { call.query += "&" + call.query }

// A node is one value in a body, and how to replace it.
type node struct {
	value any
	put   func(any)
	drop  func() // nil if there is nothing to drop it from
}

// appendNodes appends the values of a tree, in the same order each time.
func appendNodes(all []node, n node) []node {
	all = append(all, n)
	switch value := n.value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			all = appendNodes(all, node{value[name], func(v any) { value[name] = v }, func() { delete(value, name) }})
		}
	case []any:
		for i, item := range value {
			all = appendNodes(all, node{item, func(v any) { value[i] = v }, func() { value[i] = nil }})
		}
	}
	return all
}

// onNode changes one value of the body, chosen near the top if there are many.
func onNode(c world.Choices, call *randomCall, change func(node)) {
	var body any
	if json.Unmarshal([]byte(call.body), &body) != nil {
		return
	}
	all := appendNodes(nil, node{body, func(v any) { body = v }, nil})
	change(all[c.IntN(1+c.IntN(len(all)))])
	call.body = encode(body)
}

func replacedNode(c world.Choices, call *randomCall) {
	onNode(c, call, func(n node) {
		n.put(world.Pick(c, []any{
			nil, true, 0, -1, 1e300, 1.5, 2147483648, "", "x", []any{}, map[string]any{}, []any{nil}, map[string]any{"x": 1}, "NaN", "Infinity",
			world.Pick(c, oddStrings), json.RawMessage(`9223372036854775808123`), json.RawMessage(`"\ud800"`), "2026-06-15T00:00:00Z", 77,
		}))
	})
}

func removedNode(c world.Choices, call *randomCall) {
	onNode(c, call, func(n node) {
		if n.drop != nil {
			n.drop()
		}
	})
}

func unknownField(c world.Choices, call *randomCall) {
	onNode(c, call, func(n node) {
		if fields, ok := n.value.(map[string]any); ok {
			fields[world.Pick(c, []string{"mark", "", "name", "@type", "birth_name", "etag", "\xff"})] = "x"
		}
	})
}

func repeatedItem(c world.Choices, call *randomCall) {
	onNode(c, call, func(n node) {
		if items, ok := n.value.([]any); ok && len(items) > 0 {
			n.put(append(items, world.Pick(c, items)))
		}
	})
}

func manyItems(c world.Choices, call *randomCall) {
	onNode(c, call, func(n node) {
		if items, ok := n.value.([]any); ok && len(items) > 0 && len(call.body) < 1000 {
			n.put(slices.Repeat(items[:1], 1001))
		}
	})
}

func cutBody(c world.Choices, call *randomCall) { call.body = call.body[:c.IntN(len(call.body)+1)] }

func twoValues(c world.Choices, call *randomCall) {
	call.body += world.Pick(c, []string{"{}", " null", "x", "\x00", ","})
}

func brokenText(c world.Choices, call *randomCall) {
	at := c.IntN(len(call.body) + 1)
	call.body = call.body[:at] + world.Pick(c, []string{"\xff", "\"", "}", "\x00", "\ufeff", "{", "1", "\\"}) + call.body[at:]
}

func deepBody(c world.Choices, call *randomCall) {
	depth := world.Pick(c, []int{10, 200, 9000, 11000})
	deep := strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth)
	if rarely(c, 2) {
		deep = strings.Repeat(`{"blocs":`, depth) + "1" + strings.Repeat(`}`, depth)
	}
	const place = "where it is deep" // put in as text: the encoder has a limit too
	onNode(c, call, func(n node) { n.put(place) })
	call.body = strings.Replace(call.body, `"`+place+`"`, deep, 1)
	if call.body == "" {
		call.body = deep
	}
}

// noBody removes the body, or sometimes adds one that is too large.
func noBody(c world.Choices, call *randomCall) {
	call.body = ""
	if rarely(c, 8) {
		call.body = `{"x":"` + strings.Repeat("x", 1<<20) + `"}`
	}
}
