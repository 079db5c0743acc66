package rules

// The values of these types are exactly the names that the API uses on the wire,
// so string(v) converts them. The empty value of each type is not valid.

// Verdict is what one assessor says of one criterion: one of the three verdicts, or, if the
// criterion is on another scale, the code of a level or a mark.
type Verdict string

// The verdicts.
const (
	Met          Verdict = "MET"
	PartiallyMet Verdict = "PARTIALLY_MET"
	NotMet       Verdict = "NOT_MET"
)

// Points is the value of a verdict: 100, 50 or 0.
func (v Verdict) Points() int {
	switch v {
	case Met:
		return 100
	case PartiallyMet:
		return 50
	default:
		return 0
	}
}

// valid tells whether v is one of the verdicts.
func (v Verdict) valid() bool { return v == Met || v == PartiallyMet || v == NotMet }

// CriterionStatus is the status of a criterion: a verdict, or why there is none.
type CriterionStatus string

// The statuses of a criterion.
const (
	StatusMet          CriterionStatus = "MET"
	StatusPartiallyMet CriterionStatus = "PARTIALLY_MET"
	StatusNotMet       CriterionStatus = "NOT_MET"
	StatusPending      CriterionStatus = "PENDING"
	StatusContested    CriterionStatus = "CONTESTED"
	StatusExempted     CriterionStatus = "EXEMPTED"
	StatusAssessed     CriterionStatus = "ASSESSED" // by a level or a mark
)

// Outcome is what the rules compute for a compétence or a bloc.
type Outcome string

// The computed outcomes.
const (
	Pending     Outcome = "PENDING"
	Contested   Outcome = "CONTESTED"
	Acquired    Outcome = "ACQUIRED"
	NotAcquired Outcome = "NOT_ACQUIRED"
)

// Method says which assessment method of a compétence is in force.
type Method string

// The methods in force.
const (
	Normal    Method = "NORMAL"
	BlocOnly  Method = "BLOC_ONLY"
	ByVariant Method = "VARIANT"
)

// Scope is what a candidacy asks to present.
type Scope string

// The scopes of an enrolment.
const (
	Whole      Scope = "WHOLE" // every bloc not yet capitalised
	NamedBlocs Scope = "BLOCS" // the blocs it names
)

// SessionState is the state of a session.
type SessionState string

// The states of a session.
const (
	SessionOpen      SessionState = "OPEN"
	SessionClosed    SessionState = "CLOSED"
	SessionCancelled SessionState = "CANCELLED"
)

// CandidacyState is the state of a candidacy.
type CandidacyState string

// The states of a candidacy. Enrolled is the only undecided one.
const (
	Enrolled           CandidacyState = "ENROLLED"
	Decided            CandidacyState = "DECIDED"
	Withdrawn          CandidacyState = "WITHDRAWN"
	Absent             CandidacyState = "ABSENT"
	CandidacyCancelled CandidacyState = "CANCELLED"
)

// live tells whether a candidacy takes its candidate's one place in the session.
func (s CandidacyState) live() bool { return s == Enrolled || s == Decided }

// Standing is the state of one candidacy, and of its session.
type Standing struct {
	Session   SessionState
	Candidacy CandidacyState
}

// Live tells whether the person is being assessed or decided about there. Whoever is, is
// not forgotten (rules/retention).
func (s Standing) Live() bool { return s.Session == SessionOpen && s.Candidacy.live() }

// DecisionKind is what a decision is about.
type DecisionKind string

// The kinds of decision.
const (
	BlocDecision      DecisionKind = "BLOC"
	PriorBlocDecision DecisionKind = "PRIOR_BLOC"
	AwardDecision     DecisionKind = "AWARD"

	RequirementDecision DecisionKind = "REQUIREMENT" // a jury's, on one that it assessed
	ProofDecision       DecisionKind = "PROOF"       // a registrar's, of a requirement
)

// ofRequirement tells whether a decision is on a requirement.
func (k DecisionKind) ofRequirement() bool { return k == RequirementDecision || k == ProofDecision }

// DecisionOutcome is what was decided.
type DecisionOutcome string

// The outcomes of decisions: two for blocs, two for awards, two for requirements. AlreadyHeld is the
// outcome of a presented bloc that no longer needs a decision.
const (
	Capitalised    DecisionOutcome = "CAPITALISED"
	NotCapitalised DecisionOutcome = "NOT_CAPITALISED"
	Awarded        DecisionOutcome = "AWARDED"
	NotAwarded     DecisionOutcome = "NOT_AWARDED"
	AlreadyHeld    DecisionOutcome = "ALREADY_HELD"

	Fulfilled    DecisionOutcome = "FULFILLED"
	NotFulfilled DecisionOutcome = "NOT_FULFILLED"
)

// fits tells whether a jury can decide o in a decision of that kind.
func (o DecisionOutcome) fits(kind DecisionKind) bool {
	if kind.ofRequirement() {
		return o == Fulfilled || o == NotFulfilled
	}
	return o == Capitalised || o == NotCapitalised
}

// LedgerStatus is the status of a bloc in a candidate's ledger.
type LedgerStatus string

// The statuses of a bloc in the ledger.
const (
	LedgerNotPresented   LedgerStatus = "NOT_PRESENTED"
	LedgerNotCapitalised LedgerStatus = "NOT_CAPITALISED"
	LedgerCapitalised    LedgerStatus = "CAPITALISED"
	LedgerExpired        LedgerStatus = "EXPIRED" // capitalised, and no longer valid
)

// RequirementStatus is the status of a requirement in a candidate's ledger.
type RequirementStatus string

// The statuses of a requirement. Of one that asks for a number, NOT_FULFILLED also means
// that some of it is proved.
const (
	RequirementOpen         RequirementStatus = "NOT_PRESENTED"
	RequirementNotFulfilled RequirementStatus = "NOT_FULFILLED"
	RequirementFulfilled    RequirementStatus = "FULFILLED"
)

// CertificationStatus is the status of the whole certification.
type CertificationStatus string

// The statuses of the certification. Complete means that every bloc is
// capitalised and that a jury has yet to pronounce the award.
const (
	CertificationInProgress CertificationStatus = "IN_PROGRESS"
	CertificationComplete   CertificationStatus = "COMPLETE"
	CertificationAwarded    CertificationStatus = "AWARDED"
	CertificationExpired    CertificationStatus = "EXPIRED" // awarded, and no longer valid
)
