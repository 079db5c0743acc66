package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// A seeded is a store with so many candidacies, each assessed to the full.
type seeded struct {
	dir  string
	size int
	ring keys

	decisions     []string // names of those made before anything is measured
	record, event int      // bytes of a stored call with four verdicts, and of its event
}

// seed makes a store of n candidacies. The first goes through the API; the others
// are written straight into the store as copies of its records, one Update and so
// one event for each call that would have made them.
func (b *bench) seed(n int) (*seeded, error) {
	s := &seeded{
		dir: filepath.Join(b.dir, fmt.Sprintf("store-%d", n)), size: n,
		ring: keys{services.FirstSubject: authn.NewSecret().String()},
	}
	running, err := b.serve(s.dir, s.ring)
	if err != nil {
		return nil, err
	}
	if err := running.stage(b.ctx); err != nil {
		return nil, running.failed(err)
	}
	if err := running.stop(); err != nil {
		return nil, err
	}
	return s, s.fill(b.ctx)
}

// callersOfSeed keep a group of the store's writer full.
const callersOfSeed = 1024

func (s *seeded) fill(ctx context.Context) (err error) {
	st, err := bolt.Engine{}.Open(s.dir, store.Opening{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var m mould
	if err := st.View(ctx, func(r store.Reader) error { return m.read(r, s) }); err != nil {
		return err
	}
	sessions := make([]uint64, (s.size+sessionSize-1)/sessionSize)
	sessions[0] = m.session.GetUid()
	err = atOnce(len(sessions)-1, func(i int) (err error) {
		sessions[i+1], err = m.castSession(ctx, st, place((i+1)*sessionSize))
		return err
	})
	if err != nil {
		return err
	}
	return atOnce(s.size-1, func(i int) error {
		at := place(i + 1)
		return m.cast(ctx, st, at, sessions[at/sessionSize])
	})
}

// atOnce calls fn for 0 to n-1 from many goroutines, up to the first error.
func atOnce(n int, fn func(i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	var failed atomic.Pointer[error]
	for range min(n, callersOfSeed) {
		wait.Go(func() {
			for i := int(next.Add(1) - 1); i < n && failed.Load() == nil; i = int(next.Add(1) - 1) {
				if err := fn(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// A mould is what the API stored of one candidacy.
type mould struct {
	session     *storepb.Session
	candidate   *storepb.Candidate
	candidacy   *storepb.Candidacy
	assessments []*storepb.Assessment
	personals   map[uint64]*storepb.Personal // by uid
}

// read reads the mould of a store that holds one candidacy.
func (m *mould) read(r store.Reader, s *seeded) error {
	sessions, err1 := store.Sessions.All(r, nil)
	candidates, err2 := store.Candidates.All(r, nil)
	candidacies, err3 := store.Candidacies.All(r, nil)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if len(sessions) != 1 || len(candidates) != 1 || len(candidacies) != 1 {
		return errors.New("bench: the mould is not one candidacy")
	}
	m.session, m.candidate, m.candidacy = sessions[0], candidates[0], candidacies[0]
	var err error
	if m.assessments, err = store.Assessments.All(r, store.Key(m.candidacy.GetUid())); err != nil {
		return err
	}
	m.personals = map[uint64]*storepb.Personal{}
	refs := []*storepb.PersonalRef{m.candidate.GetIdentity()}
	for _, a := range m.assessments {
		if a.GetTexts() != nil {
			refs = append(refs, a.GetTexts())
		}
		if len(a.GetVerdicts()) == 4 && a.GetTexts() == nil {
			if err := s.weigh(r, m.candidacy.GetUid(), a); err != nil {
				return err
			}
		}
	}
	for _, ref := range refs {
		if m.personals[ref.GetUid()], err = store.Personals.Get(r, store.Key(ref.GetUid())); err != nil {
			return err
		}
	}
	return nil
}

// envelopeSize is what the store puts before a record: sequence and salt.
const envelopeSize = 24

// weigh notes how much a call with four verdicts stores.
func (s *seeded) weigh(r store.Reader, candidacy uint64, a *storepb.Assessment) error {
	sequence, err := r.LastEvent(store.KindAssessment, store.Key(candidacy, a.GetUid()))
	if err != nil {
		return err
	}
	events, err := r.Events(sequence-1, 1)
	if err != nil {
		return err
	}
	s.record, s.event = envelopeSize+proto.Size(a), proto.Size(events[0])
	return nil
}

// An update is what the mould needs of the store for one call.
func update(ctx context.Context, st store.Store, actor, rpc, resource string, kind storepb.EventBody_Kind_Enum, fn func(store.Writer) error) error {
	act := store.Act{Actor: actor, RPC: strings.TrimPrefix(rpc, "/"), Resource: resource, Kind: kind, Time: time.Now().UTC()}
	return st.Update(ctx, act, fn)
}

func (m *mould) castSession(ctx context.Context, st store.Store, at place) (uid uint64, err error) {
	err = update(ctx, st, registrar, acquispb.SessionService_CreateSession_FullMethodName, "sessions/"+at.session(),
		storepb.EventBody_Kind_SESSION, func(w store.Writer) error {
			if uid, err = w.NewUID(); err != nil {
				return err
			}
			made := proto.CloneOf(m.session)
			made.Uid, made.Label = uid, at.session()
			return store.Sessions.PutIndexed(w, store.Key(uid), made)
		})
	return uid, err
}

// cast makes one candidacy of the mould: its candidate, itself, its assessments.
func (m *mould) cast(ctx context.Context, st store.Store, at place, session uint64) error {
	candidate, err := m.castCandidate(ctx, st, at)
	if err != nil {
		return err
	}
	candidacy, err := m.castCandidacy(ctx, st, at, session, candidate)
	if err != nil {
		return err
	}
	for _, a := range m.assessments {
		err := update(ctx, st, a.GetAuthor(), acquispb.SessionService_RecordAssessments_FullMethodName, at.candidacy(),
			storepb.EventBody_Kind_ASSESSMENT, func(w store.Writer) error {
				return m.castAssessment(w, a, candidate, candidacy)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *mould) castCandidate(ctx context.Context, st store.Store, at place) (uid uint64, err error) {
	err = update(ctx, st, registrar, acquispb.CandidateService_CreateCandidate_FullMethodName, "candidates/"+at.candidate(),
		storepb.EventBody_Kind_CANDIDATE, func(w store.Writer) error {
			if uid, err = w.NewUID(); err != nil {
				return err
			}
			made := proto.CloneOf(m.candidate)
			made.Uid, made.Label = uid, at.candidate()
			if made.Identity, err = m.castPersonal(w, made.GetIdentity(), uid); err != nil {
				return err
			}
			return store.Candidates.PutIndexed(w, store.Key(uid), made)
		})
	return uid, err
}

func (m *mould) castCandidacy(ctx context.Context, st store.Store, at place, session, candidate uint64) (uid uint64, err error) {
	err = update(ctx, st, registrar, acquispb.SessionService_CreateCandidacy_FullMethodName, at.candidacy(),
		storepb.EventBody_Kind_CANDIDACY, func(w store.Writer) error {
			if uid, err = w.NewUID(); err != nil {
				return err
			}
			made := proto.CloneOf(m.candidacy)
			made.Uid, made.Label, made.SessionUid, made.CandidateUid = uid, at.label("k"), session, candidate
			return store.Candidacies.PutIndexed(w, store.Key(uid), made)
		})
	return uid, err
}

func (m *mould) castAssessment(w store.Writer, a *storepb.Assessment, candidate, candidacy uint64) error {
	uid, err := w.NewUID()
	if err != nil {
		return err
	}
	made := proto.CloneOf(a)
	made.Uid = uid
	if a.GetTexts() != nil {
		if made.Texts, err = m.castPersonal(w, a.GetTexts(), candidate); err != nil {
			return err
		}
	}
	return store.Assessments.PutIndexed(w, store.Key(candidacy, uid), made)
}

// castPersonal copies a personal record. Its digest stays, as salt and content do.
func (m *mould) castPersonal(w store.Writer, ref *storepb.PersonalRef, candidate uint64) (*storepb.PersonalRef, error) {
	uid, err := w.NewUID()
	if err != nil {
		return nil, err
	}
	made := proto.CloneOf(m.personals[ref.GetUid()])
	made.CandidateUid = candidate
	return &storepb.PersonalRef{Uid: uid, Digest: ref.GetDigest()}, store.Personals.Put(w, store.Key(uid), made)
}

// fileSize is the size of a store's file.
func fileSize(dir string) (float64, error) {
	info, err := os.Stat(filepath.Join(dir, bolt.FileName))
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}
