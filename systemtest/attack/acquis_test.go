package attack

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
)

// An acquis is the real server, in its own process.
type acquis struct {
	*process
	door
	log *logCount
}

// startAcquis serves the store in dir, with additional flags.
func startAcquis(t testing.TB, dir string, keys map[string]string, cert *certificate, flags ...string) *acquis {
	t.Helper()
	words := append([]string{"serve", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, flags...)
	if cert != nil {
		words = append(words, "--tls-cert-file", cert.Cert, "--tls-key-file", cert.Key)
	}
	cmd := exec.Command(os.Getenv(binaryVariable), words...)
	cmd.Env = append(os.Environ(), "ACQUIS_BOOTSTRAP_KEY="+keys["admin"])
	a := &acquis{log: new(logCount), door: door{Keys: keys, TLS: cert != nil}}
	cmd.Stderr = a.log
	a.process = start(t, cmd)
	must(t, a.readAddresses())
	return a
}

var announced = regexp.MustCompile(`^ +(REST|gRPC|operations|data) +(?:https?://)?(\S+)$`)

// readAddresses reads the addresses that the server prints at its start, as an
// operator would.
func (a *acquis) readAddresses() error {
	for {
		line, err := a.out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("the server did not start: %w\n%s", err, a.log.tail)
		}
		found := announced.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if found == nil {
			continue
		}
		switch found[1] {
		case "REST":
			a.REST = found[2]
		case "gRPC":
			a.GRPC = found[2]
		case "operations":
			a.Ops = found[2]
		case "data":
			go drain(a.out)
			return nil
		}
	}
}

// stop asks the server to end, and waits.
func (a *acquis) stop() error {
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return a.end()
}

// A seed is a store that is copied for each round, and what the null server needs
// to give the same answers.
type seed struct {
	dir    string
	keys   map[string]string
	canned map[string]string // answers by method, in base64
	pages  map[string]string // answers by path
	cert   *certificate
}

// newSeed makes a store with one session, and enough candidates for a list.
func newSeed(t *testing.T) *seed {
	t.Helper()
	s := &seed{dir: t.TempDir(), keys: map[string]string{"admin": authn.NewSecret().String()}, cert: newCertificate(t)}
	a := startAcquis(t, s.dir, s.keys, nil)
	post := func(key, path, body string) string { return mustREST(t, a, s.keys[key], http.MethodPost, path, body) }
	for subject, role := range map[string]string{
		"bystander": "ASSESSOR", "assessor": "ASSESSOR", "reader": "READER", "registrar": "REGISTRAR", "lister": "READER",
	} {
		var made struct{ Secret string }
		must(t, json.Unmarshal([]byte(post("admin", "/v1/keys", fmt.Sprintf(`{"subject":%q,"roles":[%q]}`, subject, role))), &made))
		s.keys[subject] = made.Secret
	}
	post("registrar", "/v1/sessions?sessionId=s", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`)
	crowd(16, func(worker int) {
		for i := worker; i < candidates; i += 16 {
			post("registrar", fmt.Sprintf("/v1/candidates?candidateId=c-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
			post("registrar", fmt.Sprintf("/v1/sessions/s/candidacies?candidacyId=k-%d", i), fmt.Sprintf(`{"candidate":"candidates/c-%d","scope":"WHOLE"}`, i))
		}
	})
	b := newBystander(a.door)
	must(t, b.warm(t.Context()))
	must(t, b.conn.Close())
	post("assessor", "/v1/"+voluminous+":recordAssessments", comments(mustREST(t, a, s.keys["reader"], http.MethodGet, "/v1/referentiels/marketing", "")))
	s.can(t, a)
	must(t, a.stop())
	return s
}

const candidates = 200

// can records answers of Acquis for the null server.
func (s *seed) can(t *testing.T, a *acquis) {
	t.Helper()
	s.canned, s.pages = make(map[string]string), make(map[string]string)
	conn := connect(a.GRPC, false)
	defer conn.Close()
	for method, asked := range cannedCalls() {
		raw, err := proto.Marshal(asked.request)
		must(t, err)
		var answer []byte
		must(t, conn.Invoke(withKey(t.Context(), s.keys[asked.key]), method, raw, &answer))
		s.canned[method] = base64.StdEncoding.EncodeToString(answer)
	}
	var large []byte
	must(t, conn.Invoke(withKey(t.Context(), s.keys["assessor"]), getGrid, gridOf(voluminous), &large))
	s.canned[getGrid+others] = base64.StdEncoding.EncodeToString(large)
	s.pages["/v1/"+voluminous+"/grid"] = mustREST(t, a, s.keys["assessor"], http.MethodGet, "/v1/"+voluminous+"/grid", "")
	s.pages["/openapi.json"] = mustREST(t, a, "", http.MethodGet, "/openapi.json", "")
	s.pages["/"] = mustREST(t, a, s.keys["lister"], http.MethodGet, listPath, "")
}

const listPath = "/v1/sessions/s/candidacies?pageSize=1000"

type cannedCall struct {
	key     string
	request proto.Message
}

// cannedCalls are the calls of attacks and of the bystander that Acquis answers.
func cannedCalls() map[string]cannedCall {
	return map[string]cannedCall{
		getGrid: {"bystander", &acquispb.GetGridRequest{Name: candidacy(0) + "/grid"}},
		recordAssessments: {"bystander", &acquispb.RecordAssessmentsRequest{
			Candidacy:   candidacy(0),
			Assessments: []*acquispb.Assessment{{Criterion: "C1.1.1", Verdict: acquispb.Verdict_MET}},
		}},
		listCandidacies: {"lister", &acquispb.ListCandidaciesRequest{Parent: "sessions/s", PageSize: 1000}},
		getCheckpoint:   {"", &acquispb.GetCheckpointRequest{Name: "checkpoint"}},
		getReferentiel:  {"reader", &acquispb.GetReferentielRequest{Name: "referentiels/marketing"}},
	}
}

const (
	listCandidacies   = acquispb.SessionService_ListCandidacies_FullMethodName
	getCheckpoint     = acquispb.AuditService_GetCheckpoint_FullMethodName
	getReferentiel    = acquispb.ReferentielService_GetReferentiel_FullMethodName
	verifyAttestation = acquispb.AttestationService_VerifyAttestation_FullMethodName
	backup            = acquispb.AdminService_Backup_FullMethodName
)

// copyTo copies the store, so that every round begins with the same one.
func (s *seed) copyTo(dir string) error { return os.CopyFS(dir, os.DirFS(s.dir)) }

// certificate returns the certificate of the listeners, or nil.
func (s *seed) certificate(overTLS bool) *certificate {
	if overTLS {
		return s.cert
	}
	return nil
}

// nullOrder makes the order for a null server with the same answers.
func (s *seed) nullOrder(t *testing.T, overTLS bool) nullOrder {
	t.Helper()
	o := nullOrder{Dir: t.TempDir(), Bystander: s.keys["bystander"], Certificate: s.certificate(overTLS)}
	text, err := json.Marshal(answers{s.canned, s.pages})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(o.Dir, answersFile), text, 0o600))
	return o
}

func mustREST(t *testing.T, a *acquis, key, method, path, body string) string {
	t.Helper()
	text, err := askREST(t.Context(), a, key, method, path, body)
	must(t, err)
	return text
}

func askREST(ctx context.Context, a *acquis, key, method, path, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+a.REST+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	request.Close = true // leaves no connection that a test would find
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s %s", method, path, answer.Status, text)
	}
	return string(text), err
}
