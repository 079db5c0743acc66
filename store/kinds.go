package store

// KindID is the number of a kind of records. It is part of what is stored:
// never change or reuse one.
type KindID uint8

// Kinds of records. Those below 64 are the truth and are journaled; the others
// can be rebuilt from them (indexes), forgotten (idempotency) or speak of the
// journal themselves (checkpoints).
const (
	KindRevision    KindID = 1  // uid: a référentiel revision
	KindCurrent     KindID = 2  // référentiel id: its current revision
	KindCandidate   KindID = 3  // uid: a candidate without identity
	KindPersonal    KindID = 4  // uid: identity and free text about a person
	KindTie         KindID = 5  // candidate uid, uid
	KindSession     KindID = 6  // uid
	KindCandidacy   KindID = 7  // uid
	KindAssessment  KindID = 8  // candidacy uid, uid: verdicts or settlements of one call
	KindCaseFile    KindID = 9  // candidacy uid, uid: accommodations and exemptions
	KindDecision    KindID = 10 // uid
	KindKey         KindID = 11 // key id: an API key
	KindSigner      KindID = 12 // uid: a public key that signs checkpoints and attestations
	KindAccess      KindID = 13 // uid: who read which candidates' files
	KindAttestation KindID = 14 // uid: that a decision was attested
	KindHold        KindID = 15 // candidate uid, uid: a legal hold
	KindForgetting  KindID = 16 // candidate uid, uid: what was erased

	KindName                KindID = 64 // collection, parent uid, label → uid
	KindExternalID          KindID = 65 // digest of (system, id) → candidate uid
	KindCandidateCandidacy  KindID = 66 // candidate uid, candidacy uid
	KindSessionCandidacy    KindID = 67 // session uid, candidacy uid
	KindCandidateDecision   KindID = 68 // candidate uid, decision uid
	KindSessionDecision     KindID = 69 // session uid, decision uid
	KindSessionActor        KindID = 70 // session uid, subject: took part in an act of its jury
	KindCheckpoint          KindID = 80 // LatestCheckpoint or DayCheckpoint: a signed checkpoint
	KindAttestationCode     KindID = 81 // digest of a code or credential → attestation uid
	KindDecisionAttestation KindID = 82 // decision uid, attestation uid
	KindCandidateAccess     KindID = 83 // candidate uid, access uid

	KindIdempotency KindID = 96 // day, digest of (subject, RPC, request id)
)
