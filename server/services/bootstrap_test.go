package services

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestBootstrap: an empty store gets its first key, once; each start adds the
// référentiels of the binary, and a newer one becomes current unless an operator
// has published another.
func TestBootstrap(t *testing.T) {
	st := memstore.New()
	embedded, err := theEmbeddings()
	must(t, err)
	noon := time.Date(2026, 6, 15, 12, 0, 0, 1, time.FixedZone("", 7200))
	first := authn.NewSecret()
	made, err := Bootstrap(t.Context(), st, embedded, first, noon)
	if err != nil || !made {
		t.Fatalf("the first start makes a key: %v, %v", made, err)
	}
	s := newStage(t, func(o *Options) { o.Store = st }) // starts again
	keys := s.keys()
	if len(keys) != 1 || keys[0].GetName() != "keys/"+first.ID || keys[0].GetSubject() != FirstSubject || keys[0].GetCreator() != "" ||
		!slices.Equal(keys[0].GetRoles(), []acquispb.Role_Enum{acquispb.Role_ADMIN}) || !keys[0].GetCreateTime().AsTime().Equal(noon.Truncate(time.Microsecond)) {
		t.Errorf("after the second start the keys are %v", keys)
	}
	if caller, err := s.core.authn.Authenticate(t.Context(), []string{"Bearer " + first.String()}); err != nil || caller.Subject != FirstSubject {
		t.Errorf("the first key authenticates %v, %v", caller, err)
	}
	newer, _ := proto.Clone(embedded[0]).(*storepb.Referentiel)
	upgrade := func(name string) {
		newer.DisplayName = name
		made, err := Bootstrap(t.Context(), st, []*storepb.Referentiel{newer}, authn.NewSecret(), noon)
		if made || err != nil {
			t.Errorf("a later start makes a key: %v, %v", made, err)
		}
	}
	upgrade("Marketing, revu")
	if got := s.marketing(); got.GetDisplayName() != "Marketing, revu" || !got.GetCurrent() {
		t.Errorf("after an upgrade the référentiel is %s", got.GetDisplayName())
	}
	before := s.written()
	if upgrade("Marketing, revu"); s.written() != before {
		t.Error("a start without anything new writes something")
	}
	s.publish("marketing", petit())
	upgrade("Marketing, revu encore")
	if got := s.marketing().GetDisplayName(); got != "Petit" {
		t.Errorf("after an operator's choice an upgrade makes %q current", got)
	}
	revisions := ask(s.reader, s.ListReferentielRevisions, &acquispb.ListReferentielRevisionsRequest{Parent: "referentiels/marketing"}).GetReferentiels()
	if len(revisions) != 4 {
		t.Errorf("%d revisions, not the first, the second, the operator's and the last", len(revisions))
	}
}

// TestBootstrapOnAFullDisk: a store that accepts no writes is served unchanged,
// if it is not empty.
func TestBootstrapOnAFullDisk(t *testing.T) {
	st := &shutStore{Store: memstore.New()}
	st.shut.Store(true)
	start := func() (bool, error) { return Bootstrap(t.Context(), st, nil, authn.NewSecret(), time.Now()) }
	if made, err := start(); made || !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("an empty store: %v, %v", made, err)
	}
	st.shut.Store(false)
	if made, err := start(); !made || err != nil {
		t.Errorf("once it accepts writes: %v, %v", made, err)
	}
	st.shut.Store(true)
	if made, err := start(); made || err != nil {
		t.Errorf("a store that is not empty: %v, %v", made, err)
	}
	must(t, st.Close())
	if _, err := start(); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("one that cannot be read: %v", err)
	}
}
