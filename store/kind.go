package store

import "fmt"

// KindEvent is the journal itself: each event under its sequence. Readers list
// it with Events; Writers cannot write it.
const KindEvent KindID = 255

const (
	firstUnjournaled KindID = 64
	firstReserved    KindID = 240 // for engines and the journal
)

// Journaled tells whether records of the kind have an envelope and appear in
// events. The others can be rebuilt or forgotten.
func (k KindID) Journaled() bool { return k > 0 && k < firstUnjournaled }

// Silent tells whether records of the kind leave no event by themselves. A
// checkpoint speaks of the journal: an event for it would outdate it at once.
func (k KindID) Silent() bool { return k == KindCheckpoint }

// Writable tells whether closures may write records of the kind.
func (k KindID) Writable() bool { return k > 0 && k < firstReserved }

// Sequential tells whether new records of the kind come last in key order. An
// engine may pack them densely, because nothing will be put between them.
func (k KindID) Sequential() bool {
	switch k {
	case KindRevision, KindCandidate, KindPersonal, KindSession, KindCandidacy, KindDecision,
		KindAccess, KindAttestation, KindEvent:
		return true
	}
	return false
}

// String returns a name for people; it is not stored.
func (k KindID) String() string {
	switch k {
	case KindRevision:
		return "revision"
	case KindCurrent:
		return "current"
	case KindCandidate:
		return "candidate"
	case KindPersonal:
		return "personal"
	case KindTie:
		return "tie"
	case KindSession:
		return "session"
	case KindCandidacy:
		return "candidacy"
	case KindAssessment:
		return "assessment"
	case KindCaseFile:
		return "casefile"
	case KindDecision:
		return "decision"
	case KindKey:
		return "key"
	case KindSigner:
		return "signer"
	case KindAccess:
		return "access"
	case KindAttestation:
		return "attestation"
	case KindHold:
		return "hold"
	case KindForgetting:
		return "forgetting"
	case KindName:
		return "name"
	case KindExternalID:
		return "external-id"
	case KindCandidateCandidacy:
		return "candidate-candidacy"
	case KindSessionCandidacy:
		return "session-candidacy"
	case KindCandidateDecision:
		return "candidate-decision"
	case KindSessionDecision:
		return "session-decision"
	case KindSessionActor:
		return "session-actor"
	case KindCheckpoint:
		return "checkpoint"
	case KindAttestationCode:
		return "attestation-code"
	case KindDecisionAttestation:
		return "decision-attestation"
	case KindCandidateAccess:
		return "candidate-access"
	case KindIdempotency:
		return "idempotency"
	case KindEvent:
		return "event"
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}
