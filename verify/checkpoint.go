package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/acquis-eval/acquis/store"
)

// A note is a checkpoint: what somebody was told of the journal.
type note struct {
	origin string
	size   uint64
	root   tlog.Hash
}

// parseNote reads the body of a checkpoint (C2SP tlog-checkpoint): three lines,
// origin, size and root, perhaps more, and signatures behind an empty line.
func parseNote(text []byte) (note, error) {
	body, _, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(strings.TrimRight(string(body), "\n"), "\n")
	if len(lines) < 3 || lines[0] == "" {
		return note{}, errors.New("a checkpoint has three lines: origin, size and root")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return note{}, fmt.Errorf("a checkpoint's size is a number, not %q", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return note{}, fmt.Errorf("a checkpoint's root is 32 bytes in base64, not %q", lines[2])
	}
	return note{lines[0], size, tlog.Hash(root)}, nil
}

// checkpoint compares the journal with a checkpoint that was kept outside: the
// one thing that whoever can write the store cannot make fit.
func (v *verifier) checkpoint() error {
	if v.opts.Checkpoint == nil {
		return nil
	}
	n, err := parseNote(v.opts.Checkpoint)
	if err != nil {
		return err
	}
	if v.grows(v.subject(store.KindEvent, nil, 0), n) {
		v.report.Checkpoint = fmt.Sprintf("the journal is that of the checkpoint of %d events, with %d more", n.size, v.report.Events-n.size)
	}
	return nil
}

// grows checks that the journal is the one that a checkpoint speaks of, or has
// grown from it.
func (v *verifier) grows(s subject, n note) bool {
	switch {
	case v.report.Root == "":
		s.wrong("the tree is broken, so no checkpoint can be compared with it")
		return false
	case n.size > v.report.Events:
		s.wrong("the journal has %d events, a checkpoint speaks of %d: it was rolled back", v.report.Events, n.size)
		return false
	}
	root, err := tlog.TreeHash(int64(n.size), store.Tree(v.reader))
	if err != nil {
		s.wrong("the tree over %d events cannot be computed: %v", n.size, err)
		return false
	}
	if root != n.root {
		s.wrong("the root over %d events is %v, a checkpoint says %v: the journal is another", n.size, root, n.root)
		return false
	}
	v.checked("checkpoints")
	return true
}
