package disks

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
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestDisksRunFull repeatedly fills the disk of a server. Writes are refused as
// READ_ONLY and reads continue; answers, health, readiness and metrics report it;
// once there is room the server notices by itself, and can be backed up again.
// While the disk is full it is killed, and must start again; in every second
// round it starts there with a compacted file, which has no spare page. A refused
// call, repeated, succeeds in the end; nothing that was acknowledged is lost.
func TestDisksRunFull(t *testing.T) {
	rounds := 1
	if world.Long() {
		rounds = 40
	}
	for i, kind := range rig.SmallDisks {
		t.Run(kind, func(t *testing.T) {
			f := &fullDisk{t: t, disk: rig.NewSmallDisk(t, kind, 48), first: authn.NewSecret()} // room for a backup too
			f.dir = filepath.Join(f.disk.Dir, "data")
			f.start()
			populateForCrash(f.world)
			for round := range rounds {
				f.round(i + round)
			}
			f.child.Kill()
			if left, _ := filepath.Glob(filepath.Join(f.dir, "backup-*")); left != nil {
				t.Errorf("backups left %v", left)
			}
			checkCrash(t, f.dir, f.world.Keys, f.acknowledged)
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
	disk  *rig.SmallDisk
	dir   string
	first authn.Secret
	child *rig.Child
	world *world.World

	acknowledged []write
	refused      int
}

// start starts the server, on a disk that may be full.
func (f *fullDisk) start() {
	f.t.Helper()
	var err error
	f.child, err = rig.StartChildUnder(f.t, f.dir, nil, rig.ChildKey+"="+f.first.String())
	world.Must(f.t, err)
	if f.world == nil {
		f.world = &world.World{T: f.t, Keys: map[string]string{"admin": f.first.String()}, Routes: world.ReadRoutes(),
			Send: func(w *world.World, key, method, path, body string) world.Answer {
				return w.REST(key, method, path, body)
			}}
	}
	f.world = rig.In(f.world, f.child)
}

func (f *fullDisk) round(round int) {
	t := f.t
	t.Helper()
	if round%2 == 0 {
		f.disk.Fill(t, int64(round%8)<<16)
	} else {
		world.Must(t, f.child.Stop())
		world.CompactStore(t, f.dir)
		f.disk.Fill(t, 0)
		f.start()
	}
	acknowledged, refused := f.writeUntilRefused(round)
	f.acknowledged = append(f.acknowledged, acknowledged...)
	f.refused += len(refused)
	f.child.WaitHealth(t, healthpb.HealthCheckResponse_NOT_SERVING)
	f.told()
	f.read()
	f.child.Kill()
	f.start()
	f.read()
	f.disk.Free(t)
	f.child.WaitHealth(t, healthpb.HealthCheckResponse_SERVING)
	if ready := world.OpsGet(t, f.world.Ops+"/readyz"); ready != "ok\n" {
		t.Errorf("readiness, once there is room: %s", ready)
	}
	if _, _, err := takeBackup(t.Context(), f.world.Conn, f.first.String()); err != nil {
		t.Errorf("a backup, once there is room: %v", err)
	}
	client := acquispb.NewSessionServiceClient(f.child.Conn)
	for _, w := range refused {
		if _, err := client.RecordAssessments(f.world.Bearing(t.Context(), "platform"), w.request); err != nil {
			t.Errorf("repeated, once there is room: %v", err)
		}
	}
	f.acknowledged = append(f.acknowledged, refused...)
}

// writeUntilRefused has callers write until each of them is refused.
func (f *fullDisk) writeUntilRefused(round int) (acknowledged, refused []write) {
	client := acquispb.NewSessionServiceClient(f.child.Conn)
	var mu sync.Mutex
	var callers sync.WaitGroup
	for n := range 16 {
		callers.Go(func() {
			for i := 0; ; i++ {
				request := crashRequest(round, n, i)
				request.Assessments[0].Comment = strings.Repeat("vu.", 1000)
				_, err := client.RecordAssessments(f.world.Bearing(f.t.Context(), "platform"), request)
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

// told compares everything that the server reports about itself with the state of
// the disk. A server that refused a large write may find room for a smaller one,
// and accept writes again until the disk is full: then it is checked again.
func (f *fullDisk) told() {
	f.t.Helper()
	wrong := f.tells()
	for attempt := 0; wrong != "" && attempt < 10; attempt++ {
		wrong = f.tells()
	}
	if wrong != "" {
		f.t.Errorf("without room: %s", wrong)
	}
	if _, _, err := takeBackup(f.t.Context(), f.world.Conn, f.first.String()); world.ReasonOf(err) != "NO_ROOM_FOR_BACKUP" {
		f.t.Errorf("a backup without room: %v", err)
	}
}

// tells writes until a write is refused, and returns what is reported wrongly
// then.
func (f *fullDisk) tells() string {
	write := func() world.Answer {
		return f.world.REST("admin", "POST", "/v1/keys", `{"subject":"x","roles":["READER"]}`)
	}
	refused := write()
	for n := 0; refused.Code == "OK" && n < 5000; n++ {
		refused = write()
	}
	ready, metrics := world.OpsGet(f.t, f.world.Ops+"/readyz"), world.OpsGet(f.t, f.world.Ops+"/metrics")
	reason := world.Get(refused.Body, "details", 0, "reason")
	switch {
	case refused.HTTP != http.StatusServiceUnavailable || reason != "READ_ONLY" || !strings.Contains(refused.Raw, "disk is full"):
		return fmt.Sprintf("a write is answered %d %s", refused.HTTP, refused.Raw)
	case !strings.Contains(ready, "no room"):
		return "readiness says " + ready
	case !strings.Contains(metrics, "acquis_store_writable 0"):
		return "the metrics do not report it"
	}
	return ""
}

// read reads what was acknowledged, which a full disk does not prevent.
func (f *fullDisk) read() {
	f.t.Helper()
	for candidacy := range crashCandidacies {
		f.world.Do("registrar", "GET", "/v1/"+crashRequest(0, candidacy, 0).GetCandidacy()+"/grid", "")
	}
}
