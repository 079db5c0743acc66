package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// TestKeyCreate: administrators who are locked out create a key while no server
// runs. It works; the journal and the log of every start mention it.
func TestKeyCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	out, stop := serving(t, dir)
	if code, _, said := acquis(t, "key", "create", "--data-dir", dir, "--subject", "admin-2", "--role", "ADMIN"); code != 1 || !strings.Contains(said, "stop the server first") {
		t.Errorf("while a server uses the store: %d %s", code, said)
	}
	first := keyLine.FindStringSubmatch(out.String())[1]
	stop()
	code, said, failed := acquis(t, "key", "create", "--data-dir", dir, "--subject", "admin-2", "--role", "ADMIN", "--display-name", "way back in")
	made := keyLine.FindStringSubmatch(said)
	if code != 0 || made == nil || made[1] == first {
		t.Fatalf("%d %q %q", code, said, failed)
	}
	id := regexp.MustCompile(`keys/[a-z2-7]{16}`).FindString(said)
	for range 2 {
		rest, log, stop := servingAloud(t, dir)
		keys := answered(t, rest+"/v1/keys", made[1])
		if !strings.Contains(keys, `"(operator)"`) || !strings.Contains(keys, id) {
			t.Errorf("keys: %s", keys)
		}
		if code := stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if said := log.String(); !strings.Contains(said, `"level":"WARN"`) || !strings.Contains(said, id) || strings.Contains(said, made[1]) {
			t.Errorf("the log says:\n%s", said)
		}
	}
	if code, out, _ := acquis(t, "verify", "--data-dir", dir); code != 0 {
		t.Errorf("verify: %s", out)
	}
}

// TestKeyCreateRefuses: what CreateKey refuses is refused without a server too.
// If there is no store, or one without a first key, nothing is created and the
// error says what to do.
func TestKeyCreateRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, stop := serving(t, dir)
	stop()
	for _, c := range []struct {
		args string
		code int
		said string
	}{
		{"--subject admin --role JURY", 1, "both JURY and ADMIN"},
		{"--subject both --role JURY --role REGISTRAR", 1, "both JURY and REGISTRAR"},
		{"--subject a/b --role ADMIN", 1, "--subject: must"},
		{"--subject late --role ADMIN --expire-time 2020-01-01T00:00:00Z", 1, "--expire-time: must"},
		{"--subject none", 2, "--role"},
		{"--subject none --role KING", 2, "--role"},
		{"--role ADMIN", 2, "--subject"},
	} {
		args := append([]string{"key", "create", "--data-dir", dir}, strings.Fields(c.args)...)
		if code, out, said := acquis(t, args...); code != c.code || !strings.Contains(said, c.said) || strings.Contains(out, "acq_") || strings.Contains(said, "rpc error") {
			t.Errorf("%s: %d %q %q", c.args, code, out, said)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	if code, _, said := acquis(t, "key", "create", "--data-dir", none, "--subject", "x", "--role", "ADMIN"); code != 1 || !strings.Contains(said, "holds no store") || !strings.Contains(said, "run acquis serve there once") {
		t.Errorf("no store: %d %q", code, said)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a data directory was created")
	}
	empty, err := engine().Open(none, store.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, said := acquis(t, "key", "create", "--data-dir", none, "--subject", "x", "--role", "ADMIN")
	if code != 1 || out != "" || !strings.Contains(said, "the store is empty") || !strings.Contains(said, "run acquis serve there once") {
		t.Errorf("empty store: %d %q %q", code, out, said)
	}
	first, _ := serving(t, none)
	first.waitFor(t, "This is its first key")
}

// servingAloud is serving, but keeps the log, which is complete when stop has returned.
func servingAloud(t *testing.T, dir string) (rest string, log *output, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, log, code := new(output), new(output), make(chan int, 1)
	args := []string{"serve", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}
	go func() { code <- run(ctx, args, console{out, log}) }()
	stop = sync.OnceValue(func() int { cancel(); return <-code })
	t.Cleanup(func() { stop() })
	out.waitFor(t, "data  ")
	return httpLine.FindStringSubmatch(out.String())[1], log, stop
}

func answered(t *testing.T, url, key string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	client := &http.Client{Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
