package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// The signing key is created once, readable only by its owner, and read at each
// later start.
func TestSigningKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first, err := signingKey("", dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, signingFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	again, err := signingKey("", dir, quiet())
	if err != nil || !again.Equal(first) {
		t.Errorf("another key at the second start, %v", err)
	}
	named, err := signingKey(filepath.Join(dir, signingFile), t.TempDir(), quiet())
	if err != nil || !named.Equal(first) {
		t.Errorf("another key if the file is named, %v", err)
	}
}

// A key can also come from the environment, with or without its armour; an error
// never repeats it.
func TestSigningKeyOfTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	key, err := makeSigningKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	inside := strings.Split(string(text), "\n")[1]
	for _, given := range []string{string(text), inside} {
		t.Setenv(signingVariable, given)
		got, err := signingKey("", dir, quiet())
		if err != nil || !got.Equal(key) {
			t.Errorf("%q gives another key, %v", given, err)
		}
	}
	if _, err := signingKey(filepath.Join(dir, "key"), dir, quiet()); err == nil {
		t.Error("a file and the environment at once are accepted")
	}
	for _, bad := range []string{"SECRET", inside[:30], strings.Replace(string(text), "PRIVATE", "PUBLIC", 2)} {
		t.Setenv(signingVariable, bad)
		if _, err := signingKey("", dir, quiet()); err == nil || strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), signingVariable) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, signingFile)); err == nil {
		t.Error("a key was created although one was given")
	}
}
