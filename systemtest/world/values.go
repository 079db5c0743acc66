package world

import (
	"strings"
)

// Choices decide what a random call is: a random source in a test, the fuzzer's
// bytes in a fuzz target.
type Choices interface{ IntN(n int) int }

// Pick takes an element; the zero value if there is none.
func Pick[T any](c Choices, from []T) (one T) {
	if len(from) > 0 {
		one = from[c.IntN(len(from))]
	}
	return one
}

// RequestID is a request id for calls.
const RequestID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

// Compact removes the white space that the JSON library varies.
func Compact(raw string) string {
	return strings.NewReplacer(`": `, `":`, `, "`, `,"`, `}, {`, `},{`).Replace(raw)
}

// Criteria lists the codes of a grid's criteria.
func Criteria(grid map[string]any) (codes []string) {
	for _, bloc := range List(grid, "blocs") {
		for _, competence := range List(bloc, "competences") {
			for _, criterion := range List(competence, "criteria") {
				codes = append(codes, criterion["code"].(string))
			}
		}
	}
	return codes
}

// List is a repeated message field.
func List(message map[string]any, field string) []map[string]any {
	items, _ := message[field].([]any)
	messages := make([]map[string]any, len(items))
	for i, item := range items {
		messages[i] = item.(map[string]any)
	}
	return messages
}

// Get walks fields and, by number, items: get(m, "key", "roles", 0).
func Get(message any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			fields, _ := message.(map[string]any)
			message = fields[step]
		case int:
			items, _ := message.([]any)
			if step >= len(items) {
				return nil
			}
			message = items[step]
		}
	}
	return message
}
