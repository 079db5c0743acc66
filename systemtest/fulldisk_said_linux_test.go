package systemtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store/bolt"
)

// TestFullDiskIsSaid fills the disk under a server. Writes are refused, which they and
// the readiness say; reads go on; and once there is room all is as before, by
// itself, with every acknowledged write.
func TestFullDiskIsSaid(t *testing.T) {
	for _, kind := range smallDisks {
		t.Run(kind, func(t *testing.T) { fillDisk(t, newSmallDisk(t, kind, 48)) }) // room for a backup too
	}
}

func fillDisk(t *testing.T, disk *smallDisk) {
	dir := filepath.Join(disk.dir, "data")
	w, stop := start(t, dir, func(o *server.Options) { o.Backups.Scratch = dir })
	made := 0
	write := func() answer {
		a := w.rest("admin", "POST", "/v1/keys", fmt.Sprintf(`{"subject":"s-%d","roles":["READER"]}`, made))
		if a.code == "OK" {
			made++
		}
		return a
	}
	rounds := 1
	if os.Getenv("ACQUIS_LONG") != "" {
		rounds = 10
	}
	for round := range rounds {
		disk.fill(t, 0)
		a := write()
		for ; a.code == "OK"; a = write() {
			if made > 5000 {
				t.Fatal("a full disk takes every write")
			}
		}
		if a.http != 503 || get(a.body, "details", 0, "reason") != "READ_ONLY" || !strings.Contains(a.raw, "disk is full") {
			t.Fatalf("round %d: a write without room: %d %s", round, a.http, a.raw)
		}
		if a := write(); a.code == "OK" || get(a.body, "details", 0, "reason") != "READ_ONLY" {
			t.Errorf("round %d: the next write without room: %s", round, a.raw)
		}
		if ready := opsGet(t, w.ops+"/readyz"); !strings.Contains(ready, "no room") {
			t.Errorf("round %d: readiness says %s", round, ready)
		}
		if !strings.Contains(opsGet(t, w.ops+"/metrics"), "acquis_store_writable 0") {
			t.Errorf("round %d: the metrics do not tell", round)
		}
		w.do("admin", "GET", "/v1/keys", "")
		if _, _, err := takeBackup(t.Context(), w.conn, w.keys["admin"]); reasonOf(err) != "NO_ROOM_FOR_BACKUP" {
			t.Errorf("round %d: a backup without room: %v", round, err)
		}
		disk.free(t)
		w.waitReady()
		if a := write(); a.code != "OK" {
			t.Errorf("round %d: a write once there is room: %s", round, a.raw)
		}
		if _, _, err := takeBackup(t.Context(), w.conn, w.keys["admin"]); err != nil {
			t.Errorf("round %d: a backup once there is room: %v", round, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "backup-*")); left != nil {
		t.Errorf("backups left %v", left)
	}
	stop()
	again, _ := start(t, dir)
	again.keys = w.keys
	if got := len(again.allKeys()); got != made+1 {
		t.Errorf("%d keys of %d acknowledged", got, made+1)
	}
	t.Logf("%d writes acknowledged over %d full disks", made, rounds)
}

// waitReady returns once the server wants calls again.
func (w *world) waitReady() {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); opsGet(w.t, w.ops+"/readyz") != "ok\n"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("the server does not find out that there is room")
		}
	}
}

func (w *world) allKeys() (keys []map[string]any) {
	w.t.Helper()
	for token, first := "", true; first || token != ""; first = false {
		page := w.do("admin", "GET", "/v1/keys?pageSize=1000&pageToken="+token, "")
		keys = append(keys, list(page, "keys")...)
		token = page["nextPageToken"].(string)
	}
	return keys
}

// TestFailedSync: a sync that fails makes the server read-only for good, also
// where the disk is well again; it says that it must be restarted, and then all is
// there that was acknowledged.
func TestFailedSync(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.newKey("before", "READER")
	file := openedFile(t, filepath.Join(dir, bolt.FileName))
	whole, err := syscall.Dup(file)
	must(t, err)
	defer syscall.Close(whole) //nolint:errcheck // a copy
	broken, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	must(t, err)
	defer broken.Close()
	write := func() answer { return w.rest("admin", "POST", "/v1/keys", `{"subject":"x","roles":["READER"]}`) }
	must(t, syscall.Dup3(int(broken.Fd()), file, syscall.O_CLOEXEC)) // takes every write, and no sync
	first := write()
	must(t, syscall.Dup3(whole, file, syscall.O_CLOEXEC))
	for what, a := range map[string]answer{"with the failed sync": first, "after it": write()} {
		if a.http != 503 || get(a.body, "details", 0, "reason") != "READ_ONLY" || !strings.Contains(a.raw, "restarted") {
			t.Errorf("a write %s: %d %s", what, a.http, a.raw)
		}
	}
	if ready := opsGet(t, w.ops+"/readyz"); !strings.Contains(ready, "read-only") || strings.Contains(ready, "no room") {
		t.Errorf("readiness says %s", ready)
	}
	_, copied, err := takeBackup(t.Context(), w.conn, w.keys["admin"])
	if err != nil || len(copied) == 0 {
		t.Errorf("what is there cannot be backed up: %v", err)
	}
	stop()
	again, _ := start(t, dir)
	again.keys = w.keys
	if got := len(again.allKeys()); got != 2 {
		t.Errorf("%d keys, 2 were acknowledged", got)
	}
	again.newKey("after", "READER")
}

// openedFile is the descriptor by which this process holds a file.
func openedFile(t *testing.T, file string) int {
	t.Helper()
	descriptors, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, d := range descriptors {
		if leads, err := os.Readlink("/proc/self/fd/" + d.Name()); err == nil && leads == file {
			n, err := strconv.Atoi(d.Name())
			must(t, err)
			return n
		}
	}
	t.Fatalf("nothing holds %s", file)
	return 0
}
