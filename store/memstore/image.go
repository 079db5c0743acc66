package memstore

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"

	"github.com/acquis-eval/acquis/store"
)

// An image is a state as bytes: what Snapshot writes. It ends where its last record
// ends, whatever follows.
type image struct {
	Magic   string
	UID     uint64
	Records []record
}

const magic = "acquis store in memory, 1"

// errNoImage: the bytes are not what Snapshot wrote.
var errNoImage = errors.New("memstore: that is no image of a store")

// write writes the image of a state. It ends with its context.
func (s *state) write(ctx context.Context, w io.Writer) error {
	whole := image{Magic: magic, UID: s.uid, Records: s.records.Items()}
	if err := gob.NewEncoder(untilDone{ctx, w}).Encode(whole); err != nil {
		return fmt.Errorf("store: snapshot: %w", err)
	}
	return nil
}

// untilDone is a writer that takes nothing any more once its context has ended.
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

// read reads the state of an image.
func read(r io.Reader) (*state, error) {
	var whole image
	if err := gob.NewDecoder(r).Decode(&whole); err != nil || whole.Magic != magic {
		return nil, errors.Join(errNoImage, err)
	}
	s := newState()
	s.uid = whole.UID
	for _, r := range whole.Records {
		s.records.Set(r)
	}
	_, err := store.LoadHead(s, s.lastSequence())
	return s, err
}
