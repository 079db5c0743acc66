package privacy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// reads are the calls that show files, with the candidates, and a key that may
// make the call.
var reads = []struct{ rpc, key, path, candidates string }{
	{"CandidateService/GetCandidate", "reader", "/v1/candidates/c-full", "c-full"},
	{"CandidateService/ListCandidates", "reader", "/v1/candidates?pageSize=2", "c-full c-pending"},
	{"CandidateService/LookupCandidate", "reader", "/v1/candidates:lookup?system=lms&id=free", "c-free"},
	{"CandidateService/ExportCandidate", "registrar", "/v1/candidates/c-full:export", "c-full"},
	{"CandidateService/ListHolds", "registrar", "/v1/candidates/c-free/holds", "c-free"},
	{"SessionService/GetCandidacy", "assessor-1", "/v1/sessions/s-001/candidacies/k-exempt", "c-exempt"},
	{"SessionService/ListCandidacies", "assessor-1", "/v1/sessions/s-001/candidacies?pageSize=2", "c-full c-pending"},
	{"SessionService/GetGrid", "jury-1", "/v1/sessions/s-001/candidacies/k-full/grid", "c-full"},
	{"SessionService/ListAccommodations", "advisor", "/v1/sessions/s-001/candidacies/k-full/accommodations", "c-full"},
	{"SessionService/ListExemptions", "jury-2", "/v1/sessions/s-001/candidacies/k-exempt/exemptions", "c-exempt"},
	{"CapitalisationService/GetCapitalisation", "reader", "/v1/candidates/c-decided/capitalisations/marketing", "c-decided"},
	{"CapitalisationService/ListDecisions", "reader", "/v1/candidates/-/decisions", "c-decided c-free"},
	{"CapitalisationService/GetDecision", "reader", "/v1/{decision}", "c-decided"},
	{"CapitalisationService/GetDecisionProof", "reader", "/v1/{decision}/proof", "c-decided"},
	{"CapitalisationService/GetDeliberationRecord", "registrar", "/v1/sessions/s-001/deliberationRecord",
		"c-full c-pending c-contested c-decided c-exempt"},
}

// settled makes the world of refusals.txt, in an hour without any reads.
func settled(w *world.World) {
	w.T.Helper()
	w.Populate()
	w.Clock.Advance(time.Hour)
}

// read makes the call of one of reads.
func read(w *world.World, call world.Door, key, path string) {
	w.T.Helper()
	if strings.Contains(path, "{decision}") {
		found := w.Do("registrar", "GET", "/v1/candidates/c-decided/decisions", "")
		path = strings.Replace(path, "{decision}", world.Get(found, "decisions", 0, "name").(string), 1)
	}
	if a := call(key, "GET", path, ""); a.Code != "OK" {
		w.T.Fatalf("%s %s: %s", key, path, a.Raw)
	}
}

// stored reads the accesses of an hour from the store of a stopped service.
func stored(t *testing.T, dir string, since time.Time) (found []string) {
	t.Helper()
	st := world.OpenStore(t, dir)
	defer st.Close()
	world.Must(t, st.View(t.Context(), func(r store.Reader) error {
		accesses, err := store.Accesses.All(r, nil)
		world.Must(t, err)
		for _, a := range accesses {
			if a.GetHourTime().AsTime().Before(since.Truncate(time.Hour)) {
				continue
			}
			line := a.GetSubject() + " " + strings.TrimPrefix(a.GetRpc(), "acquis.v1.") + ":"
			for _, uid := range a.GetCandidateUids() {
				c, err := store.Candidates.Get(r, store.Key(uid))
				world.Must(t, err)
				line += " " + c.GetLabel()
			}
			found = append(found, line)
		}
		journal, err := r.Events(0, 10_000)
		world.Must(t, err)
		for _, e := range journal {
			body := new(storepb.EventBody)
			world.Must(t, proto.Unmarshal(e.GetBody(), body))
			stub, err := store.ReadStub(e)
			world.Must(t, err)
			if stub.GetKind() == storepb.EventBody_Kind_READ && body.GetActor()+body.GetResource() != "" {
				t.Errorf("the event itself names %q %q", body.GetActor(), body.GetResource())
			}
		}
		return nil
	}))
	return found
}

// TestReadsAreJournaled: each call that shows a file is recorded with subject,
// files and time, over both transports, once an hour; stopping the service loses
// none.
func TestReadsAreJournaled(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		dir := t.TempDir()
		w, stop := world.Start(t, dir)
		settled(w)
		since := w.Clock.Now()
		want := make(map[string]bool)
		for _, r := range reads {
			read(w, w.Transports()[name], r.key, r.path)
			read(w, w.Transports()[name], r.key, r.path) // the same hour: not recorded again
			want[fmt.Sprintf("%s %s: %s", r.key, r.rpc, r.candidates)] = true
		}
		stop()
		found := stored(t, dir, since)
		for _, line := range found {
			if !want[line] && !strings.HasPrefix(line, "registrar CapitalisationService/ListDecisions") {
				t.Errorf("%s: %q is journaled", name, line)
			}
			delete(want, line)
		}
		for line := range want {
			t.Errorf("%s: %q is not journaled, but %q", name, line, found)
		}
	}
}

// TestEveryReadIsTested: reads has every RPC that reads files according to the
// contract.
func TestEveryReadIsTested(t *testing.T) {
	tested := make(map[string]bool)
	for _, r := range reads {
		tested["acquis.v1."+strings.Replace(r.rpc, "/", ".", 1)] = true
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("acquis.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for j := range file.Services().Get(i).Methods().Len() {
				m := file.Services().Get(i).Methods().Get(j)
				access := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
				if access.GetShowsFilesOf() != "" && !tested[string(m.FullName())] {
					t.Errorf("nothing here calls %s", m.FullName())
				}
			}
		}
		return true
	})
}

// TestReadsShareTheNextWrite: reads wait for a write, but no longer than the
// delay; refused calls record nothing, nor do repeated ones in that hour.
func TestReadsShareTheNextWrite(t *testing.T) {
	t.Run("a write", func(t *testing.T) {
		readOnce(t, time.Hour, func(w *world.World) { w.NewKey("one-more", "READER") })
	})
	t.Run("the delay", func(t *testing.T) {
		readOnce(t, 10*time.Millisecond, func(*world.World) {})
	})
}

// readOnce reads a file and waits until that is journaled, after calling then or
// after the delay.
func readOnce(t *testing.T, delay time.Duration, then func(*world.World)) {
	t.Helper()
	dir := t.TempDir()
	var st store.Store
	w, stop := world.Start(t, dir, func(o *server.Options) { st, o.AccessDelay = o.Store, delay })
	w.Populate()
	w.Do("reader", "GET", "/v1/candidates/c-free", "")
	w.REST("reader", "GET", "/v1/candidates/c-none", "")
	w.REST("assessor-1", "GET", "/v1/candidates?pageSize=3", "") // they may not list
	then(w)
	waiting, cancel := context.WithTimeout(t.Context(), world.Patience)
	defer cancel()
	var found []map[string]any
	for {
		known := uint64(len(w.Journal()))
		found = world.List(w.Do("auditor", "GET", `/v1/accesses?filter=subject="reader"`, ""), "accesses")
		if len(found) > 0 {
			break
		}
		world.Must(t, st.Wait(waiting, known)) // it is above what was known before the read
	}
	if len(found) != 1 || world.Get(found[0], "candidates", 0) != "candidates/c-free" || world.Get(found[0], "rpc") != "acquis.v1.CandidateService/GetCandidate" {
		t.Errorf("journaled are %v", found)
	}
	w.Do("reader", "GET", "/v1/candidates/c-free", "")
	stop()
	lines := stored(t, dir, time.Time{})
	if n := strings.Count(strings.Join(lines, "\n"), "reader CandidateService/GetCandidate: c-free"); n != 1 {
		t.Errorf("it is journaled %d times: %q", n, lines)
	}
}

// TestListAccesses: auditors find accesses by candidate, subject, RPC and hour;
// reads about a disability show neither who nor how.
func TestListAccesses(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir, func(o *server.Options) { o.AccessDelay = time.Hour })
	settled(w)
	before := w.Clock.Now().Truncate(time.Hour).Format(time.RFC3339)
	for _, r := range reads {
		read(w, w.Transports()["REST"], r.key, r.path)
	}
	w.Clock.Advance(time.Hour)
	w.Do("reader", "GET", "/v1/candidates/c-full", "")
	hour := w.Clock.Now().Truncate(time.Hour).Format(time.RFC3339)
	keys := w.Keys
	stop()
	w, _ = world.Start(t, dir)
	w.Keys = keys
	for filter, want := range map[string]int{
		`candidate = "candidates/c-free" AND subject = "reader"`: 2,
		`candidate = "candidates/c-none"`:                        0,
		`subject = "advisor"`:                                    0,
		`subject = "jury-2"`:                                     0,
		`rpc = "acquis.v1.SessionService/ListExemptions"`:        0,
		`rpc = "acquis.v1.CandidateService/GetCandidate" AND candidate = "candidates/c-full"`:  2,
		`hour_time >= timestamp("` + hour + `")`:                                               1,
		`rpc = "acquis.v1.SessionService/GetGrid" AND hour_time = timestamp("` + before + `")`: 1,
		`subject = "" AND candidate = "candidates/c-exempt"`:                                   1,
	} {
		for name, call := range w.Transports() {
			path := "/v1/accesses?filter=" + strings.NewReplacer(" ", "%20", `"`, "%22", ">", "%3E", "<", "%3C", "=", "%3D").Replace(filter)
			a := call("auditor", "GET", path, "")
			if got := len(world.List(a.Body, "accesses")); got != want {
				t.Errorf("%s %s: %d accesses, want %d: %s", name, filter, got, want, a.Raw)
			}
		}
	}
	page := w.Do("auditor", "GET", "/v1/accesses?pageSize=1", "")
	if len(world.List(page, "accesses")) != 1 || page["nextPageToken"] == "" {
		t.Errorf("a page of one: %v", page)
	}
}

// deaf is a store that refuses reads of files.
type deaf struct{ store.Store }

func (d deaf) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if act.Kind == storepb.EventBody_Kind_READ {
		return errors.New("not now")
	}
	return d.Store.Update(ctx, act, fn)
}

// TestReadsNeverFail: if reads of files cannot be journaled, they are answered
// anyway, and the log reports it.
func TestReadsNeverFail(t *testing.T) {
	w, stop := world.Start(t, t.TempDir(), func(o *server.Options) { o.Store = deaf{o.Store} })
	w.Populate()
	for _, r := range reads {
		read(w, w.Transports()["gRPC"], r.key, r.path)
	}
	stop()
	if !strings.Contains(w.Logs.String(), "could not journal reads") {
		t.Error("the log does not report it")
	}
}
