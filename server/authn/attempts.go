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

// AttemptLimits say how many invalid credentials may be sent per minute. That
// many may come at once; then the allowance refills evenly. 0: no limit.
type AttemptLimits struct {
	PerCredential int // of one key id, or of one text that is not a key, from one address
	PerAddress    int // from one address, whatever was sent
}

// attempts counts invalid credentials, so that guessing, and clients that keep
// sending an invalid key, cost little.
//
// If there were too many, further ones are refused unchecked, right or wrong,
// until the limit allows the next. Behind a proxy all callers share one
// address, so a valid credential is remembered, by digest, and always checked:
// callers at work cannot be locked out. The address is that of the connection,
// whatever a caller sends.
//
// Memory is limited. An attacker with so many addresses that counts are dropped
// early still has to guess secrets of 256 random bits or signatures.
type attempts struct {
	limits AttemptLimits
	bad    *prometheus.CounterVec // by reason

	mu          sync.Mutex
	credentials *simplelru.LRU[suspect, *bucket]
	addresses   *simplelru.LRU[netip.Prefix, *bucket]
	good        *simplelru.LRU[goodCredential, struct{}]
}

// remembered is how many credentials, addresses and valid credentials are
// remembered, each: a few megabytes in total.
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

// An Attempt is a parsed credential from an address.
type Attempt struct {
	suspect
	of     *attempts
	now    time.Time
	key    Secret // as it was sent, if it has the form of a key
	digest [sha256.Size]byte
	known  bool // it was valid before
}

// A suspect is what failures are counted for: the key's id, with any secret;
// otherwise a digest of the text, so that one client's invalid token does not
// affect others.
type suspect struct {
	from netip.Prefix
	name string
}

// newAttempt parses a credential. The digest of a key is that of its secret, as
// it is stored.
func newAttempt(from netip.Prefix, text string) *Attempt {
	if secret, err := ParseSecret(text); err == nil {
		return &Attempt{suspect: suspect{from, secret.ID}, key: secret, digest: secret.Digest()}
	}
	digest := sha256.Sum256([]byte(text))
	return &Attempt{suspect: suspect{from, string(digest[:])}, digest: digest}
}

// A goodCredential identifies a valid credential.
type goodCredential struct {
	name   string
	digest [sha256.Size]byte
}

func (a *Attempt) credential() goodCredential { return goodCredential{a.name, a.digest} }

// wait tells how long the attempt must wait before it is checked, and how many
// before it failed or were refused. Refused attempts are not stored, so that
// they cannot displace stored ones.
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

// Succeeded notes that the credential is valid.
func (a *Attempt) Succeeded() { a.of.succeeded(a) }

// Failed notes that it is invalid, and counts the reason.
func (a *Attempt) Failed(ctx context.Context, reason string) {
	call.From(ctx).Failures = a.of.failed(a, a.now)
	a.of.bad.WithLabelValues(reason).Inc()
}

// succeeded remembers that the credential is valid.
func (as *attempts) succeeded(a *Attempt) {
	if a.known {
		return
	}
	as.mu.Lock()
	defer as.mu.Unlock()
	as.good.Add(a.credential(), struct{}{})
}

// failed counts an invalid credential, and returns how often the same suspect
// has failed.
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

// A bucket counts how much of a limit is used up.
type bucket struct {
	spent    float64
	at       time.Time
	failures int // since the bucket was last full
}

// wait tells how long until the next may be spent.
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

// spend takes one. Calls that passed together may spend more than there was;
// the bucket does not go below zero, or they would lock out later callers.
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

// newLRU keeps a limited number of the most recently used entries, whatever
// callers send.
func newLRU[K comparable, V any](most int) *simplelru.LRU[K, V] {
	lru, _ := simplelru.NewLRU[K, V](most, nil) // it fails only for a number below one
	return lru
}
