package notary

import (
	"bytes"
	"crypto/ed25519"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store/memstore"
)

// TestSignerOfSomebodyElse: every start warns about a key in the store that was
// added after the one that signs, because it is published with ours.
func TestSignerOfSomebodyElse(t *testing.T) {
	s := memstore.New()
	defer func() { _ = s.Close() }()
	const told = "added after the current one"
	for _, start := range []struct {
		key    byte
		warned bool
	}{{1, false}, {1, false}, {2, false}, {2, false}, {1, true}, {1, true}, {2, false}} {
		var log bytes.Buffer
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{start.key}, ed25519.SeedSize))
		made, err := newSigner(t.Context(), s, Signing{Key: key}, slog.New(slog.NewTextHandler(&log, nil)), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if warned := strings.Contains(log.String(), told); warned != start.warned {
			t.Errorf("key %d, of %d that are known: warned %t", start.key, len(made.known), warned)
		}
	}
}
