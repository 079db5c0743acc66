package disks

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestFailedSync: a failed sync makes the server read-only until it is restarted,
// even if the disk works again; it says that it must be restarted. After a
// restart everything acknowledged is there.
func TestFailedSync(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.NewKey("before", "READER")
	file := openedFile(t, filepath.Join(dir, world.StoreFile))
	whole, err := syscall.Dup(file)
	world.Must(t, err)
	defer syscall.Close(whole) //nolint:errcheck // a copy
	broken, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	world.Must(t, err)
	defer broken.Close()
	write := func() world.Answer { return w.REST("admin", "POST", "/v1/keys", `{"subject":"x","roles":["READER"]}`) }
	world.Must(t, syscall.Dup3(int(broken.Fd()), file, syscall.O_CLOEXEC)) // accepts every write, but no sync
	first := write()
	world.Must(t, syscall.Dup3(whole, file, syscall.O_CLOEXEC))
	for what, a := range map[string]world.Answer{"with the failed sync": first, "after it": write()} {
		if a.HTTP != 503 || world.Get(a.Body, "details", 0, "reason") != "READ_ONLY" || !strings.Contains(a.Raw, "restarted") {
			t.Errorf("a write %s: %d %s", what, a.HTTP, a.Raw)
		}
	}
	if ready := world.OpsGet(t, w.Ops+"/readyz"); !strings.Contains(ready, "read-only") || strings.Contains(ready, "no room") {
		t.Errorf("readiness says %s", ready)
	}
	_, copied, err := takeBackup(t.Context(), w.Conn, w.Keys["admin"])
	if err != nil || len(copied) == 0 {
		t.Errorf("the existing data cannot be backed up: %v", err)
	}
	stop()
	again, _ := world.Start(t, dir)
	again.Keys = w.Keys
	if got := len(allKeys(again)); got != 2 {
		t.Errorf("%d keys, 2 were acknowledged", got)
	}
	again.NewKey("after", "READER")
}

func allKeys(w *world.World) (keys []map[string]any) {
	w.T.Helper()
	for token, first := "", true; first || token != ""; first = false {
		page := w.Do("admin", "GET", "/v1/keys?pageSize=1000"+world.Onwards(token), "")
		keys = append(keys, world.List(page, "keys")...)
		token = page["nextPageToken"].(string)
	}
	return keys
}

// openedFile is the descriptor under which this process has a file open.
func openedFile(t *testing.T, file string) int {
	t.Helper()
	descriptors, err := os.ReadDir("/proc/self/fd")
	world.Must(t, err)
	for _, d := range descriptors {
		if leads, err := os.Readlink("/proc/self/fd/" + d.Name()); err == nil && leads == file {
			n, err := strconv.Atoi(d.Name())
			world.Must(t, err)
			return n
		}
	}
	t.Fatalf("this process does not have %s open", file)
	return 0
}
