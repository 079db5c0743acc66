package services

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/credential"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// core is what all services share.
type core struct {
	store     store.Store
	revisions *revisions
	pages     pages
	current   *cache.Cache[string, *revision] // by id of the référentiel
	contract  *contract.Contract
	retention retention.Periods
	authn     *authn.Authenticator // unknown codes of attestations count like failed authentications
	notary    *notary.Notary
	accesses  *accesses
	issuer    credential.Issuer
	backups   *backup.Maker
	log       *slog.Logger
	now       func() time.Time // UTC, microseconds: what the store keeps
	zone      *time.Location   // in which days begin and end
}

// view reads one state of the store.
func (c *core) view(ctx context.Context, fn func(store.Reader) error) error {
	return c.store.View(ctx, fn)
}

// tx is one run of an act's closure. The closure may run more than once, so tx
// has nothing that outlives a run.
type tx struct {
	store.Writer
	core   *core
	caller *call.Caller
	now    time.Time
	seed   [32]byte // fresh for each act: the source of its salts
	salts  uint64   // number drawn so far
}

func (t *tx) timestamp() *timestamppb.Timestamp { return timestamppb.New(t.now) }

// salt draws 16 unpredictable bytes. They come from the act's seed, so that a
// closure that runs again makes the same records.
func (t *tx) salt() []byte {
	t.salts++
	mac := hmac.New(sha256.New, t.seed[:])
	_ = binary.Write(mac, binary.BigEndian, t.salts) // writing to a hash never fails
	return mac.Sum(nil)[:16]
}

// putPersonal stores what can identify a person separately from the acts, under
// uid.
func (t *tx) putPersonal(uid, candidate uint64, content proto.Message) (*storepb.PersonalRef, error) {
	data, err := proto.Marshal(content)
	if err != nil {
		return nil, err
	}
	p := &storepb.Personal{CandidateUid: candidate, Salt: t.salt(), Content: data}
	if err := store.Personals.Put(t, store.Key(uid), p); err != nil {
		return nil, err
	}
	return &storepb.PersonalRef{Uid: uid, Digest: store.Digest(p.GetSalt(), data)}, nil
}

// putTexts stores the free texts of one act; if all are empty there is nothing to
// store.
func (t *tx) putTexts(candidate uint64, texts ...string) (*storepb.PersonalRef, error) {
	empty := true
	for _, text := range texts {
		empty = empty && text == ""
	}
	if empty {
		return nil, nil
	}
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	return t.putPersonal(uid, candidate, &storepb.Texts{Texts: texts})
}

// readTexts returns the texts under ref, or empty ones if they were erased or
// never given.
func readTexts(r store.Reader, ref *storepb.PersonalRef, count int) ([]string, error) {
	texts := new(storepb.Texts)
	if ref != nil {
		if err := readPersonal(r, ref, texts); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	for len(texts.Texts) < count {
		texts.Texts = append(texts.Texts, "")
	}
	return texts.GetTexts(), nil
}

func readPersonal(r store.Reader, ref *storepb.PersonalRef, content proto.Message) error {
	p, err := store.Personals.Get(r, store.Key(ref.GetUid()))
	if err != nil {
		return err
	}
	return proto.Unmarshal(p.GetContent(), content)
}
