package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// asProcess makes the test binary behave as acquis does, so that a test can send
// signals to it.
const asProcess = "TEST_AS_ACQUIS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// A signal ends the process cleanly: exit code 0, and a closed store, so that the
// next start finds it clean.
func TestSignalsStopTheService(t *testing.T) {
	dir := t.TempDir()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		out, logs := new(output), new(output)
		process := exec.CommandContext(t.Context(), os.Args[0], "serve", "--data-dir", dir,
			"--http-addr", "127.0.0.1:0", "--grpc-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
		process.Env = append(os.Environ(), asProcess+"=1")
		process.Stdout, process.Stderr = out, logs
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		logs.waitFor(t, `"msg":"started"`)
		if err := process.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := process.Wait(); err != nil || !strings.Contains(logs.String(), `"msg":"stopped","clean":true`) {
			t.Errorf("%v: %v\n%s%s", signal, err, out, logs)
		}
		if strings.Contains(logs.String(), "acq_") {
			t.Errorf("the key is in the log:\n%s", logs)
		}
	}
}

// A malformed first key is refused before anything is changed, and not repeated.
func TestMalformedBootstrapKey(t *testing.T) {
	const bad = "acq_tooshort_secretsecret"
	t.Setenv(bootstrapVariable, bad)
	dir := t.TempDir() + "/data"
	code, out, err := acquis(t, "serve", "--data-dir", dir)
	if code != 2 || !strings.Contains(err, bootstrapVariable) || strings.Contains(out+err, "secretsecret") {
		t.Errorf("exit %d, %q %q", code, out, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the data directory was created")
	}
}

// A server that is not ready fails the check, which says why.
func TestHealthcheckOfAServerThatIsNotReady(t *testing.T) {
	stopping := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "stopping "+r.URL.Path, http.StatusServiceUnavailable)
	}))
	defer stopping.Close()
	t.Setenv("ACQUIS_OPS_ADDR", strings.TrimPrefix(stopping.URL, "http://"))
	if code, _, err := acquis(t, "healthcheck"); code != 1 || err != "acquis: not ready: stopping /readyz\n" {
		t.Errorf("exit %d, %q", code, err)
	}
}

// The command that the first start prints also works as printed if the service
// listens on all addresses, as in a container.
func TestThePrintedCommandIsReachable(t *testing.T) {
	t.Setenv("ACQUIS_INSECURE_PLAINTEXT", "true")
	out, _ := serving(t, t.TempDir(), "--http-addr", "0.0.0.0:0")
	printed := regexp.MustCompile(`(?m)^ +curl .*$`).FindString(out.String())
	command := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(printed, "curl ", "curl --fail --silent --noproxy '*' ", 1))
	command.Env = append(os.Environ(), "ACQUIS_KEY="+keyLine.FindStringSubmatch(out.String())[1])
	if answer, err := command.CombinedOutput(); err != nil || !strings.Contains(printed, "http://127.0.0.1:") {
		t.Errorf("%s: %v %s", printed, err, answer)
	}
}
