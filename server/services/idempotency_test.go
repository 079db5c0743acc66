package services

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
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

// TestRequestsOfAnotherCentre: a request id of a key of one centre says nothing to a key of
// another, even of the same subject: what the first one made may not exist for it.
func TestRequestsOfAnotherCentre(t *testing.T) {
	s := newStage(t)
	request := func(subject string) *acquispb.CreateSessionRequest {
		given := aSession()
		given.DisplayName = subject
		given.Centre = &acquispb.Session_Centre{Code: subject, DisplayName: subject}
		return &acquispb.CreateSessionRequest{Session: given, RequestId: requestID("1")}
	}
	lyon, paris := s.registrar.of("LYON"), s.registrar.of("PARIS")
	first := ask(lyon, s.CreateSession, request("LYON"))
	if again := ask(lyon, s.CreateSession, request("LYON")); again.GetName() != first.GetName() {
		t.Errorf("the same request made %s and %s", first.GetName(), again.GetName())
	}
	if other := ask(paris, s.CreateSession, request("PARIS")); other.GetName() == first.GetName() {
		t.Errorf("for Paris it made the session of Lyon")
	}
}

// TestSameRequestAgain: whatever is asked for a second time by the same request id is
// answered as it was, and nothing is done again. Secrets alone are not shown again.
func TestSameRequestAgain(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "", "90d"))
	calls := 0
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		calls++
		request = identified(request, requestID(fmt.Sprint(calls)))
		if request.ProtoReflect().Descriptor().Fields().ByName("request_id") == nil {
			_, err := call(request)
			must(t, err)
			return
		}
		first, err := call(request)
		must(t, err)
		before := s.written()
		second, err := call(request)
		must(t, err)
		switch shown := first.(type) {
		case *acquispb.CreateKeyResponse:
			shown.Secret = ""
		case *acquispb.IssueAttestationResponse:
			shown.Code, shown.Credential = "", ""
			before = s.written() // a checkpoint may have been signed
		}
		if diff := cmp.Diff(first, second, protocmp.Transform()); diff != "" || s.written() != before {
			t.Errorf("%T again wrote %d events, and answers otherwise:\n%s", request, s.written()-before, diff)
		}
	})
}

// TestRequestIDs: an id stands for one request of one caller to one RPC, for a day.
func TestRequestIDs(t *testing.T) {
	s := newStage(t)
	create := func(who person, candidate, id string) string {
		return try(who, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: candidate, Candidate: someone("x"), RequestId: id})
	}
	first, taken := requestID("first"), "ALREADY_EXISTS candidates/camille" // done again
	if got := create(s.registrar, "camille", first); got != "" {
		t.Fatal(got)
	}
	other := s.as("other", acquispb.Role_REGISTRAR)
	s.refuses(s.written(),
		refusal{"another request", create(s.registrar, "sacha", first), "REQUEST_ID_REUSED at requestId"},
		refusal{"the same of another caller", create(other, "camille", first), taken},
		refusal{"the same by another id", create(s.registrar, "camille", requestID("second")), taken},
		refusal{"the same without an id", create(s.registrar, "camille", ""), taken},
	)
	hold := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r", RequestId: first}) // another RPC
	if again := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r", RequestId: first}); again.GetName() != hold.GetName() {
		t.Errorf("the same hold again is another")
	}
	for _, c := range []struct {
		wait time.Duration
		want string
	}{
		{23 * time.Hour, ""},
		{-48 * time.Hour, ""}, // the clock is set back
		{48 * time.Hour, ""},
		{2 * time.Hour, taken}, // 25 hours after it was made
		{-2 * time.Hour, ""},
	} {
		s.clock.advance(c.wait)
		if got := create(s.registrar, "camille", first); got != c.want {
			t.Errorf("after %v: %q, not %q", c.wait, got, c.want)
		}
	}
}

// TestRefusedRequestIsNotRemembered: what was refused may be asked again by the same id
// once it is mended, and something else by it too.
func TestRefusedRequestIsNotRemembered(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	request := enrolment("juin", "camille", "B1")
	request.RequestId = requestID("x")
	if got := try(s.registrar, s.CreateCandidacy, request); got != "NOT_FOUND sessions/juin" {
		t.Errorf("before there is a session: %q", got)
	}
	s.session("juin")
	request.Candidacy.Blocs = []string{"B2"}
	ask(s.registrar, s.CreateCandidacy, request)
}

// TestRequestIsAllowedAgain: who has been taken off a session since gets no answer any
// more to what they did there.
func TestRequestIsAllowedAgain(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.session("appel")
	k := s.enrolled("juin", "camille", "B3")
	decided := s.decided("juin", "jo", notMet, "B3").GetDecisions()[0]
	record := again(verdicts(k, met, "C3.1.1"), requestID("record"))
	ask(s.lea, s.RecordAssessments, record)
	rectify := again(rectification(decided.GetName(), "appel", capitalised), requestID("rectify"))
	ask(s.chair, s.RectifyDecision, rectify)
	update := func(session string, given *acquispb.Session) {
		given.Name, given.Etag = sessionName(session), s.etag(sessionName(session))
		ask(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: given})
	}
	enrol := again(enrolment("juin", "sacha", "B1"), requestID("enrol"))
	s.candidate("sacha")
	ask(s.registrar, s.CreateCandidacy, enrol)
	create := &acquispb.CreateCandidateRequest{CandidateId: "ana", Candidate: someone("ana"), RequestId: requestID("create")}
	ask(s.registrar, s.CreateCandidate, create)
	update("juin", &acquispb.Session{Assessors: assessing("noa")})
	s.refuses(s.written(),
		refusal{"verdicts of who is not listed any more", try(s.lea, s.RecordAssessments, record), "NOT_FOUND sessions/juin"},
		refusal{"what a registrar of another centre did", try(s.registrar.of("PARIS"), s.CreateCandidacy, enrol), "NOT_FOUND sessions/juin"},
		refusal{"whom a registrar of another centre made", try(s.registrar.of("PARIS"), s.CreateCandidate, create), "ALREADY_EXISTS candidates/ana"},
	)
	if got := ask(s.chair, s.RectifyDecision, rectify).GetDecisions(); len(got) != 1 {
		t.Errorf("a member who still sits is told %v", got)
	}
	moved := s.chair.of("PARIS")
	if got := try(moved, s.RectifyDecision, rectify); got != "NOT_FOUND "+decided.GetName() {
		t.Errorf("in a session that does not exist for them any more: %q", got)
	}
}

// TestSameRequestInOtherWords: the id of a request in capitals, fields in their other
// spelling, and what is meant without it, are the same request; less or more is another.
func TestSameRequestInOtherWords(t *testing.T) {
	s := newStage(t)
	lower := "0c0ffee0-abcd-4000-8000-00000000000f"
	upper := strings.ToUpper(lower)
	create := func(id string, end *date.Date) string {
		given := aSession()
		given.EndDate = end
		return try(s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{SessionId: "juin", Session: given, RequestId: id})
	}
	if got := create(lower, nil); got != "" {
		t.Fatal(got)
	}
	s.candidate("camille")
	etag := s.etag("candidates/camille")
	update := func(name string, mask ...string) string {
		given := &acquispb.Candidate{Name: "candidates/camille", Etag: etag, BirthName: "Martin", UsageName: name}
		return try(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: given, UpdateMask: maskOf(mask), RequestId: lower})
	}
	if got := update("Roy"); got != "" {
		t.Fatal(got)
	}
	k := s.enrol("juin", "camille", "B3")
	record := func(assessor string) string {
		said := verdicts(k, met, "C3.1.1")
		said.Assessor, said.RequestId = assessor, lower
		return try(s.lea, s.RecordAssessments, said)
	}
	if got := record(""); got != "" {
		t.Fatal(got)
	}
	before := s.written()
	for what, got := range map[string]string{
		"the id in capitals":          create(upper, nil),
		"an end that is the start":    create(upper, aSession().GetStartDate()),
		"its mask named":              update("Roy", "birth_name", "usage_name"),
		"in another order and JSON":   update("Roy", "usageName", "birthName", "usage_name"),
		"the assessor who is meant":   record("lea"),
		"the assessor who is meant 2": record(""),
	} {
		if got != "" {
			t.Errorf("%s: %q", what, got)
		}
	}
	s.refuses(before,
		refusal{"another end", create(lower, day(2026, 7, 1)), "REQUEST_ID_REUSED at requestId"},
		refusal{"a smaller mask", update("Roy", "usage_name"), "REQUEST_ID_REUSED at requestId"},
		refusal{"another mask", update("Roy", "*"), "REQUEST_ID_REUSED at requestId"},
		refusal{"another name", update("Petit"), "REQUEST_ID_REUSED at requestId"},
	)
}

// TestSameCreateNamed: a create is the same request whether it says the name of what it
// makes or leaves it to the id, of every RPC that takes a whole resource with one.
func TestSameCreateNamed(t *testing.T) {
	s := newStage(t)
	named := make(map[string]bool)
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		request = identified(request, requestID(fmt.Sprintf("%T %d", request, s.written())))
		made, err := call(request)
		must(t, err)
		field := fieldOf(request, made)
		if field == nil {
			return
		}
		name := made.ProtoReflect().Descriptor().Fields().ByName("name")
		again := proto.Clone(request)
		again.ProtoReflect().Mutable(field).Message().Set(name, made.ProtoReflect().Get(name))
		before := s.written()
		if _, err := call(again); err != nil || s.written() != before {
			t.Errorf("%T with the name of what it makes is told %v, and writes %d events", request, err, s.written()-before)
		}
		named[string(request.ProtoReflect().Descriptor().Name())] = true
	})
	if len(named) != 4 {
		t.Errorf("these create what they hold: %v", named)
	}
}

// fieldOf is the field in which a create has what it makes; nil if it is no create.
func fieldOf(request, made proto.Message) protoreflect.FieldDescriptor {
	fields := request.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if m := fields.Get(i).Message(); m == made.ProtoReflect().Descriptor() && fields.ByName("update_mask") == nil {
			return fields.Get(i)
		}
	}
	return nil
}
