package verify

import (
	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// revision checks that the id of a revision is that of its content.
func (v *verifier) revision(s subject, m *storepb.ReferentielRevision) error {
	if err := v.loadRevisions(); err != nil {
		return err
	}
	id := referentiel.ID(m.GetContent())
	if id != m.GetId() {
		s.wrong("has id %s, its content %s", m.GetId(), id)
	}
	if v.scheme(rules.Revision{Referentiel: m.GetContent().GetId(), ID: id}) == nil {
		s.wrong("is not a référentiel that the rules can read")
	}
	v.checked("ids of revisions")
	return nil
}

// current checks that a référentiel's current and first revisions are its own.
func (v *verifier) current(s subject, m *storepb.CurrentRevision) error {
	if string(s.key) != m.GetReferentiel() {
		s.wrong("is of référentiel %s", m.GetReferentiel())
	}
	for _, uid := range []uint64{m.GetRevisionUid(), m.GetFirstRevisionUid()} {
		revision, ok, err := load[*storepb.ReferentielRevision](v, store.KindRevision, store.Key(uid))
		if err != nil {
			return err
		}
		if !ok || revision.message.GetContent().GetId() != m.GetReferentiel() {
			s.wrong("names revision %d, which is not one of référentiel %s", uid, m.GetReferentiel())
		}
	}
	return nil
}

// seated checks that the revision of a session exists, and has the colleges and qualities
// that the session names.
func (v *verifier) seated(s subject, m *storepb.Session) error {
	id := casefile.Revision(m)
	if err := v.pins(s, id); err != nil {
		return err
	}
	if scheme := v.scheme(id); scheme != nil {
		if refusals := scheme.People(casefile.Jury(m.GetJury()), casefile.Assessors(m)); len(refusals) > 0 {
			s.wrong("names people whom the rules refuse: %s", why(refusals))
		}
	}
	return nil
}

// loadRevisions compiles every revision once. A certificateur has some dozens.
// One whose id is not that of its content is found only under the id of its
// content.
func (v *verifier) loadRevisions() error {
	if v.catalogue != nil {
		return nil
	}
	v.catalogue = make(referentiel.Catalogue)
	return v.scan(store.KindRevision, nil, func(r store.Record) error {
		revision, ok := open[*storepb.ReferentielRevision](v, store.KindRevision, r.Key, r.Value)
		if !ok {
			return nil
		}
		compiled, err := referentiel.CompilePublished(revision.message.GetContent(), store.LastUID(r.Key))
		if err != nil {
			return nil //nolint:nilerr // reported with all other records
		}
		v.catalogue[compiled.Revision()] = compiled
		return nil
	})
}

// scheme returns the rules' view of a revision; nil if there is no such revision.
func (v *verifier) scheme(id rules.Revision) *rules.Scheme {
	if compiled := v.catalogue[id]; compiled != nil {
		return compiled.Scheme()
	}
	return nil
}
