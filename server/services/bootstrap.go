package services

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store"
)

// FirstSubject is the subject of the first key of a store.
const FirstSubject = "admin"

// Bootstrap updates a store to this binary: it adds the référentiels that the
// binary embeds, and gives an empty store its first key, first, with the role
// admin. It returns whether it created that key; for any other store first is
// ignored. A store that accepts no writes, because its disk is full, is not
// changed: it can be read, and a later start updates it.
func Bootstrap(ctx context.Context, s store.Store, embedded []*storepb.Referentiel, first authn.Secret, now time.Time) (made bool, err error) {
	now = now.UTC().Truncate(time.Microsecond)
	act := store.Act{RPC: "bootstrap", Kind: storepb.EventBody_Kind_SYSTEM, Time: now}
	err = s.Update(ctx, act, func(w store.Writer) error {
		events, err := w.Events(0, 1)
		if err != nil {
			return err
		}
		if err := newRevisions().embed(w, embedded, timestamppb.New(now)); err != nil {
			return err
		}
		if made = len(events) == 0; !made {
			return nil
		}
		key := keyOf(&acquispb.Key{
			Subject: FirstSubject, DisplayName: "First key", Roles: []acquispb.Role_Enum{acquispb.Role_ADMIN},
		}, first)
		key.CreateTime = timestamppb.New(now)
		if key.Uid, err = w.NewUID(); err != nil {
			return err
		}
		return store.Keys.Put(w, []byte(key.GetId()), key)
	})
	if errors.Is(err, store.ErrReadOnly) && holdsEvents(ctx, s) {
		return false, nil
	}
	return made, err
}

func holdsEvents(ctx context.Context, s store.Store) bool {
	events := 0
	err := s.View(ctx, func(r store.Reader) error {
		first, err := r.Events(0, 1)
		events = len(first)
		return err
	})
	return err == nil && events > 0
}
