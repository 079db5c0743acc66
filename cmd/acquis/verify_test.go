package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifyDemo(t *testing.T) {
	dir := t.TempDir()
	if err := play(t.Context(), console{io.Discard, io.Discard}, dir); err != nil {
		t.Fatal(err)
	}
	code, out, errs := acquis(t, "verify", "--data-dir", dir)
	t.Log(code, out, errs)
	_ = os.Args
	_ = filepath.Join
	_ = strings.Cut
}
