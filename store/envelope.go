package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	saltSize     = 16
	envelopeSize = 8 + saltSize
)

// seal returns message in its envelope.
func seal(sequence uint64, salt, message []byte) []byte {
	stored := make([]byte, 0, envelopeSize+len(message))
	stored = binary.BigEndian.AppendUint64(stored, sequence)
	stored = append(stored, salt...)
	return append(stored, message...)
}

// An Envelope is a stored record of a journaled kind, taken apart.
type Envelope struct {
	Sequence uint64 // of the event that last wrote the record
	Salt     []byte
	Message  []byte
}

// OpenEnvelope takes stored bytes apart. The parts are not copied.
func OpenEnvelope(stored []byte) (Envelope, error) {
	if len(stored) < envelopeSize {
		return Envelope{}, fmt.Errorf("store: a record of %d bytes is shorter than its envelope", len(stored))
	}
	return Envelope{
		Sequence: binary.BigEndian.Uint64(stored),
		Salt:     stored[8:envelopeSize],
		Message:  stored[envelopeSize:],
	}, nil
}

// Digest is the salted digest of records in events, and of bodies in leaves:
// HMAC-SHA-256 of the bytes, keyed with the salt. Without the salt nobody can
// test a guess of the bytes.
func Digest(salt, bytes []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(bytes)
	return mac.Sum(nil)
}

// messages is a layer of the messages in a layer of stored bytes.
type messages struct{ stored Layer }

func (m messages) Get(kind KindID, key []byte) ([]byte, error) {
	stored, err := m.stored.Get(kind, key)
	if err != nil {
		return nil, err
	}
	return messageOf(kind, stored)
}

func (m messages) Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error) {
	records, err := m.stored.Scan(kind, prefix, after, limit)
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		if records[i].Value, err = messageOf(kind, r.Value); err != nil {
			return nil, err
		}
	}
	return records, nil
}

func (m messages) Prefetch(wants ...Want) error { return m.stored.Prefetch(wants...) }

func messageOf(kind KindID, stored []byte) ([]byte, error) {
	if !kind.Journaled() {
		return stored, nil
	}
	e, err := OpenEnvelope(stored)
	return e.Message, err
}
