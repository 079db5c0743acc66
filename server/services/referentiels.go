package services

import (
	"cmp"
	"context"
	"slices"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/store"
)

// referentielService serves référentiels.
type referentielService struct {
	acquispb.UnimplementedReferentielServiceServer
	*core
}

// ListReferentiels lists the current revision of each référentiel.
func (s *referentielService) ListReferentiels(ctx context.Context, req *acquispb.ListReferentielsRequest) (*acquispb.ListReferentielsResponse, error) {
	items, next, err := listAll(ctx, s.core, req, currents, (*storepb.CurrentRevision).GetFirstRevisionUid,
		func(r store.Reader, current *storepb.CurrentRevision) (*acquispb.Referentiel, error) {
			revision, err := s.revisions.byUID(r, current.GetRevisionUid())
			if err != nil {
				return nil, err
			}
			return revision.summary(referentielName(revision.id.Referentiel), true), nil
		})
	return &acquispb.ListReferentielsResponse{Referentiels: items, NextPageToken: next}, err
}

// currents says which revision of each référentiel is current, in order of their first
// publication. A certificateur has some dozens.
func currents(r store.Reader) ([]*storepb.CurrentRevision, error) {
	all, err := store.Currents.All(r, nil)
	slices.SortFunc(all, func(a, b *storepb.CurrentRevision) int {
		return cmp.Compare(a.GetFirstRevisionUid(), b.GetFirstRevisionUid())
	})
	return all, err
}

func (s *referentielService) GetReferentiel(ctx context.Context, req *acquispb.GetReferentielRequest) (*acquispb.Referentiel, error) {
	id := segment(req.GetName(), 1)
	revision, err := s.current.Get(ctx, id, func(r store.Reader) (*revision, error) { return s.revisions.current(r, id) })
	if err != nil {
		return nil, err
	}
	return revision.wholes[appearance{req.GetName(), true}].Serve(ctx), nil
}

// ListReferentielRevisions lists the revisions of a référentiel in order of publication.
func (s *referentielService) ListReferentielRevisions(ctx context.Context, req *acquispb.ListReferentielRevisionsRequest) (*acquispb.ListReferentielRevisionsResponse, error) {
	id := segment(req.GetParent(), 1)
	var current *revision
	items, next, err := list(ctx, s.core, req, listing[*acquispb.Referentiel]{
		from: func(r store.Reader, _ filter.Filter[*acquispb.Referentiel]) (from source, err error) {
			current, err = s.revisions.current(r, id)
			return allOf(r, store.KindRevision), err
		},
		show: func(r store.Reader, uid uint64) (*acquispb.Referentiel, bool, error) {
			stored, err := store.Revisions.Get(r, store.Key(uid))
			if err != nil || stored.GetContent().GetId() != id {
				return nil, false, err
			}
			name := revisionName(id, stored.GetId())
			revision, err := s.revisions.byName(r, name)
			if err != nil {
				return nil, false, err
			}
			return revision.summary(name, revision == current), true, nil
		},
	})
	return &acquispb.ListReferentielRevisionsResponse{Referentiels: items, NextPageToken: next}, err
}

// GetReferentielRevision returns one revision.
func (s *referentielService) GetReferentielRevision(ctx context.Context, req *acquispb.GetReferentielRevisionRequest) (*acquispb.Referentiel, error) {
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Referentiel, error) {
		revision, err := s.revisions.byName(r, req.GetName())
		if err != nil {
			return nil, err
		}
		current, err := s.revisions.current(r, revision.id.Referentiel)
		if err != nil {
			return nil, err
		}
		return revision.wholes[appearance{req.GetName(), revision == current}].Serve(ctx), nil
	})
}

// GetBloc returns one bloc of a revision.
func (s *referentielService) GetBloc(ctx context.Context, req *acquispb.GetBlocRequest) (*acquispb.Bloc, error) {
	name, code, _ := strings.Cut(req.GetName(), "/blocs/")
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Bloc, error) {
		revision, err := s.revisions.byName(r, name)
		if err != nil {
			return nil, err
		}
		bloc, ok := revision.blocs[code]
		if !ok {
			return nil, apierr.NotFound(req.GetName())
		}
		return bloc.Serve(ctx), nil
	})
}

// DiffRevisions compares outside the View, which the two revisions outlive.
func (s *referentielService) DiffRevisions(ctx context.Context, req *acquispb.DiffRevisionsRequest) (*acquispb.DiffRevisionsResponse, error) {
	var from, to *revision
	err := s.view(ctx, func(r store.Reader) (err error) {
		if from, err = s.revisions.byName(r, req.GetFrom()); err != nil {
			return err
		}
		to, err = s.revisions.byName(r, cmp.Or(req.GetTo(), referentielName(from.id.Referentiel)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return diffFrom(from.compiled.Compare(to.compiled)), nil
}

func diffFrom(d referentiel.Diff) *acquispb.DiffRevisionsResponse {
	shown := &acquispb.DiffRevisionsResponse{
		From: revisionName(d.From.Referentiel, d.From.ID), To: revisionName(d.To.Referentiel, d.To.ID), Same: d.From == d.To, Missing: d.Missing,
	}
	for _, b := range d.Held {
		shown.Held = append(shown.Held, &acquispb.DiffRevisionsResponse_HeldBloc{Bloc: b.Bloc, Identical: b.Identical, CountsAs: b.CountsAs})
	}
	kinds := acquispb.DiffRevisionsResponse_Change_Kind_Enum_value // a test compares the names
	for _, c := range d.Changes {
		shown.Changes = append(shown.Changes, &acquispb.DiffRevisionsResponse_Change{
			Kind:  acquispb.DiffRevisionsResponse_Change_Kind_Enum(kinds[string(c.Kind)]),
			Where: c.Where, Field: c.Field, Before: c.From, After: c.To,
		})
	}
	return shown
}

func (s *referentielService) SearchReferentiels(ctx context.Context, req *acquispb.SearchReferentielsRequest) (*acquispb.SearchReferentielsResponse, error) {
	page, err := s.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return nil, err
	}
	query, err := referentiel.ParseQuery(req.GetQuery())
	if err != nil {
		return nil, apierr.InvalidField("query", err.Error())
	}
	return read(ctx, s.core, func(r store.Reader) (*acquispb.SearchReferentielsResponse, error) {
		all, err := currents(r)
		if err != nil {
			return nil, err
		}
		rest, after, err := s.searchFrom(r, all, page.after)
		if err != nil {
			return nil, err
		}
		answer, last := new(acquispb.SearchReferentielsResponse), page.after
		for _, revision := range rest {
			hits, more := revision.compiled.Search(query, after, page.size-len(answer.Results))
			for _, hit := range hits {
				answer.Results = append(answer.Results, resultFrom(revision, hit))
				last = revision.uid<<placeBits | uint64(hit.Place)
			}
			if after = 0; more {
				answer.NextPageToken = page.next(last, true)
				return answer, nil
			}
		}
		return answer, nil
	})
}

// placeBits is how many bits of the end of a page are the place in a revision; those
// above are the revision's uid. A référentiel has fewer texts (contract.MaxItems).
const placeBits = 20

// searchFrom returns the revisions that a page looks at, and the place in the first of
// them behind which it begins. A page goes on in the revision in which the one before
// ended: if a new one was published since, no text is shown twice or left out.
func (s *referentielService) searchFrom(r store.Reader, all []*storepb.CurrentRevision, end uint64) (rest []*revision, place int, err error) {
	var begun *revision
	if end > 0 {
		if begun, err = s.revisions.byUID(r, end>>placeBits); err != nil {
			return nil, 0, err
		}
		at := slices.IndexFunc(all, func(c *storepb.CurrentRevision) bool { return c.GetReferentiel() == begun.id.Referentiel })
		rest, all = append(rest, begun), all[at+1:]
	}
	for _, current := range all {
		revision, err := s.revisions.byUID(r, current.GetRevisionUid())
		if err != nil {
			return nil, 0, err
		}
		rest = append(rest, revision)
	}
	return rest, int(end & (1<<placeBits - 1)), nil
}

func resultFrom(r *revision, hit referentiel.Hit) *acquispb.SearchReferentielsResponse_SearchResult {
	return &acquispb.SearchReferentielsResponse_SearchResult{
		Referentiel: referentielName(r.id.Referentiel),
		Revision:    r.shown.GetRevision(),
		Bloc:        hit.Bloc,
		Activity:    hit.Activity,
		Competence:  hit.Competence,
		Epreuve:     hit.Epreuve,
		Criterion:   hit.Criterion,
		Text:        hit.Text,
	}
}

func (s *referentielService) PublishReferentiel(ctx context.Context, req *acquispb.PublishReferentielRequest) (*acquispb.Referentiel, error) {
	content := referentielOf(req.GetReferentielId(), req.GetReferentiel())
	if err := checkContent(content); err != nil {
		return nil, err
	}
	name := referentielName(req.GetReferentielId())
	if req.GetValidateOnly() {
		if err := s.view(ctx, func(r store.Reader) error { return checkReplaced(r, content) }); err != nil {
			return nil, err
		}
		revision, err := compileRevision(0, &storepb.ReferentielRevision{Id: referentiel.ID(content), Content: content})
		if err != nil {
			return nil, err
		}
		return revision.whole(name, true), nil
	}
	return perform(ctx, s.core, act[*acquispb.Referentiel]{
		request: req, resource: name,
		do: func(t *tx) (keys, error) {
			if err := checkReplaced(t, content); err != nil {
				return nil, err
			}
			uid, err := s.revisions.publish(t, content, t.caller.Subject, t.timestamp())
			return one(uid), err
		},
		answer: shown(store.Revisions, func(r store.Reader, stored *storepb.ReferentielRevision) (*acquispb.Referentiel, error) {
			revision, err := s.revisions.byName(r, revisionName(req.GetReferentielId(), stored.GetId()))
			if err != nil {
				return nil, err
			}
			return revision.whole(name, true), nil
		}),
	})
}

// checkContent runs the checker that is also used for files.
func checkContent(content *storepb.Referentiel) error {
	return contentInvalid(referentiel.Check(content))
}

// checkReplaced refuses to replace what was never published here.
func checkReplaced(r store.Reader, content *storepb.Referentiel) error {
	known := make(map[string]referentiel.Published)
	problems, err := referentiel.CheckReplaced(content, func(id string) (referentiel.Published, error) {
		if _, ok := known[id]; !ok {
			revisions, err := publishedAs(r, id)
			if err != nil {
				return referentiel.Published{}, err
			}
			known[id] = referentiel.Published{Revisions: revisions, All: true}
		}
		return known[id], nil
	})
	return cmp.Or(err, contentInvalid(problems))
}

func contentInvalid(problems []referentiel.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	violations := make([]apierr.Violation, min(len(problems), apierr.MaxViolations+1)) // no answer shows more
	for i, p := range problems[:len(violations)] {
		violations[i] = apierr.Field(publishedField(p.Field), p.Message)
	}
	return apierr.Invalid(acquispb.ErrorReason_REFERENTIEL_INVALID, violations...)
}

// publishedField names a field of the content as in the request, which has one
// name for the référentiel and the revision that a bloc replaces.
func publishedField(field string) string {
	switch {
	case field == "":
		return "referentiel"
	case field == "id":
		return "referentielId"
	case strings.HasPrefix(field, "replaces["):
		field = strings.TrimSuffix(strings.TrimSuffix(field, ".referentiel"), ".revision")
		if strings.HasSuffix(field, "]") {
			field += ".replaced_referentiel"
		}
	}
	return "referentiel." + contract.JSONName(field)
}

// whole is a revision under the name in the request. Its parts are shared: only
// read them.
func (r *revision) whole(name string, current bool) *acquispb.Referentiel {
	shown := r.summary(name, current)
	shown.Preamble, shown.Blocs = r.shown.GetPreamble(), r.shown.GetBlocs()
	return shown
}

// summary is what lists show of a revision.
func (r *revision) summary(name string, current bool) *acquispb.Referentiel {
	return &acquispb.Referentiel{
		Name:        name,
		Revision:    r.shown.GetRevision(),
		DisplayName: r.shown.GetDisplayName(),
		Rules:       r.shown.GetRules(),

		RulesInForce:  r.shown.GetRulesInForce(),
		Register:      r.shown.GetRegister(),
		Certificateur: r.shown.GetCertificateur(),
		Replaces:      r.shown.GetReplaces(),
		Scales:        r.shown.GetScales(),
		Award:         r.shown.GetAward(),
		CreateTime:    r.shown.GetCreateTime(),
		Current:       current,

		AssessorQualities: r.shown.GetAssessorQualities(),
	}
}
