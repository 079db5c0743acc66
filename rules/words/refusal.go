package words

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is one rule that forbids an act.
type Refusal struct {
	Rule        RefusalRule
	Kind        Kind
	Subject     string // "bloc B2", "criterion C1.1.1", "member jury-3", "session s-1"
	Description string // one plain English sentence
	FromDefault bool   // the rule's number is a default
}

// RefusalRule is the stable name of a rule that forbids an act.
type RefusalRule string

// Kind says what sort of error a refusal is.
type Kind string

// The kinds, by the names that gRPC gives them.
const (
	InvalidArgument    Kind = "INVALID_ARGUMENT"    // impossible input, in any state
	Aborted            Kind = "ABORTED"             // the caller saw an older state
	FailedPrecondition Kind = "FAILED_PRECONDITION" // a rule forbids it as things stand
)

// Rules about impossible input.
const (
	ScopeUnknown          RefusalRule = "SCOPE_UNKNOWN"
	NoBlocNamed           RefusalRule = "NO_BLOC_NAMED"
	BlocsNamedWithWhole   RefusalRule = "BLOCS_NAMED_WITH_WHOLE"
	PathNamedWithBlocs    RefusalRule = "PATH_NAMED_WITH_BLOCS"
	OptionUnknown         RefusalRule = "OPTION_UNKNOWN"
	OptionNotNamed        RefusalRule = "OPTION_NOT_NAMED"
	BlocNotAChoice        RefusalRule = "BLOC_NOT_A_CHOICE"
	RequirementIsNoBloc   RefusalRule = "REQUIREMENT_IS_NO_BLOC"
	RequirementUnknown    RefusalRule = "REQUIREMENT_UNKNOWN"
	AmountMismatch        RefusalRule = "AMOUNT_MISMATCH"
	BlocUnknown           RefusalRule = "BLOC_UNKNOWN"
	BlocRepeated          RefusalRule = "BLOC_REPEATED"
	BlocNotPresented      RefusalRule = "BLOC_NOT_PRESENTED"
	CriterionUnknown      RefusalRule = "CRITERION_UNKNOWN"
	CriterionRepeated     RefusalRule = "CRITERION_REPEATED"
	CriterionNotPresented RefusalRule = "CRITERION_NOT_PRESENTED"
	VerdictUnknown        RefusalRule = "VERDICT_UNKNOWN"
	OffScale              RefusalRule = "OFF_SCALE"
	OutcomeUnknown        RefusalRule = "OUTCOME_UNKNOWN"
	DecisionUnknown       RefusalRule = "DECISION_UNKNOWN"
	MemberRepeated        RefusalRule = "MEMBER_REPEATED"
	MotiveMissing         RefusalRule = "MOTIVE_MISSING"
	ReasonMissing         RefusalRule = "REASON_MISSING"
	ProofMissing          RefusalRule = "PROOF_MISSING"
	QualityUnknown        RefusalRule = "QUALITY_UNKNOWN"
	CollegeUnknown        RefusalRule = "COLLEGE_UNKNOWN"
)

// Rules about acts in a session or on a candidacy.
const (
	GridStale            RefusalRule = "GRID_STALE"
	SessionNotOpen       RefusalRule = "SESSION_NOT_OPEN"
	SessionIsCancelled   RefusalRule = "SESSION_IS_CANCELLED"
	OtherReferentiel     RefusalRule = "OTHER_REFERENTIEL"
	ReferentielFixed     RefusalRule = "REFERENTIEL_FIXED"
	CandidacyUndecided   RefusalRule = "CANDIDACY_UNDECIDED"
	CandidacyDecided     RefusalRule = "CANDIDACY_DECIDED"
	CandidacyNotEnrolled RefusalRule = "CANDIDACY_NOT_ENROLLED"
	CandidacyFinal       RefusalRule = "CANDIDACY_FINAL"
	AlreadyInSession     RefusalRule = "ALREADY_IN_SESSION"
	NothingToPresent     RefusalRule = "NOTHING_TO_PRESENT"
	ChoiceNotMade        RefusalRule = "CHOICE_NOT_MADE"

	RequirementIsFulfilled     RefusalRule = "REQUIREMENT_IS_FULFILLED"
	RequirementNotFulfilledYet RefusalRule = "REQUIREMENT_NOT_FULFILLED"

	NothingToReinstate    RefusalRule = "NOTHING_TO_REINSTATE"
	BlocDidNotLeave       RefusalRule = "BLOC_DID_NOT_LEAVE"
	BlocCapitalised       RefusalRule = "BLOC_CAPITALISED"
	BlocElsewhere         RefusalRule = "BLOC_PRESENTED_ELSEWHERE"
	AttemptsExhausted     RefusalRule = "ATTEMPTS_EXHAUSTED"
	NothingToRetract      RefusalRule = "NOTHING_TO_RETRACT"
	CriterionNotContested RefusalRule = "CRITERION_NOT_CONTESTED"
	AdviceMissing         RefusalRule = "ADVICE_MISSING"
	AdviceUnfavourable    RefusalRule = "ADVICE_UNFAVOURABLE"
	CapacityInQuestion    RefusalRule = "CAPACITY_IN_QUESTION"
	AppliesInPractice     RefusalRule = "APPLIES_IN_PRACTICE"
	StatementUnreasoned   RefusalRule = "STATEMENT_UNREASONED"
	LastCriterion         RefusalRule = "LAST_CRITERION"
	AssessorUnqualified   RefusalRule = "ASSESSOR_UNQUALIFIED"
)

// Rules about acts of the jury.
const (
	MemberNotOnJury          RefusalRule = "MEMBER_NOT_ON_JURY"
	MemberTied               RefusalRule = "MEMBER_TIED"
	MemberTookPart           RefusalRule = "MEMBER_TOOK_PART"
	CallerNotPresent         RefusalRule = "CALLER_NOT_PRESENT"
	JuryNotCollegial         RefusalRule = "JURY_NOT_COLLEGIAL"
	JuryTooSmall             RefusalRule = "JURY_TOO_SMALL"
	JuryTooInternal          RefusalRule = "JURY_TOO_INTERNAL"
	JuryWithoutChair         RefusalRule = "JURY_WITHOUT_CHAIR"
	JuryLacksCollege         RefusalRule = "JURY_LACKS_COLLEGE"
	JuryNotParitary          RefusalRule = "JURY_NOT_PARITARY"
	BlocPending              RefusalRule = "BLOC_PENDING"
	BlocContested            RefusalRule = "BLOC_CONTESTED"
	SettlementAuthorAbsent   RefusalRule = "SETTLEMENT_AUTHOR_ABSENT"
	ExemptionAuthorAbsent    RefusalRule = "EXEMPTION_AUTHOR_ABSENT"
	DepartureWithoutMotive   RefusalRule = "DEPARTURE_WITHOUT_MOTIVE"
	BlocHeld                 RefusalRule = "BLOC_HELD"
	DecisionSuperseded       RefusalRule = "DECISION_SUPERSEDED"
	AwardNotRectifiable      RefusalRule = "AWARD_NOT_RECTIFIABLE"
	CertificationNotComplete RefusalRule = "CERTIFICATION_NOT_COMPLETE"
	AwardAlreadyStands       RefusalRule = "AWARD_ALREADY_STANDS"
	JuryActed                RefusalRule = "JURY_ACTED"
)

// Rules about attestations.
const (
	NothingToAttest           RefusalRule = "NOTHING_TO_ATTEST"
	CertificationNotDivisible RefusalRule = "CERTIFICATION_NOT_DIVISIBLE"
)

// refusalSentences is the table of all refusals: the kind of error, and the
// sentence about its subject.
var refusalSentences = [...]struct {
	rule     RefusalRule
	kind     Kind
	sentence string
}{
	{ScopeUnknown, InvalidArgument, "presents neither the whole certification nor named blocs"},
	{NoBlocNamed, InvalidArgument, "presents named blocs, but names none"},
	{BlocsNamedWithWhole, InvalidArgument, "presents the whole certification, so it names no bloc"},
	{PathNamedWithBlocs, InvalidArgument, "presents named blocs, so it names neither an option nor blocs that it chooses"},
	{OptionUnknown, InvalidArgument, "is not in the référentiel"},
	{OptionNotNamed, InvalidArgument, "presents the whole certification, which has options, but names none"},
	{BlocNotAChoice, InvalidArgument, "is needed in any case, so it is not chosen"},
	{RequirementIsNoBloc, InvalidArgument, "is not a bloc: a candidacy for the whole presents it without naming it"},
	{RequirementUnknown, InvalidArgument, "is not in the référentiel"},
	{AmountMismatch, InvalidArgument, "is proved by a number if it asks for one, and otherwise without"},
	{BlocUnknown, InvalidArgument, "is not in the référentiel"},
	{BlocRepeated, InvalidArgument, "is named twice"},
	{BlocNotPresented, InvalidArgument, "is not presented in this candidacy"},
	{CriterionUnknown, InvalidArgument, "is not in the référentiel"},
	{CriterionRepeated, InvalidArgument, "is named twice"},
	{CriterionNotPresented, InvalidArgument, "belongs to a bloc that is not presented in this candidacy"},
	{VerdictUnknown, InvalidArgument, "has a verdict that does not exist"},
	{OffScale, InvalidArgument, "is not assessed so"},
	{OutcomeUnknown, InvalidArgument, "has an outcome that a jury cannot decide on it"},
	{DecisionUnknown, InvalidArgument, "is not among the candidate's decisions"},
	{MemberRepeated, InvalidArgument, "is named twice"},
	{MotiveMissing, InvalidArgument, "is rectified without a motive"},
	{ReasonMissing, InvalidArgument, "is refused an exemption without a reason"},
	{ProofMissing, InvalidArgument, "is recognised without naming its proof"},
	{QualityUnknown, InvalidArgument, "has a quality that the référentiel does not have"},
	{CollegeUnknown, InvalidArgument, "is in a college that the référentiel does not have"},

	{GridStale, Aborted, "has changed since the jury saw its grid"},
	{SessionNotOpen, FailedPrecondition, "is not open"},
	{SessionIsCancelled, FailedPrecondition, "is cancelled"},
	{OtherReferentiel, FailedPrecondition, "is a session of another référentiel"},
	{ReferentielFixed, FailedPrecondition, "has a candidacy or an act of its jury, which fixes its référentiel"},
	{CandidacyUndecided, FailedPrecondition, "is not decided yet"},
	{CandidacyDecided, FailedPrecondition, "is decided"},
	{CandidacyNotEnrolled, FailedPrecondition, "is not enrolled any more"},
	{CandidacyFinal, FailedPrecondition, "is decided or cancelled, so nothing can be reinstated in it"},
	{AlreadyInSession, FailedPrecondition, "already has the candidate in another candidacy"},
	{NothingToPresent, FailedPrecondition, "has nothing to present: every bloc is capitalised"},
	{ChoiceNotMade, FailedPrecondition, "is not made: too few of its blocs are chosen or capitalised"},
	{RequirementIsFulfilled, FailedPrecondition, "is already fulfilled"},
	{NothingToReinstate, FailedPrecondition, "has no bloc that left"},
	{BlocDidNotLeave, FailedPrecondition, "did not leave this candidacy"},
	{BlocCapitalised, FailedPrecondition, "is already capitalised"},
	{BlocElsewhere, FailedPrecondition, "is presented in another undecided candidacy of the candidate"},
	{AttemptsExhausted, FailedPrecondition, "has been attempted as often as the référentiel allows"},
	{NothingToRetract, FailedPrecondition, "has no verdict of this assessor"},
	{CriterionNotContested, FailedPrecondition, "is not one on which the assessors disagree"},
	{AdviceMissing, FailedPrecondition, "has no advice of the disability advisor"},
	{AdviceUnfavourable, FailedPrecondition, "has an unfavourable advice of the disability advisor"},
	{CapacityInQuestion, FailedPrecondition, "cannot be exempted: the candidate's overall professional capacity would be in question"},
	{AppliesInPractice, FailedPrecondition, "cannot be exempted: it will apply in the candidate's future practice"},
	{StatementUnreasoned, FailedPrecondition, "cannot be exempted: the jury must give its reason for each condition"},
	{LastCriterion, FailedPrecondition, "cannot be exempted: its competence would keep no criterion"},
	{AssessorUnqualified, FailedPrecondition, "is assessed in certain qualities, and the assessor has none of them in this session"},

	{MemberNotOnJury, FailedPrecondition, "does not belong to the session's jury"},
	{MemberTied, FailedPrecondition, "has a declared tie with the candidate"},
	{MemberTookPart, FailedPrecondition, "took part in an act of the jury, so cannot be removed, and its capacity cannot be changed"},
	{CallerNotPresent, FailedPrecondition, "calls, but is not among the members present"},
	{JuryNotCollegial, FailedPrecondition, "cannot act by one member alone"},
	{JuryTooSmall, FailedPrecondition, "has too few members present"},
	{JuryTooInternal, FailedPrecondition, "has too few external members present"},
	{JuryWithoutChair, FailedPrecondition, "has no chair present"},
	{JuryLacksCollege, FailedPrecondition, "has too few members of a college present"},
	{JuryNotParitary, FailedPrecondition, "does not have as many members of each college with parity present"},
	{BlocPending, FailedPrecondition, "is still pending"},
	{BlocContested, FailedPrecondition, "is contested"},
	{SettlementAuthorAbsent, FailedPrecondition, "was settled by members none of whom is present"},
	{ExemptionAuthorAbsent, FailedPrecondition, "has an exemption decided by members none of whom is present"},
	{DepartureWithoutMotive, FailedPrecondition, "is decided other than computed, without a motive"},
	{BlocHeld, FailedPrecondition, "is already capitalised, so the jury cannot decide against it"},
	{DecisionSuperseded, FailedPrecondition, "is superseded; only the effective decision of a chain can be rectified"},
	{AwardNotRectifiable, FailedPrecondition, "is an award, which follows its blocs and is not rectified by itself"},
	{CertificationNotComplete, FailedPrecondition, "is not capitalised, so the certification is not complete"},
	{RequirementNotFulfilledYet, FailedPrecondition, "is not fulfilled, so the certification is not complete"},
	{AwardAlreadyStands, FailedPrecondition, "already awards this certification"},
	{JuryActed, FailedPrecondition, "has an act of its jury, so it cannot be cancelled; withdraw its candidacies or mark them absent, then close it"},

	{NothingToAttest, FailedPrecondition, "does not capitalise a bloc or award the certification, so there is nothing to attest"},
	{CertificationNotDivisible, FailedPrecondition, "is of a certification whose blocs are not attested one by one"},
}

// RefusalRules lists every rule that a refusal can name.
func RefusalRules() []RefusalRule {
	rules := make([]RefusalRule, len(refusalSentences))
	for i, r := range refusalSentences {
		rules[i] = r.rule
	}
	return rules
}

// KindOf is the kind of error for several refusals: impossible input first, then
// a stale view, which the caller can refresh, then rules. It is empty for none.
func KindOf(refusals []Refusal) Kind {
	for _, kind := range []Kind{InvalidArgument, Aborted, FailedPrecondition} {
		if slices.ContainsFunc(refusals, func(r Refusal) bool { return r.Kind == kind }) {
			return kind
		}
	}
	return ""
}

// Refuse makes a refusal from its row in the table. The subject is a noun and a
// code, "bloc B2"; or the noun alone if a call concerns none with a code.
func Refuse(rule RefusalRule, noun, code string) Refusal {
	subject := strings.TrimSpace(noun + " " + code)
	for _, row := range refusalSentences {
		if row.rule == rule {
			return Refusal{Rule: rule, Kind: row.kind, Subject: subject, Description: subject + " " + row.sentence}
		}
	}
	return Refusal{Rule: rule, Kind: FailedPrecondition, Subject: subject, Description: subject}
}

// Against completes a refusal with the number that the référentiel asks for.
func (r Refusal) Against(present, needed int, unit string, byDefault bool) Refusal {
	r.Description += fmt.Sprintf(" (%d%s present, %d%s needed%s)", present, unit, needed, unit, defaultNote(byDefault))
	r.FromDefault = byDefault
	return r
}

// InUnit says whether the refusal is about an épreuve or a compétence.
func (r Refusal) InUnit(epreuve bool) Refusal {
	if epreuve {
		r.Description = strings.Replace(r.Description, "its competence", "its epreuve", 1)
	}
	return r
}

// Allowing completes a refusal with what would be accepted.
func (r Refusal) Allowing(what string) Refusal {
	r.Description += "; give " + what
	return r
}

// Naming completes a refusal with what would do.
func (r Refusal) Naming(codes []string) Refusal {
	r.Description += " (" + strings.Join(codes, ", ") + ")"
	return r
}
