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

// waitLogged returns once the service has logged something so often.
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

// TestScheduledBackups: backups are made by the clock, each checked before it has
// its name and before an older one goes. What is not theirs they leave alone, and
// what a process that was ended had begun they remove.
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
	if got := len(backupsIn(t, dir)); got > 4 { // with the foreign file, and one just made
		t.Errorf("%d backups are kept", got)
	}
	unsound.Store(1)
	waitLogged(w, `"msg":"a backup failed"`, 3)
	before := backupsIn(t, dir)
	waitLogged(w, `"msg":"a backup failed"`, 5)
	if after := backupsIn(t, dir); len(before) != 3 || strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("while backups fail, those that are kept change from %v to %v", before, after)
	}
	metrics := world.OpsGet(t, w.Ops+"/metrics")
	if strings.Contains(metrics, "acquis_backup_failures_total 0\n") || strings.Contains(metrics, "acquis_backup_last_timestamp_seconds 0\n") {
		t.Errorf("the metrics tell neither failures nor the last success:\n%s", metrics)
	}
	if world.OpsGet(t, w.Ops+"/readyz") != "ok\n" {
		t.Error("a backup that fails keeps calls away")
	}
	stop()
	if _, err := os.Stat(partial); err == nil {
		t.Error("what had been begun is still there")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("what is no backup: %v", err)
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

// restarted starts a service again, and looks whether a backup was due.
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

// notPublished tells that a backup has not its name yet.
func notPublished(name string) error {
	if strings.HasSuffix(name, ".backup") {
		return errors.New("it has its name before it was checked")
	}
	return nil
}
