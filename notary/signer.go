package notary

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/checkpoint"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// Signing configures how a server signs checkpoints and attestations. The zero
// value is ready to use.
type Signing struct {
	Key    ed25519.PrivateKey // nil: a new one for this run, which is then lost
	Origin string             // names the journal; empty: the name in the store, or a random one
	Every  time.Duration      // shortest time between two checkpoints; 0: a second
}

// A signer signs with one key, and knows all keys that ever signed here,
// because what they signed stays valid. It is a note.Signer.
type signer struct {
	key    ed25519.PrivateKey
	origin string
	hash   uint32            // of origin and key: how signed notes name a key
	known  []*storepb.Signer // in order of their first use; key's is one of them
}

// newSigner records the key in the store if it is new there.
func newSigner(ctx context.Context, s store.Store, o Signing, log *slog.Logger, now time.Time) (*signer, error) {
	if o.Key == nil {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		o.Key = key
	}
	if err := checkpoint.CheckOrigin(o.Origin); err != nil {
		return nil, err
	}
	made := &signer{key: o.Key}
	random, entered := randomOrigin(), false
	act := store.Act{RPC: "signer", Kind: storepb.EventBody_Kind_SIGNER, Time: now}
	look := func(r store.Reader) (err error) {
		if made.known, err = store.Signers.All(r, nil); err != nil {
			return err
		}
		made.origin, err = chooseOrigin(made.known, o.Origin, random)
		entered = !made.isKnown()
		return err
	}
	register := func(w store.Writer) error {
		if err := look(w); err != nil || !entered {
			return err
		}
		return made.enter(w, now)
	}
	err := s.View(ctx, look)
	if err == nil && entered { // a known key is no reason to write: the disk may be full
		err = s.Update(ctx, act, register)
	}
	for range 2 { // nobody else could repeat the call, and repeating it does no harm
		if errors.Is(err, store.ErrUnknownOutcome) {
			err = s.Update(ctx, act, register)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the signing key: %w", err)
	}
	if entered && len(made.known) > 1 {
		log.Warn("a new key signs from now on; older signatures stay valid", "keys", len(made.known))
	}
	if last := made.known[len(made.known)-1]; !bytes.Equal(last.GetPublicKey(), made.public()) {
		log.Warn("the store lists and publishes a signing key that was added after the current one; "+
			"if you did not go back to an older key, somebody else added it: run acquis verify",
			"entered", last.GetCreateTime().AsTime(), "key", keyOf(last).String())
	}
	verifier, err := note.NewVerifier(checkpoint.Key{Origin: made.origin, Public: made.public()}.String())
	if err != nil {
		return nil, err
	}
	made.hash = verifier.KeyHash()
	return made, nil
}

func randomOrigin() string { return "acquis/" + strings.ToLower(rand.Text()[:16]) }

// RenameJournal gives the journal of a store a new name from its next event on,
// if the store continues from before a checkpoint that was published under the
// old name. What was signed under the old name stays valid. An empty Origin
// means a random name, as at the first start. It returns the new name.
func RenameJournal(ctx context.Context, s store.Store, o Signing, now time.Time) (origin string, err error) {
	if err := checkpoint.CheckOrigin(o.Origin); err != nil {
		return "", err
	}
	if origin = o.Origin; origin == "" {
		origin = randomOrigin()
	}
	renamed := &signer{key: o.Key, origin: origin}
	act := store.Act{RPC: "restore", Kind: storepb.EventBody_Kind_SIGNER, Time: now}
	return origin, s.Update(ctx, act, func(w store.Writer) (err error) {
		if renamed.known, err = store.Signers.All(w, nil); err != nil {
			return err
		}
		for _, known := range renamed.known {
			if known.GetOrigin() == origin {
				return fmt.Errorf("the journal already had the name %q: choose a new one", origin)
			}
		}
		return renamed.enter(w, now)
	})
}

// chooseOrigin keeps the last name that the journal was given: with another
// one, all earlier proofs would be about another journal.
func chooseOrigin(known []*storepb.Signer, asked, random string) (string, error) {
	if len(known) == 0 {
		if asked == "" {
			return random, nil
		}
		return asked, nil
	}
	has := known[len(known)-1].GetOrigin()
	if asked == "" || asked == has {
		return has, nil
	}
	return "", fmt.Errorf("this journal's origin is %q and cannot be changed to %q", has, asked)
}

func (s *signer) enter(w store.Writer, now time.Time) error {
	uid, err := w.NewUID()
	if err != nil {
		return err
	}
	entered := &storepb.Signer{Uid: uid, PublicKey: s.public(), Origin: s.origin, CreateTime: timestamppb.New(now.Truncate(time.Microsecond))}
	s.known = append(s.known, entered)
	return store.Signers.Put(w, store.Key(uid), entered)
}

func (s *signer) public() ed25519.PublicKey {
	public, _ := s.key.Public().(ed25519.PublicKey) // its documentation guarantees the type
	return public
}

// isKnown tells whether the key has signed under the current name of the
// journal.
func (s *signer) isKnown() bool {
	return slices.ContainsFunc(s.known, func(k *storepb.Signer) bool {
		return bytes.Equal(k.GetPublicKey(), s.public()) && k.GetOrigin() == s.origin
	})
}

func keyOf(s *storepb.Signer) checkpoint.Key {
	return checkpoint.Key{Origin: s.GetOrigin(), Public: s.GetPublicKey()}
}

// keys lists all keys, the one that signs now first.
func (s *signer) keys() []checkpoint.Key {
	keys := []checkpoint.Key{{Origin: s.origin, Public: s.public()}}
	for _, k := range slices.Backward(s.known) {
		if key := keyOf(k); key.String() != keys[0].String() {
			keys = append(keys, key)
		}
	}
	return keys
}

// Name implements note.Signer.
func (s *signer) Name() string { return s.origin }

// KeyHash implements note.Signer.
func (s *signer) KeyHash() uint32 { return s.hash }

// Sign implements note.Signer.
func (s *signer) Sign(message []byte) ([]byte, error) {
	if len(message) == 0 {
		return nil, errors.New("nothing to sign")
	}
	return ed25519.Sign(s.key, message), nil
}
