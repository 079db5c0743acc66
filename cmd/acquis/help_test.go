package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestUsageErrors: who types a command line wrong reads what to type.
func TestUsageErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	ended, end := context.WithCancel(t.Context())
	end() // a server that starts all the same stops at once
	for args, want := range map[string]string{
		"serve --http-addr nonsense":                                             "--http-addr nonsense: must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080\n",
		"serve --grpc-addr ::1:9090":                                             "--grpc-addr ::1:9090: must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080\n",
		"serve --ops-addr 127.0.0.1:99999":                                       "--ops-addr 127.0.0.1:99999: must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080; the port is a number from 0 to 65535\n",
		"serve --ops-addr 127.0.0.1:x":                                           "the port is a number from 0 to 65535\n",
		"healthcheck --ops-addr nonsense":                                        "--ops-addr nonsense: must be HOST:PORT",
		"healthcheck --ops-addr localhost:-1":                                    "the port is a number from 0 to 65535\n",
		"backup --to x --server nonsense":                                        "--server nonsense: must be HOST:PORT",
		"serve --max-connections x":                                              `--max-connections: must be a whole number, not "x"`,
		"serve --max-connections 1.5":                                            `--max-connections: must be a whole number, not "1.5"`,
		"serve --shutdown-grace x":                                               "--shutdown-grace: must be a duration, such as 30s, 5m or 24h, not \"x\"\n",
		"serve --shutdown-grace 5":                                               "--shutdown-grace: must be a duration, such as 30s, 5m or 24h, not \"5\"\n",
		"serve --shutdown-grace 5parsecs":                                        "--shutdown-grace: must be a duration, such as 30s, 5m or 24h, not \"5parsecs\"\n",
		"key create --subject a --role ADMIN --expire-time 2026":                 "--expire-time: must be a time such as 2030-01-31T12:00:00Z, not \"2026\"\n",
		"key create --subject a --role ADMIN --expire-time 2026-02-30T00:00:00Z": "--expire-time: must be a time such as 2030-01-31T12:00:00Z, not \"2026-02-30T00:00:00Z\"\n",
		"serve --time-zone Paris":                                                "--time-zone: \"Paris\" is not a time zone such as Europe/Paris\n",
		"serve --oidc-issuer https://issuer.example":                             "--oidc-audience is required with --oidc-issuer",
		"serve --signing-key-file none.key":                                      "--signing-key-file: open none.key: no such file or directory\n",
		"serve --no-reflection=maybe":                                            `--no-reflection: must be true or false, not "maybe"`,
		"serve --data-dir":                                                       "--data-dir: needs a value\n",
		"serve --max-connections":                                                "--max-connections: needs a value\n",
		"serve --nonsense":                                                       "unknown flag --nonsense; add --help to see what there is\n",
		"serve --tls-cert x":                                                     `unknown flag --tls-cert, did you mean "--tls-cert-file"?`,
		"nonsense":                                                               "unexpected argument nonsense; add --help to see what there is\n",
		"referentiel check":                                                      "missing argument: file; add --help to read about it\n",
		"restore":                                                                "missing flags: --from=FILE\n",
	} {
		var out, errs bytes.Buffer
		if code := run(ended, strings.Fields(args), console{&out, &errs}); code != 2 {
			t.Errorf("%s exits with %d", args, code)
		}
		if text := errs.String(); !strings.Contains(text, want) || strings.Count(text, "\n") != 1 {
			t.Errorf("%s is told %q, not %q", args, text, want)
		}
	}
	t.Setenv("ACQUIS_MAX_CONNECTIONS", "x")
	var out, errs bytes.Buffer
	if run(ended, []string{"serve"}, console{&out, &errs}); errs.String() != "acquis: --max-connections: must be a whole number, not \"x\" (from the variable ACQUIS_MAX_CONNECTIONS)\n" {
		t.Errorf("a variable: %q", errs.String())
	}
}
