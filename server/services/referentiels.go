package services

import (
	"context"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// referentielService serves référentiels.
type referentielService struct {
	acquispb.UnimplementedReferentielServiceServer
	*core
}

// ListReferentiels implements the RPC.
func (s *referentielService) ListReferentiels(ctx context.Context, req *acquispb.ListReferentielsRequest) (*acquispb.ListReferentielsResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	answer := new(acquispb.ListReferentielsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		all, err := s.currents(r)
		if err != nil {
			return err
		}
		part, token := slicePage(page, all)
		answer.Referentiels, answer.NextPageToken = nil, token
		for _, revision := range part {
			answer.Referentiels = append(answer.Referentiels, revision.summary(referentielName(revision.id.Referentiel), true))
		}
		return nil
	})
}

// currents lists the current revisions by the id of their référentiel. A
// certificateur has some dozens.
func (s *referentielService) currents(r store.Reader) ([]*revision, error) {
	currents, err := store.Currents.All(r, nil)
	if err != nil {
		return nil, err
	}
	all := make([]*revision, len(currents))
	for i, current := range currents {
		if all[i], err = s.revisions.current(r, current.GetReferentiel()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// GetReferentiel implements the RPC.
func (s *referentielService) GetReferentiel(ctx context.Context, req *acquispb.GetReferentielRequest) (*acquispb.Referentiel, error) {
	id := segment(req.GetName(), 1)
	revision, err := s.current.Get(ctx, id, func(r store.Reader) (*revision, error) { return s.revisions.current(r, id) })
	if err != nil {
		return nil, err
	}
	return revision.wholes[appearance{req.GetName(), true}].Serve(ctx), nil
}

// ListReferentielRevisions implements the RPC.
func (s *referentielService) ListReferentielRevisions(ctx context.Context, req *acquispb.ListReferentielRevisionsRequest) (*acquispb.ListReferentielRevisionsResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	id := segment(req.GetParent(), 1)
	answer := new(acquispb.ListReferentielRevisionsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		current, err := s.revisions.current(r, id)
		if err != nil {
			return err
		}
		answer.Referentiels = nil
		answer.NextPageToken, err = page.fill(allOf(r, store.KindRevision), func(uid uint64) (bool, error) {
			stored, err := store.Revisions.Get(r, store.Key(uid))
			if err != nil || stored.GetContent().GetId() != id {
				return false, err
			}
			name := revisionName(id, stored.GetId())
			revision, err := s.revisions.byName(r, name)
			if err != nil {
				return false, err
			}
			answer.Referentiels = append(answer.Referentiels, revision.summary(name, revision == current))
			return true, nil
		})
		return err
	})
}

// GetReferentielRevision implements the RPC.
func (s *referentielService) GetReferentielRevision(ctx context.Context, req *acquispb.GetReferentielRevisionRequest) (answer *acquispb.Referentiel, err error) {
	return answer, s.view(ctx, func(r store.Reader) error {
		revision, err := s.revisions.byName(r, req.GetName())
		if err != nil {
			return err
		}
		current, err := s.revisions.current(r, revision.id.Referentiel)
		if err != nil {
			return err
		}
		answer = revision.wholes[appearance{req.GetName(), revision == current}].Serve(ctx)
		return nil
	})
}

// GetBloc implements the RPC.
func (s *referentielService) GetBloc(ctx context.Context, req *acquispb.GetBlocRequest) (answer *acquispb.Bloc, err error) {
	name, code, _ := strings.Cut(req.GetName(), "/blocs/")
	return answer, s.view(ctx, func(r store.Reader) error {
		revision, err := s.revisions.byName(r, name)
		if err != nil {
			return err
		}
		bloc, ok := revision.blocs[code]
		if !ok {
			return apierr.NotFound(req.GetName())
		}
		answer = bloc.Serve(ctx)
		return nil
	})
}

// SearchReferentiels implements the RPC.
func (s *referentielService) SearchReferentiels(ctx context.Context, req *acquispb.SearchReferentielsRequest) (*acquispb.SearchReferentielsResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	query, err := referentiel.ParseQuery(req.GetQuery())
	if err != nil {
		return nil, apierr.InvalidField("query", err.Error())
	}
	answer := new(acquispb.SearchReferentielsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		all, err := s.currents(r)
		if err != nil {
			return err
		}
		answer.Results = nil
		skip, found := int(min(page.after, 1<<30)), 0
		for _, revision := range all {
			hits, total := revision.compiled.Search(query, max(skip-found, 0), page.size-len(answer.Results))
			for _, hit := range hits {
				answer.Results = append(answer.Results, resultFrom(revision, hit))
			}
			found += total
		}
		end := skip + len(answer.Results)
		answer.NextPageToken = page.next(uint64(end), end < found)
		return nil
	})
}

func resultFrom(r *revision, hit referentiel.Hit) *acquispb.SearchReferentielsResponse_SearchResult {
	return &acquispb.SearchReferentielsResponse_SearchResult{
		Referentiel: referentielName(r.id.Referentiel),
		Revision:    r.shown.GetRevision(),
		Bloc:        hit.Bloc,
		Activity:    hit.Activity,
		Competence:  hit.Competence,
		Criterion:   hit.Criterion,
		Text:        hit.Text,
	}
}

// PublishReferentiel implements the RPC.
func (s *referentielService) PublishReferentiel(ctx context.Context, req *acquispb.PublishReferentielRequest) (*acquispb.Referentiel, error) {
	content := referentielOf(req.GetReferentielId(), req.GetReferentiel())
	if err := checkContent(content); err != nil {
		return nil, err
	}
	name := referentielName(req.GetReferentielId())
	if req.GetValidateOnly() {
		revision, err := compileRevision(0, &storepb.ReferentielRevision{Id: referentiel.ID(content), Content: content})
		if err != nil {
			return nil, err
		}
		return revision.whole(name, true), nil
	}
	a := act{
		rpc: acquispb.ReferentielService_PublishReferentiel_FullMethodName, kind: storepb.EventBody_Kind_REFERENTIEL,
		resource: name, request: req,
	}
	answer := new(acquispb.Referentiel)
	return answer, s.do(ctx, a, func(t *tx) error {
		uid, err := s.revisions.publish(t, content, t.caller.Subject, t.timestamp())
		t.made(store.Key(uid))
		return err
	}, func(r store.Reader, made [][]byte) error {
		stored, err := store.Revisions.Get(r, made[0])
		if err != nil {
			return err
		}
		revision, err := s.revisions.byName(r, revisionName(req.GetReferentielId(), stored.GetId()))
		if err != nil {
			return err
		}
		become(answer, revision.whole(name, true))
		return nil
	})
}

// checkContent runs the checker that files pass too.
func checkContent(content *storepb.Referentiel) error {
	problems := referentiel.Check(content)
	if len(problems) == 0 {
		return nil
	}
	violations := make([]apierr.Violation, min(len(problems), apierr.MaxViolations+1)) // no answer shows more
	for i, p := range problems[:len(violations)] {
		violations[i] = apierr.Field(publishedField(p.Field), p.Message)
	}
	return apierr.Invalid(acquispb.ErrorReason_REFERENTIEL_INVALID, violations...)
}

// publishedField names a field of the content as the request has it: a name
// stands there for the référentiel and the revision that a bloc replaces.
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

// whole is a revision under the name by which it was asked for. Its parts are
// shared: read them only.
func (r *revision) whole(name string, current bool) *acquispb.Referentiel {
	shown := r.summary(name, current)
	shown.Preamble, shown.Blocs = r.shown.GetPreamble(), r.shown.GetBlocs()
	return shown
}

// summary is what lists show.
func (r *revision) summary(name string, current bool) *acquispb.Referentiel {
	return &acquispb.Referentiel{
		Name:        name,
		Revision:    r.shown.GetRevision(),
		DisplayName: r.shown.GetDisplayName(),
		RncpNumber:  r.shown.GetRncpNumber(),
		Rules:       r.shown.GetRules(),

		RulesInForce: r.shown.GetRulesInForce(),
		Replaces:     r.shown.GetReplaces(),
		CreateTime:   r.shown.GetCreateTime(),
		Current:      current,
	}
}
