package disks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// waitLogged returns once the service has logged a text that many times.
func waitLogged(w *world.World, said string, times int) {
	w.T.Helper()
	patience := time.After(world.Patience)
	for {
		more := w.Logs.More()
		if strings.Count(w.Logs.String(), said) >= times {
			return
		}
		select {
		case <-more:
		case <-patience:
			w.T.Fatalf("%q was not logged %d times:\n%s", said, times, w.Logs)
		}
	}
}

func backupsIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "acquis-*.backup"))
	world.Must(t, err)
	return names
}

// TestScheduledBackups: backups are made on schedule, and each is checked before
// it gets its name and before an older one is removed. They do not touch other
// files, and remove the unfinished files of a killed process.
func TestScheduledBackups(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	world.Must(t, os.Mkdir(dir, 0o700))
	foreign, partial := filepath.Join(dir, "acquis-old.backup"), filepath.Join(dir, "acquis-20260101T000000.000Z.backup.partial")
	world.Must(t, errors.Join(os.WriteFile(foreign, []byte("Bonjour"), 0o600), os.WriteFile(partial, nil, 0o600)))
	var checked, unsound atomic.Int32
	data := t.TempDir()
	clocked := func(interval time.Duration) func(*server.Options) {
		return func(o *server.Options) {
			o.Now = time.Now
			o.Backups = backup.Settings{Dir: dir, Interval: interval, Keep: 2, Check: func(_ context.Context, name string) error {
				checked.Add(1)
				if unsound.Load() > 0 {
					return errors.New("unsound")
				}
				_, err := backup.ReadManifest(name)
				return errors.Join(err, notPublished(name))
			}}
		}
	}
	w, stop := world.Start(t, data, clocked(20*time.Millisecond))
	waitLogged(w, `"msg":"made a backup"`, 5)
	if got := len(backupsIn(t, dir)); got > 4 { // with the foreign file, and a new one
		t.Errorf("%d backups are kept", got)
	}
	unsound.Store(1)
	waitLogged(w, `"msg":"a backup failed"`, 3)
	before := backupsIn(t, dir)
	waitLogged(w, `"msg":"a backup failed"`, 5)
	if after := backupsIn(t, dir); len(before) != 3 || strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("while backups fail, the kept ones change from %v to %v", before, after)
	}
	metrics := world.OpsGet(t, w.Ops+"/metrics")
	if strings.Contains(metrics, "acquis_backup_failures_total 0\n") || strings.Contains(metrics, "acquis_backup_last_timestamp_seconds 0\n") {
		t.Errorf("the metrics report neither failures nor the last success:\n%s", metrics)
	}
	if world.OpsGet(t, w.Ops+"/readyz") != "ok\n" {
		t.Error("a failing backup prevents calls")
	}
	stop()
	if _, err := os.Stat(partial); err == nil {
		t.Error("the unfinished file is still there")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is not a backup: %v", err)
	}
	for _, name := range before {
		if name != foreign {
			_, err := backup.ReadManifest(name)
			world.Must(t, err)
		}
	}
	unsound.Store(0)
	restarted(t, w, data, clocked(time.Hour), checked.Load, 0)
	restarted(t, w, data, clocked(100*time.Millisecond), checked.Load, 1)
}

// restarted starts a service again, and checks whether a backup was due.
func restarted(t *testing.T, before *world.World, data string, change func(*server.Options), checked func() int32, due int32) {
	t.Helper()
	n := checked()
	again, stop := world.Start(t, data, change)
	again.Keys = before.Keys
	if due > 0 {
		waitLogged(again, `"msg":"made a backup"`, 1)
	}
	again.Do("admin", "GET", "/v1/keys", "")
	stop()
	if got := checked() - n; (got > 0) != (due > 0) {
		t.Errorf("after a restart %d backups were made", got)
	}
}

// notPublished checks that a backup does not have its name yet.
func notPublished(name string) error {
	if strings.HasSuffix(name, ".backup") {
		return errors.New("the backup has its name before it was checked")
	}
	return nil
}
