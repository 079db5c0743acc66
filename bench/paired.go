package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/services"
)

// A pair is two builds of Acquis, each over a store of its own that was filled by
// the same calls: what is stored may have changed between them.
type pair struct{ after, before *world }

// pairedSize is how many candidacies the stores of a pair have.
const pairedSize = 1000

// mostWorse is by how much a call may take more than before: 5 %, or what single
// rounds are apart, whichever is more.
const mostWorse = 0.05

// paired compares the processor time that calls take of the server with what they
// took of an older build. Both serve side by side and take turns. Processor time is
// what others on the machine disturb least.
func (b *bench) paired(wanted func(rpc string) bool) (err error) {
	var p pair
	if p.before, err = b.furnish(b.before, "before"); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	if p.after, err = b.furnish(b.acquis, "after"); err != nil {
		return err
	}
	for _, kind := range pairedKinds() {
		if !wanted(kind.of(p.after).name) {
			continue
		}
		for _, door := range kind.doors() {
			row, err := b.pairedRow(p, kind, door)
			if err != nil {
				return err
			}
			b.add(row)
			b.step("%s: %s µs, before %s µs, ratio %s, spread %.0f %%", row.Name, figure(row.A), figure(row.B), figure(row.Ratio), 100*row.Spread)
		}
	}
	return errors.Join(p.after.stop(), p.before.stop())
}

// furnish serves a new store and fills it over the API, since what the program
// stores may not be what this tree would.
func (b *bench) furnish(program, name string) (*world, error) {
	b.step("makes a store of %d candidacies, %s", pairedSize, name)
	s := &seeded{dir: filepath.Join(b.dir, name), size: pairedSize, ring: keys{services.FirstSubject: authn.NewSecret().String()}}
	running, err := b.serveProgram(program, s.dir, s.ring)
	if err != nil {
		return nil, err
	}
	if err := running.stage(b.ctx); err != nil {
		return nil, running.failed(err)
	}
	const sessions = pairedSize / sessionSize
	if err := atOnce(sessions-1, func(i int) error { return running.stageSession(b.ctx, place((i+1)*sessionSize)) }); err != nil {
		return nil, running.failed(err)
	}
	if err := atOnce(pairedSize-1, func(i int) error { return running.stageCandidacy(b.ctx, place(i+1)) }); err != nil {
		return nil, running.failed(err)
	}
	w, err := running.inhabit(b.ctx, s)
	if err != nil {
		return nil, err
	}
	return w, w.attest(b.ctx)
}

// A pairedKind is one kind of call that is compared.
type pairedKind struct {
	of      func(*world) job
	callers int
	body    func(proto.Message) proto.Message // over REST; nil: it is a GET
	fresh   bool                              // no two calls may be the same
	denied  bool                              // it must be refused, for want of a role
	side    func(context.Context, *world, string) *side
	most    int // calls of a round; 0: as many as take the time of one
}

// few callers are as many as strangers, lists and refused calls have slots for.
const few = 8

// whole: the body over REST is the whole request.
func whole(request proto.Message) proto.Message { return request }

func pairedKinds() []pairedKind {
	return []pairedKind{
		{of: (*world).referentiel, callers: callers},
		{of: (*world).grid, callers: callers},
		{of: (*world).capitalisation, callers: callers},
		{of: (*world).candidacies, callers: few},
		{of: (*world).posted, callers: callers, body: whole},
		{of: (*world).posted, callers: 1, body: whole},
		{of: (*world).creating, callers: callers, fresh: true, body: func(request proto.Message) proto.Message {
			return request.(*acquispb.CreateCandidateRequest).GetCandidate()
		}},
		{of: (*world).deliberating, callers: few, side: func(ctx context.Context, w *world, name string) *side {
			return w.deliberates(ctx, name)
		}, most: mostDecided},
		{of: (*world).verification, callers: few, body: whole},
		{of: (*world).checkpoint, callers: few},
		{of: (*world).forbidden, callers: few, denied: true},
	}
}

// The doors.
const (
	overGRPC = "gRPC"
	overREST = "REST"
)

func (k pairedKind) doors() []string {
	if k.side != nil {
		return []string{overGRPC}
	}
	return []string{overGRPC, overREST}
}

// The jobs that only pairs do.

func (w *world) posted() job {
	j := w.recording()
	j.path = func(i int) string { return "/v1/" + w.recorded.at(i).candidacy() + ":recordAssessments" }
	return j
}

func (w *world) creating() job {
	return job{
		"CreateCandidate", registrar, acquispb.CandidateService_CreateCandidate_FullMethodName,
		func(i int) proto.Message { return newCandidate(place(i).label("n")) },
		func(i int) string { return "/v1/candidates?candidateId=" + place(i).label("m") },
	}
}

func (w *world) deliberating() job { return job{name: deliberateName} }

func (w *world) verification() job {
	return job{
		"VerifyAttestation", "", acquispb.AttestationService_VerifyAttestation_FullMethodName,
		func(int) proto.Message { return &acquispb.VerifyAttestationRequest{Code: w.code} },
		func(int) string { return "/v1/attestations:verify" },
	}
}

func (w *world) checkpoint() job {
	return job{
		"GetCheckpoint", "", acquispb.AuditService_GetCheckpoint_FullMethodName,
		func(int) proto.Message { return &acquispb.GetCheckpointRequest{Name: "checkpoint"} },
		func(int) string { return "/v1/checkpoint" },
	}
}

func (w *world) forbidden() job {
	return job{
		"ListKeys, refused", assessor, acquispb.AdminService_ListKeys_FullMethodName,
		func(int) proto.Message { return new(acquispb.ListKeysRequest) },
		func(int) string { return "/v1/keys" },
	}
}

// attest has the first decision attested, for somebody to verify.
func (w *world) attest(ctx context.Context) error {
	issued, err := acquispb.NewAttestationServiceClient(w.conn).IssueAttestation(w.as(ctx, registrar),
		&acquispb.IssueAttestationRequest{Decision: w.decisions[0]})
	w.code = issued.GetCode()
	return err
}

// pairedRow compares one kind of call through one door.
func (b *bench) pairedRow(p pair, kind pairedKind, door string) (row Row, err error) {
	after, err := kind.open(b, p.after, "after", door)
	if err != nil {
		return row, err
	}
	before, err := kind.open(b, p.before, "before", door)
	if err != nil {
		return row, err
	}
	c := contest{callers: kind.callers, rounds: b.form.rounds, time: endless, most: kind.most, sides: []*side{after, before}}
	if c.most == 0 {
		if c.most, err = c.callsFor(b.form.round); err != nil {
			return row, err
		}
	}
	found, err := c.run()
	name := fmt.Sprintf("%s, %s", kind.of(p.after).name, door)
	if kind.callers == 1 {
		name += ", one caller"
	}
	row = found.compare(name, cpu, after, before)
	return row.atMost(1 + max(mostWorse, row.Spread)), err
}

// endless is the time of rounds that end with their calls.
const endless = time.Hour

// callsFor finds out how many calls take so much processor time of the server. The
// sides make equally many.
func (c contest) callsFor(wanted time.Duration) (int, error) {
	const first, most = 32, 1 << 20
	for c.most = first; ; c.most *= 2 {
		var least float64
		for _, s := range c.sides {
			taken, err := c.round(s, c.time)
			if err != nil {
				return 0, err
			}
			least = taken.cpu
		}
		if used := least * float64(c.most); used > float64(wanted.Microseconds())/8 || c.most > most {
			return max(first, int(math.Ceil(float64(wanted.Microseconds())/least))), nil
		}
	}
}

// open makes a side of a world.
func (k pairedKind) open(b *bench, w *world, name, door string) (*side, error) {
	if k.side != nil {
		s := k.side(b.ctx, w, name)
		s.server = w.process
		return s, nil
	}
	j := k.of(w)
	if door == overREST {
		return k.openREST(b, w, name, j)
	}
	ctx := b.ctx
	if j.subject != "" {
		ctx = w.as(ctx, j.subject)
	}
	requests, err := k.requests(func(i int) ([]byte, error) { return proto.Marshal(j.request(i)) })
	return &side{name: name, server: w.process, call: func(_, i int) error {
		request, err := requests(i)
		if err != nil {
			return err
		}
		return k.expected(invoke(ctx, w.conn, j.method, request))
	}}, err
}

func (k pairedKind) openREST(b *bench, w *world, name string, j job) (*side, error) {
	client, err := dialREST(w.rest, k.callers)
	if err != nil {
		return nil, err
	}
	b.atExit(func() { _ = client.close() }) // nothing was left to send
	requests, err := k.requests(func(i int) ([]byte, error) {
		if k.body == nil {
			return restRequest(http.MethodGet, j.path(i), w.keys[j.subject], nil), nil
		}
		body, err := protojson.Marshal(k.body(j.request(i)))
		return restRequest(http.MethodPost, j.path(i), w.keys[j.subject], body), err
	})
	return &side{name: name, server: w.process, call: func(caller, i int) error {
		request, err := requests(i)
		if err != nil {
			return err
		}
		return k.expected(client.do(caller, request))
	}}, err
}

// requests gives requests by their number: those encoded before, in turn, or new ones.
func (k pairedKind) requests(encode func(i int) ([]byte, error)) (func(i int) ([]byte, error), error) {
	if k.fresh {
		return encode, nil
	}
	encoded := make([][]byte, pairedSize)
	for i := range encoded {
		var err error
		if encoded[i], err = encode(i); err != nil {
			return nil, err
		}
	}
	return func(i int) ([]byte, error) { return encoded[i%len(encoded)], nil }, nil
}

var errAllowed = errors.New("a call that must be refused was answered")

// expected makes an error of an answer that should have been another.
func (k pairedKind) expected(err error) error {
	if !k.denied {
		return err
	}
	var refused *refusal
	switch {
	case err == nil:
		return errAllowed
	case status.Code(err) == codes.PermissionDenied, errors.As(err, &refused) && refused.status == http.StatusForbidden:
		return nil
	}
	return err
}
