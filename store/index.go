package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// Indexes find records by something other than their key. Every entry is derived
// from a record of primary data, and only this file says how: code that writes a
// record also writes what IndexOf derives from it, in the same Update, and the
// offline verifier derives it again and compares.

// An IndexEntry is one record of an index.
type IndexEntry struct {
	Kind  KindID
	Key   []byte
	Value []byte
}

// IndexOf returns the entries derived from the record under (kind, key). It reads
// other records that they depend on from r.
func IndexOf(r Reader, kind KindID, key []byte, record proto.Message) ([]IndexEntry, error) {
	switch m := record.(type) {
	case *storepb.ReferentielRevision:
		label := RevisionLabel(m.GetContent().GetId(), m.GetId())
		return []IndexEntry{nameEntry(CollectionRevision, label, LastUID(key))}, nil
	case *storepb.Candidate:
		return candidateIndex(r, m)
	case *storepb.Session:
		return []IndexEntry{nameEntry(CollectionSession, m.GetLabel(), m.GetUid())}, nil
	case *storepb.Candidacy:
		return candidacyIndex(r, m)
	case *storepb.Assessment:
		if len(m.GetSettlements()) == 0 {
			return nil, nil
		}
		return jurorIndex(r, key, m.GetAuthor())
	case *storepb.CaseFile:
		if m.GetExemption() == nil {
			return nil, nil
		}
		return jurorIndex(r, key, m.GetAuthor())
	case *storepb.Decision:
		return decisionIndex(m)
	case *storepb.Attestation:
		return []IndexEntry{
			{KindAttestationCode, m.GetCodeDigest(), Key(m.GetUid())},
			{KindAttestationCode, m.GetCredentialDigest(), Key(m.GetUid())},
			listEntry(KindDecisionAttestation, m.GetDecisionUid(), m.GetUid()),
		}, nil
	case *storepb.Access:
		entries := make([]IndexEntry, len(m.GetCandidateUids()))
		for i, candidate := range m.GetCandidateUids() {
			entries[i] = listEntry(KindCandidateAccess, candidate, m.GetUid())
		}
		return entries, nil
	}
	return nil, nil
}

// candidateIndex finds a candidate by label and, as long as their identity is
// kept, by ids in other systems.
func candidateIndex(r Reader, c *storepb.Candidate) ([]IndexEntry, error) {
	entries := []IndexEntry{nameEntry(CollectionCandidate, c.GetLabel(), c.GetUid())}
	if c.GetIdentity() == nil {
		return entries, nil
	}
	personal, err := Personals.Get(r, Key(c.GetIdentity().GetUid()))
	if errors.Is(err, ErrNotFound) {
		return entries, nil
	}
	if err != nil {
		return nil, err
	}
	identity := new(storepb.Identity)
	if err := proto.Unmarshal(personal.GetContent(), identity); err != nil {
		return nil, err
	}
	for _, id := range identity.GetExternalIds() {
		entries = append(entries, ExternalIDEntry(id, c.GetUid()))
	}
	return entries, nil
}

// candidacyIndex finds a candidacy by its label and that of its session, and lists it
// under session and candidate.
func candidacyIndex(r Reader, c *storepb.Candidacy) ([]IndexEntry, error) {
	session, err := Sessions.Get(r, Key(c.GetSessionUid()))
	if err != nil {
		return nil, err
	}
	entries := []IndexEntry{
		nameEntry(CollectionCandidacy, CandidacyLabel(session.GetLabel(), c.GetLabel()), c.GetUid()),
		listEntry(KindCandidateCandidacy, c.GetCandidateUid(), c.GetUid()),
		listEntry(KindSessionCandidacy, c.GetSessionUid(), c.GetUid()),
	}
	return append(entries, actorEntries(c.GetSessionUid(), c.GetSitting().GetMembersPresent())...), nil
}

// jurorIndex records who acted for the jury in a candidacy, because they can no
// longer be removed from the jury of its session. key is that of the act.
func jurorIndex(r Reader, key []byte, author string) ([]IndexEntry, error) {
	candidacy, err := Candidacies.Get(r, key[:min(8, len(key))])
	if err != nil {
		return nil, err
	}
	return []IndexEntry{actorEntry(candidacy.GetSessionUid(), author)}, nil
}

// decisionIndex lists a decision under its candidate and, if a jury took it,
// under its session, where the members present are recorded as having taken part.
func decisionIndex(d *storepb.Decision) ([]IndexEntry, error) {
	entries := []IndexEntry{listEntry(KindCandidateDecision, d.GetCandidateUid(), d.GetUid())}
	circumstances := new(storepb.DecisionCircumstances)
	if err := proto.Unmarshal(d.GetCircumstances(), circumstances); err != nil {
		return nil, err
	}
	session := circumstances.GetSessionUid()
	if session == 0 {
		return entries, nil
	}
	entries = append(entries, listEntry(KindSessionDecision, session, d.GetUid()))
	return append(entries, actorEntries(session, circumstances.GetMembersPresent())...), nil
}

// nameEntry finds the resource with that uid by the label that callers use.
func nameEntry(c Collection, label string, uid uint64) IndexEntry {
	return IndexEntry{KindName, NameKey(c, label), Key(uid)}
}

// listEntry lists a uid under its owner. The entry has no value.
func listEntry(index KindID, owner, uid uint64) IndexEntry {
	return IndexEntry{index, Key(owner, uid), []byte{1}}
}

// actorEntries record the members of a jury who sat at one of its acts.
func actorEntries(session uint64, present []*storepb.JuryMember) []IndexEntry {
	entries := make([]IndexEntry, len(present))
	for i, member := range present {
		entries[i] = actorEntry(session, member.GetSubject())
	}
	return entries
}

func actorEntry(session uint64, subject string) IndexEntry {
	return IndexEntry{KindSessionActor, append(Key(session), subject...), []byte{1}}
}

// ExternalIDEntry lists a candidate under an id in another system. The key has a
// digest of that, so that the index names nobody by itself.
func ExternalIDEntry(id *storepb.ExternalId, candidate uint64) IndexEntry {
	return IndexEntry{KindExternalID, append(Fingerprint(id.GetSystem(), id.GetId()), Key(candidate)...), []byte{1}}
}

// ExternalIDHolders lists the candidates with an id in another system, the first
// first. There are several if keys of different centres gave it.
func ExternalIDHolders(r Reader, system, id string) ([]*storepb.Candidate, error) {
	const most = 10_000 // far above the number of centres
	records, err := r.Scan(KindExternalID, Fingerprint(system, id), nil, most)
	if err != nil {
		return nil, err
	}
	holders := make([]*storepb.Candidate, len(records))
	for i, record := range records {
		if holders[i], err = Candidates.Get(r, lastKey(record.Key)); err != nil {
			return nil, err
		}
	}
	return holders, nil
}

// CandidacyLabel is the label of a candidacy among those of all sessions.
func CandidacyLabel(session, candidacy string) string { return session + "/" + candidacy }

// RevisionLabel is the label of a revision among all revisions.
func RevisionLabel(referentiel, revision string) string { return referentiel + "/" + revision }

// Fingerprint digests strings so that no two different lists have the same
// digest.
func Fingerprint(parts ...string) []byte {
	hash := sha256.New()
	for _, part := range parts {
		_ = binary.Write(hash, binary.BigEndian, uint64(len(part))) // writing to a hash never fails
		_, _ = io.WriteString(hash, part)
	}
	return hash.Sum(nil)
}

// Origin names the record that an entry is derived from. It is the only one,
// except for entries about who took part in a session's acts: any such act gives
// that entry, and Origin names the session.
func (e IndexEntry) Origin() (kind KindID, key []byte, ok bool) {
	switch e.Kind {
	case KindName:
		if len(e.Key) < 2 {
			return 0, nil, false
		}
		kind, ok = Collection(e.Key[0]).kind()
		return kind, e.Value, ok
	case KindExternalID:
		return KindCandidate, lastKey(e.Key), len(e.Key) == 40
	case KindCandidateCandidacy, KindSessionCandidacy:
		return KindCandidacy, lastKey(e.Key), len(e.Key) == 16
	case KindCandidateDecision, KindSessionDecision:
		return KindDecision, lastKey(e.Key), len(e.Key) == 16
	case KindAttestationCode:
		return KindAttestation, e.Value, true
	case KindDecisionAttestation:
		return KindAttestation, lastKey(e.Key), len(e.Key) == 16
	case KindCandidateAccess:
		return KindAccess, lastKey(e.Key), len(e.Key) == 16
	case KindSessionActor:
		return KindSession, e.Key[:min(8, len(e.Key))], len(e.Key) > 8
	}
	return 0, nil, false
}

func lastKey(key []byte) []byte { return Key(LastUID(key)) }

// kind is the kind of the records that a collection names.
func (c Collection) kind() (KindID, bool) {
	switch c {
	case CollectionCandidate:
		return KindCandidate, true
	case CollectionSession:
		return KindSession, true
	case CollectionCandidacy:
		return KindCandidacy, true
	case CollectionRevision:
		return KindRevision, true
	}
	return 0, false
}

// PutIndexed writes the message under key, and the index entries derived from it
// that do not exist yet. The caller must remove entries of an older version of
// the record that are no longer derived.
func (t Records[M, P]) PutIndexed(w Writer, key []byte, m P) error {
	if err := t.Put(w, key, m); err != nil {
		return err
	}
	entries, err := IndexOf(w, t.Kind, key, m)
	if err != nil {
		return err
	}
	for _, e := range entries {
		found, err := w.Get(e.Kind, e.Key)
		if errors.Is(err, ErrNotFound) || err == nil && !bytes.Equal(found, e.Value) {
			err = w.Put(e.Kind, e.Key, e.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
