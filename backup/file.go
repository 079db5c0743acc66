package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// roomEvery is how many bytes are written between two checks of the free space.
const roomEvery = 16 << 20

// ErrNoRoom means that the disk would have too little room left.
var ErrNoRoom = errors.New("no room for the backup")

// A Writer writes a backup: first the store, then the manifest.
type Writer struct {
	file   *os.File
	sum    hash.Hash
	size   int64
	looked int64 // size at the last check of the free space
	keep   bool  // it is complete, and has a name
	named  bool
}

// Create begins a backup under a temporary name. It replaces the unfinished
// file of an earlier run.
func Create(name string) (*Writer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) // personal data: for the owner only
	if err != nil {
		return nil, err
	}
	return &Writer{file: f, sum: sha256.New(), looked: -roomEvery, named: true}, nil
}

// CreateNameless begins a backup that is deleted when it is closed or its process
// ends. An empty dir means the directory of temporary files.
func CreateNameless(dir string) (*Writer, error) {
	f, err := os.CreateTemp(dir, "backup-*.tmp")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // if an open file cannot be removed, Close does it
	return &Writer{file: f, sum: sha256.New(), looked: -roomEvery}, nil
}

// Write writes a part of the store. It fails with ErrNoRoom before the disk is
// full: a store on the same disk needs room, and so do operators.
func (w *Writer) Write(p []byte) (int, error) {
	if w.size-w.looked >= roomEvery {
		if err := leavesRoom(w.file); err != nil {
			return 0, err
		}
		w.looked = w.size
	}
	n, err := w.file.Write(p)
	w.sum.Write(p[:n])
	w.size += int64(n)
	return n, noRoom(err)
}

// Seal completes the manifest, ends the backup with it and syncs it.
func (w *Writer) Seal(m Manifest) (Manifest, error) {
	m.Form, m.Size, m.SHA256 = Form, w.size, w.sum.Sum(nil)
	block, err := m.block()
	if err != nil {
		return m, err
	}
	if _, err := w.file.Write(block); err != nil {
		return m, noRoom(err)
	}
	if err := w.file.Sync(); err != nil {
		return m, noRoom(err)
	}
	w.keep = w.named
	return m, nil
}

// Reader reads the backup that was written, from its beginning.
func (w *Writer) Reader() io.Reader { return io.NewSectionReader(w.file, 0, w.size+BlockSize) }

// Close closes the file, and removes it if it is nameless or was not sealed.
func (w *Writer) Close() error {
	err := w.file.Close()
	if !w.keep {
		if gone := os.Remove(w.file.Name()); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// ReadManifest reads the manifest of a backup.
func ReadManifest(name string) (Manifest, error) {
	f, err := os.Open(name)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close() //nolint:errcheck // only read from
	return manifestOf(f)
}

func manifestOf(f *os.File) (m Manifest, err error) {
	info, err := f.Stat()
	if err != nil {
		return m, err
	}
	if !info.Mode().IsRegular() || info.Size() < BlockSize {
		return m, ErrNotBackup
	}
	block := make([]byte, BlockSize)
	if _, err := f.ReadAt(block, info.Size()-BlockSize); err != nil {
		return m, err
	}
	return parseBlock(block, info.Size())
}

// Extract copies the store out of a backup, and checks it against the manifest.
func Extract(ctx context.Context, name string, to io.Writer) (Manifest, error) {
	f, err := os.Open(name)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close() //nolint:errcheck // only read from
	m, err := manifestOf(f)
	if err != nil {
		return m, err
	}
	sum := sha256.New()
	from := &untilDone{ctx, io.NewSectionReader(f, 0, m.Size)}
	if _, err := io.CopyBuffer(io.MultiWriter(sum, to), from, make([]byte, 1<<20)); err != nil {
		return m, noRoom(err)
	}
	if !bytes.Equal(sum.Sum(nil), m.SHA256) {
		return m, fmt.Errorf("%w: the SHA-256 of its store is %x, expected %x", ErrDamaged, sum.Sum(nil), m.SHA256)
	}
	return m, nil
}

// untilDone is a reader that fails once its context has ended.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// Publish gives a sealed and checked backup its final name, which must not
// exist.
func Publish(made, name string) error {
	if err := Free(name); err != nil {
		return err
	}
	if err := os.Rename(made, name); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(name))
}

// Free returns why a backup cannot have that name, or nil.
func Free(name string) error {
	_, err := os.Lstat(name)
	switch {
	case err == nil:
		return &fs.PathError{Op: "backup", Path: name, Err: fs.ErrExist}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// SyncDir makes changes of names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
