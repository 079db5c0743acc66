package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// Any bytes of a damaged file are read as an error or as a value that has one
// encoding.

// A reader reads the record under a key of one kind, and checks that Scan finds
// the same.
type reader struct {
	kind store.KindID
	seed proto.Message
	read func(r store.Reader, key []byte) (message proto.Message, scanned bool, err error)
}

// readers has one for each kind that holds messages, with a message to start
// from. New ones come last, because the corpus refers to them by position.
var readers = []reader{
	readerOf(store.Revisions, &storepb.ReferentielRevision{}),
	readerOf(store.Currents, &storepb.CurrentRevision{Referentiel: "marketing"}),
	readerOf(store.Candidates, &storepb.Candidate{Uid: 1, Label: "c"}),
	readerOf(store.Personals, &storepb.Personal{CandidateUid: 1, Salt: make([]byte, 16), Content: []byte("x")}),
	readerOf(store.Ties, &storepb.Tie{Uid: 9}),
	readerOf(store.Sessions, &storepb.Session{Uid: 2, Label: "s", Jury: []*storepb.JuryMember{{Subject: "a"}}}),
	readerOf(store.Candidacies, &storepb.Candidacy{Uid: 3, EnrolledBlocs: []string{"B1"}}),
	readerOf(store.Assessments, &storepb.Assessment{Uid: 4, Verdicts: []*storepb.VerdictLine{{Criterion: "C1.1.1", Verdict: 1}}}),
	readerOf(store.CaseFiles, &storepb.CaseFile{Uid: 5, Entry: &storepb.CaseFile_Advice{Advice: &storepb.ExemptionAdvice{Criterion: "C1.1.1"}}}),
	readerOf(store.Decisions, &storepb.Decision{Uid: 6, Act: []byte{8, 1}}),
	readerOf(store.Keys, &storepb.Key{Id: "a"}),
	readerOf(store.Repeats, &storepb.Idempotency{Made: [][]byte{{1}}}),
	readerOf(store.Holds, &storepb.Hold{Uid: 7}),
	readerOf(store.Forgettings, &storepb.Forgetting{Uid: 8}),
	readerOf(store.Signers, &storepb.Signer{}),
	readerOf(store.Accesses, &storepb.Access{}),
	readerOf(store.Attestations, &storepb.Attestation{}),
	readerOf(store.Checkpoints, &storepb.Checkpoint{}),
}

func readerOf[M any, P interface {
	*M
	proto.Message
}](records store.Records[M, P], seed P) reader {
	return reader{records.Kind, seed, func(r store.Reader, key []byte) (proto.Message, bool, error) {
		m, err := records.Get(r, key)
		found, last, scanErr := records.Scan(r, nil, nil, 1)
		if err != nil {
			return nil, scanErr == nil, err
		}
		return m, scanErr == nil && len(found) == 1 && bytes.Equal(last, key) && proto.Equal(found[0], m), nil
	}}
}

func FuzzRecords(f *testing.F) {
	for i, reader := range readers {
		encoded, err := proto.Marshal(reader.seed)
		if err != nil {
			f.Fatal(err)
		}
		if reader.kind.Journaled() {
			encoded = append(make([]byte, 24), encoded...) // in an envelope
		}
		f.Add(uint8(i), encoded)
		f.Add(uint8(i), encoded[:len(encoded)/2])
	}
	f.Fuzz(func(t *testing.T, which uint8, stored []byte) {
		reader := readers[int(which)%len(readers)]
		key := []byte("key")
		o := table(t)
		if err := o.Put(reader.kind, key, stored); err != nil {
			t.Fatal(err)
		}
		r := store.NewReader(o)
		if last, err := r.LastEvent(reader.kind, key); err == nil && (!reader.kind.Journaled() || last != binary.BigEndian.Uint64(stored)) {
			t.Errorf("%v: last written by event %d", reader.kind, last)
		}
		message, scanned, err := reader.read(r, key)
		if scanned != (err == nil) {
			t.Errorf("%v: Get and Scan differ: %v", reader.kind, err)
		}
		if err == nil {
			checkOneEncoding(t, message)
		}
	})
}

// checkOneEncoding: a message that was read can be written and read again
// unchanged.
func checkOneEncoding(t *testing.T, message proto.Message) {
	t.Helper()
	first, err := proto.Marshal(message)
	if err != nil {
		t.Fatalf("%T was read and cannot be written: %v", message, err)
	}
	again := message.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(first, again); err != nil {
		t.Fatalf("%T was written and cannot be read: %v", message, err)
	}
	second, err := proto.Marshal(again)
	if err != nil || !bytes.Equal(first, second) || !proto.Equal(message, again) {
		t.Errorf("%T: %x became %x, %v", message, first, second, err)
	}
}

// FuzzEvent reads a journal whose last event is any bytes: the leaf matches the
// event, and the head loaded from it is that of the event, or there is an error.
func FuzzEvent(f *testing.F) {
	digest := sha256.Sum256(nil)
	for _, event := range []*storepb.Event{
		{Sequence: 1, Time: timestamppb.New(noon), BodyDigest: digest[:], Hashes: [][]byte{digest[:]}, Body: []byte("x")},
		{Sequence: 2, BodyDigest: digest[:], Hashes: [][]byte{digest[:], digest[:]}},
		{Sequence: 3, Stub: []byte("\x08\x07\x10\x0c\x1a\x06\x08\x09\x12\x00\x20\x01"), StubSalt: digest[:16]},
		{Sequence: 4, Hashes: [][]byte{digest[:], digest[:], digest[:1]}},
		{Sequence: 1 << 63, Time: &timestamppb.Timestamp{Seconds: 1 << 62, Nanos: -1}},
	} {
		stored, err := proto.Marshal(event)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event.GetSequence(), stored)
	}
	f.Fuzz(func(t *testing.T, sequence uint64, stored []byte) {
		o := table(t)
		if err := o.Put(store.KindEvent, store.SequenceKey(sequence), stored); err != nil {
			t.Fatal(err)
		}
		r := store.NewReader(o)
		head, err := store.LoadHead(o, sequence)
		if err == nil && head.Sequence != sequence {
			t.Errorf("the head of event %d is %d", sequence, head.Sequence)
		}
		events, err := r.Events(0, 10)
		if err != nil || len(events) == 0 { // not an event, or number 0, which is before all
			return
		}
		checkOneEncoding(t, events[0])
		leaf, want := store.AppendLeaf(nil, events[0]), 64+len(events[0].GetBodyDigest())
		if len(events[0].GetActs()) > 0 {
			want += tlog.HashSize
		}
		if len(leaf) != want || store.LeafHash(events[0]) != tlog.RecordHash(leaf) {
			t.Errorf("the leaf of %v is %x", events[0], leaf)
		}
		if body := new(storepb.EventBody); proto.Unmarshal(events[0].GetBody(), body) == nil {
			checkOneEncoding(t, body)
			if stub, err := store.ReadStub(events[0]); err == nil {
				checkOneEncoding(t, stub)
				if written := store.Written(stub, body); len(written) != len(stub.GetRecords()) {
					t.Errorf("%v wrote %v", stub, written)
				}
			}
		}
	})
}
