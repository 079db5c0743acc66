package services

import (
	"context"
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

func (s *sessionService) AdviseExemption(ctx context.Context, req *acquispb.AdviseExemptionRequest) (*acquispb.Exemption, error) {
	return perform(ctx, s.core, act[*acquispb.Exemption]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, err := s.loadFileFor(t, t.caller, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			if err := apierr.Refused(f.judged.Advise(req.GetCriterion()), apierr.At("criterion")); err != nil {
				return nil, err
			}
			entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Advice{Advice: &storepb.ExemptionAdvice{
				Criterion: req.GetCriterion(), Favourable: req.GetFavourable(),
			}}}
			return t.appendEntry(f.candidacy, entry, req.GetReasonedAdvice())
		},
		answer: s.showExemption(ctx, req.GetCandidacy(), req.GetCriterion()),
	})
}

func (s *sessionService) DecideExemption(ctx context.Context, req *acquispb.DecideExemptionRequest) (*acquispb.Exemption, error) {
	caller := call.CallerOf(ctx)
	return perform(ctx, s.core, act[*acquispb.Exemption]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, c, err := s.loadCase(t, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			_, refusals := c.DecideExemption(caller.Subject, exemptionRequest(req))
			if err := apierr.Refused(refusals, exemptionField); err != nil {
				return nil, err
			}
			entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Exemption{Exemption: &storepb.ExemptionDecision{
				Criterion: req.GetCriterion(), Granted: req.GetGranted(),
			}}}
			return t.appendEntry(f.candidacy, entry, exemptionTexts(req)...)
		},
		answer: s.showExemption(ctx, req.GetCandidacy(), req.GetCriterion()),
	})
}

func exemptionRequest(req *acquispb.DecideExemptionRequest) rules.ExemptionRequest {
	statement := func(c *acquispb.Condition) rules.Statement {
		return rules.Statement{Holds: c.GetHolds(), Reason: c.GetReason()}
	}
	return rules.ExemptionRequest{
		Criterion:               req.GetCriterion(),
		Granted:                 req.GetGranted(),
		CapacityPreserved:       statement(req.GetCapacityPreserved()),
		NotApplicableInPractice: statement(req.GetNotApplicableInPractice()),
		Reason:                  req.GetReason(),
	}
}

// exemptionField names the field of a request that a refusal is about.
func exemptionField(r words.Refusal) string {
	if r.Rule == words.ReasonMissing {
		return "reason"
	}
	return "criterion"
}

// exemptionTexts are the texts of a decision: the reasons of both conditions for
// a grant, the reason for a refusal.
func exemptionTexts(req *acquispb.DecideExemptionRequest) []string {
	if req.GetGranted() {
		return []string{req.GetCapacityPreserved().GetReason(), req.GetNotApplicableInPractice().GetReason()}
	}
	return []string{req.GetReason()}
}

func (s *sessionService) showExemption(ctx context.Context, candidacy, criterion string) func(store.Reader, keys) (*acquispb.Exemption, error) {
	caller := call.CallerOf(ctx)
	return func(r store.Reader, _ keys) (*acquispb.Exemption, error) {
		f, err := s.loadFileFor(r, caller, candidacy)
		if err != nil {
			return nil, err
		}
		return f.readExemption(r, criterion)
	}
}

// ListExemptions lists advice and decisions about exemptions of a candidacy.
func (s *sessionService) ListExemptions(ctx context.Context, req *acquispb.ListExemptionsRequest) (*acquispb.ListExemptionsResponse, error) {
	caller := call.CallerOf(ctx)
	var f *file
	items, next, err := listAll(ctx, s.core, req, func(r store.Reader) (_ []string, err error) {
		if f, err = s.loadFileFor(r, caller, req.GetParent()); err != nil {
			return nil, err
		}
		return f.exemptionCriteria(), nil
	}, func(criterion string) uint64 {
		return uint64(slices.Index(f.revision.compiled.Scheme().Criteria(), criterion) + 1)
	}, func(r store.Reader, criterion string) (*acquispb.Exemption, error) {
		return f.readExemption(r, criterion)
	})
	return &acquispb.ListExemptionsResponse{Exemptions: items, NextPageToken: next}, err
}

// exemptionCriteria lists the criteria that have an advice or a decision, in the
// référentiel's order; none if the view shows neither.
func (f *file) exemptionCriteria() []string {
	if !f.view.Sees(visibility.FieldExemption, visibility.Always) {
		return nil
	}
	return slices.DeleteFunc(f.revision.compiled.Scheme().Criteria(), func(criterion string) bool {
		return f.judged.Acts.AdviceOn(criterion) == nil && f.judged.Acts.Exemption(criterion) == nil
	})
}

// readExemption shows the latest advice and the latest decision on a criterion,
// with everyone who confirmed it.
func (f *file) readExemption(r store.Reader, criterion string) (*acquispb.Exemption, error) {
	name := candidacyName(f.session.GetLabel(), f.candidacy.GetLabel())
	shown := &acquispb.Exemption{Name: name + "/exemptions/" + criterion, Criterion: criterion}
	if advice := f.judged.Acts.AdviceOn(criterion); advice != nil {
		entry, texts, err := f.entry(r, advice.Seq)
		if err != nil {
			return nil, err
		}
		shown.Advice = adviceFrom(entry, entry.GetAdvice(), texts)
	}
	if decision := f.judged.Acts.Exemption(criterion); decision != nil {
		entry, texts, err := f.entry(r, decision.Seq)
		if err != nil {
			return nil, err
		}
		shown.Decision = exemptionFrom(entry, texts, decision.Authors)
	}
	return shown, nil
}

// entry finds an entry of the file about an exemption, with its texts.
func (f *file) entry(r store.Reader, uid uint64) (*storepb.CaseFile, []string, error) {
	i := slices.IndexFunc(f.entries, func(entry *storepb.CaseFile) bool { return entry.GetUid() == uid })
	texts, err := readTexts(r, f.entries[i].GetTexts(), 2)
	return f.entries[i], texts, err
}

func adviceFrom(entry *storepb.CaseFile, advice *storepb.ExemptionAdvice, texts []string) *acquispb.ExemptionAdvice {
	return &acquispb.ExemptionAdvice{
		Favourable: advice.GetFavourable(), ReasonedAdvice: texts[0],
		Advisor: entry.GetAuthor(), AdviseTime: entry.GetRecordTime(),
	}
}

func exemptionFrom(entry *storepb.CaseFile, texts, authors []string) *acquispb.ExemptionDecision {
	granted := entry.GetExemption().GetGranted()
	shown := &acquispb.ExemptionDecision{Granted: granted, Authors: authors, DecideTime: entry.GetRecordTime()}
	if granted {
		shown.CapacityPreserved = &acquispb.Condition{Holds: new(true), Reason: texts[0]}
		shown.NotApplicableInPractice = &acquispb.Condition{Holds: new(true), Reason: texts[1]}
	} else {
		shown.Reason = texts[0]
	}
	return shown
}
