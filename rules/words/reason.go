// Package words names every reason and every refusal, and says each in one plain English
// sentence.
//
// There are two kinds of explanation, each with one table of all names. A [Reason] says why
// an outcome is what it is (reason.go); a [Refusal] says why an act is not possible
// (refusal.go). The names are stable: clients, minutes and the contract go by them. Nothing
// here decides: the rules do, and fill in codes and numbers, never people or free texts of
// theirs.
package words

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/calendar"
)

// Reason says why an outcome is what it is. It names codes and numbers, never
// people, and has no free text. The sentence of a rule in [reasonSentences] shows
// which fields the rule fills.
type Reason struct {
	Rule                        ReasonRule
	Bloc, Competence, Criterion string
	Epreuve                     string // instead of Competence, if the unit is one
	Requirement                 string
	Option                      string // of an award
	AnyOf                       string // alternatives, each of which would do, between them " or "
	Points, Required            int    // actual and needed
	Counted                     int    // number of items
	Threshold                   int    // percent
	FromDefault                 bool   // the référentiel gave no number, so a default was used
	Exemption                   bool   // reveals an exemption, which not every role may see
	Amount                      *Amount
	Until                       calendar.Day // the last one on which something is valid
	Chain                       string       // the blocs that count, and as what
}

// Amount is what a reason says of points that need not be whole. Texts are decimals,
// cut after two places.
type Amount struct {
	Reached string // what there is
	Exact   string // the same as a fraction, if Reached is cut
	Limit   string // what it is compared with
	Weights int    // of all that is in a mean
	Percent bool   // both are percent of scales of marks
}

// Equal tells whether two reasons say the same.
func (r *Reason) Equal(other *Reason) bool {
	if *r == *other {
		return true
	}
	if r.Amount == nil || other.Amount == nil || *r.Amount != *other.Amount {
		return false
	}
	same := *other
	same.Amount = r.Amount
	return *r == same
}

// ReasonRule is the stable name of a rule that decides an outcome.
type ReasonRule string

// Why a criterion has its status.
const (
	TooFewAssessors   ReasonRule = "TOO_FEW_ASSESSORS"
	AssessorsAgree    ReasonRule = "ASSESSORS_AGREE"
	SettledByJury     ReasonRule = "SETTLED_BY_JURY"
	AssessorsDisagree ReasonRule = "ASSESSORS_DISAGREE"
	SettlementLapsed  ReasonRule = "SETTLEMENT_LAPSED"
	ExemptionGranted  ReasonRule = "EXEMPTION_GRANTED"
)

// Why a criterion has its status, if the référentiel has another agreement of assessors.
const (
	AssessedTogether     ReasonRule = "ASSESSED_TOGETHER"
	MeanOfAssessors      ReasonRule = "MEAN_OF_ASSESSORS"
	MeanWithinGap        ReasonRule = "MEAN_WITHIN_GAP"
	AssessorsTooFarApart ReasonRule = "ASSESSORS_TOO_FAR_APART"
	ThirdReadingNeeded   ReasonRule = "THIRD_READING_NEEDED"
	ThirdReading         ReasonRule = "THIRD_READING"
	WeightedAssessors    ReasonRule = "WEIGHTED_ASSESSORS"
	QualityMissing       ReasonRule = "QUALITY_MISSING"
)

// Why a compétence or a bloc has its outcome.
const (
	CriterionPending      ReasonRule = "CRITERION_PENDING"
	CriterionContested    ReasonRule = "CRITERION_CONTESTED"
	EliminatoryNotMet     ReasonRule = "ELIMINATORY_NOT_MET"
	ExemptedCounts        ReasonRule = "EXEMPTED_COUNTS"
	ExemptedLeftOut       ReasonRule = "EXEMPTED_LEFT_OUT"
	PointsReached         ReasonRule = "POINTS_REACHED"
	PointsMissed          ReasonRule = "POINTS_MISSED"
	CompetencePending     ReasonRule = "COMPETENCE_PENDING"
	CompetenceContested   ReasonRule = "COMPETENCE_CONTESTED"
	CompetenceNotAcquired ReasonRule = "COMPETENCE_NOT_ACQUIRED"
	CompetencesReached    ReasonRule = "COMPETENCES_REACHED"
	CompetencesMissed     ReasonRule = "COMPETENCES_MISSED"
	EpreuvePending        ReasonRule = "EPREUVE_PENDING"
	EpreuveContested      ReasonRule = "EPREUVE_CONTESTED"
	EpreuveNotAcquired    ReasonRule = "EPREUVE_NOT_ACQUIRED"
	EpreuvesReached       ReasonRule = "EPREUVES_REACHED"
	EpreuvesMissed        ReasonRule = "EPREUVES_MISSED"
)

// Reasons of a gate.
const (
	MeanReached       ReasonRule = "MEAN_REACHED"
	MeanMissed        ReasonRule = "MEAN_MISSED"
	MeanRounded       ReasonRule = "MEAN_ROUNDED"
	EnoughAcquired    ReasonRule = "ENOUGH_ACQUIRED"
	TooFewAcquired    ReasonRule = "TOO_FEW_ACQUIRED"
	FloorKept         ReasonRule = "FLOOR_KEPT"
	FloorMissed       ReasonRule = "FLOOR_MISSED"
	FewBelow          ReasonRule = "FEW_BELOW"
	TooManyBelow      ReasonRule = "TOO_MANY_BELOW"
	ShortfallKept     ReasonRule = "SHORTFALL_KEPT"
	ShortfallTooLarge ReasonRule = "SHORTFALL_TOO_LARGE"
	BonusCounted      ReasonRule = "BONUS_COUNTED"
	BonusNotTaken     ReasonRule = "BONUS_NOT_TAKEN"
	ExemptedHelps     ReasonRule = "EXEMPTED_HELPS"
)

// Reasons of a decision.
const (
	JuryFollowed         ReasonRule = "JURY_FOLLOWED"
	JuryDeparted         ReasonRule = "JURY_DEPARTED"
	HeldMeanwhile        ReasonRule = "HELD_MEANWHILE"
	JuryRectified        ReasonRule = "JURY_RECTIFIED"
	PriorRecognised      ReasonRule = "PRIOR_RECOGNISED"
	EveryBlocCapitalised ReasonRule = "EVERY_BLOC_CAPITALISED"
	PathComplete         ReasonRule = "PATH_COMPLETE"
	FulfilledMeanwhile   ReasonRule = "FULFILLED_MEANWHILE"
	ProofRecorded        ReasonRule = "PROOF_RECORDED"
	AwardLost            ReasonRule = "AWARD_LOST"
	ValidThrough         ReasonRule = "VALID_THROUGH"
)

// Reasons of a status in the ledger.
const (
	HeldByDecision    ReasonRule = "HELD_BY_DECISION"
	HeldByEquivalence ReasonRule = "HELD_BY_EQUIVALENCE"
	HeldByChain       ReasonRule = "HELD_BY_CHAIN"
	DecidedAgainst    ReasonRule = "DECIDED_AGAINST"
	NeverDecided      ReasonRule = "NEVER_DECIDED"
	BlocsMissing      ReasonRule = "BLOCS_MISSING"
	AwaitsJury        ReasonRule = "AWAITS_JURY"
	AwardStands       ReasonRule = "AWARD_STANDS"
	PathAwaitsJury    ReasonRule = "PATH_AWAITS_JURY"
	PathAwarded       ReasonRule = "PATH_AWARDED"
)

// What an award still needs.
const (
	BlocMissing    ReasonRule = "BLOC_MISSING"
	ChoiceMissing  ReasonRule = "CHOICE_MISSING"
	CreditsMissing ReasonRule = "CREDITS_MISSING"
	OptionMissing  ReasonRule = "OPTION_MISSING"

	RequirementMissing ReasonRule = "REQUIREMENT_MISSING"
	ProofTooSmall      ReasonRule = "PROOF_TOO_SMALL"
)

// Why a requirement has its status in the ledger.
const (
	RequirementNeverDecided   ReasonRule = "REQUIREMENT_NEVER_DECIDED"
	RequirementDecidedAgainst ReasonRule = "REQUIREMENT_DECIDED_AGAINST"
	RequirementCounted        ReasonRule = "REQUIREMENT_COUNTED"
	RequirementHeld           ReasonRule = "REQUIREMENT_HELD"
	StillValid                ReasonRule = "STILL_VALID"
	NoLongerValid             ReasonRule = "NO_LONGER_VALID"
)

// reasonSentences is the table of all reasons. The names in braces are the
// reason's fields; {acquired} is Points/100, since a compétence weighs 100.
var reasonSentences = [...]struct {
	rule     ReasonRule
	sentence string
}{
	{TooFewAssessors, "{criterion}: {counted} of {required} assessors have given a verdict"},
	{AssessorsAgree, "{criterion}: no two assessors disagree (verdicts: {counted})"},
	{SettledByJury, "{criterion}: the assessors disagree and the jury settled it (verdicts: {counted})"},
	{AssessorsDisagree, "{criterion}: the assessors disagree and the jury has not settled it (verdicts: {counted})"},
	{SettlementLapsed, "{criterion}: the assessors disagree and their verdicts are no longer those the jury settled (verdicts: {counted})"},
	{ExemptionGranted, "{criterion}: the jury exempted the candidate from it"},

	{AssessedTogether, "{criterion}: the assessors found the same together (verdicts: {counted})"},
	{MeanOfAssessors, "{criterion}: the mean of the assessors is {amount} (verdicts: {counted})"},
	{MeanWithinGap, "{criterion}: the mean of the assessors is {amount}, and they are not more than {limit} apart (verdicts: {counted})"},
	{AssessorsTooFarApart, "{criterion}: the assessors are {amount} apart, more than {limit}, and the jury has not settled it (verdicts: {counted})"},
	{ThirdReadingNeeded, "{criterion}: the assessors are {amount} apart, more than {limit}, so it needs a third reading (verdicts: {counted})"},
	{ThirdReading, "{criterion}: the assessors are more than {limit} apart, so the third reading counts: {amount} (its verdicts: {counted})"},
	{WeightedAssessors, "{criterion}: the assessors come to {amount} by the weights of their qualities (verdicts: {counted})"},
	{QualityMissing, "{criterion}: assessors of {counted} of {required} qualities have given a verdict"},

	{CriterionPending, "{criterion} is still pending"},
	{CriterionContested, "{criterion} is contested"},
	{EliminatoryNotMet, "{criterion} is eliminatory and is not met"},
	{ExemptedCounts, "{criterion} is exempted, but counts since its {points} points reach the threshold of {threshold} %"},
	{ExemptedLeftOut, "{criterion} is exempted and is left out"},
	{PointsReached, "{unit}: {points} points reach the {required} needed (criteria: {counted}, threshold: {threshold} %)"},
	{PointsMissed, "{unit}: {points} points do not reach the {required} needed (criteria: {counted}, threshold: {threshold} %)"},
	{CompetencePending, "{unit} is still pending"},
	{CompetenceContested, "{unit} is contested"},
	{CompetenceNotAcquired, "{unit} is not acquired"},
	{CompetencesReached, "{bloc}: {acquired} of {counted} competences are acquired, which is enough (threshold: {threshold} %)"},
	{CompetencesMissed, "{bloc}: {acquired} of {counted} competences are acquired, which is not enough (threshold: {threshold} %)"},
	{EpreuvePending, "{unit} is still pending"},
	{EpreuveContested, "{unit} is contested"},
	{EpreuveNotAcquired, "{unit} is not acquired"},
	{EpreuvesReached, "{bloc}: {acquired} of {counted} epreuves are acquired, which is enough (threshold: {threshold} %)"},
	{EpreuvesMissed, "{bloc}: {acquired} of {counted} epreuves are acquired, which is not enough (threshold: {threshold} %)"},

	{MeanReached, "{parent}: the mean {amount} reaches the {limit} needed (in the mean: {counted}, weights: {weights})"},
	{MeanMissed, "{parent}: the mean {amount} does not reach the {limit} needed (in the mean: {counted}, weights: {weights})"},
	{MeanRounded, "{parent}: the mean {amount} is rounded to {limit}"},
	{EnoughAcquired, "{parent}: {points} of {counted} are acquired, and {required} are needed"},
	{TooFewAcquired, "{parent}: {points} of {counted} are acquired, but {required} are needed"},
	{FloorKept, "{parent}: nothing is below the floor of {limit}"},
	{FloorMissed, "{child}: {amount} is below the floor of {limit}"},
	{FewBelow, "{parent}: {points} below {limit}, and {required} may be"},
	{TooManyBelow, "{parent}: {points} below {limit}, but only {required} may be"},
	{ShortfallKept, "{parent}: what is missing adds up to {amount}, and {limit} may be missing"},
	{ShortfallTooLarge, "{parent}: what is missing adds up to {amount}, but only {limit} may be missing"},
	{BonusCounted, "{child} is a bonus and adds {amount}, which is what lies above {limit}"},
	{BonusNotTaken, "{child} is a bonus and was not assessed"},
	{ExemptedHelps, "{child} is exempted, but counts since its {amount} points are of use to the candidate"},

	{JuryFollowed, "{bloc}: the jury decided as the rules compute"},
	{JuryDeparted, "{bloc}: the jury departed from what the rules compute, with a motive"},
	{HeldMeanwhile, "{bloc} was capitalised meanwhile, so the jury does not decide it"},
	{JuryRectified, "{bloc}: the jury rectified an earlier decision, with a motive"},
	{PriorRecognised, "{bloc} was recognised as acquired before or by equivalence, on a named proof"},
	{EveryBlocCapitalised, "every bloc is capitalised (blocs: {counted})"},
	{FulfilledMeanwhile, "{requirement} was fulfilled meanwhile, so the jury does not decide it"},
	{ProofRecorded, "{requirement}: a named document proves it (number: {points})"},
	{PathComplete, "{path}: everything that is needed is held (blocs: {counted})"},
	{AwardLost, "{bloc} is no longer capitalised, so the award no longer holds"},
	{ValidThrough, "{held} is valid for {required} months, through {day}"},

	{HeldByDecision, "{bloc} is capitalised by a decision on it"},
	{HeldByEquivalence, "{bloc} is capitalised by a decision on a bloc that counts as it"},
	{HeldByChain, "{bloc} is capitalised because of {chain}"},
	{DecidedAgainst, "{bloc} was decided and not capitalised"},
	{NeverDecided, "{bloc} has not been decided"},
	{BlocsMissing, "{counted} of {required} blocs are capitalised"},
	{AwaitsJury, "every bloc is capitalised and a jury has yet to award (blocs: {counted})"},
	{AwardStands, "a jury awarded the certification"},
	{PathAwaitsJury, "{path}: everything that is needed is held, and a jury has yet to award it (blocs: {counted})"},
	{PathAwarded, "{path}: a jury awarded it"},

	{BlocMissing, "{bloc} is not capitalised"},
	{ChoiceMissing, "{any_of}: {points} of these are capitalised, and {required} are needed"},
	{CreditsMissing, "{any_of}: blocs of {points} credits are capitalised, and {required} are needed"},
	{OptionMissing, "{any_of}: one option is needed, and each lacks this"},
	{RequirementMissing, "{requirement} is not fulfilled"},
	{ProofTooSmall, "{requirement}: documents prove {points}, and {required} are needed"},

	{RequirementNeverDecided, "{requirement} has been neither decided nor proved"},
	{RequirementDecidedAgainst, "{requirement} was decided and not fulfilled"},
	{RequirementCounted, "{requirement}: documents prove {points} of {required}"},
	{RequirementHeld, "{requirement} is fulfilled by a decision on it"},
	{StillValid, "{held} is valid through {day}"},
	{NoLongerValid, "{held} was valid through {day}, and no longer is"},
}

// ofEpreuves are the rules that take the place of others in a bloc of épreuves.
var ofEpreuves = map[ReasonRule]ReasonRule{
	CompetencePending:     EpreuvePending,
	CompetenceContested:   EpreuveContested,
	CompetenceNotAcquired: EpreuveNotAcquired,
	CompetencesReached:    EpreuvesReached,
	CompetencesMissed:     EpreuvesMissed,
}

// SpeakOfEpreuves makes reasons speak of épreuves instead of compétences.
func SpeakOfEpreuves(reasons []Reason) {
	for i := range reasons {
		r := &reasons[i]
		r.Epreuve, r.Competence = r.Competence, ""
		r.Rule = cmp.Or(ofEpreuves[r.Rule], r.Rule)
	}
}

// unit is the code of the compétence or épreuve.
func (r *Reason) unit() string { return cmp.Or(r.Competence, r.Epreuve) }

// ReasonRules lists every rule that a reason can name.
func ReasonRules() []ReasonRule {
	rules := make([]ReasonRule, len(reasonSentences))
	for i, r := range reasonSentences {
		rules[i] = r.rule
	}
	return rules
}

// String returns the reason as one plain English sentence.
func (r Reason) String() string {
	for _, row := range reasonSentences {
		if row.rule == r.Rule {
			return r.fill(row.sentence) + defaultNote(r.FromDefault)
		}
	}
	return string(r.Rule)
}

// fill puts the fields into a sentence. It does not use strings.Replacer, which
// would be built for each reason and was slow (docs/performance.md).
func (r Reason) fill(sentence string) string {
	var text strings.Builder
	text.Grow(len(sentence))
	for {
		before, rest, ok := strings.Cut(sentence, "{")
		text.WriteString(before)
		if !ok {
			return text.String()
		}
		field, after, _ := strings.Cut(rest, "}")
		text.WriteString(r.field(field))
		sentence = after
	}
}

func (r Reason) field(name string) string {
	switch name {
	case "child":
		return cmp.Or(r.Criterion, r.unit())
	case "parent":
		return cmp.Or(r.Bloc, r.unit())
	case "held":
		return cmp.Or(r.Bloc, "the award")
	case "chain":
		return r.Chain
	case "day":
		return string(r.Until)
	case "amount", "limit", "weights":
		return r.Amount.field(name)
	case "bloc":
		return cmp.Or(r.Bloc, r.Requirement) // a jury decides both
	case "requirement":
		return r.Requirement
	case "path":
		if r.Option == "" {
			return "the award"
		}
		return "option " + r.Option
	case "any_of":
		return r.AnyOf
	case "unit":
		return r.unit()
	case "criterion":
		return r.Criterion
	case "points":
		return strconv.Itoa(r.Points)
	case "acquired":
		return strconv.Itoa(r.Points / 100)
	case "required":
		return strconv.Itoa(r.Required)
	case "counted":
		return strconv.Itoa(r.Counted)
	case "threshold":
		return strconv.Itoa(r.Threshold)
	}
	return "{" + name + "}"
}

func (a *Amount) field(name string) string {
	if a == nil {
		return "0"
	}
	unit := ""
	if a.Percent {
		unit = " %"
	}
	switch {
	case name == "limit":
		return a.Limit + unit
	case name == "weights":
		return strconv.Itoa(a.Weights)
	case a.Exact != "":
		return a.Reached + "…" + unit + " (" + a.Exact + ")"
	}
	return a.Reached + unit
}

// defaultNote ends a sentence whose number the référentiel does not give.
func defaultNote(fromDefault bool) string {
	if fromDefault {
		return "; a default, since the référentiel gives no number"
	}
	return ""
}
