package services

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

// A revision is one published revision, compiled and ready to be served. It never
// changes.
type revision struct {
	id       rules.Revision
	uid      uint64
	compiled *referentiel.Compiled
	shown    *acquispb.Referentiel // as the API shows it, except name and current
	wholes   map[appearance]call.Prepared[*acquispb.Referentiel]
	blocs    map[string]call.Prepared[*acquispb.Bloc]
	grids    *show.Grids

	// A View has read it. Before that, the Update that publishes it may still
	// fail.
	durable atomic.Bool
}

// An appearance is what differs between answers that show one revision as a
// whole.
type appearance struct {
	name    string // in the request
	current bool
}

// revisions compiles each revision once. A revision never changes, so that
// what is cached is never stale.
type revisions struct {
	mu       sync.RWMutex
	compiled map[rules.Revision]*revision
	uids     map[uint64]*revision // the same ones
}

func newRevisions() *revisions {
	return &revisions{compiled: make(map[rules.Revision]*revision), uids: make(map[uint64]*revision)}
}

// get returns a revision, or ErrNotFound. A revision that only Updates have seen
// is looked up each time, because it does not exist if its commit fails.
func (c *revisions) get(r store.Reader, id rules.Revision) (*revision, error) {
	c.mu.RLock()
	found := c.compiled[id]
	c.mu.RUnlock()
	if found != nil && found.durable.Load() {
		return found, nil
	}
	uid, err := store.Lookup(r, store.CollectionRevision, revisionLabel(id))
	if err != nil {
		return nil, err
	}
	if found, err = c.byUID(r, uid); err != nil {
		return nil, err
	}
	if _, writes := r.(store.Writer); !writes {
		found.durable.Store(true)
	}
	return found, nil
}

// add compiles a revision and caches it, unless another goroutine was faster:
// there is only one of each, so that pointers can be compared.
func (c *revisions) add(uid uint64, stored *storepb.ReferentielRevision) (*revision, error) {
	made, err := compileRevision(uid, stored)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.compiled[made.id]; kept != nil && kept.uid == uid {
		made = kept
	}
	c.compiled[made.id], c.uids[uid] = made, made
	return made, nil
}

func revisionLabel(id rules.Revision) string { return store.RevisionLabel(id.Referentiel, id.ID) }

func compileRevision(uid uint64, stored *storepb.ReferentielRevision) (*revision, error) {
	compiled, err := referentiel.CompilePublished(stored.GetContent(), uid)
	if err != nil {
		return nil, err
	}
	made := &revision{
		id: compiled.Revision(), uid: uid, compiled: compiled,
		shown:  referentielFrom(stored, compiled),
		wholes: make(map[appearance]call.Prepared[*acquispb.Referentiel]),
		blocs:  make(map[string]call.Prepared[*acquispb.Bloc]),
	}
	made.grids = show.NewGrids(made.shown)
	id := made.id.Referentiel
	for _, as := range []appearance{
		{referentielName(id), true}, {revisionName(id, made.id.ID), true}, {revisionName(id, made.id.ID), false},
	} {
		made.wholes[as] = call.Prepare(made.whole(as.name, as.current))
	}
	for _, bloc := range made.shown.GetBlocs() {
		made.blocs[bloc.GetCode()] = call.Prepare(bloc)
	}
	return made, nil
}

// current returns the current revision of a référentiel.
func (c *revisions) current(r store.Reader, id string) (*revision, error) {
	current, err := store.Currents.Get(r, []byte(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierr.NotFound(referentielName(id))
	}
	if err != nil {
		return nil, err
	}
	return c.byUID(r, current.GetRevisionUid())
}

// byUID returns the revision with that uid, or ErrNotFound. It reads the record
// only the first time, because decoding a whole référentiel is slow
// (docs/performance.md).
func (c *revisions) byUID(r store.Reader, uid uint64) (*revision, error) {
	c.mu.RLock()
	cached := c.uids[uid]
	c.mu.RUnlock()
	if cached != nil {
		return cached, nil
	}
	stored, err := store.Revisions.Get(r, store.Key(uid))
	if err != nil {
		return nil, err
	}
	return c.add(uid, stored)
}

// byName returns the revision that a name means: referentiels/{id}, the current
// one, or referentiels/{id}/revisions/{revision}.
func (c *revisions) byName(r store.Reader, name string) (*revision, error) {
	id := segment(name, 1)
	if !strings.Contains(name, "/revisions/") {
		return c.current(r, id)
	}
	found, err := c.get(r, rules.Revision{Referentiel: id, ID: segment(name, 3)})
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierr.NotFound(revisionName(id, segment(name, 3)))
	}
	return found, err
}

// catalogue answers the rules' questions about the revisions named, which it
// reads in advance: the rules cannot read the store.
func (c *revisions) catalogue(r store.Reader, ids ...rules.Revision) (referentiel.Catalogue, error) {
	catalogue := make(referentiel.Catalogue, len(ids))
	for _, id := range ids {
		found, err := c.get(r, id)
		if err != nil {
			return nil, err
		}
		if err := c.addChain(r, found, catalogue); err != nil {
			return nil, err
		}
	}
	return catalogue, nil
}

// addChain adds a revision, and those published before it through which other blocs may
// count as its own. It ends, since uids only descend.
func (c *revisions) addChain(r store.Reader, of *revision, to referentiel.Catalogue) error {
	if to[of.id] != nil {
		return nil
	}
	to[of.id] = of.compiled
	for _, id := range of.compiled.Replaces() {
		uids, err := publishedUIDs(r, id)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			if uid >= of.uid {
				continue
			}
			earlier, err := c.byUID(r, uid)
			if err != nil {
				return err
			}
			if err := c.addChain(r, earlier, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// publishedUIDs are those of all revisions of a référentiel.
func publishedUIDs(r store.Reader, id string) ([]uint64, error) {
	names, err := r.Scan(store.KindName, store.NameKey(store.CollectionRevision, revisionLabel(rules.Revision{Referentiel: id})), nil, mostRevisions)
	uids := make([]uint64, len(names))
	for i, name := range names {
		uids[i] = store.LastUID(name.Value)
	}
	return uids, err
}

// mostRevisions is far above what a certificateur publishes of a référentiel.
const mostRevisions = 10_000

// publishedAs returns all revisions of a référentiel; none if it does not exist.
func publishedAs(r store.Reader, id string) (all []*storepb.ReferentielRevision, err error) {
	uids, err := publishedUIDs(r, id)
	if err != nil {
		return nil, err
	}
	keys := make([][]byte, len(uids))
	for i, uid := range uids {
		keys[i] = store.Key(uid)
	}
	return store.Revisions.GetMany(r, keys)
}

// publish makes content the current revision of its référentiel, and stores it
// if it is new.
func (c *revisions) publish(w store.Writer, content *storepb.Referentiel, publisher string, now *timestamppb.Timestamp) (uint64, error) {
	id := rules.Revision{Referentiel: content.GetId(), ID: referentiel.ID(content)}
	uid, err := store.Lookup(w, store.CollectionRevision, revisionLabel(id))
	if errors.Is(err, store.ErrNotFound) {
		uid, err = addRevision(w, &storepb.ReferentielRevision{
			Id: id.ID, Content: content, CreateTime: now, Publisher: publisher,
		})
	}
	if err != nil {
		return 0, err
	}
	current := &storepb.CurrentRevision{
		Referentiel: id.Referentiel, RevisionUid: uid, Published: publisher != "", FirstRevisionUid: uid,
	}
	stored, err := store.Currents.Get(w, []byte(id.Referentiel))
	if err == nil {
		current.FirstRevisionUid = stored.GetFirstRevisionUid()
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) || err == nil && proto.Equal(stored, current) {
		return uid, err
	}
	return uid, store.Currents.Put(w, []byte(id.Referentiel), current)
}

func addRevision(w store.Writer, stored *storepb.ReferentielRevision) (uint64, error) {
	uid, err := w.NewUID()
	if err != nil {
		return 0, err
	}
	return uid, store.Revisions.PutIndexed(w, store.Key(uid), stored)
}

// embed adds the référentiels of the binary to the store. One becomes current
// only if the store never had that revision and none was published over the API:
// an operator's choice outlives an upgrade.
func (c *revisions) embed(w store.Writer, contents []*storepb.Referentiel, now *timestamppb.Timestamp) error {
	for _, content := range contents {
		id := rules.Revision{Referentiel: content.GetId(), ID: referentiel.ID(content)}
		_, err := store.Lookup(w, store.CollectionRevision, revisionLabel(id))
		if err == nil {
			continue
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		current, err := store.Currents.Get(w, []byte(content.GetId()))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if current.GetPublished() {
			_, err = addRevision(w, &storepb.ReferentielRevision{Id: id.ID, Content: content, CreateTime: now})
		} else {
			_, err = c.publish(w, content, "", now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
