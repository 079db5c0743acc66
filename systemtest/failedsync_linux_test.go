package systemtest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestFailedSync: a sync that fails makes the server read-only for good, also
// where the disk is well again; it says that it must be restarted, and then all is
// there that was acknowledged.
func TestFailedSync(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.newKey("before", "READER")
	file := openedFile(t, filepath.Join(dir, storeFile))
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

func (w *world) allKeys() (keys []map[string]any) {
	w.t.Helper()
	for token, first := "", true; first || token != ""; first = false {
		page := w.do("admin", "GET", "/v1/keys?pageSize=1000&pageToken="+token, "")
		keys = append(keys, list(page, "keys")...)
		token = page["nextPageToken"].(string)
	}
	return keys
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
