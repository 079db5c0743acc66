package store_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

func putMessage(t *testing.T, w store.Writer, kind store.KindID, key []byte, m proto.Message) error {
	t.Helper()
	value, err := proto.Marshal(m)
	return errors.Join(err, w.Put(kind, key, value))
}

// A stubbed is a kind of event, and what its stub must say.
type stubbed struct {
	what     string
	records  []stubRecord
	about    uint64
	erasable bool // the body
}

type stubRecord struct {
	kind    store.KindID
	key     []byte
	message proto.Message // nil: removed
}

func accommodationRequest() *storepb.CaseFile {
	return &storepb.CaseFile{Entry: &storepb.CaseFile_Request{Request: &storepb.AccommodationRequest{}}}
}

func stubs() []stubbed {
	request := accommodationRequest()
	decision := &storepb.CaseFile{Entry: &storepb.CaseFile_Decision{Decision: &storepb.AccommodationDecision{RequestUid: 3}}}
	advice := &storepb.CaseFile{Entry: &storepb.CaseFile_Advice{Advice: &storepb.ExemptionAdvice{}}}
	exemption := &storepb.CaseFile{Entry: &storepb.CaseFile_Exemption{Exemption: &storepb.ExemptionDecision{}}}
	text := stubRecord{store.KindPersonal, store.Key(50), &storepb.Personal{CandidateUid: 12, Salt: []byte("salt")}}
	return []stubbed{
		{"a candidate", []stubRecord{{store.KindCandidate, store.Key(12), &storepb.Candidate{Uid: 12}}, text}, 12, false},
		{"a tie", []stubRecord{{store.KindTie, store.Key(12, 51), &storepb.Tie{}}}, 12, false},
		{"a hold", []stubRecord{{store.KindHold, store.Key(12, 51), &storepb.Hold{}}, text}, 12, false},
		{"a session", []stubRecord{{store.KindSession, store.Key(51), &storepb.Session{Uid: 51}}}, 0, false},
		{"a candidacy", []stubRecord{{store.KindCandidacy, store.Key(51), &storepb.Candidacy{Uid: 51, SessionUid: 9, CandidateUid: 12, EnrolledBlocs: []string{"B1"}}}}, 12, false},
		{"a verdict", []stubRecord{{store.KindAssessment, store.Key(40, 51), &storepb.Assessment{}}}, 12, false},
		{"a verdict with a comment", []stubRecord{{store.KindAssessment, store.Key(40, 51), &storepb.Assessment{}}, text}, 12, false},
		{"a request", []stubRecord{{store.KindCaseFile, store.Key(40, 51), request}, text}, 12, true},
		{"a decision on it", []stubRecord{{store.KindCaseFile, store.Key(40, 51), decision}}, 12, true},
		{"advice", []stubRecord{{store.KindCaseFile, store.Key(40, 51), advice}, text}, 12, false},
		{"an exemption", []stubRecord{{store.KindCaseFile, store.Key(40, 51), exemption}, text}, 12, false},
		{"a request and an exemption", []stubRecord{{store.KindCaseFile, store.Key(40, 51), request}, {store.KindCaseFile, store.Key(40, 52), exemption}}, 12, false},
		{"a decision about a bloc", []stubRecord{{store.KindDecision, store.Key(51), &storepb.Decision{Uid: 51, CandidateUid: 12}}}, 12, false},
		{"an attestation", []stubRecord{{store.KindAttestation, store.Key(51), &storepb.Attestation{DecisionUid: 41}}}, 12, false},
		{"a key", []stubRecord{{store.KindKey, []byte("id"), &storepb.Key{}}}, 0, false},
		{"reads of one", []stubRecord{{store.KindAccess, store.Key(51), &storepb.Access{CandidateUids: []uint64{12}}}}, 12, false},
		{"reads of several", []stubRecord{{store.KindAccess, store.Key(51), &storepb.Access{CandidateUids: []uint64{12, 13}}}}, 0, false},
		{"a purge of one", []stubRecord{{store.KindForgetting, store.Key(12, 51), &storepb.Forgetting{}}, {store.KindCaseFile, store.Key(40, 49), nil}, {store.KindPersonal, store.Key(48), nil}}, 12, false},
		{"a purge of two", []stubRecord{{store.KindForgetting, store.Key(12, 51), &storepb.Forgetting{}}, {store.KindForgetting, store.Key(13, 52), &storepb.Forgetting{}}}, 0, false},
		{"an act on one with a text about another", []stubRecord{{store.KindTie, store.Key(13, 51), &storepb.Tie{}}, text}, 0, false},
		{"acts on one, then two on another", []stubRecord{{store.KindCandidate, store.Key(12), &storepb.Candidate{Uid: 12}}, {store.KindTie, store.Key(13, 51), &storepb.Tie{}}, {store.KindHold, store.Key(13, 52), &storepb.Hold{}}}, 0, false},
		{"a verdict in no candidacy", []stubRecord{{store.KindAssessment, store.Key(99, 51), &storepb.Assessment{}}}, 0, false},
	}
}

// TestStub: the stub of an event names the one candidate whom its records are
// about, and says whether each record, and so the body, may be erased.
func TestStub(t *testing.T) {
	for _, c := range stubs() {
		j := newJournal(t)
		j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
			return errors.Join(
				putMessage(t, w, store.KindCandidacy, store.Key(40), &storepb.Candidacy{Uid: 40, CandidateUid: 12}),
				putMessage(t, w, store.KindDecision, store.Key(41), &storepb.Decision{Uid: 41, CandidateUid: 12}),
				putMessage(t, w, store.KindPersonal, store.Key(48), &storepb.Personal{CandidateUid: 12}),
				putMessage(t, w, store.KindCaseFile, store.Key(40, 49), accommodationRequest()))
		})
		j.update(t, store.Act{Time: noon}, func(w store.Writer) (err error) {
			for _, r := range c.records {
				if r.message == nil {
					err = errors.Join(err, w.Delete(r.kind, r.key))
				} else {
					err = errors.Join(err, putMessage(t, w, r.kind, r.key, r.message))
				}
			}
			return err
		})
		stub, err := store.ReadStub(j.events(t)[1])
		if err != nil {
			t.Fatal(err)
		}
		if stub.GetCandidateUid() != c.about || store.BodyErasable(stub) != c.erasable || len(stub.GetRecords()) != len(c.records) {
			t.Errorf("%s: about %d, want %d; body erasable: %t; %v", c.what, stub.GetCandidateUid(), c.about, store.BodyErasable(stub), stub.GetRecords())
		}
		d := store.NewDraft(j, 0)
		if err := d.EraseEvent(2); (err == nil) != c.erasable {
			t.Errorf("%s: erasing its body: %v", c.what, err)
		}
	}
	if store.BodyErasable(&storepb.EventStub{}) {
		t.Error("the body of an event without records may be erased")
	}
}
