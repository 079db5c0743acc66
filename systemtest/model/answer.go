package model

import "slices"

// An Answer says whether the service must accept an act, and if not, why.
type Answer struct {
	Code  string   // of gRPC: OK if it is accepted
	Rules []string // names of all rules that refuse, sorted
	Idle  bool     // accepted, but without any change
}

// OK says whether the act is accepted.
func (a Answer) OK() bool { return a.Code == "OK" }

var accepted = Answer{Code: "OK"}

func failed(code, reason string) Answer { return Answer{Code: code, Rules: []string{reason}} }

// hidden is the answer if something does not exist for the caller: a session
// whose jury they are not on, and everything in it.
var hidden = failed("NOT_FOUND", "NOT_FOUND")

// Refusals maps each rule that the model knows to the code of the refusal. It
// leaves out rules of the contract that no call can break, because the contract's
// own limits (INVALID_FIELD) or another of these rules stop it first.
func Refusals() map[string]string {
	codes := map[string]string{"GRID_STALE": "ABORTED"}
	for _, rule := range impossible {
		codes[rule] = "INVALID_ARGUMENT"
	}
	for _, rule := range forbidden {
		codes[rule] = "FAILED_PRECONDITION"
	}
	codes["NOT_FOUND"] = "NOT_FOUND"
	for _, rule := range []string{"NOT_DELEGATE", "TIE_NOT_OWN", "ASSESSOR_NOT_LISTED"} {
		codes[rule] = "PERMISSION_DENIED"
	}
	return codes
}

var impossible = []string{
	"OUTCOME_UNKNOWN", "REQUIREMENT_UNKNOWN", "AMOUNT_MISMATCH", "OPTION_UNKNOWN", "OPTION_NOT_NAMED", "BLOC_NOT_A_CHOICE", "BLOC_UNKNOWN", "BLOC_REPEATED", "BLOC_NOT_PRESENTED", "CRITERION_UNKNOWN", "CRITERION_NOT_PRESENTED",
	"OFF_SCALE", "COLLEGE_UNKNOWN", "MOTIVE_MISSING", "REASON_MISSING", "PROOF_MISSING",
}

var forbidden = []string{
	"SESSION_NOT_OPEN", "SESSION_IS_CANCELLED", "OTHER_REFERENTIEL", "REFERENTIEL_FIXED",
	"CANDIDACY_UNDECIDED", "CANDIDACY_DECIDED", "CANDIDACY_NOT_ENROLLED", "CANDIDACY_FINAL", "JURY_ACTED",
	"ALREADY_IN_SESSION", "NOTHING_TO_PRESENT", "CHOICE_NOT_MADE", "REQUIREMENT_IS_FULFILLED", "REQUIREMENT_NOT_FULFILLED", "NOTHING_TO_REINSTATE", "BLOC_DID_NOT_LEAVE",
	"BLOC_CAPITALISED", "BLOC_PRESENTED_ELSEWHERE", "NOTHING_TO_RETRACT", "CRITERION_NOT_CONTESTED",
	"ADVICE_MISSING", "ADVICE_UNFAVOURABLE", "CAPACITY_IN_QUESTION", "APPLIES_IN_PRACTICE",
	"STATEMENT_UNREASONED", "LAST_CRITERION", "ASSESSOR_UNQUALIFIED", "JURY_LACKS_COLLEGE", "JURY_NOT_PARITARY",
	"MEMBER_NOT_ON_JURY", "MEMBER_TIED", "MEMBER_TOOK_PART", "CALLER_NOT_PRESENT",
	"JURY_TOO_SMALL", "JURY_TOO_INTERNAL", "JURY_WITHOUT_CHAIR", "BLOC_PENDING", "BLOC_CONTESTED",
	"SETTLEMENT_AUTHOR_ABSENT", "EXEMPTION_AUTHOR_ABSENT", "DEPARTURE_WITHOUT_MOTIVE", "BLOC_HELD",
	"DECISION_SUPERSEDED", "AWARD_NOT_RECTIFIABLE", "CERTIFICATION_NOT_COMPLETE", "AWARD_ALREADY_STANDS",
	"ATTEMPTS_EXHAUSTED", "NOTHING_TO_ATTEST", "CERTIFICATION_NOT_DIVISIBLE",
}

// objections gathers the rules that refuse an act.
type objections []string

// unless records a rule that refuses if the condition does not hold.
func (o *objections) unless(holds bool, rule string) {
	if !holds && !slices.Contains(*o, rule) {
		*o = append(*o, rule)
	}
}

// answer makes the answer: impossible input is reported alone; otherwise a stale
// grid sets the code for all refusals.
func (o objections) answer() Answer {
	if len(o) == 0 {
		return accepted
	}
	slices.Sort(o)
	var wrong []string
	for _, rule := range o {
		if slices.Contains(impossible, rule) {
			wrong = append(wrong, rule)
		}
	}
	switch {
	case len(wrong) > 0:
		return Answer{Code: "INVALID_ARGUMENT", Rules: wrong}
	case slices.Contains(o, "GRID_STALE"):
		return Answer{Code: "ABORTED", Rules: o}
	}
	return Answer{Code: "FAILED_PRECONDITION", Rules: o}
}
