package authn

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// AttemptLimits say how many bad credentials may be sent in a minute. As many may
// come at once; what was used up comes back evenly. 0: any number.
type AttemptLimits struct {
	PerCredential int // of one key id, or of one text that is no key, from one address
	PerAddress    int // from one address, whatever was sent
}

// attempts keeps count of bad credentials, so that guessing, and a client that
// keeps sending a dead key, cost little.
//
// Where too many came, further ones are refused without a look at them, right or
// wrong, until the limit allows the next. Behind a proxy all callers share one
// address, so a credential that was found good is remembered, by digest, and
// looked at whatever the others do: nobody can lock a caller out who is at work.
// Nothing that a caller sends says which address is theirs: the connection does.
//
// Memory is bounded. Who can send from so many addresses that counts are let go
// of early meets secrets of 256 random bits and signatures.
type attempts struct {
	limits AttemptLimits
	bad    *prometheus.CounterVec // by reason

	mu          sync.Mutex
	credentials *simplelru.LRU[suspect, *bucket]
	addresses   *simplelru.LRU[netip.Prefix, *bucket]
	good        *simplelru.LRU[goodCredential, struct{}]
}

// remembered is how many credentials, addresses and good credentials are
// remembered, each: a few megabytes in all.
const remembered = 10_000

func newAttempts(limits AttemptLimits) *attempts {
	return &attempts{
		limits: limits,
		bad: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "acquis_bad_credentials_total",
			Help: "Invalid keys, tokens and attestation codes, by reason.",
		}, []string{"reason"}),
		credentials: newLRU[suspect, *bucket](remembered),
		addresses:   newLRU[netip.Prefix, *bucket](remembered),
		good:        newLRU[goodCredential, struct{}](remembered),
	}
}

// An Attempt is a credential that came from an address, read once.
type Attempt struct {
	suspect
	of     *attempts
	now    time.Time
	key    Secret // as it was sent, where it has the form of one
	digest [sha256.Size]byte
	known  bool // it was found good before
}

// A suspect is what failures count for: the key's id, whatever secret follows it;
// else a digest of the text, so that one client's dead token holds up no other.
type suspect struct {
	from netip.Prefix
	name string
}

// newAttempt reads a credential. The digest of a key is that of its secret, as
// it is stored.
func newAttempt(from netip.Prefix, text string) *Attempt {
	if secret, err := ParseSecret(text); err == nil {
		return &Attempt{suspect: suspect{from, secret.ID}, key: secret, digest: secret.Digest()}
	}
	digest := sha256.Sum256([]byte(text))
	return &Attempt{suspect: suspect{from, string(digest[:])}, digest: digest}
}

// A goodCredential is all that tells one from any other.
type goodCredential struct {
	name   string
	digest [sha256.Size]byte
}

func (a *Attempt) credential() goodCredential { return goodCredential{a.name, a.digest} }

// wait tells how long the attempt must wait before it is looked at, and how many
// before it failed or were refused. What is refused is not remembered by itself,
// so that it cannot drive out what is.
func (as *attempts) wait(a *Attempt, now time.Time) (wait time.Duration, failures int) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if _, a.known = as.good.Get(a.credential()); a.known {
		return 0, 0
	}
	var full *bucket
	if b, ok := as.credentials.Get(a.suspect); ok {
		full, wait = b, b.wait(as.limits.PerCredential, now)
	}
	if b, ok := as.addresses.Get(a.from); ok {
		if longer := b.wait(as.limits.PerAddress, now); longer > wait {
			full, wait = b, longer
		}
	}
	if wait == 0 {
		return 0, 0
	}
	full.failures++
	return wait, full.failures
}

// Succeeded says that the credential is good.
func (a *Attempt) Succeeded() { a.of.succeeded(a) }

// Failed says that it is bad, and counts why.
func (a *Attempt) Failed(ctx context.Context, reason string) {
	call.From(ctx).Failures = a.of.failed(a, a.now)
	a.of.bad.WithLabelValues(reason).Inc()
}

// succeeded remembers that the credential is good.
func (as *attempts) succeeded(a *Attempt) {
	if a.known {
		return
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	as.good.Add(a.credential(), struct{}{})
}

// failed counts a bad credential, and returns how many there were of its name.
func (as *attempts) failed(a *Attempt, now time.Time) (failures int) {
	as.mu.Lock()
	defer as.mu.Unlock()
	as.good.Remove(a.credential())
	bucketOf(as.addresses, a.from).spend(as.limits.PerAddress, now)
	spent := bucketOf(as.credentials, a.suspect)
	spent.spend(as.limits.PerCredential, now)
	return spent.failures
}

func bucketOf[K comparable](buckets *simplelru.LRU[K, *bucket], key K) *bucket {
	b, ok := buckets.Get(key)
	if !ok {
		b = new(bucket)
		buckets.Add(key, b)
	}
	return b
}

// A bucket counts what was spent of a limit and has not come back yet.
type bucket struct {
	spent    float64
	at       time.Time
	failures int // since all had come back
}

// wait tells when the next may be spent.
func (b *bucket) wait(perMinute int, now time.Time) time.Duration {
	if perMinute == 0 {
		return 0
	}
	b.refill(perMinute, now)
	missing := b.spent + 1 - float64(perMinute)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(perMinute) * float64(time.Minute))
}

// spend takes one. Calls that were let through together may spend more than
// there was; that is forgiven, or they would lock out whoever comes next.
func (b *bucket) spend(perMinute int, now time.Time) {
	b.refill(perMinute, now)
	b.spent = min(b.spent+1, float64(perMinute))
	b.failures++
}

func (b *bucket) refill(perMinute int, now time.Time) {
	if now.After(b.at) {
		b.spent = max(0, b.spent-now.Sub(b.at).Minutes()*float64(perMinute))
		b.at = now
	}
	if b.spent == 0 {
		b.failures = 0
	}
}

func tooManyAttempts(wait time.Duration) error {
	return apierr.New(codes.ResourceExhausted, acquispb.ErrorReason_TOO_MANY_ATTEMPTS,
		"too many invalid keys, tokens or codes from this address", &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
}

// newLRU holds the entries used last, up to a number: what callers make it hold
// cannot grow.
func newLRU[K comparable, V any](most int) *simplelru.LRU[K, V] {
	lru, _ := simplelru.NewLRU[K, V](most, nil) // it fails only for a number below one
	return lru
}
