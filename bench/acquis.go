package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/services"
)

// build builds the program that users run, with the versions of the main go.mod.
func (b *bench) build() error {
	root, err := exec.CommandContext(b.ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/acquis-eval/acquis").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	b.acquis = filepath.Join(b.dir, "acquis")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-C", strings.TrimSpace(string(root)), "-o", b.acquis, "./cmd/acquis")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

// Subjects that call. Each has a key of its own, as in real life.
const (
	registrar = "registrar"
	assessor  = "assessor"
	chair     = "jury-chair"
	member    = "jury-member"
)

// keys are those of a store, by subject; the first is of the admin.
type keys map[string]string

// An acquisServer is acquis serve over one store.
type acquisServer struct {
	*process
	conn    *grpc.ClientConn
	rest    string        // host and port
	grpc    string        // host and port
	ops     string        // URL
	started time.Duration // from the start of the process to its first answer
	keys    keys
}

// serve starts acquis serve on free ports and waits for its first answer.
func (b *bench) serve(dir string, k keys) (*acquisServer, error) {
	return b.serveProgram(b.acquis, dir, k)
}

// serveProgram does the same with any build of it. Limits that keep strangers off
// are set by the environment, in which an older program does not look for them:
// here a hundred callers share one address.
func (b *bench) serveProgram(program, dir string, k keys) (*acquisServer, error) {
	cmd := exec.Command(program, "serve", "--data-dir", dir,
		"--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "ACQUIS_BOOTSTRAP_KEY="+k[services.FirstSubject], "GODEBUG=gctrace=1",
		"ACQUIS_ISSUER_URL=https://acquis.example", "ACQUIS_ISSUER_NAME=Acquis",
		"ACQUIS_PUBLIC_RATE=0", "ACQUIS_MAX_CONNECTIONS_NETWORK=4096", "ACQUIS_CONNECTION_RATE=1000")
	began := time.Now()
	p, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	s := &acquisServer{process: p, keys: k}
	if err := s.readAddresses(); err != nil {
		return nil, p.failed(err)
	}
	if s.conn, err = dial(s.grpc); err != nil {
		return nil, p.failed(err)
	}
	b.atExit(func() { _ = s.conn.Close() }) // nothing was left to send
	_, err = acquispb.NewReferentielServiceClient(s.conn).ListReferentiels(s.as(b.ctx, services.FirstSubject), &acquispb.ListReferentielsRequest{})
	s.started = time.Since(began)
	if err != nil {
		return nil, p.failed(err)
	}
	return s, nil
}

// readAddresses reads what acquis serve says at its start.
func (s *acquisServer) readAddresses() error {
	for s.ops == "" {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("acquis serve said no addresses: %w", err)
		}
		name, address, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch address = strings.TrimSpace(address); name {
		case "REST":
			s.rest = strings.TrimPrefix(address, "http://")
		case "gRPC":
			s.grpc = address
		case "operations":
			s.ops = address
		}
	}
	return nil
}

// as makes calls that subject makes.
func (s *acquisServer) as(ctx context.Context, subject string) context.Context {
	return withKey(ctx, s.keys[subject])
}

// metric reads one of the server's own figures.
func (s *acquisServer) metric(ctx context.Context, name string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ops+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			_, _ = io.Copy(io.Discard, answer.Body) // to use the connection again
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

// stage makes a new store the smallest world: keys, and one candidate whose
// candidacy is assessed to the full. It goes through the API, so that the records
// are those that Acquis writes; seed.go multiplies them.
func (s *acquisServer) stage(ctx context.Context) error {
	for subject, role := range map[string]acquispb.Role_Enum{
		registrar: acquispb.Role_REGISTRAR, assessor: acquispb.Role_ASSESSOR, chair: acquispb.Role_JURY, member: acquispb.Role_JURY,
	} {
		made, err := acquispb.NewAdminServiceClient(s.conn).CreateKey(s.as(ctx, services.FirstSubject), &acquispb.CreateKeyRequest{
			Key: &acquispb.Key{Subject: subject, Roles: []acquispb.Role_Enum{role}},
		})
		if err != nil {
			return err
		}
		s.keys[subject] = made.GetSecret()
	}
	if err := s.stageSession(ctx, place(0)); err != nil {
		return err
	}
	return s.stageCandidacy(ctx, place(0))
}

// stageSession makes the session of a place.
func (s *acquisServer) stageSession(ctx context.Context, at place) error {
	_, err := acquispb.NewSessionServiceClient(s.conn).CreateSession(s.as(ctx, registrar), &acquispb.CreateSessionRequest{
		SessionId: at.session(),
		Session: &acquispb.Session{
			DisplayName: "Jury de juin", Referentiel: "referentiels/marketing", StartDate: &date.Date{Year: 2026, Month: 6, Day: 15},
			Centre: &acquispb.Session_Centre{Code: "LYON", DisplayName: "Lyon"},
			Jury: []*acquispb.JuryMember{
				{Subject: chair, DisplayName: "Mme Roche", External: true, Chair: true},
				{Subject: member, DisplayName: "M. Petit"},
			},
		},
	})
	return err
}

// stageCandidacy makes a candidate and their candidacy, and assesses it to the full.
func (s *acquisServer) stageCandidacy(ctx context.Context, at place) error {
	as, sessions := s.as(ctx, registrar), acquispb.NewSessionServiceClient(s.conn)
	if _, err := acquispb.NewCandidateServiceClient(s.conn).CreateCandidate(as, newCandidate(at.candidate())); err != nil {
		return err
	}
	_, err := sessions.CreateCandidacy(as, &acquispb.CreateCandidacyRequest{
		Parent: "sessions/" + at.session(), CandidacyId: at.label("k"),
		Candidacy: &acquispb.Candidacy{
			Candidate: "candidates/" + at.candidate(), Scope: acquispb.Candidacy_Scope_WHOLE,
			AccessRoute: acquispb.Candidacy_AccessRoute_CONTINUING_TRAINING,
		},
	})
	if err != nil {
		return err
	}
	for _, request := range recordings(at.candidacy(), true) {
		if _, err := sessions.RecordAssessments(s.as(ctx, assessor), request); err != nil {
			return err
		}
	}
	return nil
}
