package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Form is the version of the backup format that this program writes and reads.
const Form = 1

// BlockSize is the length of the block at the end of a backup.
const BlockSize = 4096

// magic begins the block.
const magic = "acquis backup\n"

// A Manifest describes a backup.
type Manifest struct {
	Form       int       `json:"form"`                 // version of the format
	Origin     string    `json:"origin,omitempty"`     // of the journal; empty: it had none yet
	Sequence   uint64    `json:"sequence"`             // of the last event
	Root       []byte    `json:"root"`                 // of the Merkle log over all events; empty before the first
	Checkpoint string    `json:"checkpoint,omitempty"` // the last one that was signed, if any
	Size       int64     `json:"size"`                 // of the store, in bytes
	SHA256     []byte    `json:"sha256"`               // of the store
	Time       time.Time `json:"time"`                 // when it was made
	Program    string    `json:"program,omitempty"`    // version of the program that made it
}

// Errors of reading a backup.
var (
	// ErrNotBackup: the file does not end like a backup.
	ErrNotBackup = errors.New("not a backup, or not a complete one: its manifest is missing")
	// ErrNewer: this program does not know its format.
	ErrNewer = errors.New("the backup was made by a newer program")
	// ErrDamaged: the store in it is not the one that its manifest describes.
	ErrDamaged = errors.New("the backup is damaged")
)

// block writes the manifest as the block that ends a backup.
func (m Manifest) block() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	block := append([]byte(magic), text...)
	if len(block) >= BlockSize {
		return nil, fmt.Errorf("a manifest of %d bytes is too long", len(text))
	}
	block = append(block, bytes.Repeat([]byte(" "), BlockSize-len(block)-1)...)
	return append(block, '\n'), nil
}

// parseBlock reads the block at the end of a backup of that many bytes.
func parseBlock(block []byte, fileSize int64) (m Manifest, err error) {
	text, ok := bytes.CutPrefix(block, []byte(magic))
	if !ok || len(block) != BlockSize {
		return m, ErrNotBackup
	}
	var form struct{ Form int }
	if err := json.Unmarshal(text, &form); err != nil {
		return m, fmt.Errorf("%w: its manifest: %w", ErrDamaged, err)
	}
	if form.Form > Form {
		return m, fmt.Errorf("%w: it has format %d, this program knows %d", ErrNewer, form.Form, Form)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("%w: its manifest: %w", ErrDamaged, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return m, fmt.Errorf("%w: there is data after its manifest", ErrDamaged)
	}
	return m, m.check(fileSize)
}

func (m Manifest) check(fileSize int64) error {
	hashes := len(m.SHA256) == 32 && (len(m.Root) == 32 || len(m.Root) == 0 && m.Sequence == 0)
	switch {
	case m.Form != Form || !hashes || m.Time.IsZero():
		return fmt.Errorf("%w: its manifest is incomplete", ErrDamaged)
	case m.Size <= 0 || m.Size != fileSize-BlockSize:
		return fmt.Errorf("%w: its store should have %d bytes, but the file has %d", ErrDamaged, m.Size, fileSize)
	}
	return nil
}
