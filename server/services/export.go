package services

import (
	"context"
	"errors"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

func (s *candidateService) ExportCandidate(ctx context.Context, req *acquispb.ExportCandidateRequest) (*acquispb.ExportCandidateResponse, error) {
	page, err := s.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return nil, err
	}
	caller := call.CallerOf(ctx)
	if err := allCentres(caller); err != nil {
		return nil, err
	}
	var e *export
	err = s.view(ctx, func(r store.Reader) error {
		candidate, err := candidateByName(r, req.GetName())
		if err != nil {
			return err
		}
		e = &export{Reader: r, core: s.core, caller: caller, candidate: candidate, answer: new(acquispb.ExportCandidateResponse)}
		e.answer.ExportTime = timestamppb.New(s.now())
		if page.after == 0 {
			if err := e.addPerson(); err != nil {
				return err
			}
		}
		e.answer.NextPageToken, err = page.fill(exported(r, candidate.GetUid()), func(uid uint64, room bool) (bool, error) {
			if !room {
				return true, nil
			}
			return true, e.add(uid)
		})
		if err != nil {
			return err
		}
		return e.addEvents()
	})
	if err != nil {
		return nil, err
	}
	return e.answer, nil
}

// exported lists a candidate's candidacies and the reads of their file, in order
// of creation: those created while pages are read are on the last one.
func exported(r store.Reader, candidate uint64) source {
	return func(after uint64, limit int) ([]uint64, error) {
		candidacies, err := store.ListUIDs(r, store.KindCandidateCandidacy, candidate, after, limit)
		if err != nil {
			return nil, err
		}
		accesses, err := store.ListUIDs(r, store.KindCandidateAccess, candidate, after, limit)
		uids := append(candidacies, accesses...)
		slices.Sort(uids)
		return uids[:min(limit, len(uids))], err
	}
}

// An export collects one page, and reads only the part of the dossier that is on
// it.
type export struct {
	store.Reader
	core      *core
	caller    *call.Caller
	candidate *storepb.Candidate
	answer    *acquispb.ExportCandidateResponse
	events    []uint64 // sequences of the events that last wrote what was read
}

// wrote records the event that last wrote a record.
func (e *export) wrote(kind store.KindID, key []byte) error {
	sequence, err := e.LastEvent(kind, key)
	if err == nil && sequence > 0 {
		e.events = append(e.events, sequence)
	}
	return err
}

// addPerson adds everything that does not belong to one candidacy.
func (e *export) addPerson() error {
	candidate := e.candidate
	d, err := loadPerson(e, candidate)
	if err != nil {
		return err
	}
	if e.answer.Candidate, err = readCandidate(e, candidate); err != nil {
		return err
	}
	if err := e.wrote(store.KindCandidate, store.Key(candidate.GetUid())); err != nil {
		return err
	}
	if e.answer.Holds, err = e.core.readHolds(e, candidate, d.holds); err != nil {
		return err
	}
	for _, h := range d.holds {
		if err := e.wrote(store.KindHold, store.Key(candidate.GetUid(), h.GetUid())); err != nil {
			return err
		}
	}
	for _, f := range d.forgettings {
		e.answer.Forgettings = append(e.answer.Forgettings, forgettingFrom(f, candidate))
		if err := e.wrote(store.KindForgetting, store.Key(candidate.GetUid(), f.GetUid())); err != nil {
			return err
		}
	}
	for _, tie := range d.ties {
		e.answer.Ties = append(e.answer.Ties, tieFrom(tie, candidate.GetLabel()))
		if err := e.wrote(store.KindTie, store.Key(candidate.GetUid(), tie.GetUid())); err != nil {
			return err
		}
	}
	return e.addDecisions(d)
}

func (e *export) addDecisions(d *dossier) error {
	reader := e.core.newDecisionReader(e, e.caller)
	for _, decision := range d.decisions {
		shown, err := reader.read(decision)
		if err != nil {
			return err
		}
		e.answer.Decisions = append(e.answer.Decisions, shown)
		if err := e.wrote(store.KindDecision, store.Key(decision.GetUid())); err != nil {
			return err
		}
		ruled, _, err := casefile.Act(decision)
		if err != nil {
			return err
		}
		if err := e.addAttestations(decision.GetUid(), shown, ruled.Until); err != nil {
			return err
		}
	}
	return nil
}

// addAttestations adds the attestations of a decision that is valid through a last day.
func (e *export) addAttestations(uid uint64, decision *acquispb.Decision, last calendar.Day) error {
	attestations, err := store.Attestations.Listed(e, store.KindDecisionAttestation, uid)
	if err != nil {
		return err
	}
	for _, a := range attestations {
		e.answer.Attestations = append(e.answer.Attestations, e.core.attestationFrom(a, decision.GetName(), !decision.GetEffective(), last))
		if err := e.wrote(store.KindAttestation, store.Key(a.GetUid())); err != nil {
			return err
		}
	}
	return nil
}

// add adds a candidacy or a read of the file.
func (e *export) add(uid uint64) error {
	candidacy, err := store.Candidacies.Get(e, store.Key(uid))
	if err == nil {
		return e.addFile(candidacy)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	access, err := store.Accesses.Get(e, store.Key(uid))
	if err != nil {
		return err
	}
	shown := e.core.cutAccess(access, viewOf(e.caller))
	shown.Candidates = []string{candidateName(e.candidate.GetLabel())} // without the others in it
	e.answer.Accesses = append(e.answer.Accesses, shown)
	return nil
}

// addFile adds one candidacy with all texts and acts in it.
func (e *export) addFile(stored *storepb.Candidacy) error {
	f, err := fileOf(e, stored)
	if err != nil {
		return err
	}
	candidacy, err := e.core.readCandidacy(e, stored)
	if err != nil {
		return err
	}
	shown := &acquispb.ExportedCandidacy{Candidacy: candidacy}
	e.answer.Candidacies = append(e.answer.Candidacies, shown)
	if err := e.wrote(store.KindCandidacy, store.Key(f.candidacy.GetUid())); err != nil {
		return err
	}
	for _, a := range f.assessments {
		if err := e.wrote(store.KindAssessment, store.Key(f.candidacy.GetUid(), a.GetUid())); err != nil {
			return err
		}
		if err := e.addAssessment(a, shown); err != nil {
			return err
		}
	}
	for _, entry := range f.entries {
		if err := e.wrote(store.KindCaseFile, store.Key(f.candidacy.GetUid(), entry.GetUid())); err != nil {
			return err
		}
		if err := e.addEntry(f, entry, shown); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) addAssessment(a *storepb.Assessment, shown *acquispb.ExportedCandidacy) error {
	texts, err := readTexts(e, a.GetTexts(), len(a.GetVerdicts())+len(a.GetSettlements()))
	if err != nil {
		return err
	}
	for i, line := range a.GetVerdicts() {
		shown.Assessments = append(shown.Assessments, assessmentFrom(a, line, texts[i]))
	}
	for i, line := range a.GetSettlements() {
		shown.Settlements = append(shown.Settlements, &acquispb.Settlement{
			Criterion: line.GetCriterion(), Verdict: line.GetVerdict(), Level: line.GetLevel(), Mark: line.GetMark(), Motive: texts[i],
			Authors: []string{a.GetAuthor()}, SettleTime: a.GetRecordTime(),
		})
	}
	return nil
}

// addEntry adds one step of the file about accommodations and exemptions. Callers
// who may not see those texts elsewhere do not see them here either.
func (e *export) addEntry(f *file, entry *storepb.CaseFile, shown *acquispb.ExportedCandidacy) error {
	view := viewOf(e.caller)
	if !view.Sees(visibility.FieldExemption, visibility.Always) || !view.Sees(visibility.FieldNeed, visibility.Always) {
		e.answer.FileWithheld = true
	}
	if step := f.exemptionStep(entry); step != nil {
		if !view.Sees(visibility.FieldExemption, visibility.Always) {
			return nil
		}
		texts, err := readTexts(e, entry.GetTexts(), 2)
		if err != nil {
			return err
		}
		if advice := entry.GetAdvice(); advice != nil {
			step.Advice = adviceFrom(entry, advice, texts)
		} else {
			step.Decision = exemptionFrom(entry, texts, []string{entry.GetAuthor()})
		}
		shown.Exemptions = append(shown.Exemptions, step)
		return nil
	}
	step, err := f.accommodationStep(e, entry)
	if err != nil || step == nil {
		return err
	}
	if cut := cutAccommodation(step, view); cut != nil {
		shown.Accommodations = append(shown.Accommodations, cut)
	}
	return nil
}

// exemptionStep names the exemption that an entry is about; nil if it is about
// none.
func (f *file) exemptionStep(entry *storepb.CaseFile) *acquispb.Exemption {
	criterion := entry.GetAdvice().GetCriterion() + entry.GetExemption().GetCriterion()
	if criterion == "" {
		return nil
	}
	name := candidacyName(f.session.GetLabel(), f.candidacy.GetLabel())
	return &acquispb.Exemption{Name: name + "/exemptions/" + criterion, Criterion: criterion}
}

// accommodationStep shows an accommodation as it was after one entry.
func (f *file) accommodationStep(r store.Reader, entry *storepb.CaseFile) (*acquispb.Accommodation, error) {
	uid := entry.GetUid()
	if decision := entry.GetDecision(); decision != nil {
		uid = decision.GetRequestUid()
	}
	asked := f.request(uid)
	if asked == nil {
		return nil, nil
	}
	until := slices.IndexFunc(f.entries, func(e *storepb.CaseFile) bool { return e.GetUid() == entry.GetUid() })
	before := *f
	before.entries = f.entries[:until+1]
	return before.readAccommodation(r, asked)
}

// addEvents adds the recorded events, each once.
func (e *export) addEvents() error {
	slices.Sort(e.events)
	for _, sequence := range slices.Compact(e.events) {
		events, err := e.Events(sequence-1, 1)
		if err != nil {
			return err
		}
		for _, event := range events {
			shown, err := eventFrom(event, viewOf(e.caller))
			if err != nil {
				return err
			}
			e.answer.Events = append(e.answer.Events, shown)
		}
	}
	return nil
}
