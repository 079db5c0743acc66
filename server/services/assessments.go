package services

import (
	"context"
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

// RecordAssessments is the most frequent call: it appends one record, and reads
// nothing that was recorded before.
func (s *sessionService) RecordAssessments(ctx context.Context, req *acquispb.RecordAssessmentsRequest) (*acquispb.RecordAssessmentsResponse, error) {
	caller := call.CallerOf(ctx)
	assessor, err := assessorOf(caller, req.GetAssessor())
	if err != nil {
		return nil, err
	}
	record := &storepb.Assessment{Author: assessor, Recorder: recorderOf(caller, assessor)}
	lines := make([]rules.CriterionVerdict, len(req.GetAssessments()))
	comments := make([]string, len(req.GetAssessments()))
	for i, a := range req.GetAssessments() {
		record.Verdicts = append(record.Verdicts, &storepb.VerdictLine{
			Criterion: a.GetCriterion(), Verdict: a.GetVerdict(), Level: a.GetLevel(), Mark: a.GetMark(),
		})
		verdict, kind := casefile.Finding(a)
		lines[i] = rules.CriterionVerdict{Criterion: a.GetCriterion(), Verdict: verdict, Kind: kind}
		comments[i] = a.GetComment()
	}
	return perform(ctx, s.core, act[*acquispb.RecordAssessmentsResponse]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			session, candidacy, _, err := candidacyFor(t, t.caller, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			if err := mayAssess(session, assessor); err != nil {
				return nil, err
			}
			c, err := s.bareCase(t, session, candidacy)
			if err != nil {
				return nil, err
			}
			field := func(r words.Refusal) string { return lineField("assessments", lines, r) }
			quality := listed(session, assessor).GetQuality()
			if err := apierr.Refused(c.Record(quality, lines), field); err != nil {
				return nil, err
			}
			return t.appendAssessment(candidacy, record, quality, comments...)
		},
		atOnce: true,
		answer: shown(store.Assessments, func(r store.Reader, record *storepb.Assessment) (*acquispb.RecordAssessmentsResponse, error) {
			verdicts, err := readAssessments(r, record)
			return &acquispb.RecordAssessmentsResponse{Assessments: verdicts}, err
		}),
	})
}

func (s *sessionService) RetractAssessments(ctx context.Context, req *acquispb.RetractAssessmentsRequest) (*acquispb.RetractAssessmentsResponse, error) {
	caller := call.CallerOf(ctx)
	assessor, err := assessorOf(caller, req.GetAssessor())
	if err != nil {
		return nil, err
	}
	record := &storepb.Assessment{Author: assessor, Recorder: recorderOf(caller, assessor)}
	for _, criterion := range req.GetCriteria() {
		record.Verdicts = append(record.Verdicts, &storepb.VerdictLine{Criterion: criterion})
	}
	return perform(ctx, s.core, act[*acquispb.RetractAssessmentsResponse]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, err := s.loadFileFor(t, t.caller, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			if err := mayAssess(f.session, assessor); err != nil {
				return nil, err
			}
			judged := f.judged
			if assessor != t.caller.Subject {
				judged.Acts = f.recordedBy(t.caller.Subject, assessor)
			}
			refusals := judged.Retract(assessor, req.GetCriteria())
			if err := apierr.Refused(refusals, func(r words.Refusal) string { return criterionField(req.GetCriteria(), r) }); err != nil {
				return nil, err
			}
			return t.appendAssessment(f.candidacy, record, "")
		},
		atOnce: true,
		answer: shown(store.Assessments, func(r store.Reader, record *storepb.Assessment) (*acquispb.RetractAssessmentsResponse, error) {
			verdicts, err := readAssessments(r, record)
			return &acquispb.RetractAssessmentsResponse{Assessments: verdicts}, err
		}),
	})
}

// recordedBy returns the acts without verdicts of the assessor that another
// caller recorded: a delegate retracts only its own, and a refusal must not
// reveal others.
func (f *file) recordedBy(delegate, assessor string) rules.Acts {
	recorders := make(map[uint64]string)
	for _, a := range f.assessments {
		recorders[a.GetUid()] = a.GetRecorder()
	}
	own := make(map[string]bool) // by criterion: whether the delegate recorded the latest
	for _, act := range f.judged.Acts.Assessments {
		if rules.SameSubject(act.Assessor, assessor) {
			own[act.Criterion] = recorders[act.Seq] == delegate
		}
	}
	acts := f.judged.Acts
	acts.Assessments = slices.DeleteFunc(slices.Clone(acts.Assessments), func(act rules.Assessment) bool {
		return rules.SameSubject(act.Assessor, assessor) && !own[act.Criterion]
	})
	return acts
}

func (s *sessionService) SettleCriteria(ctx context.Context, req *acquispb.SettleCriteriaRequest) (*acquispb.SettleCriteriaResponse, error) {
	caller := call.CallerOf(ctx)
	lines := make([]rules.CriterionVerdict, len(req.GetSettlements()))
	motives := make([]string, len(req.GetSettlements()))
	for i, line := range req.GetSettlements() {
		verdict, kind := casefile.Finding(line)
		lines[i] = rules.CriterionVerdict{Criterion: line.GetCriterion(), Verdict: verdict, Kind: kind}
		motives[i] = line.GetMotive()
	}
	return perform(ctx, s.core, act[*acquispb.SettleCriteriaResponse]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, c, err := s.loadCase(t, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			settlements, refusals := c.Settle(caller.Subject, lines)
			field := func(r words.Refusal) string { return lineField("settlements", lines, r) }
			if err := apierr.Refused(refusals, field); err != nil {
				return nil, err
			}
			record := &storepb.Assessment{Author: caller.Subject}
			for _, settled := range settlements {
				place, _ := c.Scheme.Place(settled.Criterion)
				record.Settlements = append(record.Settlements, settlementLine(settled, place.Finding))
			}
			return t.appendAssessment(f.candidacy, record, "", motives...)
		},
		answer: shown(store.Assessments, func(r store.Reader, record *storepb.Assessment) (*acquispb.SettleCriteriaResponse, error) {
			settlements, err := s.readSettlements(r, caller, req.GetCandidacy(), record)
			return &acquispb.SettleCriteriaResponse{Settlements: settlements}, err
		}),
	})
}

// settlementLine is a settlement of a criterion that is assessed so.
func settlementLine(settled rules.Settlement, by rules.FindingKind) *storepb.SettlementLine {
	line := &storepb.SettlementLine{Criterion: settled.Criterion}
	line.Verdict, line.Level, line.Mark = show.Finding(settled.Verdict, by)
	for _, o := range settled.On {
		opinion := &storepb.Opinion{Assessor: o.Assessor, Quality: o.Quality}
		opinion.Verdict, opinion.Level, opinion.Mark = show.Finding(o.Verdict, by)
		line.On = append(line.On, opinion)
	}
	return line
}

// assessorOf returns whose verdicts a call records: the caller's own, or those of
// another for whom a delegate calls.
func assessorOf(caller *call.Caller, named string) (string, error) {
	if named == "" || rules.SameSubject(named, caller.Subject) {
		return caller.Subject, nil
	}
	if !caller.Delegate {
		return "", apierr.Denied(acquispb.ErrorReason_NOT_DELEGATE, "only the key of a delegate may name another assessor")
	}
	return named, nil
}

// recorderOf is empty if the assessor made the call.
func recorderOf(caller *call.Caller, assessor string) string {
	if caller.Subject == assessor {
		return ""
	}
	return caller.Subject
}

// mayAssess refuses verdicts of an assessor who is neither listed in the session
// nor on its jury. Only a delegate gets here with one: for others such a session
// does not exist.
func mayAssess(session *storepb.Session, assessor string) error {
	if assesses(session, assessor) || onJury(session, assessor) {
		return nil
	}
	return apierr.Denied(acquispb.ErrorReason_ASSESSOR_NOT_LISTED, "the session does not list this assessor")
}

// lineField names the line of a batch that a refusal is about.
func lineField(list string, lines []rules.CriterionVerdict, r words.Refusal) string {
	for i, line := range lines {
		if r.Subject == "criterion "+line.Criterion {
			return fmt.Sprintf("%s[%d].%s", list, i, fieldAbout(line, r.Rule))
		}
	}
	return list
}

// fieldAbout is the field of a line that a rule is about.
func fieldAbout(line rules.CriterionVerdict, rule words.RefusalRule) string {
	switch {
	case rule != words.VerdictUnknown && rule != words.OffScale:
		return "criterion"
	case line.Kind == rules.ByLevel || line.Kind == rules.ByMark:
		return string(line.Kind)
	}
	return string(rules.ByVerdict)
}

func criterionField(criteria []string, r words.Refusal) string {
	for i, criterion := range criteria {
		if r.Subject == "criterion "+criterion {
			return fmt.Sprintf("criteria[%d]", i)
		}
	}
	return "criteria"
}

// appendAssessment adds a record to a candidacy, by somebody who assesses in a quality, and
// returns its key.
func (t *tx) appendAssessment(candidacy *storepb.Candidacy, template *storepb.Assessment, quality string, texts ...string) (keys, error) {
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	record := &storepb.Assessment{
		Uid: uid, Author: template.GetAuthor(), Recorder: template.GetRecorder(), RecordTime: t.timestamp(),
		Verdicts: template.GetVerdicts(), Settlements: template.GetSettlements(), Quality: quality,
	}
	if record.Texts, err = t.putTexts(candidacy.GetCandidateUid(), texts...); err != nil {
		return nil, err
	}
	made := one(candidacy.GetUid(), uid)
	return made, store.Assessments.PutIndexed(t, made[0], record)
}

func readAssessments(r store.Reader, record *storepb.Assessment) ([]*acquispb.Assessment, error) {
	comments, err := readTexts(r, record.GetTexts(), len(record.GetVerdicts()))
	if err != nil {
		return nil, err
	}
	return assessmentsFrom(record, comments), nil
}

func assessmentsFrom(record *storepb.Assessment, comments []string) []*acquispb.Assessment {
	shown := make([]*acquispb.Assessment, len(record.GetVerdicts()))
	for i, line := range record.GetVerdicts() {
		shown[i] = assessmentFrom(record, line, comments[i])
	}
	return shown
}

// readSettlements shows the settlements that a call made, with everyone who has
// confirmed them since.
func (s *sessionService) readSettlements(r store.Reader, caller *call.Caller, candidacy string, record *storepb.Assessment) ([]*acquispb.Settlement, error) {
	texts, err := readTexts(r, record.GetTexts(), len(record.GetSettlements()))
	if err != nil {
		return nil, err
	}
	f, err := s.loadFileFor(r, caller, candidacy)
	if err != nil {
		return nil, err
	}
	grid := f.judged.Grid()
	shown := make([]*acquispb.Settlement, len(record.GetSettlements()))
	for i, line := range record.GetSettlements() {
		shown[i] = &acquispb.Settlement{
			Criterion: line.GetCriterion(), Verdict: line.GetVerdict(), Level: line.GetLevel(), Mark: line.GetMark(),
			Motive: texts[i], Authors: []string{record.GetAuthor()}, SettleTime: record.GetRecordTime(),
		}
		k := grid.Criterion(line.GetCriterion())
		if verdict, _ := casefile.Finding(line); k != nil && k.Settlement != nil && k.Settlement.Verdict == verdict {
			shown[i].Authors = k.Settlement.Authors
		}
	}
	return shown, nil
}
