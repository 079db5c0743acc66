package services

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A brittleStore fails once, at its n-th operation.
type brittleStore struct {
	store.Store
	lasts int // operations until the failure; below 0: never fails
	broke bool
}

var errBroken = errors.New("the store is broken")

func (s *brittleStore) use() error {
	if s.lasts == 0 {
		s.broke = true
	}
	if s.lasts--; s.broke && s.lasts == -1 {
		return errBroken
	}
	return nil
}

func (s *brittleStore) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := s.use(); err != nil {
		return err
	}
	return s.Store.View(ctx, func(r store.Reader) error { return fn(brittleReader{r, s}) })
}

func (s *brittleStore) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if err := s.use(); err != nil {
		return err
	}
	return s.Store.Update(ctx, act, func(w store.Writer) error { return fn(brittleWriter{brittleReader{w, s}, w}) })
}

type brittleReader struct {
	store.Reader
	of *brittleStore
}

func (r brittleReader) Get(kind store.KindID, key []byte) ([]byte, error) {
	if err := r.of.use(); err != nil {
		return nil, err
	}
	return r.Reader.Get(kind, key)
}

func (r brittleReader) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	if err := r.of.use(); err != nil {
		return nil, err
	}
	return r.Reader.Scan(kind, prefix, after, limit)
}

func (r brittleReader) Prefetch(wants ...store.Want) error {
	if err := r.of.use(); err != nil {
		return err
	}
	return r.Reader.Prefetch(wants...)
}

func (r brittleReader) LastEvent(kind store.KindID, key []byte) (uint64, error) {
	if err := r.of.use(); err != nil {
		return 0, err
	}
	return r.Reader.LastEvent(kind, key)
}

func (r brittleReader) Events(after uint64, limit int) ([]*storepb.Event, error) {
	if err := r.of.use(); err != nil {
		return nil, err
	}
	return r.Reader.Events(after, limit)
}

type brittleWriter struct {
	brittleReader
	to store.Writer
}

func (w brittleWriter) Put(kind store.KindID, key, value []byte) error {
	if err := w.of.use(); err != nil {
		return err
	}
	return w.to.Put(kind, key, value)
}

func (w brittleWriter) Delete(kind store.KindID, key []byte) error {
	if err := w.of.use(); err != nil {
		return err
	}
	return w.to.Delete(kind, key)
}

func (w brittleWriter) EraseEvent(sequence uint64) error {
	if err := w.of.use(); err != nil {
		return err
	}
	return w.to.EraseEvent(sequence)
}

func (w brittleWriter) NewUID() (uint64, error) {
	if err := w.of.use(); err != nil {
		return 0, err
	}
	return w.to.NewUID()
}

// TestNoFaultOfTheStoreIsOverlooked: if the store fails at any read or write of a
// call, the call fails with that error; repeated with the same request id until
// it succeeds, it is done once.
func TestNoFaultOfTheStoreIsOverlooked(t *testing.T) {
	st := &brittleStore{Store: memstore.New(), lasts: -1}
	s := newStage(t, keeping(t, "5y", "", "90d"), func(o *Options) { o.Store = st })
	faults, calls := 0, 0
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		calls++
		before := s.written()
		request = identified(request, requestID(fmt.Sprint(calls)))
		for n := 0; ; n++ {
			st.lasts, st.broke = n, false
			_, err := call(request)
			st.lasts = -1
			if err == nil && !st.broke {
				break
			}
			if faults++; !st.broke || !errors.Is(err, errBroken) {
				t.Fatalf("%T: fault %d gives %v", request, n, err)
			}
		}
		if wrote := s.written() - before; wrote > 1 && !writesTwice(request) {
			t.Errorf("%T wrote %d events", request, wrote)
		}
	})
	if faults < 1000 {
		t.Errorf("only %d faults", faults)
	}
}

// writesTwice tells which requests also write something else: a checkpoint, or
// the removal of older request ids.
func writesTwice(request proto.Message) bool {
	switch request.(type) {
	case *acquispb.ForgetCandidateRequest, *acquispb.IssueAttestationRequest, *acquispb.GetDecisionProofRequest,
		*acquispb.GetCheckpointRequest, *acquispb.GetConsistencyProofRequest, *acquispb.GetInclusionProofRequest:
		return true
	}
	return false
}
