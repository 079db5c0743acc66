// Package casefile turns stored records into the input of package rules.
//
// The server uses it to decide, the offline verifier to decide again. Both must
// read the same records in the same way, so both use this package. It reads no
// store; the caller loads the records.
//
// Everything is identified by its uid. Sessions and candidacies also have the
// labels that callers know, because refusals name them. Uids also give the
// order of acts, because they ascend. Enums are stored as the numbers of the
// API, whose names are those of the rules.
//
// A record that contradicts itself or its session, or has an unknown number, is
// an error: the rules must never judge data that was never written.
package casefile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/rules/words"
)

// ID is a uid as the rules write it; empty for none.
func ID(uid uint64) string {
	if uid == 0 {
		return ""
	}
	return strconv.FormatUint(uid, 10)
}

// UID is the uid of an id that ID made; 0 for none.
func UID(id string) uint64 {
	uid, _ := strconv.ParseUint(id, 10, 64)
	return uid
}

// Revision names the revision of a session.
func Revision(s *storepb.Session) rules.Revision {
	return rules.Revision{Referentiel: s.GetReferentiel(), ID: s.GetRevision()}
}

// nameOf is the name of an enum's value, which is never the unspecified one.
func nameOf[T ~string](value protoreflect.Enum) (T, error) {
	known := value.Descriptor().Values().ByNumber(value.Number())
	if known == nil || value.Number() == 0 {
		return "", fmt.Errorf("casefile: %d is not a value of %s", value.Number(), value.Descriptor().FullName())
	}
	return T(known.Name()), nil
}

// Value is the value of an enum that has that name, the unspecified one if none has.
func Value[E interface {
	~int32
	protoreflect.Enum
}, T ~string](name T) E {
	value := E(0).Descriptor().Values().ByName(protoreflect.Name(name))
	if value == nil {
		return 0
	}
	return E(value.Number())
}

// Session reads a session.
func Session(s *storepb.Session) (rules.Session, error) {
	state, err := nameOf[rules.SessionState](s.GetState())
	if err != nil {
		return rules.Session{}, fmt.Errorf("session %d: %w", s.GetUid(), err)
	}
	return rules.Session{
		ID: ID(s.GetUid()), Label: s.GetLabel(), Revision: Revision(s), State: state, Jury: Jury(s.GetJury()),
	}, nil
}

// Jury reads the members of a jury.
func Jury(members []*storepb.JuryMember) []rules.Member {
	jury := make([]rules.Member, len(members))
	for i, m := range members {
		jury[i] = rules.Member{Subject: m.GetSubject(), External: m.GetExternal(), Chair: m.GetChair(), College: m.GetCollege()}
	}
	return jury
}

// Assessors reads who assesses in a session.
func Assessors(s *storepb.Session) []rules.Assessor {
	assessors := make([]rules.Assessor, len(s.GetAssessors()))
	for i, a := range s.GetAssessors() {
		assessors[i] = rules.Assessor{Subject: a.GetSubject(), Quality: a.GetQuality()}
	}
	return assessors
}

// Candidacy reads a candidacy of the session.
func Candidacy(c *storepb.Candidacy, session *storepb.Session) (rules.Candidacy, error) {
	state, err := nameOf[rules.CandidacyState](c.GetState())
	if err != nil {
		return rules.Candidacy{}, fmt.Errorf("candidacy %d: %w", c.GetUid(), err)
	}
	if c.GetSessionUid() != session.GetUid() {
		return rules.Candidacy{}, fmt.Errorf("casefile: candidacy %d is of session %d, not %d", c.GetUid(), c.GetSessionUid(), session.GetUid())
	}
	left := make([]rules.Departed, len(c.GetDepartedBlocs()))
	for i, d := range c.GetDepartedBlocs() {
		left[i].Bloc = d.GetBloc()
		if left[i].As, err = nameOf[rules.CandidacyState](d.GetCause()); err != nil {
			return rules.Candidacy{}, fmt.Errorf("candidacy %d: %w", c.GetUid(), err)
		}
		if !slices.Contains(c.GetEnrolledBlocs(), d.GetBloc()) && !slices.Contains(c.GetEnrolledRequirements(), d.GetBloc()) {
			return rules.Candidacy{}, fmt.Errorf("casefile: bloc %q left candidacy %d, which never presented it", d.GetBloc(), c.GetUid())
		}
	}
	return rules.Candidacy{
		ID:       ID(c.GetUid()),
		Label:    session.GetLabel() + "/" + c.GetLabel(),
		Session:  ID(session.GetUid()),
		Revision: Revision(session),
		State:    state,
		Enrolled: c.GetEnrolledBlocs(),
		Resits:   c.GetResitBlocs(),
		Route:    Route(c.GetAccessRoute()),
		Left:     left,

		Requirements: c.GetEnrolledRequirements(),
	}, nil
}

// Route is how a candidate came; empty if it is not known.
func Route(route acquispb.Candidacy_AccessRoute_Enum) rules.AccessRoute {
	if route == 0 {
		return ""
	}
	return rules.AccessRoute(route.String())
}

// Standing reads the states of a candidacy and its session, which is all that
// retention needs.
func Standing(c *storepb.Candidacy, session *storepb.Session) rules.Standing {
	return rules.Standing{
		Session:   rules.SessionState(session.GetState().String()),
		Candidacy: rules.CandidacyState(c.GetState().String()),
	}
}

// Hold reads a legal hold.
func Hold(h *storepb.Hold) (read retention.Hold) {
	if h.GetEndTime() != nil {
		read.Ends = h.GetEndTime().AsTime()
	}
	if h.GetReleaseTime() != nil {
		read.Released = h.GetReleaseTime().AsTime()
	}
	return read
}

// Acts reads everything that was done in a candidacy.
func Acts(assessments []*storepb.Assessment, file []*storepb.CaseFile) (rules.Acts, error) {
	var acts rules.Acts
	lines := 0
	for _, a := range assessments {
		lines += len(a.GetVerdicts())
	}
	acts.Assessments = slices.Grow(acts.Assessments, lines)
	for _, a := range assessments {
		if err := errors.Join(addVerdicts(&acts, a), addSettlements(&acts, a)); err != nil {
			return rules.Acts{}, fmt.Errorf("assessment %d: %w", a.GetUid(), err)
		}
	}
	for _, entry := range file {
		addEntry(&acts, entry)
	}
	return acts, nil
}

// An assessed message bears a verdict, a level or a mark. Those of the API and of the
// store do.
type assessed interface {
	GetVerdict() acquispb.Verdict_Enum
	GetLevel() string
	GetMark() string
}

// Finding is what a message says of a criterion, as the rules have it: nothing, one of
// the three, or several. Which one the criterion's scale takes, the rules judge.
func Finding(a assessed) (rules.Verdict, rules.FindingKind) {
	verdict, kind, found := rules.Verdict(""), rules.FindingKind(""), 0
	if a.GetVerdict() != 0 {
		verdict, kind, found = rules.Verdict(a.GetVerdict().String()), rules.ByVerdict, 1
	}
	if a.GetLevel() != "" {
		verdict, kind, found = rules.Verdict(a.GetLevel()), rules.ByLevel, found+1
	}
	if a.GetMark() != "" {
		verdict, kind, found = rules.Verdict(a.GetMark()), rules.ByMark, found+1
	}
	if found > 1 {
		return verdict, rules.Several
	}
	return verdict, kind
}

// found is a stored finding. One that says more than one thing was never written.
func found(a assessed) (rules.Verdict, error) {
	verdict, kind := Finding(a)
	switch kind {
	case rules.ByVerdict:
		return nameOf[rules.Verdict](a.GetVerdict())
	case rules.ByLevel, rules.ByMark:
		return verdict, nil
	}
	return "", errors.New("casefile: there is neither one verdict nor one level nor one mark")
}

func addVerdicts(acts *rules.Acts, a *storepb.Assessment) (err error) {
	for _, line := range a.GetVerdicts() {
		read := rules.Assessment{
			Criterion: line.GetCriterion(), Assessor: a.GetAuthor(), Quality: a.GetQuality(), Retracted: Retracts(line), Seq: a.GetUid(),
		}
		if !read.Retracted {
			if read.Verdict, err = found(line); err != nil {
				return err
			}
		}
		acts.Assessments = append(acts.Assessments, read)
	}
	return nil
}

// Retracts tells whether a line takes back what an assessor said before.
func Retracts(line *storepb.VerdictLine) bool {
	_, kind := Finding(line)
	return kind == ""
}

func addSettlements(acts *rules.Acts, a *storepb.Assessment) (err error) {
	for _, line := range a.GetSettlements() {
		read := rules.Settlement{Criterion: line.GetCriterion(), Authors: []string{a.GetAuthor()}, Seq: a.GetUid()}
		if read.Verdict, err = found(line); err != nil {
			return err
		}
		read.On = make([]rules.Opinion, len(line.GetOn()))
		for i, o := range line.GetOn() {
			read.On[i].Assessor, read.On[i].Quality = o.GetAssessor(), o.GetQuality()
			if read.On[i].Verdict, err = found(o); err != nil {
				return err
			}
		}
		acts.Settlements = append(acts.Settlements, read)
	}
	return nil
}

// addEntry adds advice and exemptions; accommodations do not affect decisions.
func addEntry(acts *rules.Acts, entry *storepb.CaseFile) {
	switch e := entry.GetEntry().(type) {
	case *storepb.CaseFile_Advice:
		acts.Advice = append(acts.Advice, rules.Advice{
			Criterion:  e.Advice.GetCriterion(),
			Favourable: e.Advice.GetFavourable(),
			Seq:        entry.GetUid(),
		})
	case *storepb.CaseFile_Exemption:
		acts.Exemptions = append(acts.Exemptions, rules.Exemption{
			Criterion: e.Exemption.GetCriterion(),
			Granted:   e.Exemption.GetGranted(),
			Authors:   []string{entry.GetAuthor()},
			Seq:       entry.GetUid(),
		})
	}
}

// Decision reads a decision, and also returns both of its parts.
func Decision(d *storepb.Decision) (rules.Decision, *storepb.DecisionAct, *storepb.DecisionCircumstances, error) {
	read, act, err := Act(d)
	if err != nil {
		return rules.Decision{}, nil, nil, err
	}
	circumstances := new(storepb.DecisionCircumstances)
	if err := proto.Unmarshal(d.GetCircumstances(), circumstances); err != nil {
		return rules.Decision{}, nil, nil, fmt.Errorf("casefile: circumstances of decision %d: %w", d.GetUid(), err)
	}
	read.Session, read.Candidacy = ID(circumstances.GetSessionUid()), ID(circumstances.GetCandidacyUid())
	if computed := circumstances.GetComputedOutcome(); computed != 0 {
		if read.Computed, err = nameOf[rules.Outcome](computed); err != nil {
			return rules.Decision{}, nil, nil, fmt.Errorf("circumstances of decision %d: %w", d.GetUid(), err)
		}
	}
	return read, act, circumstances, nil
}

// Act reads only the public act of a decision, which is all that a ledger
// needs.
func Act(d *storepb.Decision) (rules.Decision, *storepb.DecisionAct, error) {
	act := new(storepb.DecisionAct)
	if err := proto.Unmarshal(d.GetAct(), act); err != nil {
		return rules.Decision{}, nil, fmt.Errorf("casefile: act of decision %d: %w", d.GetUid(), err)
	}
	kind, kindErr := nameOf[rules.DecisionKind](act.GetKind())
	outcome, outcomeErr := nameOf[rules.DecisionOutcome](act.GetOutcome())
	if err := errors.Join(kindErr, outcomeErr); err != nil {
		return rules.Decision{}, nil, fmt.Errorf("decision %d: %w", d.GetUid(), err)
	}
	if !IsDay(act.GetDecideDay()) || act.GetLastValidDay() != "" && !IsDay(act.GetLastValidDay()) {
		return rules.Decision{}, nil, fmt.Errorf("casefile: decision %d is of the day %q and valid through %q", d.GetUid(), act.GetDecideDay(), act.GetLastValidDay())
	}
	if !fits(kind, act) {
		return rules.Decision{}, nil, fmt.Errorf("casefile: decision %d is %s of bloc %q, requirement %q, option %q and amount %d",
			d.GetUid(), kind, act.GetBloc(), act.GetRequirement(), act.GetOption(), act.GetAmount())
	}
	return rules.Decision{
		ID:         ID(d.GetUid()),
		Seq:        d.GetUid(),
		Kind:       kind,
		Revision:   rules.Revision{Referentiel: act.GetReferentiel(), ID: act.GetRevision()},
		Bloc:       act.GetBloc() + act.GetRequirement(), // one of them is empty
		Option:     act.GetOption(),
		Amount:     int(act.GetAmount()),
		Outcome:    outcome,
		Supersedes: ID(act.GetSupersedesUid()),
		Day:        calendar.Day(act.GetDecideDay()),
		Until:      calendar.Day(act.GetLastValidDay()),
	}, act, nil
}

// IsDay tells whether a text is a day of the calendar, as "2026-06-30".
func IsDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// fits tells whether an act has what its kind is about, and nothing else.
func fits(kind rules.DecisionKind, act *storepb.DecisionAct) bool {
	onBloc := kind == rules.BlocDecision || kind == rules.PriorBlocDecision
	onRequirement := kind == rules.RequirementDecision || kind == rules.ProofDecision
	return onBloc == (act.GetBloc() != "") && onRequirement == (act.GetRequirement() != "") &&
		(act.GetOption() == "" || kind == rules.AwardDecision) && (act.GetAmount() == 0 || kind == rules.ProofDecision)
}

// Decisions reads all decisions of a candidate.
func Decisions(stored []*storepb.Decision) ([]rules.Decision, error) {
	decisions := make([]rules.Decision, len(stored))
	for i, d := range stored {
		var err error
		if decisions[i], _, _, err = Decision(d); err != nil {
			return nil, err
		}
	}
	return decisions, nil
}

// Ruling returns a ruling as it is stored: the parts of a decision that the rules
// decide, with session and candidacy. The server adds who decided and when; the
// verifier compares.
func Ruling(r rules.Ruling) (*storepb.DecisionAct, *storepb.DecisionCircumstances) {
	act := &storepb.DecisionAct{
		Kind:          Value[acquispb.Decision_Kind_Enum](r.Kind),
		Bloc:          r.Bloc,
		Option:        r.Option,
		Outcome:       Value[acquispb.Decision_Outcome_Enum](r.Outcome),
		Referentiel:   r.Revision.Referentiel,
		Revision:      r.Revision.ID,
		RulesVersion:  rules.Version,
		SupersedesUid: UID(r.Supersedes),
		DecideDay:     string(r.Day),
		LastValidDay:  string(r.Until),
		Amount:        int32(r.Amount),
	}
	if r.Kind == rules.RequirementDecision || r.Kind == rules.ProofDecision {
		act.Bloc, act.Requirement = "", r.Bloc
	}
	circumstances := &storepb.DecisionCircumstances{
		ComputedOutcome: Value[acquispb.Outcome_Enum](r.Computed),
		SessionUid:      UID(r.Session), CandidacyUid: UID(r.Candidacy),
	}
	for _, reason := range r.Reasons {
		circumstances.Reasons = append(circumstances.Reasons, storedReason(reason))
	}
	return act, circumstances
}

func storedReason(r words.Reason) *storepb.Reason {
	stored := &storepb.Reason{
		Rule: string(r.Rule), Bloc: r.Bloc, Competence: r.Competence, Epreuve: r.Epreuve, Criterion: r.Criterion,
		Points: int32(r.Points), Required: int32(r.Required), Counted: int32(r.Counted),
		Threshold: int32(r.Threshold), FromDefault: r.FromDefault, Exemption: r.Exemption,
		Option: r.Option, AnyOf: r.AnyOf, Requirement: r.Requirement,
		LastValidDay: string(r.Until), Path: r.Chain,
	}
	if a := r.Amount; a != nil {
		stored.Amount = &storepb.Reason_Amount{Reached: a.Reached, Exact: a.Exact, Limit: a.Limit, Weights: int32(a.Weights), Percent: a.Percent}
	}
	return stored
}

// Reason reads a reason.
func Reason(r *storepb.Reason) words.Reason {
	read := words.Reason{
		Rule: words.ReasonRule(r.GetRule()), Bloc: r.GetBloc(), Competence: r.GetCompetence(), Epreuve: r.GetEpreuve(), Criterion: r.GetCriterion(),
		Points: int(r.GetPoints()), Required: int(r.GetRequired()), Counted: int(r.GetCounted()),
		Threshold: int(r.GetThreshold()), FromDefault: r.GetFromDefault(), Exemption: r.GetExemption(),
		Option: r.GetOption(), AnyOf: r.GetAnyOf(), Requirement: r.GetRequirement(),
		Until: calendar.Day(r.GetLastValidDay()), Chain: r.GetPath(),
	}
	if a := r.GetAmount(); a != nil {
		read.Amount = &words.Amount{Reached: a.GetReached(), Exact: a.GetExact(), Limit: a.GetLimit(), Weights: int(a.GetWeights()), Percent: a.GetPercent()}
	}
	return read
}

// Runs tells whether this program has that version of the rules, so that its
// decisions can be computed again.
func Runs(version string) bool { return version == rules.Version }
