package services

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/credential"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A stage is a certificateur's service over a store in memory, with the marketing
// référentiel, and the people who work with it. A test describes what they do:
// ask for calls that must succeed, try for calls that must not. Every RPC is a
// method of the stage.
type stage struct {
	testing.TB
	store    store.Store
	services *Services
	core     *core
	clock    *clock

	acquispb.ReferentielServiceClient
	acquispb.CandidateServiceClient
	acquispb.SessionServiceClient
	acquispb.CapitalisationServiceClient
	acquispb.AttestationServiceClient
	acquispb.AuditServiceClient
	acquispb.AdminServiceClient

	admin, registrar, reader, auditor, advisor person
	lea, noa                                   person // assessors
	chair, member                              person // of every jury that a test does not name
	anybody                                    person // who has no key
}

// A person makes calls.
type person struct {
	t      testing.TB
	caller *call.Caller
}

func (p person) ctx() context.Context {
	return call.With(p.t.Context(), &call.Info{Caller: p.caller})
}

// of is the same person with a key of one centre.
func (p person) of(centre string) person {
	caller := *p.caller
	caller.Centre = centre
	return person{p.t, &caller}
}

// speaking is the same person with the key of a delegate.
func (p person) speaking() person {
	caller := *p.caller
	caller.Delegate = true
	return person{p.t, &caller}
}

// clock is the clock of the service. Each read advances it by a millisecond.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newStage opens a service. The options are what a test needs.
func newStage(t testing.TB, options ...func(*Options)) *stage {
	t.Helper()
	o := Options{Store: memstore.New(), Issuer: credential.Issuer{URL: "https://acquis.example", Name: "Acquis"}}
	s := &stage{TB: t, clock: &clock{now: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)}}
	for _, option := range options {
		option(&o)
	}
	o.Now = s.clock.Now
	s.store = o.Store
	t.Cleanup(func() { must(t, s.store.Close()) })
	embedded, err := theEmbeddings()
	must(t, err)
	_, err = Bootstrap(t.Context(), s.store, embedded, authn.NewSecret(), s.clock.Now())
	must(t, err)
	s.open(o)
	s.admin, s.registrar = s.as("admin-1", acquispb.Role_ADMIN), s.as("registrar", acquispb.Role_REGISTRAR)
	s.reader, s.auditor = s.as("reader", acquispb.Role_READER), s.as("auditor", acquispb.Role_AUDITOR)
	s.advisor = s.as("advisor", acquispb.Role_DISABILITY_ADVISOR)
	s.lea, s.noa = s.as("lea", acquispb.Role_ASSESSOR), s.as("noa", acquispb.Role_ASSESSOR)
	s.chair, s.member = s.as("chair", acquispb.Role_JURY), s.as("member", acquispb.Role_JURY)
	s.anybody = s.as("")
	return s
}

// open starts the services, also as after a restart.
func (s *stage) open(o Options) {
	s.Helper()
	s.services = newServices(s, s.store, o)
	s.core = s.services.core
	d := newDoor(s.services)
	s.ReferentielServiceClient = acquispb.NewReferentielServiceClient(d)
	s.CandidateServiceClient = acquispb.NewCandidateServiceClient(d)
	s.SessionServiceClient = acquispb.NewSessionServiceClient(d)
	s.CapitalisationServiceClient = acquispb.NewCapitalisationServiceClient(d)
	s.AttestationServiceClient = acquispb.NewAttestationServiceClient(d)
	s.AuditServiceClient = acquispb.NewAuditServiceClient(d)
	s.AdminServiceClient = acquispb.NewAdminServiceClient(d)
}

func (s *stage) as(subject string, roles ...acquispb.Role_Enum) person {
	return person{s, &call.Caller{Subject: subject, Roles: roles}}
}

// ask makes a call that must succeed, and returns its answer.
func ask[Q, A any](who person, rpc func(context.Context, Q, ...grpc.CallOption) (A, error), request Q) A {
	who.t.Helper()
	answer, err := rpc(who.ctx(), request)
	if err != nil {
		who.t.Fatalf("%s asks for %T{%v}: %v", who.caller.Subject, request, request, err)
	}
	return answer
}

// try makes a call, and returns the error as its caller gets it: "" if it
// succeeds, otherwise "NOT_FOUND sessions/x", "INVALID_FIELD at name" or
// "BLOC_PENDING of bloc B1", for instance.
func try[Q, A any](who person, rpc func(context.Context, Q, ...grpc.CallOption) (A, error), request Q) string {
	_, err := rpc(who.ctx(), request)
	return told(err)
}

func told(err error) string {
	if err == nil {
		return ""
	}
	reason, parts := status.Code(err).String(), []string(nil)
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = d.GetReason()
		case *errdetails.ResourceInfo:
			parts = append(parts, reason+" "+d.GetResourceName())
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				parts = append(parts, v.GetReason()+" at "+v.GetField())
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				parts = append(parts, v.GetType()+" of "+v.GetSubject())
			}
		}
	}
	if len(parts) == 0 {
		return reason
	}
	return strings.Join(parts, ", ")
}

// A refusal is a call that was tried, the error that its caller got, and the
// error that they must get, or its beginning.
type refusal struct{ what, told, want string }

// refuses checks refusals; none may have written anything since then.
func (s *stage) refuses(since uint64, refusals ...refusal) {
	s.Helper()
	for _, r := range refusals {
		rest, ok := strings.CutPrefix(r.told, r.want)
		if !ok || r.want == "" || rest != "" && rest[0] != ' ' && rest[0] != ',' {
			s.Errorf("%s: got %q, want %q", r.what, r.told, r.want)
		}
	}
	if after := s.written(); after != since {
		s.Errorf("the refused calls wrote %d events", after-since)
	}
}

// written is the sequence of the last event.
func (s *stage) written() (sequence uint64) {
	s.Helper()
	must(s, s.store.View(s.Context(), func(r store.Reader) (err error) {
		sequence, err = store.LastSequence(r, 0)
		return err
	}))
	return sequence
}

// stored is the record of a candidate, session or candidacy.
func (s *stage) stored(name string) (record versioned) {
	s.Helper()
	must(s, s.store.View(s.Context(), func(r store.Reader) (err error) {
		switch {
		case strings.Contains(name, "/candidacies/"):
			_, record, err = candidacyByName(r, name)
		case strings.HasPrefix(name, "sessions/"):
			record, err = sessionByName(r, name)
		default:
			record, err = candidateByName(r, name)
		}
		return err
	}))
	return record
}

// etag is that which a resource has now.
func (s *stage) etag(name string) string { return etag(s.stored(name)) }

func day(year, month, day int32) *date.Date { return &date.Date{Year: year, Month: month, Day: day} }

// records are all records of a kind in the store.
func (s *stage) records(kind store.KindID) (records []store.Record) {
	s.Helper()
	must(s, s.store.View(s.Context(), func(r store.Reader) (err error) {
		records, err = r.Scan(kind, nil, nil, 1<<20)
		return err
	}))
	return records
}

// last is the uid of the last record of a kind.
func (s *stage) last(kind store.KindID) uint64 {
	s.Helper()
	records := s.records(kind)
	return store.LastUID(records[len(records)-1].Key)
}

// A betweenStore runs an act, once, between the reads and the writes of a call.
type betweenStore struct {
	store.Store
	act func()
}

func (s *betweenStore) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if first := s.act; first != nil {
		s.act = nil
		first()
	}
	return s.Store.Update(ctx, act, fn)
}

// assessing are assessors of a session, in no certain quality.
func assessing(subjects ...string) (all []*acquispb.SessionAssessor) {
	for _, subject := range subjects {
		all = append(all, &acquispb.SessionAssessor{Subject: subject})
	}
	return all
}
