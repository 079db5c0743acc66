package store

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// The body of an event about an accommodation tells by its RPC that there was one,
// so that forgetting erases it. The stub is what stays: it commits to the records
// that are never erased, so that nobody can erase a body to hide an act, and to
// whom the event was about, so that nobody can do so under the pretext of another.
// It is salted, since outsiders are shown its digest in the leaf: a kind or a uid
// that could be guessed would tell which attestations are of one person.

// Erasable tells whether forgetting may ever erase a record: what identifies a
// person or is free text, and what was asked and decided of accommodations, on
// which no outcome rests. Exemptions stay, since outcomes rest on them.
func Erasable(record proto.Message) bool {
	switch m := record.(type) {
	case *storepb.Personal:
		return true
	case *storepb.CaseFile:
		return m.GetRequest() != nil || m.GetDecision() != nil
	}
	return false
}

// erasable is Erasable for a record as it is written.
func (c change) erasable() (bool, error) {
	switch {
	case c.deleted:
		return false, nil
	case c.kind == KindPersonal:
		return true, nil
	case c.kind != KindCaseFile:
		return false, nil
	}
	m := new(storepb.CaseFile)
	if err := proto.Unmarshal(c.value, m); err != nil {
		return false, fmt.Errorf("store: case file %x: %w", c.key, err)
	}
	return Erasable(m), nil
}

// BodyErasable tells whether the body of an event may be erased: all that the
// event wrote may be. It is given the event's stub.
func BodyErasable(stub *storepb.EventStub) bool {
	for _, d := range stub.GetRecords() {
		if !d.GetErasable() {
			return false
		}
	}
	return len(stub.GetRecords()) > 0
}

// A Messages finds the message of a record, or ErrNotFound.
type Messages interface {
	Get(kind KindID, key []byte) ([]byte, error)
}

// An About gathers whom the records of an event are about.
type About struct {
	candidate uint64
	several   bool
}

// Candidate returns the one candidate whom all records were about that were about
// somebody; 0 if there is none or there are several.
func (a *About) Candidate() uint64 {
	if a.several {
		return 0
	}
	return a.candidate
}

func (a *About) add(candidate uint64) {
	a.several = a.several || a.candidate != 0 && candidate != 0 && candidate != a.candidate
	if candidate != 0 {
		a.candidate = candidate
	}
}

// Record adds a record that was written; if it was removed, or is gone, its
// message is nil. r is asked for records on which it depends. Whom a record is
// about never changes, so that a later version of it says the same.
func (a *About) Record(r Messages, kind KindID, key, message []byte) error {
	candidate := func(kind KindID, uid uint64, field protowire.Number) error {
		found, err := r.Get(kind, Key(uid))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		a.add(number(found, field))
		return nil
	}
	switch kind {
	case KindCandidate, KindTie, KindHold, KindForgetting:
		a.add(FirstUID(key))
	case KindAssessment, KindCaseFile:
		return candidate(KindCandidacy, FirstUID(key), fieldOfCandidacy)
	case KindPersonal:
		a.add(number(message, fieldOfPersonal))
	case KindCandidacy:
		a.add(number(message, fieldOfCandidacy))
	case KindDecision:
		a.add(number(message, fieldOfDecision))
	case KindAttestation:
		return candidate(KindDecision, number(message, decisionOfAttestation), fieldOfDecision)
	case KindAccess:
		m := new(storepb.Access)
		_ = proto.Unmarshal(message, m) // what cannot be read is about nobody
		for _, uid := range m.GetCandidateUids() {
			a.add(uid)
		}
	}
	return nil
}

// Fields that hold the uid of a candidate, and one that leads to it.
const (
	fieldOfPersonal       protowire.Number = 1
	fieldOfDecision       protowire.Number = 2
	fieldOfCandidacy      protowire.Number = 4
	decisionOfAttestation protowire.Number = 2
)

// number returns a field of a message that is a number; 0 if it is absent or the
// message cannot be read. To decode the whole message for one number would cost
// every act more than its stub does.
func number(message []byte, field protowire.Number) (value uint64) {
	for len(message) > 0 {
		num, form, n := protowire.ConsumeTag(message)
		if n < 0 {
			return 0
		}
		message = message[n:]
		if num == field && form == protowire.VarintType {
			value, _ = protowire.ConsumeVarint(message)
		}
		if n = protowire.ConsumeFieldValue(num, form, message); n < 0 {
			return 0
		}
		message = message[n:]
	}
	return value
}

// about returns the candidate of the changes; see About.
func (d *Draft) about(changes []change) (uint64, error) {
	var about About
	for _, c := range changes {
		if err := about.Record(d.over, c.kind, c.key, c.value); err != nil {
			return 0, err
		}
	}
	return about.Candidate(), nil
}

// ReadStub returns the stub of an event.
func ReadStub(e *storepb.Event) (*storepb.EventStub, error) {
	stub := new(storepb.EventStub)
	if err := proto.Unmarshal(e.GetStub(), stub); err != nil {
		return nil, fmt.Errorf("store: stub of event %d: %w", e.GetSequence(), err)
	}
	return stub, nil
}

// Written returns what an event wrote or removed, as its stub says, with the
// digests of erasable records, which its body holds. Without its body those stay
// empty.
func Written(stub *storepb.EventStub, body *storepb.EventBody) []*storepb.RecordDigest {
	all := make([]*storepb.RecordDigest, len(stub.GetRecords()))
	digests := body.GetErasableDigests()
	for i, d := range stub.GetRecords() {
		all[i] = d
		if d.GetErasable() && len(digests) > 0 {
			all[i] = &storepb.RecordDigest{Kind: d.GetKind(), Key: d.GetKey(), Digest: digests[0], Erasable: true}
			digests = digests[1:]
		}
	}
	return all
}
