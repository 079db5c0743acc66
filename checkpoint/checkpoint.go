// Package checkpoint reads and writes checkpoints of a journal: a few lines that
// say how many events it has and what the Merkle root over them is, signed.
//
//	acquis.example.fr/journal
//	20852163
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— acquis.example.fr/journal Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe…
//
// The lines are a checkpoint as defined by C2SP tlog-checkpoint, the whole is a
// signed note (C2SP signed-note, golang.org/x/mod/sumdb/note). All code that
// signs, checks or compares checkpoints uses this package, so that it agrees on
// which are valid.
package checkpoint

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint describes a journal at one moment.
type Checkpoint struct {
	Origin string // names the journal
	Size   uint64 // its events
	Root   tlog.Hash
}

// maxSize is larger than any tree that proofs can handle.
const maxSize = 1 << 62

// Sign writes a checkpoint as a signed note.
func Sign(c Checkpoint, by note.Signer) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, by)
	return string(signed), err
}

// Open reads a checkpoint that one of the keys has signed. If none has, the
// error is a note.UnverifiedNoteError.
func Open(signed []byte, keys note.Verifiers) (Checkpoint, error) {
	opened, err := note.Open(signed, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	return Parse(opened.Text)
}

// Parse reads the text of a checkpoint without signatures: exactly three lines,
// in exactly the form that Sign writes.
func Parse(text string) (Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 3 || lines[0] == "" {
		return Checkpoint{}, errors.New("a checkpoint has three lines: origin, size and root")
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || size > maxSize || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("a checkpoint's size is a number of events, not %q", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize || base64.StdEncoding.EncodeToString(root) != lines[2] {
		return Checkpoint{}, fmt.Errorf("the root of a checkpoint must be 32 bytes in base64, not %q", lines[2])
	}
	return Checkpoint{lines[0], size, tlog.Hash(root)}, nil
}

// maxOrigin limits the name of a journal, which is in every proof.
const maxOrigin = 200

// CheckOrigin returns why a name cannot be the origin of a journal, or nil. The
// name is also that of the key in signed notes, which forbid spaces and "+".
func CheckOrigin(origin string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }
	if len(origin) > maxOrigin || !utf8.ValidString(origin) || strings.ContainsFunc(origin, bad) {
		return fmt.Errorf("an origin has at most %d bytes, and no spaces or +", maxOrigin)
	}
	return nil
}
