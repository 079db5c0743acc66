package verify

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/acquis-eval/acquis/checkpoint"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// signer checks a public key, and keeps it for the checkpoints. Each key is
// recorded once under one name, so that the last one is the one that signs,
// unless an older one was restored.
func (v *verifier) signer(s subject, m *storepb.Signer) {
	key := checkpoint.Key{Origin: m.GetOrigin(), Public: m.GetPublicKey()}.String()
	if key == "" {
		s.wrong("is not an Ed25519 key under a name")
		return
	}
	if slices.Contains(v.report.Signers, key) {
		s.wrong("is a key that was entered before")
	}
	v.report.Signers = append(v.report.Signers, key)
	v.signers = append(v.signers, m)
}

// verifiers are all keys that ever signed here.
func (v *verifier) verifiers() note.Verifiers {
	var keys []checkpoint.Key
	for _, s := range v.signers {
		keys = append(keys, checkpoint.Key{Origin: s.GetOrigin(), Public: s.GetPublicKey()})
	}
	return checkpoint.Verifiers(keys)
}

// checkpoints checks the one from outside, whose findings matter most, then those that
// the store keeps.
func (v *verifier) checkpoints() error {
	if err := v.outside(); err != nil {
		return err
	}
	var latest *storepb.Checkpoint
	err := v.scan(store.KindCheckpoint, nil, func(r store.Record) error {
		add(&v.report.Records, store.KindCheckpoint.String(), 1)
		s, m := v.subject(store.KindCheckpoint, r.Key, 0), new(storepb.Checkpoint)
		if !decoded(r.Value, m) || unknown(m.ProtoReflect()) {
			s.wrong("cannot be decoded")
			return nil
		}
		if latest == nil || m.GetSize() > latest.GetSize() {
			latest = m
		}
		if at := m.GetSignTime(); at == nil || !at.IsValid() || v.ahead(at) {
			s.wrong("has no signing time, or one in the future")
		}
		if day := store.DayCheckpoint(m.GetSignTime().AsTime()); !bytes.Equal(r.Key, day) && !bytes.Equal(r.Key, store.LatestCheckpoint()) {
			s.wrong("was signed on %s", day)
		}
		v.kept(s, m)
		return nil
	})
	if err != nil {
		return err
	}
	return v.latest(latest)
}

// kept checks a checkpoint of the store: signed by one of its keys, and true.
func (v *verifier) kept(s subject, m *storepb.Checkpoint) {
	c, err := checkpoint.Open([]byte(m.GetNote()), v.verifiers())
	switch {
	case err != nil:
		s.wrong("is not signed by a key of this store, or cannot be read: %v", err)
	case c.Size != m.GetSize() || !bytes.Equal(c.Root[:], m.GetRoot()):
		s.wrong("lists a size or root that is not the signed one")
	default:
		v.grows(s, c)
	}
}

// latest checks that the record of the latest checkpoint is the latest.
func (v *verifier) latest(newest *storepb.Checkpoint) error {
	if newest == nil {
		return nil
	}
	s, m := v.subject(store.KindCheckpoint, store.LatestCheckpoint(), 0), new(storepb.Checkpoint)
	value, err := v.source.Get(store.KindCheckpoint, store.LatestCheckpoint())
	switch {
	case errors.Is(err, store.ErrNotFound):
		s.wrong("is missing, although there are checkpoints of days")
	case err != nil:
		return err
	case decoded(value, m) && m.GetSize() < newest.GetSize():
		s.wrong("is of %d events, the newest of %d", m.GetSize(), newest.GetSize())
	default:
		ofDay, err := v.source.Get(store.KindCheckpoint, store.DayCheckpoint(m.GetSignTime().AsTime()))
		if err != nil || !bytes.Equal(ofDay, value) {
			s.wrong("is not the last of its day")
		}
	}
	return nil
}

// outside compares the journal with a checkpoint that was kept elsewhere: the
// only thing that somebody who can write the store cannot change. Its findings are kept
// even if there are too many: the rest of a store that was replaced has hundreds.
func (v *verifier) outside() error {
	if v.opts.Checkpoint == nil {
		return nil
	}
	limit := v.opts.Limit
	v.opts.Limit = len(v.report.Findings) + 3 // it has at most so many
	defer func() { v.opts.Limit = limit }()
	text, signatures, signed := strings.Cut(string(v.opts.Checkpoint), "\n\n")
	c, err := checkpoint.Parse(text)
	if err != nil {
		return err
	}
	s := v.subject(store.KindCheckpoint, nil, 0)
	if signed && strings.TrimSpace(signatures) != "" {
		if _, err := note.Open(v.opts.Checkpoint, v.verifiers()); err != nil {
			s.wrong("the given one is not signed by a key of this store: %v", err)
		}
	}
	// A journal that continues from a backup got a new name; what was published
	// under the old one must still be true of it.
	ours := func(signer *storepb.Signer) bool { return signer.GetOrigin() == c.Origin }
	if n := len(v.signers); n > 0 && !slices.ContainsFunc(v.signers, ours) {
		s.wrong("the given one is of journal %q, this is %q", c.Origin, v.signers[n-1].GetOrigin())
	}
	if v.grows(s, c) {
		v.report.Checkpoint = fmt.Sprintf("The journal extends the checkpoint of %d events by %d events", c.Size, v.report.Events-c.Size)
	}
	return nil
}

// grows checks that the journal is the one that a checkpoint describes, or
// extends it.
func (v *verifier) grows(s subject, c checkpoint.Checkpoint) bool {
	switch {
	case v.report.Root == "":
		s.wrong("cannot be compared with the tree, which is broken")
		return false
	case c.Size > v.report.Events:
		s.wrong("covers %d events, the journal has %d: it was rolled back", c.Size, v.report.Events)
		return false
	}
	root, err := tlog.TreeHash(int64(c.Size), store.Tree(v.reader))
	if err != nil || root != c.Root {
		s.wrong("has, for %d events, the root %v, the journal %v: it is another journal", c.Size, c.Root, root)
		return false
	}
	v.checked("checkpoints")
	return true
}
