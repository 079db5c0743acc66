package systemtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/listen"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// A world is a running service, and the keys of those who call it.
type world struct {
	t      testing.TB
	base   string // of REST
	ops    string
	client http.Client
	conn   *grpc.ClientConn
	store  store.Store
	clock  *clock
	logs   *logs
	keys   map[string]string // secrets, by name
	routes []route
	send   func(w *world, key, method, path, body string) answer // how do calls
}

// patience is how long a test waits for what must come, before it says that it did
// not: far more than it takes on a machine that is busy with something else.
const patience = 2 * time.Minute

// long tells whether tests should take their long forms: CI runs some, and who
// changes what they are about runs the others.
func long() bool { return os.Getenv("ACQUIS_LONG") != "" }

// clock is the service's, so that tests can wait a day.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logs collects what the service logs.
type logs struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	waited chan struct{} // closed when more is logged; nil: nobody waits
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited != nil {
		close(l.waited)
		l.waited = nil
	}
	return l.buf.Write(p)
}

// more is closed when more is logged.
func (l *logs) more() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited == nil {
		l.waited = make(chan struct{})
	}
	return l.waited
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// start runs a service on a store in dir until the test ends, or stop is called.
// Its signing key is the same in every run, as a service's is.
func start(t testing.TB, dir string, change ...func(*server.Options)) (w *world, stop func()) {
	t.Helper()
	return startBehind(t, nil, dir, change...)
}

// startOn runs a service whose store behaves as wrap makes it. What is read and
// written before the service starts goes to the store as it is.
func startOn(t testing.TB, dir string, wrap func(store.Store) store.Store) (w *world, stop func()) {
	t.Helper()
	return start(t, dir, func(o *server.Options) { o.Store = wrap(o.Store) })
}

// manyConnections are those of a test whose callers all come from one address, some
// with a new connection for each call.
func manyConnections() listen.Limits {
	limits := listen.DefaultLimits
	limits.PerNetwork, limits.Openings = limits.Connections, 100_000
	return limits
}

// manyCalls sets no rate: a test sends in a second what strangers may send in
// minutes.
func manyCalls() admission.Limits {
	limits := admission.DefaultLimits()
	for _, class := range []admission.Class{admission.Public, admission.Watch, admission.Refused} {
		limits.Classes[class].Network, limits.Classes[class].All = admission.Share{}, admission.Share{}
	}
	return limits
}

// startBehind starts a service whose doors speak TLS with clients of that
// configuration; nil: plain text.
func startBehind(t testing.TB, doors *tls.Config, dir string, change ...func(*server.Options)) (w *world, stop func()) {
	t.Helper()
	w = &world{
		t: t, keys: make(map[string]string), routes: readRoutes(), logs: new(logs),
		clock: &clock{now: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)},
		send:  func(w *world, key, method, path, body string) answer { return w.rest(key, method, path, body) },
	}
	st := openStore(t, dir)
	w.store = st
	embedded, err := referentiel.Embedded()
	must(t, err)
	first := authn.NewSecret()
	made, err := services.Bootstrap(t.Context(), st, embedded, first, w.clock.Now())
	must(t, err)
	if made {
		w.keys["admin"] = first.String()
	}
	options := server.Options{
		Store: st, Log: w.handler(), Now: w.clock.Now,
		Limits:  transport.Limits{MaxRequestBytes: 1 << 20, CallTimeout: patience, Listen: manyConnections(), Admission: manyCalls()},
		Signing: notary.Signing{Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Every: time.Millisecond},
	}
	for _, change := range change {
		change(&options)
	}
	srv, err := server.New(options)
	must(t, err)
	ls := server.Listeners{GRPC: loopback(t), HTTP: loopback(t), Ops: loopback(t)}
	w.ops = "http://" + ls.Ops.Addr().String()
	w.dial(doors, ls.HTTP.Addr().String(), ls.GRPC.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ls, 5*time.Second) }()
	stop = sync.OnceFunc(func() {
		_ = w.conn.Close()
		http.DefaultClient.CloseIdleConnections()
		w.client.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(stop)
	return w, stop
}

// handler takes what the service logs.
func (w *world) handler() slog.Handler { return slog.NewJSONHandler(w.logs, nil) }

func (w *world) dial(doors *tls.Config, rest, grpcAddress string) {
	w.t.Helper()
	w.base = "http://" + rest
	transport := insecure.NewCredentials()
	if doors != nil {
		w.client, w.base = http.Client{Transport: &http.Transport{TLSClientConfig: doors, ForceAttemptHTTP2: true}}, "https://"+rest
		transport = credentials.NewTLS(doors)
	}
	var err error
	w.conn, err = grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(transport))
	must(w.t, err)
}

func loopback(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An answer is what came back, over either transport.
type answer struct {
	http int // 0 over gRPC
	head http.Header
	code string // name of the gRPC code, "OK"
	body map[string]any
	raw  string

	headers string // and trailers
}

// rest makes a call over REST.
func (w *world) rest(key, method, path, body string, headers ...string) answer {
	w.t.Helper()
	a, err := w.tryREST(w.t.Context(), key, method, path, body, headers...)
	must(w.t, err)
	return a
}

// tryREST makes a call over REST that may get no answer: then it is an error.
func (w *world) tryREST(ctx context.Context, key, method, path, body string, headers ...string) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, w.base+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+w.secret(key))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := w.client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a = answer{http: res.StatusCode, head: res.Header, code: "OK", raw: string(raw), headers: fmt.Sprint(res.Header, res.Trailer)}
	if err := json.Unmarshal(raw, &a.body); err != nil {
		return a, fmt.Errorf("%s %s answered %d with %q: %w", method, path, res.StatusCode, raw, err)
	}
	if res.StatusCode != http.StatusOK {
		number, _ := a.body["code"].(float64)
		a.code = codeName(int(number))
	}
	return a, nil
}

// secret is the secret of a named key, or the name itself where it is one.
func (w *world) secret(key string) string {
	if secret, ok := w.keys[key]; ok {
		return secret
	}
	return key
}

// grpc makes the same call over gRPC, with more metadata if need be.
func (w *world) grpc(key, method, path, body string, more ...string) answer {
	w.t.Helper()
	a, err := w.tryGRPC(metadata.AppendToOutgoingContext(w.t.Context(), more...), key, method, path, body)
	must(w.t, err)
	return a
}

// tryGRPC makes a call over gRPC; where no answer comes, the library makes one.
func (w *world) tryGRPC(ctx context.Context, key, method, path, body string) (a answer, err error) {
	r, request, err := transcode(w.routes, method, path, body)
	if err != nil {
		return a, err
	}
	return w.invoke(ctx, key, r, request)
}

// invoke makes a call over gRPC with a request that may be anything.
func (w *world) invoke(ctx context.Context, key string, r route, request proto.Message) (a answer, err error) {
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.secret(key))
	}
	response := r.newResponse()
	var header, trailer metadata.MD
	err = w.conn.Invoke(ctx, r.fullMethod, request, response, grpc.Header(&header), grpc.Trailer(&trailer))
	st := status.Convert(err)
	a = answer{code: codeName(int(st.Code())), headers: fmt.Sprint(header, trailer)}
	var shown []byte
	if err == nil {
		shown, err = protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(response)
	} else {
		shown, err = protojson.Marshal(st.Proto())
	}
	if err != nil {
		return a, err
	}
	a.raw = string(shown)
	return a, json.Unmarshal(shown, &a.body)
}

// do makes a call that must succeed: over REST, unless the test sends otherwise.
func (w *world) do(key, method, path, body string) map[string]any {
	w.t.Helper()
	a := w.send(w, key, method, path, body)
	if a.code != "OK" {
		w.t.Fatalf("%s: %s %s %s answered %d %s: %s", key, method, path, body, a.http, a.code, a.raw)
	}
	return a.body
}

// newKey makes a key for a subject of the same name.
func (w *world) newKey(name string, roles ...string) {
	w.t.Helper()
	w.newKeyOf(name, fmt.Sprintf(`{"subject":%q,"roles":["%s"]}`, name, strings.Join(roles, `","`)))
}

func (w *world) newKeyOf(name, key string) {
	w.t.Helper()
	w.keys[name] = w.do("admin", "POST", "/v1/keys", key)["secret"].(string)
}

// gridEtag reads the etag of a grid.
func (w *world) gridEtag(key, candidacy string) string {
	w.t.Helper()
	return w.do(key, "GET", "/v1/"+candidacy+"/grid", "")["etag"].(string)
}

// assess records one verdict on every criterion of a candidacy's grid.
func (w *world) assess(key, candidacy, verdict string) {
	w.t.Helper()
	var lines []string
	for _, criterion := range criteria(w.do(key, "GET", "/v1/"+candidacy+"/grid", "")) {
		lines = append(lines, fmt.Sprintf(`{"criterion":%q,"verdict":%q}`, criterion, verdict))
	}
	w.do(key, "POST", "/v1/"+candidacy+":recordAssessments", `{"assessments":[`+strings.Join(lines, ",")+`]}`)
}

// criteria lists the codes of a grid's criteria.
func criteria(grid map[string]any) (codes []string) {
	for _, bloc := range list(grid, "blocs") {
		for _, competence := range list(bloc, "competences") {
			for _, criterion := range list(competence, "criteria") {
				codes = append(codes, criterion["code"].(string))
			}
		}
	}
	return codes
}

// list is a repeated message field.
func list(message map[string]any, field string) []map[string]any {
	items, _ := message[field].([]any)
	messages := make([]map[string]any, len(items))
	for i, item := range items {
		messages[i] = item.(map[string]any)
	}
	return messages
}

// get walks fields and, by number, items: get(m, "key", "roles", 0).
func get(message any, path ...any) any {
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

// events counts the journal, which grows by one with every write. Reads of files
// are left out: they are journaled when there is time.
func (w *world) events() int {
	w.t.Helper()
	return len(w.writes())
}

func (w *world) writes() []map[string]any {
	w.t.Helper()
	return slices.DeleteFunc(w.journal(), func(event map[string]any) bool { return event["kind"] == "READ" })
}

func (w *world) journal() (all []map[string]any) {
	w.t.Helper()
	token := ""
	for {
		page := w.do("auditor", "GET", "/v1/events?pageSize=1000&pageToken="+token, "")
		all = append(all, list(page, "events")...)
		if token = page["nextPageToken"].(string); token == "" {
			return all
		}
	}
}

// bearing adds the key to what goes out with a call over gRPC.
func (w *world) bearing(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.secret(key))
}
