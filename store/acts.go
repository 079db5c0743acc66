package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// The body of an event says who acted on whom, and names every record written, so
// it cannot be shown to an outsider. Therefore the leaf of an event with
// decisions also commits to each of their public acts separately.

// fewestActs is the smallest number of digests of an event with decisions.
// Otherwise a path in its tree would reveal how many blocs a jury decided
// together, and so how many it refused.
const fewestActs = 16

// ActDigest is the journal's commitment to the public act of a decision:
// HMAC-SHA-256 of its uid (8 bytes, big-endian) and the act's bytes, keyed with
// the act's salt.
func ActDigest(d *storepb.Decision) []byte {
	return Digest(d.GetActSalt(), append(binary.BigEndian.AppendUint64(nil, d.GetUid()), d.GetAct()...))
}

// actDigests returns the digests of the acts among the changes, padded by Acts.
func actDigests(changes []change, stubSalt []byte) ([][]byte, error) {
	var digests [][]byte
	for _, c := range changes {
		if c.kind != KindDecision || c.deleted {
			continue
		}
		d := new(storepb.Decision)
		if err := proto.Unmarshal(c.value, d); err != nil {
			return nil, fmt.Errorf("store: decision %x: %w", c.key, err)
		}
		digests = append(digests, ActDigest(d))
	}
	return Acts(digests, stubSalt), nil
}

// Acts pads and sorts the digests of an event's public acts, so that neither
// position nor number reveals anything; an empty list stays empty. The padding is
// derived from the salt of the stub, which nobody is shown: to others it looks
// random, but a check of the store can show that no other act is hidden in it.
func Acts(digests [][]byte, stubSalt []byte) [][]byte {
	if len(digests) == 0 {
		return nil
	}
	size := fewestActs
	for size < len(digests) {
		size *= 2
	}
	all := slices.Clone(digests)
	for n := len(all); n < size; n++ {
		all = append(all, Digest(stubSalt, fmt.Appendf(nil, "acquis filler %d", n)))
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// An actTree is the tree of the acts of one event: a separate Merkle log in
// memory. It has every hash that its leaves complete, in the order in which
// package tlog counts them. Reading it never fails, so operations on it do not
// fail either.
type actTree []tlog.Hash

func newActTree(acts [][]byte) (tree actTree) {
	for i, digest := range acts {
		completed, _ := tlog.StoredHashes(int64(i), digest, tree)
		tree = append(tree, completed...)
	}
	return tree
}

// ReadHashes implements tlog.HashReader.
func (t actTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = t[index]
	}
	return hashes, nil
}

func actsRoot(acts [][]byte) tlog.Hash {
	root, _ := tlog.TreeHash(int64(len(acts)), newActTree(acts))
	return root
}

// ProveAct returns the position of a digest among the acts of an event, and the
// hashes that lead from it to their root, as tlog.CheckRecord takes them.
func ProveAct(acts [][]byte, digest []byte) (index int, path tlog.RecordProof, err error) {
	index = slices.IndexFunc(acts, func(act []byte) bool { return bytes.Equal(act, digest) })
	if index < 0 {
		return 0, nil, errors.New("store: the event does not have this act")
	}
	path, err = tlog.ProveRecord(int64(len(acts)), int64(index), newActTree(acts))
	return index, path, err
}
