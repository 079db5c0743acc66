package verify

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acquis-eval/acquis/store"
)

// readable formats a key for people: uids as numbers, labels unchanged.
func readable(kind store.KindID, key []byte) string {
	switch kind {
	case store.KindCurrent, store.KindKey:
		return text(key)
	case store.KindName:
		return readableName(key)
	case store.KindSessionActor:
		if len(key) > 8 {
			return fmt.Sprintf("session %d, %s", store.LastUID(key[:8]), text(key[8:]))
		}
	case store.KindExternalID:
		if len(key) == 40 {
			return fmt.Sprintf("%s, candidate %d", hex.EncodeToString(key[:32]), store.LastUID(key))
		}
		return hex.EncodeToString(key)
	}
	if len(key) == 0 {
		return "" // the kind as a whole
	}
	if len(key)%8 != 0 {
		return text(key)
	}
	var uids []string
	for ; len(key) > 0; key = key[8:] {
		uids = append(uids, strconv.FormatUint(binary.BigEndian.Uint64(key), 10))
	}
	return strings.Join(uids, "/")
}

// readableName formats a key of the index of names.
func readableName(key []byte) string {
	if len(key) < 2 {
		return text(key)
	}
	label := text(key[1:])
	switch store.Collection(key[0]) {
	case store.CollectionCandidate:
		return "candidates/" + label
	case store.CollectionSession:
		return "sessions/" + label
	case store.CollectionCandidacy:
		return "sessions/" + strings.Replace(label, "/", "/candidacies/", 1)
	case store.CollectionRevision:
		return "referentiels/" + strings.Replace(label, "/", "/revisions/", 1)
	}
	return text(key)
}

// text returns printable bytes unchanged, others in hexadecimal.
func text(b []byte) string {
	printable := utf8.Valid(b) && strings.IndexFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) }) < 0
	if printable {
		return string(b)
	}
	return "0x" + hex.EncodeToString(b)
}
