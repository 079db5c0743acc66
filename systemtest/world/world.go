package world

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/acquis-eval/acquis/store"
)

// NameIn is the name of one resource in a list, counted from the end if i is
// below 0.
func (w *World) NameIn(key, path, field string, i int) string {
	w.T.Helper()
	items := List(w.Do(key, "GET", path, ""), field)
	if i < 0 {
		i += len(items)
	}
	return items[i]["name"].(string)
}

// A World is a running service, and the keys of its callers.
type World struct {
	T      testing.TB
	Base   string // of REST
	Ops    string
	Client http.Client
	Conn   *grpc.ClientConn
	Store  store.Store
	Clock  *Clock
	Logs   *Logs
	Keys   map[string]string // secrets, by name
	Routes []Route
	Send   func(w *World, key, method, path, body string) Answer // how do calls
}

// Long tells whether tests should run their long forms. CI runs some; run the
// others if you change what they test.
func Long() bool { return os.Getenv("ACQUIS_LONG") != "" }

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewKey makes a key for a subject of the same name.
func (w *World) NewKey(name string, roles ...string) {
	w.T.Helper()
	w.NewKeyOf(name, fmt.Sprintf(`{"subject":%q,"roles":["%s"]}`, name, strings.Join(roles, `","`)))
}

// NewKeyOf makes a key from its JSON, and keeps its secret under a name.
func (w *World) NewKeyOf(name, key string) {
	w.T.Helper()
	w.Keys[name] = w.Do("admin", "POST", "/v1/keys", key)["secret"].(string)
}

// GridEtag reads the etag of a grid.
func (w *World) GridEtag(key, candidacy string) string {
	w.T.Helper()
	return w.Do(key, "GET", "/v1/"+candidacy+"/grid", "")["etag"].(string)
}

// Etag reads that of a candidate, session or candidacy.
func (w *World) Etag(name string) string {
	w.T.Helper()
	return w.Do("registrar", "GET", "/v1/"+name, "")["etag"].(string)
}

// Assess records one verdict on every criterion of a candidacy's grid.
func (w *World) Assess(key, candidacy, verdict string) {
	w.T.Helper()
	var lines []string
	for _, criterion := range Criteria(w.Do(key, "GET", "/v1/"+candidacy+"/grid", "")) {
		lines = append(lines, fmt.Sprintf(`{"criterion":%q,"verdict":%q}`, criterion, verdict))
	}
	w.Do(key, "POST", "/v1/"+candidacy+":recordAssessments", `{"assessments":[`+strings.Join(lines, ",")+`]}`)
}
