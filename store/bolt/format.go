package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// The bucket "meta" says what the file is.
const (
	metaBucket = "meta"
	formatKey  = "format" // a format record
	cleanKey   = "clean"  // there while the file is closed as it should be
)

// formatVersion is what this program writes and reads. A change that an older
// program would misread raises it.
const formatVersion = 2

const formatMagic = "acquis store\n"

// A format is the record under formatKey: the magic, the version as 4 bytes and
// the time of creation in microseconds as 8, both big-endian.
type format struct {
	version uint32
	created time.Time
}

func (f format) encode() []byte {
	b := binary.BigEndian.AppendUint32([]byte(formatMagic), f.version)
	return binary.BigEndian.AppendUint64(b, uint64(f.created.UnixMicro()))
}

// decodeFormat reads a record of this version or a newer one, which may go on
// differently after its version.
func decodeFormat(b []byte) (format, error) {
	rest, ok := bytes.CutPrefix(b, []byte(formatMagic))
	if !ok || len(rest) < 4 {
		return format{}, fmt.Errorf("%w: its format record is not ours", ErrNotStore)
	}
	f := format{version: binary.BigEndian.Uint32(rest)}
	switch {
	case f.version > formatVersion:
		return f, fmt.Errorf("%w: it has format %d, this program knows %d", ErrNewer, f.version, formatVersion)
	case f.version == 1:
		return f, fmt.Errorf("%w: it has format 1, of before the first release, without stubs of events", ErrNotStore)
	case f.version < 1 || len(rest) != 12:
		return f, fmt.Errorf("%w: its format record is %x", ErrDamaged, b)
	}
	f.created = time.UnixMicro(int64(binary.BigEndian.Uint64(rest[4:])))
	return f, nil
}

// setClean writes or removes the mark of a clean stop.
func setClean(tx *bbolt.Tx, clean bool) error {
	b := tx.Bucket([]byte(metaBucket))
	if clean {
		return b.Put([]byte(cleanKey), []byte{1})
	}
	return b.Delete([]byte(cleanKey))
}
