package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output collects the output of a command while it runs. Its zero value is ready.
type output struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	heard chan struct{} // closed at the next write, if a test waits for one
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.heard != nil {
		close(o.heard)
		o.heard = nil
	}
	return o.buf.Write(p)
}

// waitFor returns once the command has written that.
func (o *output) waitFor(t *testing.T, said string) {
	t.Helper()
	patience := time.After(2 * time.Minute)
	for {
		o.mu.Lock()
		found := strings.Contains(o.buf.String(), said)
		if o.heard == nil {
			o.heard = make(chan struct{})
		}
		heard := o.heard
		o.mu.Unlock()
		if found {
			return
		}
		select {
		case <-heard:
		case <-patience:
			t.Fatalf("%q was not printed, but:\n%s", said, o)
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// acquis runs one command line to its end.
func acquis(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr output
	code = run(t.Context(), args, console{&stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

// serving runs "acquis serve" until stop, which returns its exit code.
func serving(t *testing.T, dir string, more ...string) (out *output, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, code := new(output), make(chan int, 1)
	args := []string{"serve", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}
	args = append(args, more...)
	go func() { code <- run(ctx, args, console{out, io.Discard}) }()
	stop = sync.OnceValue(func() int { cancel(); return <-code })
	t.Cleanup(func() { stop() })
	out.waitFor(t, "data  ")
	return out, stop
}

var (
	keyLine  = regexp.MustCompile(`ACQUIS_KEY=(acq_[a-z2-7]{16}_[a-z2-7]{52})\n`)
	httpLine = regexp.MustCompile(`REST +(http://\S+)`)
	grpcLine = regexp.MustCompile(`gRPC +(\S+)`)
	opsLine  = regexp.MustCompile(`operations +http://(\S+)`)
)

// The first start prints its addresses and one key, which works; the second finds
// the data and prints no key; both exit with 0 when stopped.
func TestServePrintsTheFirstKeyOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	out, stop := serving(t, dir)
	keys := keyLine.FindAllStringSubmatch(out.String(), -1)
	if len(keys) != 1 {
		t.Fatalf("printed %d keys:\n%s", len(keys), out)
	}
	secret := keys[0][1]
	if got := statusOf(t, httpLine.FindStringSubmatch(out.String())[1], secret); got != http.StatusOK {
		t.Errorf("the printed key got %d", got)
	}
	if code, said, err := acquis(t, "healthcheck", "--ops-addr", opsLine.FindStringSubmatch(out.String())[1]); code != 0 || said != "ready\n" {
		t.Errorf("healthcheck: %d %q %q", code, said, err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	again, stop := serving(t, dir)
	if strings.Contains(again.String(), "acq_") || strings.Contains(again.String(), "new") {
		t.Errorf("the second start says:\n%s", again)
	}
	if got := statusOf(t, httpLine.FindStringSubmatch(again.String())[1], secret); got != http.StatusOK {
		t.Errorf("after a restart the key got %d", got)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func statusOf(t *testing.T, base, secret string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// A first key that nobody can have seen ends the start, with an error that says
// what to do.
func TestFirstKeyThatCannotBeShown(t *testing.T) {
	full, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	if err := full.Close(); err != nil { // closed for reading, so that writing fails
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // if the service starts anyway, it ends with 0
	defer cancel()
	var logs output
	dir := t.TempDir()
	code := run(ctx, []string{"serve", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"},
		console{write, &logs})
	if code != 1 || !strings.Contains(logs.String(), "nobody has it: remove "+dir) {
		t.Errorf("exit %d, %s", code, &logs)
	}
}

// A key from the environment becomes the first key and is not repeated.
func TestBootstrapKeyIsNotPrinted(t *testing.T) {
	const secret = "acq_aaaaaaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	t.Setenv(bootstrapVariable, secret)
	out, _ := serving(t, t.TempDir())
	if strings.Contains(out.String(), secret) || !strings.Contains(out.String(), bootstrapVariable) {
		t.Errorf("serve says:\n%s", out)
	}
	if got := statusOf(t, httpLine.FindStringSubmatch(out.String())[1], secret); got != http.StatusOK {
		t.Errorf("the key got %d", got)
	}
}

// Bad command lines are refused with one clear line, before anything is touched.
func TestRefusedCommandLines(t *testing.T) {
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "not a loopback address", []string{"serve", "--http-addr", "0.0.0.0:8080"}},
		{2, "--insecure-plaintext", []string{"serve", "--grpc-addr", ":9090"}},
		{2, "--call-timeout", []string{"serve", "--call-timeout", "0s"}},
		{2, "an origin has", []string{"serve", "--origin", "two words"}},
		{2, "must begin with https://", []string{"serve", "--issuer-url", "certificateur.example", "--issuer-name", "École"}},
		{2, "set both or neither", []string{"serve", "--issuer-url", "https://certificateur.example"}},
		{2, "set both or neither", []string{"serve", "--issuer-name", "École"}},
		{2, "must not have a user", []string{"serve", "--issuer-url", "https://a:b@certificateur.example", "--issuer-name", "École"}},
		{2, "--issuer-name", []string{"serve", "--issuer-url", "https://certificateur.example", "--issuer-name", "\u200b"}},
		{2, "--issuer-url", []string{"serve", "--issuer-url", "https://certificateur.exa\u200bmple", "--issuer-name", "École"}},
		{2, "--origin", []string{"serve", "--origin", "certificateur\u202e.example"}},
		{2, "--origin", []string{"restore", "--from", "none.backup", "--new-origin", "--origin", "a\u200b"}},
		{2, "--origin: needs --new-origin", []string{"restore", "--from", "none.backup", "--origin", "second"}},
		{2, "time zone", []string{"serve", "--time-zone", "Europe/Lutece"}},
		{2, "is not a time zone", []string{"serve", "--time-zone", "Local"}},
		{2, "is not a time zone", []string{"serve", "--time-zone", "localtime"}},
		{2, "is not a time zone", []string{"serve", "--time-zone", "../UTC"}},
		{2, "is not a time zone", []string{"serve", "--time-zone", "UTC/"}},
		{2, "time zone", []string{"serve", "--time-zone", ""}},
		{2, "no such file", []string{"serve", "--signing-key-file", "none.key"}},
		{2, "unknown flag", []string{"serve", "--colour"}},
		{2, "unexpected argument", []string{"serv"}},
		{2, "--data-dir", []string{"serve", "--data-dir", ""}},
		{2, "name a directory", []string{"verify", "--data-dir", ""}},
		{2, "name a directory", []string{"compact", "--data-dir", ""}},
		{2, "name a directory", []string{"restore", "--from", "none.backup", "--data-dir", ""}},
		{2, "name a directory", []string{"key", "create", "--subject", "a", "--role", "ADMIN", "--data-dir", ""}},
		{1, "--from none.backup: no such file", []string{"restore", "--from", "none.backup"}},
		{1, "--checkpoint: open none: no such file", []string{"verify", "--checkpoint", "none"}},
		{1, "no such file", []string{"referentiel", "check", "none.yaml"}},
		{1, "not ready", []string{"healthcheck", "--ops-addr", "127.0.0.1:1"}},
	} {
		if code, _, err := acquis(t, c.args...); code != c.code || !strings.Contains(err, c.says) {
			t.Errorf("%v: exit %d, %q", c.args, code, err)
		}
	}
}

// TestNoCommand: a command line without a command prints the help, and fails.
func TestNoCommand(t *testing.T) {
	for _, c := range []struct {
		args  []string
		says  string
		lacks string
	}{
		{nil, "To see it work: acquis demo", "acquis: "},
		{[]string{"key"}, "key create", "serve"},
		{[]string{"referentiel"}, "referentiel check", "serve"},
	} {
		code, out, err := acquis(t, c.args...)
		if code != 2 || out != "" || !strings.Contains(err, c.says) || strings.Contains(err, "\n"+c.lacks) {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, err)
		}
	}
	code, out, err := acquis(t, "--help")
	if code != 0 || err != "" || !strings.Contains(out, "To see it work: acquis demo") {
		t.Errorf("--help: exit %d, %q %q", code, out, err)
	}
}

// A store that another process has open is refused, with an error that says so.
func TestServeRefusesAStoreInUse(t *testing.T) {
	dir := t.TempDir()
	serving(t, dir)
	code, _, err := acquis(t, "serve", "--data-dir", dir, "--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	if code != 1 || !strings.Contains(err, "in use by another process") {
		t.Errorf("exit %d, %q", code, err)
	}
}

// TestCompact: a store in use is not changed; one that is not in use still works
// after it is compacted.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	if code, _, err := acquis(t, "compact", "--data-dir", dir); code != 1 || !strings.Contains(err, "holds no store") {
		t.Errorf("without a store: %d %q", code, err)
	}
	out, stop := serving(t, dir)
	out.waitFor(t, "The store is new")
	if code, _, err := acquis(t, "compact", "--data-dir", dir); code != 1 || !strings.Contains(err, "in use") || !strings.Contains(err, "stop the server first") {
		t.Errorf("while it is served: %d %q", code, err)
	}
	stop()
	if code, said, err := acquis(t, "compact", "--data-dir", dir); code != 0 || !strings.Contains(said, "bytes before") {
		t.Errorf("compacting: %d %q %q", code, said, err)
	}
	again, stop := serving(t, dir)
	again.waitFor(t, "operations")
	if code := stop(); code != 0 || strings.Contains(again.String(), "The store is new") {
		t.Errorf("afterwards: %d %s", code, again)
	}
}

// TestDemoCertification plays the cases of a certification, and names it if there is none.
func TestDemoCertification(t *testing.T) {
	code, out, err := acquis(t, "demo", "--certification", "ch-kv")
	for _, told := range []string{
		"Kauffrau / Kaufmann EFZ", "Case 2: ", "E.1: the mean 3.75 is rounded to 3.8", "Case 9: ", "ledger CAPITALISED: E",
	} {
		if code != 0 || err != "" || !strings.Contains(out, told) {
			t.Fatalf("exit code %d, %q; must print %q:\n%s", code, err, told, out)
		}
	}
	if code, _, err := acquis(t, "demo", "--certification", "bac"); code != 1 || !strings.Contains(err, `there is no certification "bac"; there are bpjeps-apsf, bts-sio, `) {
		t.Errorf("exit code %d: %s", code, err)
	}
}

// The demo tells its six stories, without colours if the output is not a
// terminal, and leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, out, err := acquis(t, "demo")
	if code != 0 || err != "" {
		t.Fatalf("exit %d: %s", code, err)
	}
	rest := out
	for _, told := range []string{
		"Léa acquires everything", "C1.1 ●●●●●", "the certification AWARDED",
		"Hugo presents only bloc B2", `"dossier professionnel"`, "B2 CAPITALISED",
		"Inès has an accommodation", "NOT_ACQUIRED", "exempts Inès from C3.3.5", "●●●●–", "B3 CAPITALISED",
		"Tom is contested", "●●≠●●", "CONTESTED", "settles it", "B1 CAPITALISED",
		"Jade misses a bloc", "B4 NOT_CAPITALISED", "novembre-2026: presents B4", "AWARDED",
		"Noé appeals", "B2 NOT_CAPITALISED", "too few members present", "rectifies", "certification: AWARDED",
		"The journal", "45 events",
	} {
		_, after, found := strings.Cut(rest, told)
		if !found {
			t.Fatalf("the demo does not print %q, or not in the right order:\n%s", told, out)
		}
		rest = after
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours are printed although the output is not a terminal")
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("the demo left %v", left)
	}
}

func TestVersion(t *testing.T) {
	if code, out, _ := acquis(t, "version"); code != 0 || !strings.HasPrefix(out, "acquis ") || !strings.Contains(out, "\nrules 1\n") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// The README's curl and grpcurl commands work as printed, against the service
// that its own command starts; only the addresses differ, because ports may be
// taken.
func TestREADMECommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 4 || blocks[0][1] != "go run ./cmd/acquis serve\ngo test ./...\n" {
		t.Fatalf("the README does not begin with its two commands: %q", blocks)
	}
	out, _ := serving(t, t.TempDir())
	said := out.String()
	address := strings.NewReplacer("http://127.0.0.1:8080", httpLine.FindStringSubmatch(said)[1], "127.0.0.1:9090", grpcLine.FindStringSubmatch(said)[1])
	for _, block := range blocks[1:3] {
		program, _, _ := strings.Cut(block[1], " ")
		command := exec.Command("bash", "-c", address.Replace(block[1]))
		command.Env = append(os.Environ(), "ACQUIS_KEY="+keyLine.FindStringSubmatch(said)[1], "PATH="+withTool(t, program)+":"+os.Getenv("PATH"))
		answer, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(answer), "Piloter un système de veille") {
			t.Errorf("%s: %v\n%s", block[1], err, answer)
		}
	}
}
