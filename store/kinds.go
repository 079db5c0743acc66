package store

import (
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// KindID is the number of a kind of records. It is part of what is stored:
// never change or reuse one.
type KindID uint8

// Kinds of records. Those below 64 are primary data and are journaled; the others
// can be rebuilt from them (indexes), deleted (idempotency) or describe the
// journal itself (checkpoints).
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
	KindAccess      KindID = 13 // uid: reads of candidates' files
	KindAttestation KindID = 14 // uid: an attestation of a decision
	KindHold        KindID = 15 // candidate uid, uid: a legal hold
	KindForgetting  KindID = 16 // candidate uid, uid: what was erased

	firstUnjournaled KindID = 64

	KindName                KindID = 64 // collection, label → uid
	KindExternalID          KindID = 65 // digest of (system, id), candidate uid
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

	firstReserved KindID = 240 // for engines and the journal

	// KindEvent is the journal itself: each event under its sequence. Readers list
	// it with Events; Writers cannot write it.
	KindEvent KindID = 255
)

// The kinds that store messages.
var (
	Revisions    = Records[storepb.ReferentielRevision, *storepb.ReferentielRevision]{KindRevision}
	Currents     = Records[storepb.CurrentRevision, *storepb.CurrentRevision]{KindCurrent}
	Candidates   = Records[storepb.Candidate, *storepb.Candidate]{KindCandidate}
	Personals    = Records[storepb.Personal, *storepb.Personal]{KindPersonal}
	Ties         = Records[storepb.Tie, *storepb.Tie]{KindTie}
	Sessions     = Records[storepb.Session, *storepb.Session]{KindSession}
	Candidacies  = Records[storepb.Candidacy, *storepb.Candidacy]{KindCandidacy}
	Assessments  = Records[storepb.Assessment, *storepb.Assessment]{KindAssessment}
	CaseFiles    = Records[storepb.CaseFile, *storepb.CaseFile]{KindCaseFile}
	Decisions    = Records[storepb.Decision, *storepb.Decision]{KindDecision}
	Keys         = Records[storepb.Key, *storepb.Key]{KindKey}
	Signers      = Records[storepb.Signer, *storepb.Signer]{KindSigner}
	Accesses     = Records[storepb.Access, *storepb.Access]{KindAccess}
	Attestations = Records[storepb.Attestation, *storepb.Attestation]{KindAttestation}
	Holds        = Records[storepb.Hold, *storepb.Hold]{KindHold}
	Forgettings  = Records[storepb.Forgetting, *storepb.Forgetting]{KindForgetting}
	Checkpoints  = Records[storepb.Checkpoint, *storepb.Checkpoint]{KindCheckpoint}
	Repeats      = Records[storepb.Idempotency, *storepb.Idempotency]{KindIdempotency}
)

// A row is what this program knows about a kind. Each column is explained at the
// method of KindID that reads it.
type row struct {
	name       string
	records    interface{ newMessage() proto.Message } // nil if the kind stores no messages of its own
	sequential bool
	once       bool
	amended    bool
	index      bool
	silent     bool
}

// kinds has every property of a kind that does not follow from its number. A kind
// without a row cannot be written.
var kinds = [256]row{
	KindRevision:    {name: "revision", records: Revisions, sequential: true, once: true},
	KindCurrent:     {name: "current", records: Currents},
	KindCandidate:   {name: "candidate", records: Candidates, sequential: true},
	KindPersonal:    {name: "personal", records: Personals, sequential: true},
	KindTie:         {name: "tie", records: Ties, once: true},
	KindSession:     {name: "session", records: Sessions, sequential: true},
	KindCandidacy:   {name: "candidacy", records: Candidacies, sequential: true},
	KindAssessment:  {name: "assessment", records: Assessments, once: true},
	KindCaseFile:    {name: "casefile", records: CaseFiles, once: true},
	KindDecision:    {name: "decision", records: Decisions, sequential: true, once: true},
	KindKey:         {name: "key", records: Keys, amended: true},
	KindSigner:      {name: "signer", records: Signers, once: true},
	KindAccess:      {name: "access", records: Accesses, sequential: true, once: true},
	KindAttestation: {name: "attestation", records: Attestations, sequential: true, once: true},
	KindHold:        {name: "hold", records: Holds, amended: true},
	KindForgetting:  {name: "forgetting", records: Forgettings, once: true},

	KindName:                {name: "name", index: true},
	KindExternalID:          {name: "external-id", index: true},
	KindCandidateCandidacy:  {name: "candidate-candidacy", index: true},
	KindSessionCandidacy:    {name: "session-candidacy", index: true},
	KindCandidateDecision:   {name: "candidate-decision", index: true},
	KindSessionDecision:     {name: "session-decision", index: true},
	KindSessionActor:        {name: "session-actor", index: true},
	KindCheckpoint:          {name: "checkpoint", records: Checkpoints, silent: true},
	KindAttestationCode:     {name: "attestation-code", index: true},
	KindDecisionAttestation: {name: "decision-attestation", index: true},
	KindCandidateAccess:     {name: "candidate-access", index: true},

	KindIdempotency: {name: "idempotency", records: Repeats},

	KindEvent: {name: "event", sequential: true},
}
