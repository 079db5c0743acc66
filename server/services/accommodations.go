package services

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// appendEntry adds an entry to a candidacy's file, and returns its key. Its event
// does not name a resource below the candidacy: the journal shows that there is a
// file, but not what is in it.
func (t *tx) appendEntry(candidacy *storepb.Candidacy, entry *storepb.CaseFile, texts ...string) (keys, error) {
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	entry.Uid, entry.Author, entry.RecordTime = uid, t.caller.Subject, t.timestamp()
	if entry.Texts, err = t.putTexts(candidacy.GetCandidateUid(), texts...); err != nil {
		return nil, err
	}
	made := one(candidacy.GetUid(), uid)
	return made, store.CaseFiles.PutIndexed(t, made[0], entry)
}

func (s *sessionService) RequestAccommodation(ctx context.Context, req *acquispb.RequestAccommodationRequest) (*acquispb.Accommodation, error) {
	return perform(ctx, s.core, act[*acquispb.Accommodation]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, err := s.openFile(t, t.caller, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			if err := assessed(f.revision.compiled, req); err != nil {
				return nil, err
			}
			entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Request{Request: &storepb.AccommodationRequest{
				Kind: req.GetKind(), Competences: req.GetCompetences(), Epreuves: req.GetEpreuves(),
			}}}
			return t.appendEntry(f.candidacy, entry, req.GetNeed())
		},
		answer: s.showAccommodation(ctx, req.GetCandidacy()),
	})
}

// assessed refuses compétences and épreuves that are not assessed by themselves.
func assessed(in *referentiel.Compiled, req *acquispb.RequestAccommodationRequest) error {
	for i, code := range req.GetCompetences() {
		field := "competences[" + strconv.Itoa(i) + "]"
		switch competence := in.Competence(code); {
		case competence == nil:
			return apierr.InvalidField(field, "is not in the référentiel")
		case len(competence.GetCriteria()) == 0:
			return apierr.InvalidField(field, "is not assessed by itself: name the épreuves in which it is")
		}
	}
	for i, code := range req.GetEpreuves() {
		if in.Epreuve(code) == nil {
			return apierr.InvalidField("epreuves["+strconv.Itoa(i)+"]", "is not in the référentiel")
		}
	}
	return nil
}

// openFile reads the file of a candidacy that still accepts acts.
func (s *sessionService) openFile(r store.Reader, caller *call.Caller, name string) (*file, error) {
	f, err := s.loadFileFor(r, caller, name)
	if err != nil {
		return nil, err
	}
	return f, apierr.Refused(f.judged.Undecided(), apierr.At("candidacy"))
}

func (s *sessionService) DecideAccommodation(ctx context.Context, req *acquispb.DecideAccommodationRequest) (*acquispb.Accommodation, error) {
	if !strings.HasPrefix(req.GetAccommodation(), req.GetCandidacy()+"/") {
		return nil, apierr.InvalidField("accommodation", "must belong to the candidacy")
	}
	return perform(ctx, s.core, act[*acquispb.Accommodation]{
		request: req, resource: req.GetCandidacy(),
		do: func(t *tx) (keys, error) {
			f, err := s.openFile(t, t.caller, req.GetCandidacy())
			if err != nil {
				return nil, err
			}
			asked, err := strconv.ParseUint(segment(req.GetAccommodation(), 5), 10, 64)
			if err != nil || f.request(asked) == nil {
				return nil, apierr.NotFound(req.GetAccommodation())
			}
			entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Decision{Decision: &storepb.AccommodationDecision{
				RequestUid: asked, Granted: req.GetGranted(),
			}}}
			_, err = t.appendEntry(f.candidacy, entry, req.GetArrangement()+req.GetReason())
			return one(f.candidacy.GetUid(), asked), err
		},
		answer: s.showAccommodation(ctx, req.GetCandidacy()),
	})
}

// request finds the entry that asks for an accommodation.
func (f *file) request(uid uint64) *storepb.CaseFile {
	for _, entry := range f.entries {
		if entry.GetUid() == uid && entry.GetRequest() != nil {
			return entry
		}
	}
	return nil
}

func (s *sessionService) showAccommodation(ctx context.Context, candidacy string) func(store.Reader, keys) (*acquispb.Accommodation, error) {
	caller := call.CallerOf(ctx)
	return func(r store.Reader, made keys) (*acquispb.Accommodation, error) {
		f, err := s.loadFileFor(r, caller, candidacy)
		if err != nil {
			return nil, err
		}
		asked := f.request(store.LastUID(made[0]))
		if asked == nil {
			return nil, apierr.NotFound("the accommodation, which has been erased,")
		}
		shown, err := f.readAccommodation(r, asked)
		if err != nil {
			return nil, err
		}
		return cmp.Or(cutAccommodation(shown, f.view), new(acquispb.Accommodation)), nil
	}
}

// ListAccommodations lists those of a candidacy, each as far as the caller may
// see it.
func (s *sessionService) ListAccommodations(ctx context.Context, req *acquispb.ListAccommodationsRequest) (*acquispb.ListAccommodationsResponse, error) {
	caller := call.CallerOf(ctx)
	items, next, err := listAll(ctx, s.core, req, func(r store.Reader) (all []*acquispb.Accommodation, err error) {
		f, err := s.loadFileFor(r, caller, req.GetParent())
		if err != nil {
			return nil, err
		}
		for _, entry := range f.entries {
			if entry.GetRequest() == nil {
				continue
			}
			shown, err := f.readAccommodation(r, entry)
			if err != nil {
				return nil, err
			}
			if cut := cutAccommodation(shown, f.view); cut != nil {
				all = append(all, cut)
			}
		}
		return all, nil
	}, accommodationUID, plain(func(a *acquispb.Accommodation) *acquispb.Accommodation { return a }))
	return &acquispb.ListAccommodationsResponse{Accommodations: items, NextPageToken: next}, err
}

// accommodationUID is the uid in an accommodation's name.
func accommodationUID(a *acquispb.Accommodation) uint64 {
	uid, _ := strconv.ParseUint(segment(a.GetName(), 5), 10, 64) // readAccommodation wrote it
	return uid
}

// readAccommodation shows a request with its latest decision, before cutting.
func (f *file) readAccommodation(r store.Reader, asked *storepb.CaseFile) (*acquispb.Accommodation, error) {
	need, err := readTexts(r, asked.GetTexts(), 1)
	if err != nil {
		return nil, err
	}
	name := candidacyName(f.session.GetLabel(), f.candidacy.GetLabel())
	shown := &acquispb.Accommodation{
		Name:        name + "/accommodations/" + strconv.FormatUint(asked.GetUid(), 10),
		Kind:        asked.GetRequest().GetKind(),
		Competences: asked.GetRequest().GetCompetences(),
		Epreuves:    asked.GetRequest().GetEpreuves(),
		Need:        need[0],
		State:       acquispb.Accommodation_State_REQUESTED,
		CreateTime:  asked.GetRecordTime(),
	}
	for _, entry := range f.entries {
		decision := entry.GetDecision()
		if decision == nil || decision.GetRequestUid() != asked.GetUid() {
			continue
		}
		text, err := readTexts(r, entry.GetTexts(), 1)
		if err != nil {
			return nil, err
		}
		shown.State, shown.Arrangement, shown.Reason = acquispb.Accommodation_State_REFUSED, "", text[0]
		if decision.GetGranted() {
			shown.State, shown.Arrangement, shown.Reason = acquispb.Accommodation_State_GRANTED, text[0], ""
		}
		shown.Advisor, shown.DecideTime = entry.GetAuthor(), entry.GetRecordTime()
	}
	return shown, nil
}

// cutAccommodation leaves what a view shows of an accommodation; nil if that is
// nothing. A view that shows anything of it shows its state.
func cutAccommodation(a *acquispb.Accommodation, view visibility.View) *acquispb.Accommodation {
	facts := visibility.Always
	if a.GetState() == acquispb.Accommodation_State_GRANTED {
		facts = visibility.Granted
	}
	if !view.Sees(visibility.FieldAccommodationState, facts) {
		return nil
	}
	cut := &acquispb.Accommodation{Name: a.GetName(), State: a.GetState()}
	if view.Sees(visibility.FieldAccommodationKind, facts) {
		cut.Kind = a.GetKind()
	}
	if view.Sees(visibility.FieldArrangement, facts) {
		cut.Arrangement, cut.Competences, cut.Epreuves = a.GetArrangement(), a.GetCompetences(), a.GetEpreuves()
	}
	if view.Sees(visibility.FieldNeed, facts) {
		cut.Need, cut.Reason, cut.Advisor = a.GetNeed(), a.GetReason(), a.GetAdvisor()
		cut.CreateTime, cut.DecideTime = a.GetCreateTime(), a.GetDecideTime()
	}
	return cut
}
