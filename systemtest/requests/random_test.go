package requests

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"google.golang.org/grpc/codes"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRandomRequests sends random calls of every operation of the service's
// OpenAPI document, mostly wrong in some way. Every answer must be as the
// document says and not a fault of the service, and a refused call must write
// nothing. ACQUIS_SEED repeats a run; ACQUIS_LONG=1 makes it longer.
func TestRandomRequests(t *testing.T) {
	calls := 3000 // in one world
	if testing.Short() {
		calls = 500
	}
	seeds := []uint64{1, rand.Uint64()}
	if world.Long() {
		calls = 5000
		for len(seeds) < 40 {
			seeds = append(seeds, rand.Uint64())
		}
	}
	if given := os.Getenv("ACQUIS_SEED"); given != "" {
		seed, err := strconv.ParseUint(given, 10, 64)
		world.Must(t, err)
		seeds = []uint64{seed}
	}
	counts := make([]answerCount, len(seeds))
	t.Run("worlds", func(t *testing.T) { // ends when all of them have
		for n, seed := range seeds {
			counts[n] = make(answerCount)
			t.Run(fmt.Sprintf("ACQUIS_SEED=%d", seed), func(t *testing.T) {
				w, _ := world.Start(t, t.TempDir()) // one by one: worlds share a variable of the gateway library
				t.Parallel()
				p := newProber(t, w, counts[n])
				source := rand.New(rand.NewPCG(seed, 0))
				for i := 0; i < calls && !t.Failed(); i++ {
					p.send(i, p.next(source))
				}
			})
		}
	})
	total := make(answerCount)
	for _, count := range counts {
		total.addAll(count)
	}
	total.report(t)
	if !testing.Short() { // with so few calls it is left to chance
		total.check(t)
	}
}

// An answerCount counts answers by operation and status.
type answerCount map[string]map[int]int

func (a answerCount) add(op *operation, status int) {
	id := "(no operation)"
	if op != nil {
		id = op.id
	}
	if a[id] == nil {
		a[id] = make(map[int]int)
	}
	a[id][status]++
}

func (a answerCount) addAll(other answerCount) {
	for id, statuses := range other {
		if a[id] == nil {
			a[id] = make(map[int]int)
		}
		for status, n := range statuses {
			a[id][status] += n
		}
	}
}

// report shows the counts.
func (a answerCount) report(t *testing.T) {
	t.Helper()
	var text strings.Builder
	total := make(map[int]int)
	for _, id := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(&text, "\n%-46s", id)
		for _, status := range slices.Sorted(maps.Keys(a[id])) {
			fmt.Fprintf(&text, " %d:%d", status, a[id][status])
			total[status] += a[id][status]
		}
	}
	t.Logf("answers by status: %v%s", total, text.String())
}

// check finds operations that never answered 200, or were never refused: these
// were not tested.
func (a answerCount) check(t *testing.T) {
	t.Helper()
	for id, statuses := range a {
		refused := -statuses[http.StatusOK]
		for _, n := range statuses {
			refused += n
		}
		if id != "(no operation)" && (statuses[http.StatusOK] == 0 || refused == 0) {
			t.Errorf("%s: %d times 200, %d times refused", id, statuses[http.StatusOK], refused)
		}
	}
}

// A prober sends random calls and compares the answers with the document.
type prober struct {
	*generator
	t       testing.TB
	answers answerCount
	client  *http.Client
	last    uint64 // the sequence of the last event
}

// newProber makes the populated world, and makes every good call in it.
func newProber(t testing.TB, w *world.World, answers answerCount) *prober {
	t.Helper()
	p := &prober{generator: newGenerator(w), t: t, answers: answers, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	p.newEvents()
	before := p.last
	for i, c := range goodCalls {
		c.path, c.body = fill(w, c.path), fill(w, c.body)
		path, query, _ := strings.Cut(c.path, "?")
		status := p.send(i, randomCall{key: c.key, method: c.method, path: path, query: query, body: c.body})
		op := p.document.find(c.method, path)
		if op == nil || status != http.StatusOK {
			t.Fatalf("%s: %s %s answered %d", c.key, c.method, c.path, status)
		}
		p.good[op.id] = append(p.good[op.id], c)
	}
	if p.last < before+20 {
		t.Fatalf("the good calls wrote %d events: they are not counted correctly", p.last-before)
	}
	p.learnAll()
	return p
}

// newEvents counts the events since the last call, without those of reads, which
// are written later.
func (p *prober) newEvents() (n int) {
	p.t.Helper()
	world.Must(p.t, p.Store.View(p.t.Context(), func(r store.Reader) error {
		n = 0
		events, err := r.Events(p.last, 1000)
		for _, event := range events {
			stub, err := store.ReadStub(event)
			if err != nil {
				return err
			}
			if stub.GetKind() != storepb.EventBody_Kind_READ {
				n++
			}
			p.last = event.GetSequence()
		}
		return err
	}))
	return n
}

// send makes the call, checks its answer and returns its status.
func (p *prober) send(number int, call randomCall) int {
	p.t.Helper()
	target := p.Base + call.path
	if call.query != "" {
		target += "?" + call.query
	}
	request, err := http.NewRequestWithContext(p.t.Context(), call.method, target, strings.NewReader(call.body))
	if err != nil || len(request.URL.RequestURI()) > 12<<10 {
		return 0 // HTTP cannot transport it, or it is refused before it is a call: 431
	}
	if call.key != "" {
		request.Header.Set("Authorization", "Bearer "+p.Secret(call.key))
	}
	if call.contentType != "" {
		request.Header.Set("Content-Type", call.contentType)
	}
	response, err := p.client.Do(request)
	world.Must(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	world.Must(p.t, err)
	op := p.document.find(call.method, request.URL.Path)
	p.answers.add(op, response.StatusCode)
	if err := p.check(op, call.method, response, body); err != nil {
		p.t.Errorf("call %d, %v\nwas answered %d %.2000s\n%v", number, call, response.StatusCode, body, err)
	}
	return response.StatusCode
}

// mostEvents is how many events an accepted call may write: one, or none for a
// read. Forgetting also drops stored request ids, afterwards.
func (op *operation) mostEvents() int {
	switch {
	case op.method == http.MethodGet:
		return 0
	case strings.HasSuffix(op.id, "_ForgetCandidate"):
		return 2
	}
	return 1
}

// check returns what is wrong with an answer.
func (p *prober) check(op *operation, method string, response *http.Response, body []byte) error {
	written := p.newEvents()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	switch {
	case err != nil:
		return fmt.Errorf("the answer is not JSON: %w", err)
	case response.Header.Get("Content-Type") != "application/json":
		return fmt.Errorf("the answer has the type %q", response.Header.Get("Content-Type"))
	case response.StatusCode == http.StatusOK && op == nil:
		return fmt.Errorf("the document has no such operation")
	case response.StatusCode == http.StatusOK && written > op.mostEvents():
		return fmt.Errorf("it wrote %d events", written)
	case response.StatusCode == http.StatusOK:
		if method == http.MethodPost {
			p.learn(value)
		}
		return op.success.Validate(value)
	case written > 0:
		return fmt.Errorf("it was refused and wrote %d events", written)
	}
	if err := p.document.failure.Validate(value); err != nil {
		return err
	}
	return checkFailure(response.StatusCode, value)
}

// checkFailure returns what is wrong with an error: it must be google.rpc.Status
// with ErrorInfo first, a documented reason, and the status of its code.
func checkFailure(status int, value any) error {
	number, err := strconv.Atoi(fmt.Sprint(world.Get(value, "code")))
	if err != nil {
		return err
	}
	reason, _ := world.Get(value, "details", 0, "reason").(string)
	want := runtime.HTTPStatusFromCode(codes.Code(number))
	switch reason {
	case "REQUEST_TOO_LARGE":
		want = http.StatusRequestEntityTooLarge
	case "METHOD_NOT_ALLOWED":
		want = http.StatusMethodNotAllowed
	case "UNSUPPORTED_MEDIA_TYPE":
		want = http.StatusUnsupportedMediaType
	}
	switch {
	case status >= 500:
		return fmt.Errorf("a fault of the service")
	case status != want:
		return fmt.Errorf("the status is not %d, that of its code and reason", want)
	case world.Get(value, "details", 0, "@type") != "type.googleapis.com/google.rpc.ErrorInfo":
		return fmt.Errorf("no ErrorInfo comes first")
	case world.Get(value, "details", 0, "domain") != apierr.Domain:
		return fmt.Errorf("the domain is not %s", apierr.Domain)
	case acquispb.ErrorReason_Enum_value[reason] == 0:
		return fmt.Errorf("the reason is not documented")
	}
	return nil
}
