package services

import (
	"encoding/binary"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestForgetRequests: of more request ids than one page holds, exactly those about
// somebody go, page by page; expired ones go within a limit.
func TestForgetRequests(t *testing.T) {
	s := memstore.New()
	c := serve(t, s, Options{})
	const count = 2500
	act := store.Act{Time: time.Now()}
	err := s.Update(t.Context(), act, func(w store.Writer) error {
		for i := range uint64(count) {
			key := append(binary.BigEndian.AppendUint32(nil, unixDay(act.Time)), store.Fingerprint(string(store.Key(i)))...)
			if err := store.Repeats.Put(w, key, &storepb.Idempotency{Made: [][]byte{store.Key(i % 2), store.Key(7, i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.forgetRequests(t.Context(), act, func(made []byte) bool { return store.FirstUID(made) == 1 }); err != nil {
		t.Fatal(err)
	}
	left := func() (records []store.Record) {
		t.Helper()
		err := s.View(t.Context(), func(r store.Reader) (err error) {
			records, err = r.Scan(store.KindIdempotency, nil, nil, 2*count)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	if got := len(left()); got != count/2 {
		t.Errorf("%d are left", got)
	}
	err = s.Update(t.Context(), act, func(w store.Writer) error { return dropOldRequests(w, act.Time.Add(72*time.Hour), 100) })
	if got := len(left()); got != count/2-100 || err != nil {
		t.Errorf("%d are left after a hundred expired: %v", got, err)
	}
}
