package services

import (
	"context"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// GetDeliberationRecord returns the minutes of a session.
func (s *capitalisationService) GetDeliberationRecord(ctx context.Context, req *acquispb.GetDeliberationRecordRequest) (answer *acquispb.DeliberationRecord, err error) {
	caller := call.CallerOf(ctx)
	return answer, s.view(ctx, func(r store.Reader) error {
		session, _, err := sessionFor(r, caller, req.GetName())
		if err != nil {
			return err
		}
		answer = &acquispb.DeliberationRecord{Name: req.GetName(), Session: sessionFrom(session)}
		candidacies, err := store.Candidacies.Listed(r, store.KindSessionCandidacy, session.GetUid())
		if err != nil {
			return err
		}
		revision, err := s.revisions.get(r, casefile.Revision(session))
		if err != nil {
			return err
		}
		minutes := &minutes{core: s.core, record: answer, session: session, revision: revision, byCandidacy: make(map[string]*acquispb.DeliberationRecord_Entry)}
		for _, candidacy := range candidacies {
			if err := minutes.addCandidacy(r, candidacy); err != nil {
				return err
			}
		}
		decisions, err := store.Decisions.Listed(r, store.KindSessionDecision, session.GetUid())
		if err != nil {
			return err
		}
		reader := s.newDecisionReader(r, caller)
		for _, decision := range decisions {
			shown, err := reader.read(decision)
			if err != nil {
				return err
			}
			minutes.addDecision(shown, candidateName(reader.candidate.GetLabel()))
		}
		return nil
	})
}

// minutes groups what a jury decided by candidacy.
type minutes struct {
	core        *core
	record      *acquispb.DeliberationRecord
	session     *storepb.Session
	revision    *revision
	byCandidacy map[string]*acquispb.DeliberationRecord_Entry // or by candidate, if there is none
}

func (m *minutes) addCandidacy(r store.Reader, stored *storepb.Candidacy) error {
	candidacy, err := m.core.candidacyIn(r, m.session, stored)
	if err != nil {
		return err
	}
	judged, err := casefile.Candidacy(stored, m.session)
	if err != nil {
		return err
	}
	m.add(candidacy.GetName(), &acquispb.DeliberationRecord_Entry{
		Candidate:      candidacy.GetCandidate(),
		Candidacy:      candidacy.GetName(),
		State:          candidacy.GetState(),
		PresentedBlocs: candidacy.GetPresentedBlocs(),
		DepartedBlocs:  candidacy.GetDepartedBlocs(),
		Methods:        m.revision.grids.Methods(m.revision.compiled.Scheme().Methods(judged)),

		PresentedRequirements: candidacy.GetPresentedRequirements(),
	})
	return nil
}

// addDecision puts a decision under its candidacy, if it is one of this session,
// otherwise under its candidate: a rectification of another session's.
func (m *minutes) addDecision(d *acquispb.Decision, candidate string) {
	entry := m.byCandidacy[d.GetCandidacy()]
	if entry == nil {
		entry = m.byCandidacy[candidate]
	}
	if entry == nil {
		entry = &acquispb.DeliberationRecord_Entry{Candidate: candidate}
		m.add(candidate, entry)
	}
	entry.Decisions = append(entry.Decisions, d)
}

func (m *minutes) add(key string, entry *acquispb.DeliberationRecord_Entry) {
	m.byCandidacy[key] = entry
	m.record.Entries = append(m.record.Entries, entry)
}
