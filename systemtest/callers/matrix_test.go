package callers

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A matrix says who may call what; testdata/matrix.txt explains the form.
type matrix struct {
	callers []string
	rows    []matrixRow
}

// A matrixRow is one RPC: the request, and what each caller gets.
type matrixRow struct {
	rpc, state, method, path, body string
	cells                          []string // as callers
}

func readMatrix(t *testing.T) (m matrix) {
	t.Helper()
	text, err := os.ReadFile("testdata/matrix.txt")
	world.Must(t, err)
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "requests" || strings.HasPrefix(line, "#"):
		case words[0] == "cells":
			m.callers = words[1:]
		case strings.HasPrefix(line, " "):
			m.rows[len(m.rows)-1].body += strings.TrimSpace(line)
		case m.callers == nil && len(words) == 4:
			m.rows = append(m.rows, matrixRow{rpc: words[0], state: words[1], method: words[2], path: words[3]})
		case len(words) == len(m.callers)+1:
			m.set(t, words[0], words[1:])
		default:
			t.Fatalf("matrix.txt:%d: %q is neither a request nor a row of cells", n+1, line)
		}
	}
	return m
}

func (m matrix) set(t *testing.T, rpc string, cells []string) {
	t.Helper()
	i := slices.IndexFunc(m.rows, func(r matrixRow) bool { return r.rpc == rpc })
	if i < 0 || m.rows[i].cells != nil {
		t.Fatalf("matrix.txt: %s has cells but no request, or has them twice", rpc)
	}
	m.rows[i].cells = cells
}

// TestMatrix tests every RPC with every caller over both transports; a stream has
// only one.
func TestMatrix(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	m := readMatrix(t)
	m.checkComplete(t, world.ReadRPCs())
	checked, kinds, untouched := 0, make(map[string]int), make(matrixCases)
	for _, row := range m.rows {
		t.Run(strings.ReplaceAll(row.rpc, "/", "."), func(t *testing.T) {
			w := *w
			w.T = t
			for i, caller := range m.callers {
				for name, call := range transportsOf(&w, row) {
					checkCell(&w, untouched, caller+" over "+name, call, caller, row, row.cells[i])
					checked++
					kinds[row.cells[i]]++
				}
			}
		})
	}
	t.Logf("%d RPCs × %d callers × 2 transports: %d cells %v", len(m.rows), len(m.callers), checked, kinds)
}

func transportsOf(w *world.World, row matrixRow) map[string]world.Door {
	if row.method == "STREAM" {
		return map[string]world.Door{"gRPC": w.Stream}
	}
	return w.Transports()
}

// checkComplete: every RPC of the contract has a row, and its cells agree with
// the roles that the contract declares.
func (m matrix) checkComplete(t *testing.T, routes []world.Route) {
	t.Helper()
	for _, route := range routes {
		rpc := strings.TrimPrefix(route.FullMethod, "/acquis.v1.")
		i := slices.IndexFunc(m.rows, func(r matrixRow) bool { return r.rpc == rpc })
		if i < 0 || m.rows[i].cells == nil {
			t.Fatalf("%s has no row in matrix.txt", rpc)
		}
		for n, caller := range m.callers[1:] {
			if admitted := m.rows[i].cells[n+1] != "role"; admitted != (route.Public || slices.Contains(route.Roles, matrixRole(caller))) {
				t.Errorf("%s for %s is %s, but the contract admits %v", rpc, caller, m.rows[i].cells[n+1], route.Roles)
			}
		}
	}
}

// matrixRole is the one role of a caller: "registrar@PARIS" is a registrar.
func matrixRole(caller string) string {
	name, _, _ := strings.Cut(caller, "@")
	name, _, _ = strings.Cut(name, "-other")
	if name == "advisor" {
		return "DISABILITY_ADVISOR"
	}
	return strings.ToUpper(name)
}

// sharesNothing tells whether an RPC shows nothing about any case.
func sharesNothing(rpc string) bool {
	return strings.HasPrefix(rpc, "ReferentielService/") || strings.HasPrefix(rpc, "AdminService/")
}

func checkCell(w *world.World, untouched matrixCases, what string, call world.Door, caller string, row matrixRow, cell string) {
	w.T.Helper()
	var c matrixCase
	switch {
	case cell == "401" || cell == "role" || cell == "all":
		c = ghost
	case cell == "404" || row.method == "GET": // nothing is written, so cells can share a case
		c = untouched.of(w, row.state)
	default:
		c = caseOf(w, row.state)
	}
	key := caller
	if caller == "nobody" {
		key = ""
	}
	a := call(key, row.method, c.fill(row.path, caller), c.fill(row.body, caller))
	shows := strings.Contains(a.Raw, c.label) || sharesNothing(row.rpc)
	got := ""
	switch reason, _ := world.Get(a.Body, "details", 0, "reason").(string); {
	case a.Code == "OK" && (shows || row.method != "GET"):
		got = "ok"
	case a.Code == "OK":
		got = "less"
	case a.Code == "UNAUTHENTICATED" && reason == "CREDENTIALS_MISSING":
		got = "401"
	case a.Code == "PERMISSION_DENIED" && reason == "ROLE_MISSING":
		got = "role"
	case a.Code == "PERMISSION_DENIED" && reason == "OTHER_CENTRE":
		got = "all"
	case a.Code == "NOT_FOUND":
		got = "404"
		none := c.without(a.Raw)
		other := call(key, row.method, none.fill(row.path, caller), none.fill(row.body, caller))
		if hidden := c.rename(a.Raw); world.Compact(hidden) != world.Compact(other.Raw) {
			w.T.Errorf("%s: the answer reveals that it exists:\n%s\nthe answer for something that does not exist is\n%s", what, hidden, other.Raw)
		}
	}
	if got != cell {
		w.T.Errorf("%s: %q, want %s: %s %s", what, got, cell, a.Code, a.Raw)
	}
}
