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

// A Source is a store that is not being served, as stored bytes.
type Source interface {
	store.Layer
	// Kinds lists the kinds with stored records, in order.
	Kinds() ([]store.KindID, error)
	// LastUID returns the last identifier that the store gave.
	LastUID() uint64
	// Foreign lists data that belongs to no kind, which this version never
	// writes.
	Foreign() ([]string, error)
}

// Options say how to verify. The zero value is ready to use.
type Options struct {
	// Limit is how many findings are kept; the others are counted. Default: 100.
	Limit int
	// Checkpoint is a checkpoint of this journal that was kept outside; nil: none.
	Checkpoint []byte
	// Now is the time after which times are in the future. Default: that of the
	// clock.
	Now time.Time
}

// Verify checks everything in a store. An error means that it could not be read
// to its end, or that ctx ended; everything that does not match is in the report.
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
	reader    store.Reader // of messages; it fails on damaged records, load does not
	opts      Options
	report    *Report
	kinds     []store.KindID
	erased    map[place]erasure // what was forgotten
	bodies    *bodies
	lost      map[place][][]byte    // keys of index entries that are missing, by the entry's first uid
	actors    map[string]bool       // keys of session-actor that are derived from acts
	catalogue referentiel.Catalogue // every revision, once loaded
	lastUID   uint64                // highest seen
	signers   []*storepb.Signer
	deferred  []deferred         // reported after all records
	whole     map[uint64]erasure // candidates that were forgotten as a whole
}

// A place is a kind and a key.
type place struct {
	kind store.KindID
	key  string
}

// A subject is the record being checked.
type subject struct {
	v     *verifier
	kind  store.KindID
	key   []byte
	event uint64 // that last wrote it
}

func (v *verifier) subject(kind store.KindID, key []byte, event uint64) subject {
	return subject{v, kind, key, event}
}

// wrong reports that the record does not match.
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

// checked counts what was derived again and compared.
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

// load reads one record. An unreadable record is reported with all others
// (records.go), so load does not return an error but treats it as absent.
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

// A belonging is a record that belongs to a candidate, under whom an index lists
// it.
type belonging interface {
	proto.Message
	GetCandidateUid() uint64
}

// listed reads the records of a candidate that an index lists, or would list if
// no entry were missing: a lost or false entry is reported separately (index.go),
// and must not make acts of the jury look wrong.
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

// opened takes a record out of its envelope, if it has one.
func opened(value []byte) (store.Envelope, bool) {
	envelope, err := store.OpenEnvelope(value)
	return envelope, err == nil
}

// decoded reads a message, and tells whether the bytes are one.
func decoded(b []byte, m proto.Message) bool { return proto.Unmarshal(b, m) == nil }
