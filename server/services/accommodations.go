package services

import (
	"context"
	"strconv"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// Everything here bears one kind of event and names no resource below the
// candidacy: the journal tells that there is a file, not what is in it.
func fileAct(rpc string, req candidacyRequest) act {
	return act{rpc: rpc, kind: storepb.EventBody_Kind_CANDIDACY_FILE, resource: req.GetCandidacy(), request: req}
}

// appendEntry adds an entry to a candidacy's file.
func (t *tx) appendEntry(candidacy *storepb.Candidacy, entry *storepb.CaseFile, texts ...string) ([]byte, error) {
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	entry.Uid, entry.Author, entry.RecordTime = uid, t.caller.Subject, t.timestamp()
	if entry.Texts, err = t.putTexts(candidacy.GetCandidateUid(), texts...); err != nil {
		return nil, err
	}
	key := store.Key(candidacy.GetUid(), uid)
	return key, store.CaseFiles.PutIndexed(t, key, entry)
}

// RequestAccommodation implements the RPC.
func (s *sessionService) RequestAccommodation(ctx context.Context, req *acquispb.RequestAccommodationRequest) (*acquispb.Accommodation, error) {
	a := fileAct(acquispb.SessionService_RequestAccommodation_FullMethodName, req)
	answer := new(acquispb.Accommodation)
	return answer, s.do(ctx, a, func(t *tx) error {
		f, err := s.openFile(t, t.caller, req.GetCandidacy())
		if err != nil {
			return err
		}
		for i, code := range req.GetCompetences() {
			if f.revision.compiled.Competence(code) == nil {
				return apierr.InvalidField("competences["+strconv.Itoa(i)+"]", "is not in the référentiel")
			}
		}
		entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Request{Request: &storepb.AccommodationRequest{
			Kind: int32(req.GetKind()), Competences: req.GetCompetences(),
		}}}
		key, err := t.appendEntry(f.candidacy, entry, req.GetNeed())
		t.made(key)
		return err
	}, s.answerAccommodation(ctx, req.GetCandidacy(), answer))
}

// openFile reads the file of a candidacy that still takes acts.
func (s *sessionService) openFile(r store.Reader, caller *call.Caller, name string) (*file, error) {
	f, err := s.loadFileFor(r, caller, name)
	if err != nil {
		return nil, err
	}
	return f, apierr.Refused(f.judged.Undecided(), apierr.At("candidacy"))
}

// DecideAccommodation implements the RPC.
func (s *sessionService) DecideAccommodation(ctx context.Context, req *acquispb.DecideAccommodationRequest) (*acquispb.Accommodation, error) {
	if !strings.HasPrefix(req.GetAccommodation(), req.GetCandidacy()+"/") {
		return nil, apierr.InvalidField("accommodation", "must belong to the candidacy")
	}
	a := fileAct(acquispb.SessionService_DecideAccommodation_FullMethodName, req)
	answer := new(acquispb.Accommodation)
	return answer, s.do(ctx, a, func(t *tx) error {
		f, err := s.openFile(t, t.caller, req.GetCandidacy())
		if err != nil {
			return err
		}
		asked, err := strconv.ParseUint(segment(req.GetAccommodation(), 5), 10, 64)
		if err != nil || f.request(asked) == nil {
			return apierr.NotFound(req.GetAccommodation())
		}
		entry := &storepb.CaseFile{Entry: &storepb.CaseFile_Decision{Decision: &storepb.AccommodationDecision{
			RequestUid: asked, Granted: req.GetGranted(),
		}}}
		t.made(store.Key(f.candidacy.GetUid(), asked))
		_, err = t.appendEntry(f.candidacy, entry, req.GetArrangement()+req.GetReason())
		return err
	}, s.answerAccommodation(ctx, req.GetCandidacy(), answer))
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

func (s *sessionService) answerAccommodation(ctx context.Context, candidacy string, into *acquispb.Accommodation) func(store.Reader, [][]byte) error {
	caller := call.CallerOf(ctx)
	return func(r store.Reader, made [][]byte) error {
		f, err := s.loadFileFor(r, caller, candidacy)
		if err != nil {
			return err
		}
		shown, err := f.readAccommodation(r, f.request(store.LastUID(made[0])))
		if err != nil {
			return err
		}
		become(into, cutAccommodation(shown, f.caller))
		return nil
	}
}

// ListAccommodations implements the RPC.
func (s *sessionService) ListAccommodations(ctx context.Context, req *acquispb.ListAccommodationsRequest) (*acquispb.ListAccommodationsResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	caller := call.CallerOf(ctx)
	answer := new(acquispb.ListAccommodationsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		f, err := s.loadFileFor(r, caller, req.GetParent())
		if err != nil {
			return err
		}
		var all []*acquispb.Accommodation
		for _, entry := range f.entries {
			if entry.GetRequest() == nil {
				continue
			}
			shown, err := f.readAccommodation(r, entry)
			if err != nil {
				return err
			}
			if cut := cutAccommodation(shown, f.caller); cut != nil {
				all = append(all, cut)
			}
		}
		answer.Accommodations, answer.NextPageToken = slicePage(page, all)
		return nil
	})
}

// readAccommodation shows a request with its latest decision, uncut.
func (f *file) readAccommodation(r store.Reader, asked *storepb.CaseFile) (*acquispb.Accommodation, error) {
	need, err := readTexts(r, asked.GetTexts(), 1)
	if err != nil {
		return nil, err
	}
	name := candidacyName(f.session.GetLabel(), f.candidacy.GetLabel())
	shown := &acquispb.Accommodation{
		Name:        name + "/accommodations/" + strconv.FormatUint(asked.GetUid(), 10),
		Kind:        acquispb.Accommodation_Kind_Enum(asked.GetRequest().GetKind()),
		Competences: asked.GetRequest().GetCompetences(),
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

// cutAccommodation leaves what a caller may see: the advisor and the jury all,
// the registrar its kind and state, an assessor the arrangement of those
// granted. It returns nil where the caller sees nothing of it.
func cutAccommodation(a *acquispb.Accommodation, caller *call.Caller) *acquispb.Accommodation {
	if seesFile(caller) {
		return a
	}
	cut := &acquispb.Accommodation{Name: a.GetName()}
	if caller.Has(acquispb.Role_REGISTRAR) {
		cut.Kind, cut.State = a.GetKind(), a.GetState()
	}
	granted := a.GetState() == acquispb.Accommodation_State_GRANTED
	if caller.Has(acquispb.Role_ASSESSOR) && granted {
		cut.Arrangement, cut.Competences, cut.State = a.GetArrangement(), a.GetCompetences(), a.GetState()
	}
	if !granted && !caller.Has(acquispb.Role_REGISTRAR) {
		return nil
	}
	return cut
}

// seesFile tells whether a caller sees accommodations and exemptions in full.
func seesFile(c *call.Caller) bool {
	return c.Has(acquispb.Role_DISABILITY_ADVISOR) || c.Has(acquispb.Role_JURY)
}
