package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A world is a server over a store of some size, with some candidacies decided.
type world struct {
	*acquisServer
	*seeded
	deliberated, read, recorded stretch

	code string // of an attestation, in a pair
}

// decidedBefore bounds how many candidacies are decided before anything is measured.
const decidedBefore = 50

// openStore seeds a store, serves it, and has the jury decide some candidacies.
func (b *bench) openStore(n int) (*world, error) {
	b.step("makes a store of %d candidacies", n)
	s, err := b.seed(n)
	if err != nil {
		return nil, err
	}
	return b.open(s)
}

func (b *bench) open(s *seeded) (*world, error) {
	running, err := b.serve(s.dir, s.ring)
	if err != nil {
		return nil, err
	}
	return running.inhabit(b.ctx, s)
}

// inhabit makes a world of a server over a store, in which the jury decides some
// candidacies.
func (s *acquisServer) inhabit(ctx context.Context, of *seeded) (*world, error) {
	w := &world{acquisServer: s, seeded: of}
	var decided stretch
	decided, w.deliberated, w.read, w.recorded = parts(of.size)
	if of.decisions != nil { // it was open before
		return w, nil
	}
	for at := decided.from; at < min(decided.to, decidedBefore); at++ {
		made, err := w.deliberate(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, d := range made.GetDecisions() {
			of.decisions = append(of.decisions, d.GetName())
		}
	}
	return w, nil
}

// deliberate has the jury look at a grid and decide.
func (w *world) deliberate(ctx context.Context, at place) (*acquispb.DeliberateResponse, error) {
	ctx = w.as(ctx, chair)
	grid, err := acquispb.NewSessionServiceClient(w.conn).GetGrid(ctx, &acquispb.GetGridRequest{Name: at.candidacy() + "/grid"})
	if err != nil {
		return nil, err
	}
	return acquispb.NewCapitalisationServiceClient(w.conn).Deliberate(ctx, &acquispb.DeliberateRequest{
		Candidacy: at.candidacy(), GridEtag: grid.GetEtag(), MembersPresent: []string{chair, member},
	})
}

// A job is one kind of call: over gRPC by its method and request, over REST by
// its path.
type job struct {
	name    string
	subject string
	method  string
	request func(i int) proto.Message
	path    func(i int) string
}

// The jobs of a world that read.
func (w *world) referentiel() job {
	return job{
		"GetReferentiel", registrar, acquispb.ReferentielService_GetReferentiel_FullMethodName,
		func(int) proto.Message { return &acquispb.GetReferentielRequest{Name: "referentiels/marketing"} },
		func(int) string { return "/v1/referentiels/marketing" },
	}
}

func (w *world) grid() job {
	return job{
		"GetGrid", chair, acquispb.SessionService_GetGrid_FullMethodName,
		func(i int) proto.Message { return &acquispb.GetGridRequest{Name: w.read.at(i).candidacy() + "/grid"} },
		func(i int) string { return "/v1/" + w.read.at(i).candidacy() + "/grid" },
	}
}

func (w *world) capitalisation() job {
	return job{
		"GetCapitalisation", chair, acquispb.CapitalisationService_GetCapitalisation_FullMethodName,
		func(i int) proto.Message {
			return &acquispb.GetCapitalisationRequest{Name: place(i % decidedBefore).capitalisation()}
		},
		func(i int) string { return "/v1/" + place(i%decidedBefore).capitalisation() },
	}
}

func (w *world) decision() job {
	return job{
		"GetDecision", chair, acquispb.CapitalisationService_GetDecision_FullMethodName,
		func(i int) proto.Message {
			return &acquispb.GetDecisionRequest{Name: w.decisions[i%len(w.decisions)]}
		},
		func(i int) string { return "/v1/" + w.decisions[i%len(w.decisions)] },
	}
}

func (w *world) candidate() job {
	return job{
		"GetCandidate", registrar, acquispb.CandidateService_GetCandidate_FullMethodName,
		func(i int) proto.Message {
			return &acquispb.GetCandidateRequest{Name: "candidates/" + w.read.at(i).candidate()}
		},
		func(i int) string { return "/v1/candidates/" + w.read.at(i).candidate() },
	}
}

func (w *world) candidacies() job {
	return job{
		"ListCandidacies", registrar, acquispb.SessionService_ListCandidacies_FullMethodName,
		func(i int) proto.Message {
			return &acquispb.ListCandidaciesRequest{Parent: "sessions/" + w.read.at(i).session()}
		},
		func(i int) string { return "/v1/sessions/" + w.read.at(i).session() + "/candidacies" },
	}
}

// recording is the job that writes most.
func (w *world) recording() job {
	return job{
		"RecordAssessments", assessor, acquispb.SessionService_RecordAssessments_FullMethodName,
		func(i int) proto.Message { return fourVerdicts(w.recorded.at(i).candidacy()) }, nil,
	}
}

// encodedBefore bounds how many different requests of a job are encoded before it
// begins: enough that they do not ask for the same all the time.
const encodedBefore = 4096

// overGRPC makes a side of a job.
func (w *world) overGRPC(ctx context.Context, name string, j job) (*side, error) {
	ctx = w.as(ctx, j.subject)
	requests := make([][]byte, min(encodedBefore, w.size))
	for i := range requests {
		var err error
		if requests[i], err = proto.Marshal(j.request(i)); err != nil {
			return nil, err
		}
	}
	return &side{name: name, server: w.process, call: func(_, i int) error {
		return invoke(ctx, w.conn, j.method, requests[i%len(requests)])
	}}, nil
}

// overREST makes a side of the same job, with a connection for each caller.
func (w *world) overREST(b *bench, name string, j job) (*side, error) {
	paths := make([]string, min(encodedBefore, w.size))
	for i := range paths {
		paths[i] = j.path(i)
	}
	return b.reads(name, w.process, w.rest, w.keys[j.subject], paths)
}

// reads makes a side that gets paths over HTTP, in turn.
func (b *bench) reads(name string, server *process, address, token string, paths []string) (*side, error) {
	requests := make([][]byte, len(paths))
	for i, path := range paths {
		requests[i] = restRequest(http.MethodGet, path, token, nil)
	}
	client, err := dialREST(address, callers)
	if err != nil {
		return nil, err
	}
	b.atExit(func() { _ = client.close() }) // nothing was left to send
	return &side{name: name, server: server, call: func(caller, i int) error { return client.do(caller, requests[i%len(requests)]) }}, nil
}

// answerSize is how many bytes a job's first answer has over gRPC.
func (w *world) answerSize(ctx context.Context, j job) (size int, err error) {
	request, err := proto.Marshal(j.request(0))
	if err != nil {
		return 0, err
	}
	return size, w.conn.Invoke(w.as(ctx, j.subject), j.method, request, &size, rawCall)
}

// answer is a job's first answer over REST.
func (w *world) answer(ctx context.Context, j job) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.rest+j.path(0), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+w.keys[j.subject])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", j.name, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// creates makes a side that creates candidates.
func (w *world) creates(ctx context.Context, name string) *side {
	ctx = w.as(ctx, registrar)
	return &side{name: name, call: func(_, i int) error {
		request, err := proto.Marshal(newCandidate(place(i).label("n")))
		if err != nil {
			return err
		}
		return invoke(ctx, w.conn, acquispb.CandidateService_CreateCandidate_FullMethodName, request)
	}}
}

// errDecided: a run has more deliberations than its store has candidacies.
var errDecided = errors.New("every candidacy that deliberations may decide is decided")

// deliberates makes a side that decides one candidacy after the other.
func (w *world) deliberates(ctx context.Context, name string) *side {
	return &side{name: name, call: func(_, i int) error {
		at := w.deliberated.from + place(i)
		if at >= w.deliberated.to {
			return errDecided
		}
		_, err := w.deliberate(ctx, at)
		return err
	}}
}

// firstUndecided is how many of the candidacies that deliberations may decide are
// decided: a store that was measured before has some.
func (w *world) firstUndecided(ctx context.Context) (int, error) {
	ctx = w.as(ctx, chair)
	sessions := acquispb.NewSessionServiceClient(w.conn)
	for at := w.deliberated.from; at < w.deliberated.to; at++ {
		made, err := sessions.GetCandidacy(ctx, &acquispb.GetCandidacyRequest{Name: at.candidacy()})
		if err != nil {
			return 0, err
		}
		if made.GetState() == acquispb.Candidacy_State_ENROLLED {
			return int(at - w.deliberated.from), nil
		}
	}
	return 0, errDecided
}
