package attack

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A door has the addresses of a server, and the keys of an attacker.
type door struct {
	GRPC, REST, Ops string
	TLS             bool
	Keys            map[string]string // secrets, by role in lower case
}

// A tally counts what an attack tried, and the outcomes.
type tally struct {
	Tried    int
	Outcomes map[string]int
	Took     time.Duration
}

// commonest returns the most frequent outcomes.
func (t tally) commonest(n int) string {
	names := make([]string, 0, len(t.Outcomes))
	for name := range t.Outcomes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(t.Outcomes[b], t.Outcomes[a]), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s ×%d", name, t.Outcomes[name])
	}
	return strings.Join(names[:min(n, len(names))], ", ")
}

// A target is the server under attack, and the tally of the attack.
type target struct {
	door
	long     bool
	underWay chan struct{} // closed when enough was tried

	mu sync.Mutex
	tally
}

func newTarget(d door, long bool) *target {
	return &target{door: d, long: long, underWay: make(chan struct{}), tally: tally{Outcomes: make(map[string]int)}}
}

// enough is the number of tries after which an attack counts as begun.
const enough = 8

func (t *target) tried(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Tried < enough && t.Tried+n >= enough {
		close(t.underWay)
	}
	t.Tried += n
}

// stayed is the outcome of connections and calls that were open until the attack
// ended.
const stayed = "open to the end"

func (t *target) came(outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.Outcomes) > 100 {
		outcome = "other"
	}
	t.Outcomes[outcome]++
}

// cameBefore counts an outcome, unless it was caused by the end of the attack.
func (t *target) cameBefore(ctx context.Context, outcome string) {
	if ctx.Err() != nil {
		outcome = stayed
	}
	t.came(outcome)
}

// number returns the count for the short form or the long one.
func (t *target) number(short, long int) int {
	if t.long {
		return long
	}
	return short
}

// crowd runs n of them at once, and waits for all.
func crowd(n int, one func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { one(i) })
	}
	all.Wait()
}

// rush makes calls without a pause, with several workers, until ctx ends.
func (t *target) rush(ctx context.Context, workers int, call func(ctx context.Context, i int) string) {
	crowd(workers, func(worker int) {
		for i := worker; ctx.Err() == nil; i += workers {
			t.tried(1)
			if outcome := call(ctx, i); ctx.Err() == nil {
				t.came(outcome)
			}
		}
	})
}

// pause waits before the next try of an attacker who was refused.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// tlsFor accepts any certificate, because an attacker would.
func tlsFor(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
}

// dial connects to an address; nothing reads from the connection yet.
func (t *target) dial(ctx context.Context, address string, protocols ...string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if t.TLS {
		return (&tls.Dialer{Config: tlsFor(protocols...)}).DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// rawCodec sends bytes unchanged, so that a request can be anything.
type rawCodec struct{}

func (rawCodec) Name() string                  { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = b
	return nil
}

const maxMessage = 256 << 20

// connect makes a connection for raw requests, with the client library that the
// bystander uses.
func connect(address string, overTLS bool) *grpc.ClientConn {
	creds := insecure.NewCredentials()
	if overTLS {
		creds = credentials.NewTLS(tlsFor())
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallSendMsgSize(maxMessage), grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		panic(err) // our options are valid, and so is a listener's address
	}
	return conn
}

// withKey adds a key to a call; "" means no key.
func withKey(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
}

// invoke makes one call and returns its outcome.
func invoke(ctx context.Context, conn *grpc.ClientConn, key, method string, request []byte) string {
	var answer []byte
	err := conn.Invoke(withKey(ctx, key), method, request, &answer)
	return status.Code(err).String()
}

// rest makes one call over REST and returns its outcome.
func (t *target) rest(ctx context.Context, client *http.Client, key, method, path, body string) string {
	scheme := "http://"
	if t.TLS {
		scheme = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, method, scheme+t.REST+path, strings.NewReader(body))
	if err != nil {
		return "malformed"
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := client.Do(request)
	if err != nil {
		return "connection broken"
	}
	defer answer.Body.Close()
	n := drain(answer.Body)
	if n > 1<<20 && answer.StatusCode >= 400 {
		return fmt.Sprintf("%d with %d MiB of text", answer.StatusCode, n>>20)
	}
	return fmt.Sprint(answer.StatusCode)
}

// browser is an HTTP client with that many connections.
func browser(connections int) (client *http.Client, done func()) {
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, TLSClientConfig: tlsFor(), ForceAttemptHTTP2: true}
	return &http.Client{Transport: transport}, transport.CloseIdleConnections
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string can always be encoded
	return string(b)
}
