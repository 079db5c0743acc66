package requests

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// backupFaults are the reasons that only a backup has.
var backupFaults = []acquispb.ErrorReason_Enum{
	acquispb.ErrorReason_NO_ROOM_FOR_BACKUP, acquispb.ErrorReason_BACKUP_UNDER_WAY,
}

// TestLaterRefusals makes the calls of the second file, in the state after the
// good calls.
func TestLaterRefusals(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	for _, c := range append(goodCalls, laterCalls...) {
		w.Do(c.key, c.method, fill(w, c.path), fill(w, c.body))
	}
	w.Assess("assessor-1", world.Session+"/candidacies/k-exempt", "MET")
	w.Assess("assessor-1", "sessions/s-r4/candidacies/k-held", "MET")
	w.Do("registrar", "POST", "/v1/candidates/c-held/capitalisations/marketing:recordPriorBloc", `{"bloc":"B1","proof":"PV"}`)
	refuse(w, t, readRefusals(t, laterFile))
}

const laterFile = "testdata/refusals-later.txt"

// laterCalls follow the good calls.
var laterCalls = []goodCall{
	{"registrar", "POST", "/v1/sessions?sessionId=s-r3", `{"displayName":"d","referentiel":"referentiels/sales",` + laterJury},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r4", `{"displayName":"d","referentiel":"referentiels/marketing",` + laterJury},
	{"registrar", "POST", "/v1/candidates?candidateId=c-held", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`},
	{"registrar", "POST", "/v1/sessions/s-r4/candidacies?candidacyId=k-held", `{"candidate":"candidates/c-held","scope":"BLOCS","blocs":["B1"]}`},
	{"registrar", "POST", underSession + "k-pending:withdraw", `{"blocs":["B4"]}`},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"caces","referentiel":{"displayName":"Conduite","register":{"kind":"RS","number":"RS5054"},` +
		`"blocs":[{"code":"T","title":"t","competences":[{"code":"T1","statement":"s","method":{"kind":"OTHER","title":"m"},"criteria":[{"code":"T1.1","statement":"k"}]}]}]}}`},
	{"registrar", "POST", "/v1/candidates/c-r2/capitalisations/caces:recordPriorBloc", `{"bloc":"T","proof":"PV"}`},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"once","referentiel":{"displayName":"Une fois",` +
		`"blocs":[{"code":"T","title":"t","epreuves":[{"code":"E1","title":"s","method":{"kind":"OTHER","title":"m"},"maxAttempts":1}]}]}}`},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r6", `{"displayName":"d","referentiel":"referentiels/once",` + laterJury},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r7", `{"displayName":"d","referentiel":"referentiels/once",` + laterJury},
	{"registrar", "POST", "/v1/candidates?candidateId=c-spent", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`},
	{"registrar", "POST", "/v1/sessions/s-r6/candidacies?candidacyId=k-spent", `{"candidate":"candidates/c-spent","scope":"WHOLE"}`},
	{"assessor-1", "POST", "/v1/sessions/s-r6/candidacies/k-spent:recordAssessments", `{"assessments":[{"criterion":"E1","verdict":"NOT_MET"}]}`},
	{"jury-1", "POST", "/v1/sessions/s-r6/candidacies/k-spent:deliberate", `{"gridEtag":"{etag sessions/s-r6/candidacies/k-spent}","membersPresent":["jury-1","jury-2"]}`},
}

const laterJury = `"startDate":{"year":2026,"month":1,"day":1},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},` +
	`{"subject":"jury-2","displayName":"Deux","chair":true},{"subject":"jury-3","displayName":"Trois"}]}`

// A failingStore fails as configured, and otherwise is the store that it wraps.
type failingStore struct {
	store.Store
	failure atomic.Pointer[failure]
}

// A failure is of reads or of writes. Keys can still be read.
type failure struct {
	view, update func(context.Context) error
}

func (f *failingStore) View(ctx context.Context, fn func(store.Reader) error) error {
	if failure := f.failure.Load(); failure != nil && failure.view != nil {
		return failure.view(ctx)
	}
	return f.Store.View(ctx, fn)
}

func (f *failingStore) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if failure := f.failure.Load(); failure != nil && failure.update != nil {
		return failure.update(ctx)
	}
	return f.Store.Update(ctx, act, fn)
}

// faults are the answers to faults that are not the caller's.
var faults = []struct {
	failure failure
	http    int
	code    codes.Code
	reason  acquispb.ErrorReason_Enum
}{
	{failure{update: fails(store.ErrReadOnly)}, http.StatusServiceUnavailable, codes.Unavailable, acquispb.ErrorReason_READ_ONLY},
	{failure{update: fails(store.ErrUnknownOutcome)}, http.StatusServiceUnavailable, codes.Unavailable, acquispb.ErrorReason_WRITE_OUTCOME_UNKNOWN},
	{failure{update: fails(store.ErrClosed)}, http.StatusServiceUnavailable, codes.Unavailable, acquispb.ErrorReason_SHUTTING_DOWN},
	{failure{view: fails(store.ErrClosed)}, http.StatusServiceUnavailable, codes.Unavailable, acquispb.ErrorReason_SHUTTING_DOWN},
	{failure{view: fails(errors.New("a secret of the disk"))}, http.StatusInternalServerError, codes.Internal, acquispb.ErrorReason_INTERNAL},
	{failure{update: func(context.Context) error { panic("a secret of the code") }}, http.StatusInternalServerError, codes.Internal, acquispb.ErrorReason_INTERNAL},
	{failure{update: fails(context.DeadlineExceeded)}, http.StatusGatewayTimeout, codes.DeadlineExceeded, acquispb.ErrorReason_DEADLINE_EXCEEDED},
	{failure{update: fails(context.Canceled)}, 499, codes.Canceled, acquispb.ErrorReason_CANCELLED},
}

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func startFailing(t *testing.T) (*world.World, *failingStore) {
	t.Helper()
	failing := new(failingStore)
	w, _ := world.StartOn(t, t.TempDir(), func(s store.Store) store.Store {
		failing.Store = s
		return failing
	})
	return w, failing
}

// TestFaults: a fault that is not the caller's has a documented reason too, over
// both transports, and reveals no internals.
func TestFaults(t *testing.T) {
	w, failing := startFailing(t)
	for _, c := range faults {
		for name, call := range w.Transports() {
			failing.failure.Store(&c.failure)
			a := call("admin", "POST", "/v1/keys", `{"subject":"x","roles":["READER"]}`)
			failing.failure.Store(nil)
			if a.HTTP != 0 && a.HTTP != c.http || a.Code != world.CodeName(int(c.code)) || world.Get(a.Body, "details", 0, "reason") != c.reason.String() {
				t.Errorf("%v over %s: %d %s", c.reason, name, a.HTTP, a.Raw)
			}
			if strings.Contains(a.Raw, "secret") {
				t.Errorf("%v over %s reveals internals: %s", c.reason, name, a.Raw)
			}
		}
	}
}

// TestCallerWhoHangsUp: if a caller stops sending, the call ends, and the answer
// says so.
func TestCallerWhoHangsUp(t *testing.T) {
	w, failing := startFailing(t)
	failing.failure.Store(&failure{update: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.Base, "http://"))
	world.Must(t, err)
	defer conn.Close()
	const key = `{"subject":"x","roles":["READER"]}`
	_, err = io.WriteString(conn, "POST /v1/keys HTTP/1.1\r\nHost: acquis\r\nAuthorization: Bearer "+w.Keys["admin"]+"\r\nContent-Length: 34\r\n\r\n"+key)
	world.Must(t, err)
	world.Must(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	world.Must(t, err)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 499 ") || !strings.Contains(string(answer), `"CANCELLED"`) {
		t.Errorf("answered %s", answer)
	}
}

// ruledOut are the reasons that no call can cause, because the contract refuses
// before the rules are asked; the second file has a case of each. Only users of
// the rules without the service can get them (TestEveryRuleHasACase in rules).
var ruledOut = []acquispb.ErrorReason_Enum{
	acquispb.ErrorReason_SCOPE_UNKNOWN, acquispb.ErrorReason_NO_BLOC_NAMED, acquispb.ErrorReason_BLOCS_NAMED_WITH_WHOLE,
	acquispb.ErrorReason_CRITERION_REPEATED,
	acquispb.ErrorReason_DECISION_UNKNOWN, acquispb.ErrorReason_MEMBER_REPEATED, acquispb.ErrorReason_MOTIVE_MISSING,
	acquispb.ErrorReason_PROOF_MISSING, acquispb.ErrorReason_JURY_NOT_COLLEGIAL, acquispb.ErrorReason_PATH_NAMED_WITH_BLOCS,
}

// atTheDoors are reasons from before any case could be reached: of TestAttempts,
// TestRefusedTokens and TestIssuerDown, which check each over both transports; from a
// store that was altered: of TestJournalInDoubt, which does so too; from how a request
// is sent: of TestMedia and TestBodiesThatNeverCome; or from a service that lacks
// something: of TestNoIssuer.
var atTheDoors = []acquispb.ErrorReason_Enum{
	acquispb.ErrorReason_TOO_MANY_ATTEMPTS, acquispb.ErrorReason_OVERLOADED, acquispb.ErrorReason_TOKEN_EXPIRED, acquispb.ErrorReason_ISSUER_UNAVAILABLE,
	acquispb.ErrorReason_JOURNAL_IN_DOUBT, acquispb.ErrorReason_UNSUPPORTED_MEDIA_TYPE, acquispb.ErrorReason_REQUEST_TIMEOUT,
	acquispb.ErrorReason_ISSUER_NOT_CONFIGURED,
}

// TestEveryReason: tests cause every reason that the contract documents over both
// transports, and no other: TestRefusals and TestLaterRefusals those of their
// files, TestFaults and TestBackupRefused their own.
func TestEveryReason(t *testing.T) {
	shown := make(map[string]bool)
	for _, name := range []string{"testdata/refusals.txt", laterFile} {
		for _, c := range readRefusals(t, name) {
			shown[c.reason] = true
		}
	}
	for _, c := range faults {
		shown[c.reason.String()] = true
	}
	for _, reason := range append(backupFaults, atTheDoors...) {
		shown[reason.String()] = true
	}
	for _, reason := range ruledOut {
		if shown[reason.String()] {
			t.Errorf("%v can come out after all", reason)
		}
		shown[reason.String()] = true
	}
	for number, name := range acquispb.ErrorReason_Enum_name {
		if number != 0 && !shown[name] {
			t.Errorf("no test shows %s", name)
		}
	}
	for name := range shown {
		if acquispb.ErrorReason_Enum_value[name] == 0 {
			t.Errorf("%s is not documented", name)
		}
	}
}
