package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// backedUp serves an empty store, and returns a backup of it, fetched by the
// command. When it returns, the server is stopped and the key is set.
func backedUp(t *testing.T) (dir, file string) {
	t.Helper()
	dir, file = t.TempDir(), filepath.Join(t.TempDir(), "b")
	out, stop := serving(t, dir)
	t.Setenv(keyVariable, keyLine.FindStringSubmatch(out.String())[1])
	succeeds(t, "journal acquis/", "backup", "--server", grpcLine.FindStringSubmatch(out.String())[1], "--to", file)
	rest := strings.TrimPrefix(httpLine.FindStringSubmatch(out.String())[1], "http://")
	fails(t, "does not speak gRPC", "backup", "--server", rest, "--to", file+".rest")
	if code := stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	return dir, file
}

func succeeds(t *testing.T, says string, args ...string) string {
	t.Helper()
	code, out, err := acquis(t, args...)
	if code != 0 || !strings.Contains(out, says) {
		t.Fatalf("%v: exit %d, %q %q; want it to say %q", args, code, out, err, says)
	}
	return out
}

func fails(t *testing.T, says string, args ...string) {
	t.Helper()
	if code, out, err := acquis(t, args...); code == 0 || !strings.Contains(err, says) {
		t.Errorf("%v: exit %d, %q %q; want it to fail with %q", args, code, out, err, says)
	}
}

// checkpointOf serves a store again, and returns its checkpoint after one more
// event.
func checkpointOf(t *testing.T, dir string) string {
	t.Helper()
	out, stop := serving(t, dir)
	defer stop()
	base := httpLine.FindStringSubmatch(out.String())[1]
	body := strings.NewReader(`{"subject":"somebody","roles":["READER"]}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/v1/keys", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+os.Getenv(keyVariable))
	made, err := http.DefaultClient.Do(req)
	if err != nil || made.StatusCode != http.StatusOK {
		t.Fatal(made, err)
	}
	_ = made.Body.Close()
	answer, err := http.Get(base + "/v1/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	note := regexp.MustCompile(`"checkpoint": ?"([^"]+)"`).FindStringSubmatch(string(text))[1]
	return strings.ReplaceAll(note, `\n`, "\n")
}

// A backup is restored into an empty directory, and its key still works. It
// replaces no file and no directory that a server is using.
func TestBackupAndRestore(t *testing.T) {
	dir, file := backedUp(t)
	fresh := filepath.Join(t.TempDir(), "new", "data")
	if said := succeeds(t, "could not be compared", "restore", "--from", file, "--data-dir", fresh); !strings.Contains(said, "no signing.key") {
		t.Errorf("it does not name the missing file: %s", said)
	}
	out, _ := serving(t, fresh)
	address := grpcLine.FindStringSubmatch(out.String())[1]
	if strings.Contains(out.String(), "acq_") {
		t.Errorf("the restored store is treated as new:\n%s", out)
	}
	fails(t, "file already exists", "backup", "--server", address, "--to", file)
	fails(t, "in use by another process", "restore", "--from", file, "--data-dir", fresh)
	succeeds(t, "up to event", "backup", "--server", address, "--to", file+"2", "--decisions")
	t.Setenv(keyVariable, "acq_none")
	fails(t, "not valid", "backup", "--server", address, "--to", file+"3")
	t.Setenv(keyVariable, "")
	fails(t, keyVariable, "backup", "--server", address, "--to", file+"3")
	if left, _ := filepath.Glob(file + "3*"); left != nil {
		t.Errorf("a backup that failed leaves %v", left)
	}
	succeeds(t, "bytes before", "compact", "--data-dir", dir)
}

// A restore does not contradict a published checkpoint by mistake, neither the
// last one of the replaced store nor one from a file. Under a new name the
// journal continues.
func TestRestoreForksNothing(t *testing.T) {
	dir, file := backedUp(t)
	succeeds(t, "never signed one", "restore", "--from", file, "--data-dir", dir)
	published := checkpointOf(t, dir)
	before := contents(t, dir)
	fails(t, "--new-origin", "restore", "--from", file, "--data-dir", dir)
	if after := contents(t, dir); !bytes.Equal(before, after) {
		t.Error("a restore that was refused changed the store")
	}
	kept := filepath.Join(t.TempDir(), "checkpoint")
	write(t, kept, []byte(published))
	fails(t, "--new-origin", "restore", "--from", file, "--data-dir", t.TempDir(), "--checkpoint", kept)
	fails(t, "--new-origin", "restore", "--from", file, "--data-dir", t.TempDir(), "--checkpoint", otherCheckpoint(t))
	write(t, kept, []byte("Bonjour"))
	fails(t, "not a checkpoint", "restore", "--from", file, "--data-dir", t.TempDir(), "--checkpoint", kept)
	old, _, _ := strings.Cut(published, "\n")
	fails(t, "had the name", "restore", "--from", file, "--data-dir", dir, "--new-origin", "--origin", old)
	said := succeeds(t, "older than the last checkpoint", "restore", "--from", file, "--data-dir", dir, "--new-origin", "--origin", "second")
	if !strings.Contains(said, "Events of the previous store that are not in the backup: ") || !strings.Contains(said, "journal second") {
		t.Errorf("it says %s", said)
	}
	if again := checkpointOf(t, dir); !strings.HasPrefix(again, "second\n") || !strings.Contains(again, "\n— second ") {
		t.Errorf("the new checkpoint is %s", again)
	}
	succeeds(t, "Everything fits.", "verify", "--data-dir", dir)
	write(t, kept, []byte(published))
	if code, said, _ := acquis(t, "verify", "--data-dir", dir, "--checkpoint", kept); code != 1 || !strings.Contains(said, "it is another journal") {
		t.Errorf("what was published under the old name is not reported as missing: %d %s", code, said)
	}
	replaced, _ := filepath.Glob(filepath.Join(dir, storeFile+".replaced-*"))
	if len(replaced) != 2 || !bytes.Equal(before, read(t, replaced[1])) {
		t.Errorf("the replaced stores are %v", replaced)
	}
}

// A checkpoint that the backup extends allows the restore.
func TestRestoreExtends(t *testing.T) {
	dir, _ := backedUp(t)
	kept, file := filepath.Join(t.TempDir(), "checkpoint"), filepath.Join(t.TempDir(), "b")
	write(t, kept, []byte(checkpointOf(t, dir)))
	out, stop := serving(t, dir)
	succeeds(t, "", "backup", "--server", grpcLine.FindStringSubmatch(out.String())[1], "--to", file)
	stop()
	succeeds(t, "It extends the checkpoint in "+kept, "restore", "--from", file, "--data-dir", t.TempDir(), "--checkpoint", kept)
	note := string(read(t, kept))
	answer, err := json.Marshal(map[string]string{"name": "checkpoint", "checkpoint": note})
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range []string{string(answer), note + "\n", strings.TrimSuffix(note, "\n"), strings.ReplaceAll(note, "\n", "\r\n")} {
		write(t, kept, []byte(as))
		restored := t.TempDir()
		succeeds(t, "It extends the checkpoint in "+kept, "restore", "--from", file, "--data-dir", restored, "--checkpoint", kept)
		succeeds(t, "The journal extends the checkpoint", "verify", "--data-dir", restored, "--checkpoint", kept)
	}
	succeeds(t, "It extends the last checkpoint", "restore", "--from", file, "--data-dir", dir)
}

// otherCheckpoint returns a checkpoint of another journal.
func otherCheckpoint(t *testing.T) string {
	t.Helper()
	dir, name := t.TempDir(), filepath.Join(t.TempDir(), "other")
	key := os.Getenv(keyVariable)
	out, stop := serving(t, dir)
	t.Setenv(keyVariable, keyLine.FindStringSubmatch(out.String())[1])
	stop()
	write(t, name, []byte(checkpointOf(t, dir)))
	t.Setenv(keyVariable, key)
	return name
}

// A file that is not a backup, or was changed, is refused, and the existing
// store stays.
func TestRestoreRefusesDamage(t *testing.T) {
	dir, file := backedUp(t)
	whole, before := read(t, file), contents(t, dir)
	for what, b := range map[string][]byte{
		"nothing":          {},
		"a text":           []byte("Bonjour"),
		"a store":          before,
		"half of it":       whole[:len(whole)/2],
		"all but a byte":   whole[:len(whole)-1],
		"another byte":     append(append(bytes.Clone(whole[:9000]), whole[9000]+1), whole[9001:]...),
		"two in one":       append(bytes.Clone(whole), whole...),
		"another sequence": bytes.Replace(whole, []byte(`"sequence": 3`), []byte(`"sequence": 2`), 1),
	} {
		bad := filepath.Join(t.TempDir(), "bad")
		write(t, bad, b)
		if code, _, err := acquis(t, "restore", "--from", bad, "--data-dir", dir); code != 1 || !strings.Contains(err, "backup") {
			t.Errorf("%s: exit %d, %s", what, code, err)
		}
	}
	fails(t, "no such file", "restore", "--from", file+"-none", "--data-dir", dir)
	if after := contents(t, dir); !bytes.Equal(before, after) {
		t.Error("the existing store has changed")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 3 {
		t.Errorf("the directory holds %v", left)
	}
}

// After a backup or a restore is killed, either the old state or the new one
// exists, and the next run works.
func TestKilledBackupsAndRestores(t *testing.T) {
	rounds := 8
	if os.Getenv("ACQUIS_LONG") != "" {
		rounds = 200
	}
	dir, file := backedUp(t)
	whole := read(t, file)
	live, stop := serving(t, t.TempDir())
	defer stop()
	t.Setenv(keyVariable, keyLine.FindStringSubmatch(live.String())[1])
	var made, restored int
	for range rounds {
		other := filepath.Join(t.TempDir(), "other")
		killed(t, "backup", "--server", grpcLine.FindStringSubmatch(live.String())[1], "--to", other)
		if _, err := os.Stat(other); err == nil {
			made++
			if err := checkBackup(t.Context(), engine(), other, false); err != nil {
				t.Errorf("a backup of a run that was killed: %v", err)
			}
		}
		before := contents(t, dir)
		killed(t, "restore", "--from", file, "--data-dir", dir)
		after := contents(t, dir)
		if bytes.Equal(after, whole[:len(whole)-4096]) {
			restored++
		} else if !bytes.Equal(before, after) {
			t.Fatal("the store is neither the old nor the new one")
		}
		opened(t, dir) // which changes it again, because it is closed
		if _, err := os.Stat(filepath.Join(dir, "restore.partial")); err == nil {
			t.Error("leftovers of a restore are still there after a start")
		}
	}
	t.Logf("%d rounds: %d backups and %d restores were whole", rounds, made, restored)
}

// killed runs a command and kills it at a random moment, unless it ends before.
func killed(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond+rand.N(50*time.Millisecond))
	defer cancel()
	process := exec.CommandContext(ctx, os.Args[0], args...)
	process.Env = append(os.Environ(), asProcess+"=1")
	_ = process.Run() // it was killed or has ended: the caller checks what it left
}

func contents(t *testing.T, dir string) []byte {
	t.Helper()
	return read(t, filepath.Join(dir, storeFile))
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
