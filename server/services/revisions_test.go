package services

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestRevisionThatWasNotPublished: nothing of a failed publication stays, not
// even what an act of the same group cached of it.
func TestRevisionThatWasNotPublished(t *testing.T) {
	s := memstore.New()
	embedded, err := theEmbeddings()
	if err != nil {
		t.Fatal(err)
	}
	content := embedded[0]
	id := rules.Revision{Referentiel: content.GetId(), ID: referentiel.ID(content)}
	c, noRoom := newRevisions(), errors.New("no room")
	publish := func(fail error) error {
		return s.Update(context.Background(), store.Act{Kind: storepb.EventBody_Kind_REFERENTIEL}, func(w store.Writer) error {
			if _, err := c.publish(w, content, "admin", timestamppb.Now()); err != nil {
				return err
			}
			if _, err := c.get(w, id); err != nil {
				return err
			}
			return fail
		})
	}
	read := func() error {
		return s.View(context.Background(), func(r store.Reader) error {
			_, err := c.get(r, id)
			return err
		})
	}
	if err := publish(noRoom); !errors.Is(err, noRoom) {
		t.Fatal(err)
	}
	if err := read(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a revision that was not published: %v", err)
	}
	if err := publish(nil); err != nil {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Errorf("one that was: %v", err)
	}
}
