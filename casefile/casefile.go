// Package casefile turns stored records into what package rules judges.
//
// The server uses it to decide, the offline verifier to decide again: both must
// read the same records the same way, so the reading stands here, once. It reads
// no store; who calls has loaded the records.
//
// Sessions and candidacies go by the labels that callers know, since refusals
// name them; decisions by their uids, which are their labels too. Uids also give
// the order of acts: the store hands them out ascending. Enums are stored as the
// numbers of the API, whose names are those of the rules.
package casefile

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
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

// Revision names the revision that a session pins.
func Revision(s *storepb.Session) rules.Revision {
	return rules.Revision{Referentiel: s.GetReferentiel(), ID: s.GetRevision()}
}

// Session reads a session.
func Session(s *storepb.Session) rules.Session {
	return rules.Session{
		ID:       s.GetLabel(),
		Revision: Revision(s),
		State:    rules.SessionState(acquispb.Session_State_Enum(s.GetState()).String()),
		Jury:     Jury(s.GetJury()),
	}
}

// Jury reads the members of a jury.
func Jury(members []*storepb.JuryMember) []rules.Member {
	jury := make([]rules.Member, len(members))
	for i, m := range members {
		jury[i] = rules.Member{Subject: m.GetSubject(), External: m.GetExternal(), Chair: m.GetChair()}
	}
	return jury
}

// Candidacy reads a candidacy of the session.
func Candidacy(c *storepb.Candidacy, session *storepb.Session) rules.Candidacy {
	left := make([]rules.Departed, len(c.GetDepartedBlocs()))
	for i, d := range c.GetDepartedBlocs() {
		cause := acquispb.Candidacy_DepartedBloc_Cause_Enum(d.GetCause()).String()
		left[i] = rules.Departed{Bloc: d.GetBloc(), As: rules.CandidacyState(cause)}
	}
	return rules.Candidacy{
		ID:       session.GetLabel() + "/" + c.GetLabel(),
		Session:  session.GetLabel(),
		Revision: Revision(session),
		State:    rules.CandidacyState(acquispb.Candidacy_State_Enum(c.GetState()).String()),
		Enrolled: c.GetEnrolledBlocs(),
		Left:     left,
	}
}

// Acts reads everything that was done in a candidacy.
func Acts(assessments []*storepb.Assessment, file []*storepb.CaseFile) rules.Acts {
	var acts rules.Acts
	for _, a := range assessments {
		addVerdicts(&acts, a)
		addSettlements(&acts, a)
	}
	for _, entry := range file {
		addEntry(&acts, entry)
	}
	return acts
}

func addVerdicts(acts *rules.Acts, a *storepb.Assessment) {
	for _, line := range a.GetVerdicts() {
		acts.Assessments = append(acts.Assessments, rules.Assessment{
			Criterion: line.GetCriterion(),
			Assessor:  a.GetAuthor(),
			Verdict:   verdict(line.GetVerdict()),
			Retracted: line.GetVerdict() == 0,
			Seq:       a.GetUid(),
		})
	}
}

func addSettlements(acts *rules.Acts, a *storepb.Assessment) {
	for _, line := range a.GetSettlements() {
		on := make([]rules.Opinion, len(line.GetOn()))
		for i, o := range line.GetOn() {
			on[i] = rules.Opinion{Assessor: o.GetAssessor(), Verdict: verdict(o.GetVerdict())}
		}
		acts.Settlements = append(acts.Settlements, rules.Settlement{
			Criterion: line.GetCriterion(),
			Verdict:   verdict(line.GetVerdict()),
			On:        on,
			Authors:   []string{a.GetAuthor()},
			Seq:       a.GetUid(),
		})
	}
}

// addEntry adds advice and exemptions; accommodations decide nothing.
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

func verdict(stored int32) rules.Verdict {
	if stored == 0 {
		return ""
	}
	return rules.Verdict(acquispb.Verdict_Enum(stored).String())
}

// Decision reads a decision and returns both of its parts beside.
func Decision(d *storepb.Decision) (rules.Decision, *storepb.DecisionAct, *storepb.DecisionCircumstances, error) {
	act, circumstances := new(storepb.DecisionAct), new(storepb.DecisionCircumstances)
	if err := proto.Unmarshal(d.GetAct(), act); err != nil {
		return rules.Decision{}, nil, nil, fmt.Errorf("casefile: act of decision %d: %w", d.GetUid(), err)
	}
	if err := proto.Unmarshal(d.GetCircumstances(), circumstances); err != nil {
		return rules.Decision{}, nil, nil, fmt.Errorf("casefile: circumstances of decision %d: %w", d.GetUid(), err)
	}
	return rules.Decision{
		ID:         ID(d.GetUid()),
		Seq:        d.GetUid(),
		Kind:       rules.DecisionKind(acquispb.Decision_Kind_Enum(act.GetKind()).String()),
		Revision:   rules.Revision{Referentiel: act.GetReferentiel(), ID: act.GetRevision()},
		Bloc:       act.GetBloc(),
		Outcome:    rules.DecisionOutcome(acquispb.Decision_Outcome_Enum(act.GetOutcome()).String()),
		Session:    ID(circumstances.GetSessionUid()),
		Candidacy:  ID(circumstances.GetCandidacyUid()),
		Supersedes: ID(act.GetSupersedesUid()),
	}, act, circumstances, nil
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
