package memstore

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"

	"github.com/acquis-eval/acquis/store"
)

// An image is a state as bytes: what Snapshot writes. It begins with a line that
// identifies it, and ends with its last record; bytes after that are ignored.
type image struct {
	UID     uint64
	Records []record
}

const magic = "acquis store in memory, form 1\n"

// write writes the image of a state. It stops when its context ends.
func (s *state) write(ctx context.Context, w io.Writer) error {
	to := untilDone{ctx, w}
	_, err := io.WriteString(to, magic)
	if err == nil {
		err = gob.NewEncoder(to).Encode(image{UID: s.uid, Records: s.records.Items()})
	}
	if err != nil {
		return fmt.Errorf("store: snapshot: %w", err)
	}
	return nil
}

// untilDone is a writer that fails once its context has ended.
type untilDone struct {
	ctx context.Context
	to  io.Writer
}

func (u untilDone) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.to.Write(p)
}

// read reads the state of an image. It is sound if its journal has an end.
func read(r io.Reader) (*state, error) {
	begins := make([]byte, len(magic))
	if _, err := io.ReadFull(r, begins); err != nil || string(begins) != magic {
		return nil, store.ErrNotStore
	}
	var whole image
	if err := gob.NewDecoder(r).Decode(&whole); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	s := newState()
	s.uid = whole.UID
	for _, r := range whole.Records {
		s.records.Set(r)
	}
	if _, err := store.LoadHead(s, s.lastSequence()); err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrDamaged, err)
	}
	return s, nil
}
