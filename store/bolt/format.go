package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// The bucket "meta" describes the file.
const (
	metaBucket = "meta"
	formatKey  = "format" // a format record
	cleanKey   = "clean"  // present while the file is closed cleanly
	cleanMark  = "\x01"   // the value under cleanKey
)

// formatVersion is what this program writes and reads. A change that an older
// program would misread raises it.
const formatVersion = 5

const formatMagic = "acquis store\n"

// encodeFormat makes the record under formatKey: the magic and the version,
// four bytes, big-endian. It has nothing else, so nothing else could be altered
// unnoticed.
func encodeFormat(version uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte(formatMagic), version)
}

// checkFormatRecord reads a record of this version or a newer one, which may
// differ after the version.
func checkFormatRecord(b []byte) error {
	rest, ok := bytes.CutPrefix(b, []byte(formatMagic))
	if !ok || len(rest) < 4 {
		return fmt.Errorf("%w: its format record is not of Acquis", store.ErrNotStore)
	}
	switch version := binary.BigEndian.Uint32(rest); {
	case version > formatVersion:
		return fmt.Errorf("%w: it has format %d, this program knows %d", store.ErrNewer, version, formatVersion)
	case version >= 1 && version < formatVersion:
		return fmt.Errorf("%w: it has format %d, which was used before the first release", store.ErrNotStore, version)
	case version < 1 || len(rest) != 4:
		return fmt.Errorf("%w: its format record is %x", store.ErrDamaged, b)
	}
	return nil
}

// setClean writes or removes the mark of a clean stop.
func setClean(tx *bbolt.Tx, clean bool) error {
	b := tx.Bucket([]byte(metaBucket))
	if clean {
		return b.Put([]byte(cleanKey), []byte(cleanMark))
	}
	return b.Delete([]byte(cleanKey))
}
