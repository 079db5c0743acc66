package services

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

// TestClosuresRunTwice: a store may run any closure more than once; each act is
// still done once, and each answer has the same number of items.
func TestClosuresRunTwice(t *testing.T) {
	play := func(st store.Store) (answers []string) {
		s := newStage(t, keeping(t, "5y", "", "90d"), func(o *Options) { o.Store = st })
		s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
			before := s.written()
			answer, err := call(request)
			if err != nil {
				t.Fatalf("%T: %v", request, err)
			}
			answers = append(answers, fmt.Sprintf("%T: %d events, %s", request, s.written()-before, amounts(answer)))
		})
		return answers
	}
	if diff := cmp.Diff(play(memstore.New()), play(storetest.Twice(memstore.New()))); diff != "" {
		t.Errorf("once, and twice:\n%s", diff)
	}
}

// amounts lists the number of items in each list of an answer.
func amounts(answer proto.Message) (text string) {
	m := answer.ProtoReflect()
	for i := range m.Descriptor().Fields().Len() {
		if field := m.Descriptor().Fields().Get(i); field.IsList() {
			text += fmt.Sprint(m.Get(field).List().Len(), " ", field.Name(), " ")
		}
	}
	return text
}

// TestSaltsDiffer: no two records have the same salt, neither in one act nor in
// several: otherwise somebody who sees one could test guesses of the other.
func TestSaltsDiffer(t *testing.T) {
	s := newStage(t)
	s.known("camille")
	seen := make(map[string]bool)
	check := func(what string, salt []byte) {
		if len(salt) != 16 || seen[string(salt)] {
			t.Errorf("%s has the salt %x, which another has too or which is too short", what, salt)
		}
		seen[string(salt)] = true
	}
	must(t, s.store.View(t.Context(), func(r store.Reader) error {
		decisions, err := store.Decisions.All(r, nil)
		must(t, err)
		for _, d := range decisions {
			check("an act", d.GetActSalt())
			check("the circumstances", d.GetCircumstancesSalt())
		}
		texts, err := store.Personals.All(r, nil)
		for _, p := range texts {
			check("a text", p.GetSalt())
		}
		return err
	}))
	if len(seen) < 15 {
		t.Errorf("only %d salts", len(seen))
	}
}

// TestLastAct: the retention of an identity runs from the last act about the
// person, of any kind.
func TestLastAct(t *testing.T) {
	at := func(day int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 6, day, 0, 0, 0, 0, time.UTC))
	}
	for _, last := range []string{"candidate", "candidacy", "verdict", "entry", "decision"} {
		on := func(what string) *timestamppb.Timestamp {
			if what == last {
				return at(20)
			}
			return at(10)
		}
		act, err := proto.Marshal(&storepb.DecisionAct{
			Kind: acquispb.Decision_Kind_PRIOR_BLOC, Outcome: capitalised, Bloc: "B1", DecideTime: on("decision"), DecideDay: "2026-06-10",
		})
		must(t, err)
		d := &dossier{
			candidate: &storepb.Candidate{UpdateTime: on("candidate")},
			files: []*file{{
				candidacy:   &storepb.Candidacy{UpdateTime: on("candidacy")},
				assessments: []*storepb.Assessment{{RecordTime: on("verdict")}},
				entries:     []*storepb.CaseFile{{RecordTime: on("entry")}},
			}},
			decisions: []*storepb.Decision{{Act: act}},
		}
		if got, err := d.lastAct(); err != nil || !got.Equal(at(20).AsTime()) {
			t.Errorf("if the %s is the last act it was on %v: %v", last, got, err)
		}
	}
}
