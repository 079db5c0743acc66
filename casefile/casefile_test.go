package casefile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/rules/words"
)

// Records have the API's numbers, the rules have its names: the rules must know
// each value of the API, and the API each value of the rules.
func TestTheRulesKnowEveryNameOfTheAPI(t *testing.T) {
	for _, c := range []struct {
		enum protoreflect.EnumDescriptor
		want []string
	}{
		{acquispb.Verdict_Enum(0).Descriptor(), names(rules.Met, rules.PartiallyMet, rules.NotMet)},
		{acquispb.CriterionStatus_Enum(0).Descriptor(), names(rules.StatusMet, rules.StatusPartiallyMet, rules.StatusNotMet,
			rules.StatusPending, rules.StatusContested, rules.StatusExempted, rules.StatusAssessed)},
		{acquispb.Outcome_Enum(0).Descriptor(), names(rules.Pending, rules.Contested, rules.Acquired, rules.NotAcquired)},
		{acquispb.Session_State_Enum(0).Descriptor(), names(rules.SessionOpen, rules.SessionClosed, rules.SessionCancelled)},
		{acquispb.Candidacy_State_Enum(0).Descriptor(), names(rules.Enrolled, rules.Decided, rules.Withdrawn, rules.Absent, rules.CandidacyCancelled)},
		{acquispb.Candidacy_Scope_Enum(0).Descriptor(), names(rules.Whole, rules.NamedBlocs)},
		{acquispb.Candidacy_MethodVariant_Enum(0).Descriptor(), names(rules.Normal, rules.BlocOnly)},
		{acquispb.Decision_Kind_Enum(0).Descriptor(), names(rules.BlocDecision, rules.PriorBlocDecision, rules.AwardDecision, rules.RequirementDecision, rules.ProofDecision)},
		{acquispb.Decision_Outcome_Enum(0).Descriptor(), names(rules.Capitalised, rules.NotCapitalised, rules.Awarded, rules.NotAwarded, rules.Fulfilled, rules.NotFulfilled)},
		{acquispb.Capitalisation_BlocStatus_Status_Enum(0).Descriptor(), names(rules.LedgerNotPresented, rules.LedgerNotCapitalised, rules.LedgerCapitalised, rules.LedgerExpired)},
		{acquispb.Capitalisation_RequirementStatus_Status_Enum(0).Descriptor(), names(rules.RequirementOpen, rules.RequirementNotFulfilled, rules.RequirementFulfilled)},
		{acquispb.Capitalisation_CertificationStatus_Status_Enum(0).Descriptor(),
			names(rules.CertificationInProgress, rules.CertificationComplete, rules.CertificationAwarded, rules.CertificationExpired)},
	} {
		var got []string
		for i := 1; i < c.enum.Values().Len(); i++ { // the first is the unspecified one
			got = append(got, string(c.enum.Values().Get(i).Name()))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: rules (-) and API (+):\n%s", c.enum.FullName(), diff)
		}
	}
}

func names[T ~string](values ...T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// Every record of a file becomes an act, in the order of the store.
func TestActs(t *testing.T) {
	assessments := []*storepb.Assessment{
		{Uid: 7, Author: "anna", Verdicts: []*storepb.VerdictLine{{Criterion: "C1.1.1", Verdict: 1}, {Criterion: "C1.1.2"}}},
		{Uid: 9, Author: "jury-1", Settlements: []*storepb.SettlementLine{{
			Criterion: "C1.1.1", Verdict: 2, On: []*storepb.Opinion{{Assessor: "anna", Verdict: 1}},
		}}},
	}
	file := []*storepb.CaseFile{
		{Uid: 8, Author: "advisor", Entry: &storepb.CaseFile_Request{Request: &storepb.AccommodationRequest{Kind: 1}}},
		{Uid: 10, Author: "advisor", Entry: &storepb.CaseFile_Advice{Advice: &storepb.ExemptionAdvice{Criterion: "C1.1.2", Favourable: true}}},
		{Uid: 11, Author: "jury-1", Entry: &storepb.CaseFile_Exemption{Exemption: &storepb.ExemptionDecision{Criterion: "C1.1.2", Granted: true}}},
	}
	want := rules.Acts{
		Assessments: []rules.Assessment{
			{Criterion: "C1.1.1", Assessor: "anna", Verdict: rules.Met, Seq: 7},
			{Criterion: "C1.1.2", Assessor: "anna", Retracted: true, Seq: 7},
		},
		Settlements: []rules.Settlement{{
			Criterion: "C1.1.1", Verdict: rules.PartiallyMet, Authors: []string{"jury-1"}, Seq: 9,
			On: []rules.Opinion{{Assessor: "anna", Verdict: rules.Met}},
		}},
		Advice:     []rules.Advice{{Criterion: "C1.1.2", Favourable: true, Seq: 10}},
		Exemptions: []rules.Exemption{{Criterion: "C1.1.2", Granted: true, Authors: []string{"jury-1"}, Seq: 11}},
	}
	got, err := casefile.Acts(assessments, file)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// A bloc that was held at deliberation has left its candidacy, like one withdrawn.
func TestCandidacy(t *testing.T) {
	session := &storepb.Session{
		Uid: 1, Label: "s-001", Referentiel: "marketing", Revision: "r1", State: 1,
		Jury: []*storepb.JuryMember{{Subject: "ann", External: true}, {Subject: "bob", Chair: true}},
	}
	candidacy := &storepb.Candidacy{
		Uid: 2, Label: "k-001", SessionUid: 1, State: acquispb.Candidacy_State_DECIDED, EnrolledBlocs: []string{"B1", "B2", "B3"},
		DepartedBlocs: []*storepb.DepartedBloc{
			{Bloc: "B1", Cause: acquispb.Candidacy_DepartedBloc_Cause_WITHDRAWN},
			{Bloc: "B3", Cause: acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD},
		},
	}
	got, err := casefile.Candidacy(candidacy, session)
	if err != nil || got.ID != "2" || got.Label != "s-001/k-001" || got.State != rules.Decided {
		t.Errorf("candidacy is %+v, %v", got, err)
	}
	want := rules.Session{
		ID: got.Session, Label: "s-001", Revision: rules.Revision{Referentiel: "marketing", ID: "r1"}, State: rules.SessionOpen,
		Jury: []rules.Member{{Subject: "ann", External: true}, {Subject: "bob", Chair: true}},
	}
	read, err := casefile.Session(session)
	if diff := cmp.Diff(want, read); err != nil || diff != "" || got.Revision != want.Revision {
		t.Error(err, diff, got.Revision)
	}
	if diff := cmp.Diff([]string{"B2"}, got.Presented()); diff != "" {
		t.Error(diff)
	}
}

// Records that retention reads are converted without further meaning: a hold ends at
// the instant that was fixed when it was placed.
func TestRetentionIsRead(t *testing.T) {
	got := casefile.Standing(&storepb.Candidacy{State: acquispb.Candidacy_State_WITHDRAWN}, &storepb.Session{State: acquispb.Session_State_CLOSED})
	if want := (rules.Standing{Session: rules.SessionClosed, Candidacy: rules.Withdrawn}); got != want {
		t.Errorf("standing is %v", got)
	}
	released, ends := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		stored *storepb.Hold
		want   retention.Hold
	}{
		{&storepb.Hold{}, retention.Hold{}},
		{&storepb.Hold{UntilDate: &storepb.Date{Year: 2026, Month: 12, Day: 31}, EndTime: timestamppb.New(ends)}, retention.Hold{Ends: ends}},
		{&storepb.Hold{ReleaseTime: timestamppb.New(released)}, retention.Hold{Released: released}},
	} {
		if got := casefile.Hold(c.stored); got != c.want {
			t.Errorf("%v is read as %v", c.stored, got)
		}
	}
}

// A decision is read from its two parts. An unreadable part is an error, not an
// empty decision.
func TestDecision(t *testing.T) {
	act, err := proto.Marshal(&storepb.DecisionAct{
		Kind: 1, Bloc: "B2", Outcome: 2, Referentiel: "marketing", Revision: "r1", SupersedesUid: 4,
		DecideDay: "2026-06-15", LastValidDay: "2031-06-15",
	})
	if err != nil {
		t.Fatal(err)
	}
	circumstances, err := proto.Marshal(&storepb.DecisionCircumstances{SessionUid: 2, CandidacyUid: 3, ComputedOutcome: 3})
	if err != nil {
		t.Fatal(err)
	}
	got, err := casefile.Decisions([]*storepb.Decision{{Uid: 5, CandidateUid: 1, Act: act, Circumstances: circumstances}})
	want := []rules.Decision{{
		ID: "5", Seq: 5, Kind: rules.BlocDecision, Bloc: "B2", Outcome: rules.NotCapitalised, Supersedes: "4",
		Session: "2", Candidacy: "3", Computed: rules.Acquired,
		Revision: rules.Revision{Referentiel: "marketing", ID: "r1"}, Day: "2026-06-15", Until: "2031-06-15",
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	back, how := casefile.Ruling(rules.Ruling{Decision: got[0]})
	if how.GetSessionUid() != 2 || how.GetCandidacyUid() != 3 || how.GetComputedOutcome() != 3 || back.GetSupersedesUid() != 4 ||
		back.GetDecideDay() != "2026-06-15" || back.GetLastValidDay() != "2031-06-15" {
		t.Errorf("it is stored as %v, %v", back, how)
	}
	if _, err := casefile.Decisions([]*storepb.Decision{{Uid: 5, Act: act, Circumstances: []byte{0x28, 0x63}}}); err == nil {
		t.Error("computed outcome 99 was read")
	}
	if _, err := casefile.Decisions([]*storepb.Decision{{Uid: 5, Act: []byte{0xff}}}); err == nil {
		t.Error("a damaged act was read")
	}
	if _, err := casefile.Decisions([]*storepb.Decision{{Uid: 5, Act: act, Circumstances: []byte{0xff}}}); err == nil {
		t.Error("damaged circumstances were read")
	}
}

// Contradictory or meaningless records are never passed to the rules.
func TestContradictions(t *testing.T) {
	open := &storepb.Session{Uid: 1, State: 1}
	for what, read := range map[string]func() error{
		"session in no state":   func() error { _, err := casefile.Session(&storepb.Session{}); return err },
		"session in state 9":    func() error { _, err := casefile.Session(&storepb.Session{State: 9}); return err },
		"candidacy in no state": func() error { _, err := casefile.Candidacy(&storepb.Candidacy{SessionUid: 1}, open); return err },
		"candidacy elsewhere": func() error {
			_, err := casefile.Candidacy(&storepb.Candidacy{SessionUid: 2, State: 1}, open)
			return err
		},
		"bloc that was never presented": func() error {
			_, err := casefile.Candidacy(&storepb.Candidacy{SessionUid: 1, State: 1, DepartedBlocs: []*storepb.DepartedBloc{{Bloc: "B1", Cause: 1}}}, open)
			return err
		},
		"departed for no cause": func() error {
			_, err := casefile.Candidacy(&storepb.Candidacy{
				SessionUid: 1, State: 1, EnrolledBlocs: []string{"B1"}, DepartedBlocs: []*storepb.DepartedBloc{{Bloc: "B1"}},
			}, open)
			return err
		},
		"verdict 9":          func() error { return acts(&storepb.Assessment{Verdicts: []*storepb.VerdictLine{{Verdict: 9}}}) },
		"settled as nothing": func() error { return acts(&storepb.Assessment{Settlements: []*storepb.SettlementLine{{}}}) },
		"settled on nothing": func() error {
			return acts(&storepb.Assessment{Settlements: []*storepb.SettlementLine{{Verdict: 1, On: []*storepb.Opinion{{}}}}})
		},
		"decision of no kind": func() error { return decision(&storepb.DecisionAct{Bloc: "B1", Outcome: 1, DecideDay: "2026-06-15"}) },
		"decision 99": func() error {
			return decision(&storepb.DecisionAct{Kind: 1, Bloc: "B1", Outcome: 99, DecideDay: "2026-06-15"})
		},
		"award of a bloc": func() error {
			return decision(&storepb.DecisionAct{Kind: 3, Bloc: "B1", Outcome: 3, DecideDay: "2026-06-15"})
		},
		"decision of no day": func() error { return decision(&storepb.DecisionAct{Kind: 1, Bloc: "B1", Outcome: 1}) },
		"valid through no day": func() error {
			return decision(&storepb.DecisionAct{Kind: 1, Bloc: "B1", Outcome: 1, DecideDay: "2026-06-15", LastValidDay: "2027-02-29"})
		},
		"bloc decided, but none": func() error { return decision(&storepb.DecisionAct{Kind: 1, Outcome: 1, DecideDay: "2026-06-15"}) },
	} {
		if read() == nil {
			t.Errorf("%s was read", what)
		}
	}
}

func acts(a *storepb.Assessment) error {
	_, err := casefile.Acts([]*storepb.Assessment{a}, nil)
	return err
}

func decision(act *storepb.DecisionAct) error {
	stored, err := proto.Marshal(act)
	if err != nil {
		panic(err) // each of our messages can be encoded
	}
	_, _, _, err = casefile.Decision(&storepb.Decision{Act: stored})
	return err
}

func TestIDs(t *testing.T) {
	for _, uid := range []uint64{0, 1, 1 << 63} {
		if got := casefile.UID(casefile.ID(uid)); got != uid {
			t.Errorf("%d became %d", uid, got)
		}
	}
}

// A reason of a decision is read as it was computed.
func TestReasonsAreKept(t *testing.T) {
	reasons := []words.Reason{
		{Rule: "R", Bloc: "B1", Competence: "C1", Criterion: "K1", Points: 1, Required: 2, Counted: 3, Threshold: 4, FromDefault: true, Exemption: true},
		{Rule: "R", Until: "2031-06-15", Chain: "old/A, as new/B"},
		{Rule: "R", Amount: &words.Amount{Reached: "9.98", Exact: "599/60", Limit: "10", Weights: 100, Percent: true}},
	}
	_, circumstances := casefile.Ruling(rules.Ruling{Reasons: reasons})
	for i, stored := range circumstances.GetReasons() {
		if diff := cmp.Diff(reasons[i], casefile.Reason(stored)); diff != "" {
			t.Error(diff)
		}
	}
}

// What a message says of a criterion: one of three things, nothing, or too much.
func TestFinding(t *testing.T) {
	for want, line := range map[string]*storepb.VerdictLine{
		"":             {},
		"MET verdict":  {Verdict: acquispb.Verdict_MET},
		"B level":      {Level: "B"},
		"12.5 mark":    {Mark: "12.5"},
		"12.5 several": {Verdict: acquispb.Verdict_MET, Mark: "12.5"},
		"B several":    {Verdict: acquispb.Verdict_MET, Level: "B"},
		"0 several":    {Level: "B", Mark: "0"},
	} {
		verdict, kind := casefile.Finding(line)
		if got := strings.TrimSpace(string(verdict) + " " + string(kind)); got != want {
			t.Errorf("%v is %q, not %q", line, got, want)
		}
		acts, err := casefile.Acts([]*storepb.Assessment{{Uid: 1, Author: "anna", Verdicts: []*storepb.VerdictLine{line}}}, nil)
		if (err != nil) != (kind == rules.Several) || err == nil && acts.Assessments[0].Retracted != (kind == "") {
			t.Errorf("%v is read as %v, %v", line, acts, err)
		}
	}
}
