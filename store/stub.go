package store

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// The RPC in the body of an event about an accommodation reveals that there was
// one, so forgetting erases the body. The stub stays: it commits to the records
// that are never erased, so that nobody can hide an act by erasing a body, and to
// the candidate, so that nobody can erase it under the pretext of forgetting
// another. It is salted because outsiders see its digest in the leaf: a kind or a
// uid that could be guessed would reveal which attestations are of the same
// person.

// Erasable tells whether forgetting may ever erase a record: identities, free
// texts, and requests and decisions about accommodations, which affect no
// outcome. Exemptions stay, because outcomes depend on them.
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

// BodyErasable tells whether the body of an event may be erased, given its stub:
// only if everything that the event wrote may be erased.
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

// An About finds out whom the records of an event are about.
type About struct {
	candidate uint64
	several   bool
}

// Candidate returns the one candidate whom the records are about, ignoring
// records about nobody; 0 if there is none or there are several.
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

// Record adds a record that was written; its message is nil if it was removed or
// no longer exists. It reads records on which the record depends from r. Whom a
// record is about never changes, so a later version gives the same result.
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
		_ = proto.Unmarshal(message, m) // a record that cannot be read is about nobody
		for _, uid := range m.GetCandidateUids() {
			a.add(uid)
		}
	}
	return nil
}

// Fields that contain the uid of a candidate, and one that leads to it.
const (
	fieldOfPersonal       protowire.Number = 1
	fieldOfDecision       protowire.Number = 2
	fieldOfCandidacy      protowire.Number = 4
	decisionOfAttestation protowire.Number = 2
)

// number returns a number field of a message; 0 if it is absent or the message
// cannot be read. Decoding the whole message for one number would cost every act
// more than its stub.
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
// digests of erasable records from its body. Without the body those digests are
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
