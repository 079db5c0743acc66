package systemtest

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	errdetails "google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
)

// TestDisksRunFull lets the disk of a server run full, again and again. Writes are
// refused as READ_ONLY and reads go on; answers, health, readiness and metrics tell;
// once there is room the server finds out by itself, and can be backed up again.
// Meanwhile it is killed, and must start on the full disk; in every second round it
// starts there with a compacted file, which has no page to spare. A refused call,
// repeated, is done in the end; nothing that was acknowledged is lost.
func TestDisksRunFull(t *testing.T) {
	rounds := 1
	if long() {
		rounds = 40
	}
	for i, kind := range smallDisks {
		t.Run(kind, func(t *testing.T) {
			f := &fullDisk{t: t, disk: newSmallDisk(t, kind, 48), first: authn.NewSecret()} // room for a backup too
			f.dir = filepath.Join(f.disk.dir, "data")
			f.start()
			f.world.populateForCrash()
			for round := range rounds {
				f.round(i + round)
			}
			f.child.kill()
			if left, _ := filepath.Glob(filepath.Join(f.dir, "backup-*")); left != nil {
				t.Errorf("backups left %v", left)
			}
			checkCrash(t, f.dir, f.world.keys, f.acknowledged)
			if f.refused == 0 {
				t.Error("no call was refused")
			}
			t.Logf("%d rounds, %d kills while the disk was full; %d acknowledged writes, none lost; %d refused, and done when repeated",
				rounds, rounds, len(f.acknowledged), f.refused)
		})
	}
}

type fullDisk struct {
	t     *testing.T
	disk  *smallDisk
	dir   string
	first authn.Secret
	child *child
	world *world

	acknowledged []write
	refused      int
}

// start starts the server, on a disk that may be full.
func (f *fullDisk) start() {
	f.t.Helper()
	var err error
	f.child, err = startChildUnder(f.t, f.dir, nil, childKey+"="+f.first.String())
	must(f.t, err)
	if f.world == nil {
		f.world = &world{t: f.t, keys: map[string]string{"admin": f.first.String()}, routes: readRoutes(),
			send: func(w *world, key, method, path, body string) answer { return w.rest(key, method, path, body) }}
	}
	f.world = f.world.in(f.child)
}

func (f *fullDisk) round(round int) {
	t := f.t
	t.Helper()
	if round%2 == 0 {
		f.disk.fill(t, int64(round%8)<<16)
	} else {
		must(t, f.child.stop())
		compactStore(t, f.dir)
		f.disk.fill(t, 0)
		f.start()
	}
	acknowledged, refused := f.writeUntilRefused(round)
	f.acknowledged = append(f.acknowledged, acknowledged...)
	f.refused += len(refused)
	f.child.waitHealth(t, healthpb.HealthCheckResponse_NOT_SERVING)
	f.told()
	f.read()
	f.child.kill()
	f.start()
	f.read()
	f.disk.free(t)
	f.child.waitHealth(t, healthpb.HealthCheckResponse_SERVING)
	if ready := opsGet(t, f.world.ops+"/readyz"); ready != "ok\n" {
		t.Errorf("readiness, once there is room: %s", ready)
	}
	if _, _, err := takeBackup(t.Context(), f.world.conn, f.first.String()); err != nil {
		t.Errorf("a backup, once there is room: %v", err)
	}
	client := acquispb.NewSessionServiceClient(f.child.conn)
	for _, w := range refused {
		if _, err := client.RecordAssessments(f.world.bearing(t.Context(), "platform"), w.request); err != nil {
			t.Errorf("repeated, once there is room: %v", err)
		}
	}
	f.acknowledged = append(f.acknowledged, refused...)
}

// writeUntilRefused lets callers write until each of them is refused.
func (f *fullDisk) writeUntilRefused(round int) (acknowledged, refused []write) {
	client := acquispb.NewSessionServiceClient(f.child.conn)
	var mu sync.Mutex
	var callers sync.WaitGroup
	for n := range 16 {
		callers.Go(func() {
			for i := 0; ; i++ {
				request := crashRequest(round, n, i)
				request.Assessments[0].Comment = strings.Repeat("vu ", 1000)
				_, err := client.RecordAssessments(f.world.bearing(f.t.Context(), "platform"), request)
				mu.Lock()
				if err != nil {
					refused = append(refused, write{request})
				} else {
					acknowledged = append(acknowledged, write{request})
				}
				mu.Unlock()
				if err != nil && !isReadOnly(err) {
					f.t.Errorf("refused because the disk is full: %v", err)
				}
				if err != nil {
					return
				}
			}
		})
	}
	callers.Wait()
	return acknowledged, refused
}

func isReadOnly(err error) bool {
	st := status.Convert(err)
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return st.Code() == codes.Unavailable && info.GetReason() == acquispb.ErrorReason_READ_ONLY.String()
		}
	}
	return false
}

// told holds what the server says of itself, wherever one may ask, against the disk.
// A server that refused much at once may find that there is room for less, and take
// writes again until there is none: then it is asked anew.
func (f *fullDisk) told() {
	f.t.Helper()
	wrong := f.tells()
	for attempt := 0; wrong != "" && attempt < 10; attempt++ {
		wrong = f.tells()
	}
	if wrong != "" {
		f.t.Errorf("without room: %s", wrong)
	}
	if _, _, err := takeBackup(f.t.Context(), f.world.conn, f.first.String()); reasonOf(err) != "NO_ROOM_FOR_BACKUP" {
		f.t.Errorf("a backup without room: %v", err)
	}
}

// tells writes until that is refused, and returns what is said wrongly then.
func (f *fullDisk) tells() string {
	write := func() answer { return f.world.rest("admin", "POST", "/v1/keys", `{"subject":"x","roles":["READER"]}`) }
	refused := write()
	for n := 0; refused.code == "OK" && n < 5000; n++ {
		refused = write()
	}
	ready, metrics := opsGet(f.t, f.world.ops+"/readyz"), opsGet(f.t, f.world.ops+"/metrics")
	reason := get(refused.body, "details", 0, "reason")
	switch {
	case refused.http != http.StatusServiceUnavailable || reason != "READ_ONLY" || !strings.Contains(refused.raw, "disk is full"):
		return fmt.Sprintf("a write is answered %d %s", refused.http, refused.raw)
	case !strings.Contains(ready, "no room"):
		return "readiness says " + ready
	case !strings.Contains(metrics, "acquis_store_writable 0"):
		return "the metrics do not tell"
	}
	return ""
}

// read reads what was acknowledged; a full disk does not keep anybody from that.
func (f *fullDisk) read() {
	f.t.Helper()
	for candidacy := range crashCandidacies {
		f.world.do("registrar", "GET", "/v1/"+crashRequest(0, candidacy, 0).GetCandidacy()+"/grid", "")
	}
}
