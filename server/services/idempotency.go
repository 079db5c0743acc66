package services

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// requestWindow is how long a request id is remembered.
const requestWindow = 24 * time.Hour

// An idempotency recognises a request that was done before. The record of what was
// done is written in the Update that does it, so neither can be without the
// other. It holds a keyed digest of the request and the keys of what it made:
// no answer, since answers hold identities and secrets.
//
// Records lie under the day and a digest of (subject, centre of the key, RPC, request
// id): a request of the last 24 hours is under today or yesterday, or, where the clock
// was set back since, under a day to come; and what is older comes first in key
// order, where each new record removes two of them.
type idempotency struct {
	resource string
	id       []byte    // digest of subject, centre, RPC and request id; nil: no request id
	recent   [2][]byte // the keys of today and yesterday
	content  []byte    // the request without its request id
	salt     []byte
	now      time.Time
}

func newIdempotency(rpc *contract.RPC, centre string, event store.Act, req request) (*idempotency, error) {
	r := &idempotency{resource: event.Resource, now: event.Time}
	if req.GetRequestId() == "" {
		return r, nil
	}
	meant, err := meaning(rpc, event.Actor, req)
	if err != nil {
		return nil, err
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(meant)
	if err != nil {
		return nil, err
	}
	r.content, r.salt = content, make([]byte, 16)
	_, _ = rand.Read(r.salt)                  // it never fails: it ends the process instead
	id := strings.ToLower(req.GetRequestId()) // a UUID is the same in capitals
	r.id = store.Fingerprint(event.Actor, centre, event.RPC, id)
	r.recent = [2][]byte{r.key(unixDay(r.now)), r.key(unixDay(r.now.Add(-requestWindow)))}
	return r, nil
}

// meaning is a request in one form for all ways to say the same: whether it came over
// gRPC or REST, and whether it leaves out what is meant without it or says it.
func meaning(rpc *contract.RPC, caller string, req request) (proto.Message, error) {
	meant := proto.Clone(req)
	message := meant.ProtoReflect()
	message.Clear(message.Descriptor().Fields().ByName("request_id"))
	contract.Unname(message)
	switch m := meant.(type) {
	case *acquispb.UpdateCandidateRequest:
		paths, err := updatedPaths(rpc, m.GetCandidate(), m.GetUpdateMask())
		m.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		return m, err
	case *acquispb.UpdateSessionRequest:
		paths, err := updatedPaths(rpc, m.GetSession(), m.GetUpdateMask())
		m.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		return m, err
	case *acquispb.CreateSessionRequest:
		if proto.Equal(m.GetSession().GetStartDate(), m.GetSession().GetEndDate()) {
			m.Session.EndDate = nil
		}
	case *acquispb.RecordAssessmentsRequest:
		m.Assessor = unless(m.GetAssessor(), caller)
	case *acquispb.RetractAssessmentsRequest:
		m.Assessor = unless(m.GetAssessor(), caller)
	}
	return meant, nil
}

// unless is a subject, or nothing if it is the one that nothing means.
func unless(subject, meant string) string {
	if rules.SameSubject(subject, meant) {
		return ""
	}
	return subject
}

// with adds to the announced reads those that find and remember make, as a rule.
func (r *idempotency) with(wants []store.Want) []store.Want {
	if r.id == nil {
		return wants
	}
	return append(slices.Grow(wants, 4),
		store.Repeats.One(r.recent[0]),
		store.Repeats.One(r.recent[1]),
		store.Want{Kind: store.KindIdempotency, After: endOfDay(unixDay(r.now)), Limit: 1},
		store.Want{Kind: store.KindIdempotency, Limit: dropped},
	)
}

// find returns what the same request did, nil if it was not done.
func (r *idempotency) find(reader store.Reader) (*storepb.Idempotency, error) {
	if r.id == nil {
		return nil, nil
	}
	keys, err := r.keys(reader)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		done, err := store.Repeats.Get(reader, key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if done.GetTime().AsTime().Before(r.now.Add(-requestWindow)) {
			continue
		}
		if !hmac.Equal(done.GetRequestDigest(), store.Digest(done.GetSalt(), r.content)) {
			return nil, apierr.Invalid(acquispb.ErrorReason_REQUEST_ID_REUSED,
				apierr.Field("requestId", "was already used for a different request"))
		}
		return done, nil
	}
	return nil, nil
}

// remember keeps what the request made, and removes records that are too old.
func (r *idempotency) remember(w store.Writer, made keys) error {
	if r.id == nil {
		return nil
	}
	if err := dropOldRequests(w, r.now, dropped); err != nil {
		return err
	}
	return store.Repeats.Put(w, r.recent[0], &storepb.Idempotency{
		Time:          timestamppb.New(r.now),
		Salt:          r.salt,
		RequestDigest: store.Digest(r.salt, r.content),
		Made:          made,
		Resource:      r.resource,
	})
}

// dropped is how many records that are too old each new one removes.
const dropped = 2

// keys are those under which the request can be: as a rule two, and one of each day
// to come that has records.
func (r *idempotency) keys(reader store.Reader) ([][]byte, error) {
	last, keys := unixDay(r.now), r.recent[:]
	for {
		next, err := reader.Scan(store.KindIdempotency, nil, endOfDay(last), 1)
		if err != nil || len(next) == 0 {
			return keys, err
		}
		last = binary.BigEndian.Uint32(next[0].Key)
		keys = append(keys, r.key(last))
	}
}

// endOfDay is a key behind those of a day, and before those of the next.
func endOfDay(day uint32) []byte { return binary.BigEndian.AppendUint32(nil, day+1) }

// dropOldRequests removes records that are too old, at most limit.
func dropOldRequests(w store.Writer, now time.Time, limit int) error {
	oldest, err := w.Scan(store.KindIdempotency, nil, nil, limit)
	if err != nil {
		return err
	}
	for _, record := range oldest {
		if binary.BigEndian.Uint32(record.Key) < unixDay(now.Add(-requestWindow)) {
			if err := w.Delete(store.KindIdempotency, record.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetRequests removes what is remembered of requests that made a record of
// which about says so. A record bears a digest of its request and the salt of
// it, which is enough to try guesses at the request.
func (c *core) forgetRequests(ctx context.Context, event store.Act, about func(made []byte) bool) error {
	const page = 1000
	for after := []byte(nil); ; {
		var found [][]byte
		var read int
		last := after
		err := c.view(ctx, func(r store.Reader) error {
			records, err := r.Scan(store.KindIdempotency, nil, after, page)
			found, read = nil, len(records)
			for _, record := range records {
				done := new(storepb.Idempotency)
				if err := proto.Unmarshal(record.Value, done); err != nil {
					return err
				}
				if slices.ContainsFunc(done.GetMade(), about) {
					found = append(found, record.Key)
				}
				last = record.Key
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := c.deleteRequests(ctx, event, found); err != nil || read < page {
			return err
		}
		after = last
	}
}

func (c *core) deleteRequests(ctx context.Context, event store.Act, keys [][]byte) error {
	if len(keys) == 0 {
		return nil
	}
	return c.store.Update(ctx, event, func(w store.Writer) error {
		for _, key := range keys {
			if err := w.Delete(store.KindIdempotency, key); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *idempotency) key(day uint32) []byte {
	return append(binary.BigEndian.AppendUint32(nil, day), r.id...)
}

func unixDay(t time.Time) uint32 { return uint32(t.Unix() / (24 * 60 * 60)) }
