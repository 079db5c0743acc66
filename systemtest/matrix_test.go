package systemtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/emptypb"
)

// A matrix says who may call what; testdata/matrix.txt is one, and explains its
// form.
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
	must(t, err)
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

// TestMatrix walks every RPC, every caller and both transports; a stream has one.
func TestMatrix(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	m := readMatrix(t)
	m.checkComplete(t, readRPCs())
	checked, kinds, untouched := 0, make(map[string]int), make(matrixCases)
	for _, row := range m.rows {
		t.Run(strings.ReplaceAll(row.rpc, "/", "."), func(t *testing.T) {
			w := *w
			w.t = t
			for i, caller := range m.callers {
				for name, call := range w.transportsOf(row) {
					w.checkCell(untouched, caller+" over "+name, call, caller, row, row.cells[i])
					checked++
					kinds[row.cells[i]]++
				}
			}
		})
	}
	t.Logf("%d RPCs × %d callers × 2 transports: %d cells %v", len(m.rows), len(m.callers), checked, kinds)
}

func (w *world) transportsOf(row matrixRow) map[string]door {
	if row.method == "STREAM" {
		return map[string]door{"gRPC": w.stream}
	}
	return w.transports()
}

// stream makes a call that is answered with a stream, and reads it to its end.
func (w *world) stream(key, _, path, _ string) answer {
	w.t.Helper()
	ctx := w.t.Context()
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.secret(key))
	}
	stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	must(w.t, err)
	must(w.t, stream.SendMsg(new(emptypb.Empty)))
	must(w.t, stream.CloseSend())
	for err == nil {
		err = stream.RecvMsg(new(emptypb.Empty))
	}
	if errors.Is(err, io.EOF) {
		return answer{code: "OK"}
	}
	st := status.Convert(err)
	shown, err := protojson.Marshal(st.Proto())
	must(w.t, err)
	a := answer{code: codeName(int(st.Code())), raw: string(shown)}
	must(w.t, json.Unmarshal(shown, &a.body))
	return a
}

// checkComplete: every RPC of the contract has a row, and its cells agree with
// the roles that the contract declares.
func (m matrix) checkComplete(t *testing.T, routes []route) {
	t.Helper()
	for _, route := range routes {
		rpc := strings.TrimPrefix(route.fullMethod, "/acquis.v1.")
		i := slices.IndexFunc(m.rows, func(r matrixRow) bool { return r.rpc == rpc })
		if i < 0 || m.rows[i].cells == nil {
			t.Fatalf("%s has no row in matrix.txt", rpc)
		}
		for n, caller := range m.callers[1:] {
			if admitted := m.rows[i].cells[n+1] != "role"; admitted != (route.public || slices.Contains(route.roles, matrixRole(caller))) {
				t.Errorf("%s for %s is %s, but the contract admits %v", rpc, caller, m.rows[i].cells[n+1], route.roles)
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

// sharesNothing tells whether an RPC shows nothing of any case.
func sharesNothing(rpc string) bool {
	return strings.HasPrefix(rpc, "ReferentielService/") || strings.HasPrefix(rpc, "AdminService/")
}

func (w *world) checkCell(untouched matrixCases, what string, call door, caller string, row matrixRow, cell string) {
	w.t.Helper()
	var c matrixCase
	switch {
	case cell == "401" || cell == "role" || cell == "all":
		c = ghost
	case cell == "404" || row.method == "GET": // nothing is written, so that cells can share one
		c = untouched.of(w, row.state)
	default:
		c = w.matrixCase(row.state)
	}
	key := caller
	if caller == "nobody" {
		key = ""
	}
	a := call(key, row.method, c.fill(row.path, caller), c.fill(row.body, caller))
	shows := strings.Contains(a.raw, c.label) || sharesNothing(row.rpc)
	got := ""
	switch reason, _ := get(a.body, "details", 0, "reason").(string); {
	case a.code == "OK" && (shows || row.method != "GET"):
		got = "ok"
	case a.code == "OK":
		got = "less"
	case a.code == "UNAUTHENTICATED" && reason == "CREDENTIALS_MISSING":
		got = "401"
	case a.code == "PERMISSION_DENIED" && reason == "ROLE_MISSING":
		got = "role"
	case a.code == "PERMISSION_DENIED" && reason == "OTHER_CENTRE":
		got = "all"
	case a.code == "NOT_FOUND":
		got = "404"
		none := c.without(a.raw)
		other := call(key, row.method, none.fill(row.path, caller), none.fill(row.body, caller))
		if hidden := c.rename(a.raw); compact(hidden) != compact(other.raw) {
			w.t.Errorf("%s: that it exists shows:\n%s\nwhat does not exist is answered\n%s", what, hidden, other.raw)
		}
	}
	if got != cell {
		w.t.Errorf("%s: %q, want %s: %s %s", what, got, cell, a.code, a.raw)
	}
}
