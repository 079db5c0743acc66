package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/store"
)

// A Source is a store at rest, as the bytes that are stored.
type Source interface {
	store.Layer
	// Kinds lists the kinds of which something is stored, in order.
	Kinds() ([]store.KindID, error)
	// LastUID returns the last identifier that the store gave.
	LastUID() uint64
	// Foreign lists what is of no kind, and no program of this version writes.
	Foreign() ([]string, error)
}

// Options say how to verify. The zero value is ready to use.
type Options struct {
	// Limit is how many findings are kept; the others are counted. Default: 100.
	Limit int
	// Checkpoint is a checkpoint of this journal that was kept outside; nil: none.
	Checkpoint []byte
	// Now is the time by which to tell what lies ahead. Default: that of the clock.
	Now time.Time
}

// Verify checks everything that a store holds. An error means that it could not
// be read to its end, or that ctx ended; what does not fit is in the report.
func Verify(ctx context.Context, source Source, opts Options) (*Report, error) {
	if opts.Limit <= 0 {
		opts.Limit = 100
	}
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	v := &verifier{
		ctx: ctx, source: source, reader: store.NewReader(source), opts: opts,
		report: &Report{Findings: []Finding{}, Signers: []string{}},
		erased: make(map[place]erasure),
		bodies: newBodies(source),
		actors: make(map[string]bool),
		lost:   make(map[place][][]byte),
		whole:  make(map[uint64]erasure),
	}
	for _, check := range []func() error{
		v.foreign, v.forgettings, v.journal, v.records, v.references, v.indexes, v.candidates, v.checkpoints,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return v.report, nil
}

type verifier struct {
	ctx       context.Context
	source    Source
	reader    store.Reader // of messages; it is stopped by what is damaged, where load is not
	opts      Options
	report    *Report
	kinds     []store.KindID
	erased    map[place]erasure // what was forgotten
	bodies    *bodies
	lost      map[place][][]byte    // keys of index entries that are missing, by the entry's first uid
	actors    map[string]bool       // keys of session-actor that follow from acts
	catalogue referentiel.Catalogue // every revision, once loaded
	lastUID   uint64                // highest met
	signers   []*storepb.Signer
	deferred  []deferred         // told once all records were looked at
	whole     map[uint64]erasure // candidates that were forgotten as a whole
}

// A place is a kind and a key.
type place struct {
	kind store.KindID
	key  string
}

// A subject is a record that is looked at.
type subject struct {
	v     *verifier
	kind  store.KindID
	key   []byte
	event uint64 // that last wrote it
}

func (v *verifier) subject(kind store.KindID, key []byte, event uint64) subject {
	return subject{v, kind, key, event}
}

// wrong reports that the record does not fit.
func (s subject) wrong(format string, args ...any) {
	s.v.found(Finding{
		Kind: s.kind.String(), Key: readable(s.kind, s.key), Event: s.event, Problem: fmt.Sprintf(format, args...),
	})
}

// found keeps a finding, or counts it.
func (v *verifier) found(f Finding) {
	if len(v.report.Findings) >= v.opts.Limit {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, f)
}

// checked counts what was derived anew and compared.
func (v *verifier) checked(what string) { add(&v.report.Checked, what, 1) }

// scan visits every stored record of a kind whose key begins with prefix.
func (v *verifier) scan(kind store.KindID, prefix []byte, visit func(store.Record) error) error {
	const page = 512
	var after []byte
	for {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		records, err := v.source.Scan(kind, prefix, after, page)
		if err != nil {
			return err
		}
		for _, record := range records {
			if err := visit(record); err != nil {
				return err
			}
			after = record.Key
		}
		if len(records) < page {
			return nil
		}
	}
}

// A stored is a record that could be read.
type stored[P proto.Message] struct {
	subject
	message P
}

// load reads one record. What cannot be read is reported where all records are
// (records.go), so it is no error here, but as good as absent.
func load[P proto.Message](v *verifier, kind store.KindID, key []byte) (found stored[P], ok bool, err error) {
	value, err := v.source.Get(kind, key)
	if errors.Is(err, store.ErrNotFound) {
		return found, false, nil
	}
	if err != nil {
		return found, false, err
	}
	found, ok = open[P](v, kind, key, value)
	return found, ok, nil
}

// loadAll reads the records of a kind whose key begins with prefix.
func loadAll[P proto.Message](v *verifier, kind store.KindID, prefix []byte) (all []stored[P], err error) {
	err = v.scan(kind, prefix, func(r store.Record) error {
		if found, ok := open[P](v, kind, r.Key, r.Value); ok {
			all = append(all, found)
		}
		return nil
	})
	return all, err
}

// A belonging is a record that belongs to a candidate, who finds it by an index.
type belonging interface {
	proto.Message
	GetCandidateUid() uint64
}

// listed reads the records of a candidate that an index lists, or would if all its
// entries were there: a lost or false entry is told by itself (index.go), and must
// not make what the jury did look wrong.
func listed[P belonging](v *verifier, index, kind store.KindID, candidate uint64) (all []stored[P], err error) {
	keys := slices.Clone(v.lost[place{index, string(store.Key(candidate))}])
	err = v.scan(index, store.Key(candidate), func(r store.Record) error {
		keys = append(keys, r.Key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, key := range keys {
		found, ok, err := load[P](v, kind, store.Key(store.LastUID(key)))
		if err != nil {
			return nil, err
		}
		if ok && found.message.GetCandidateUid() == candidate {
			all = append(all, found)
		}
	}
	return all, nil
}

func open[P proto.Message](v *verifier, kind store.KindID, key, value []byte) (found stored[P], ok bool) {
	envelope, ok := opened(value)
	if !ok {
		return found, false
	}
	message, known := store.NewMessage(kind).(P)
	if !known || !decoded(envelope.Message, message) {
		return found, false
	}
	return stored[P]{v.subject(kind, key, envelope.Sequence), message}, true
}

// opened takes a record out of its envelope, where it has one.
func opened(value []byte) (store.Envelope, bool) {
	envelope, err := store.OpenEnvelope(value)
	return envelope, err == nil
}

// decoded reads a message, where the bytes are one.
func decoded(b []byte, m proto.Message) bool { return proto.Unmarshal(b, m) == nil }
