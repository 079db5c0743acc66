package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/verify"
)

// verifyCommand checks a store that no server runs on.
type verifyCommand struct {
	DataDir    directory `default:"./data" placeholder:"DIR" help:"Directory of the store. It is only read."`
	Checkpoint string    `env:"-" placeholder:"FILE" help:"A checkpoint of this store that was kept elsewhere. It reveals a rollback or a fork."`
	JSON       bool      `name:"json" env:"-" help:"Print the report as JSON."`
	Limit      int       `default:"100" env:"-" placeholder:"N" help:"How many findings to print. All are counted."`
}

// maxCheckpoint bounds a file that is three lines and some signatures.
const maxCheckpoint = 64 << 10

// Validate checks the flags; kong calls it.
func (k *verifyCommand) Validate() error {
	if k.Limit < 1 {
		return errors.New("--limit must be at least 1")
	}
	return nil
}

// Run prints what does not match, and fails if anything does not.
func (k *verifyCommand) Run(ctx context.Context, engine store.Engine, c console) (err error) {
	opts := verify.Options{Limit: k.Limit}
	if k.Checkpoint != "" {
		if opts.Checkpoint, err = readCheckpoint(k.Checkpoint); err != nil {
			return err
		}
		text, _, _ := strings.Cut(string(opts.Checkpoint), "\n\n")
		if _, err := checkpoint.Parse(text); err != nil {
			return fmt.Errorf("--checkpoint %s: %w", k.Checkpoint, err)
		}
	}
	source, err := engine.Look(string(k.DataDir))
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	report, err := verify.Verify(ctx, source, opts)
	if err != nil {
		return err
	}
	show := showReport
	if k.JSON {
		show = showReportJSON
	}
	if err := show(c.out, report); err != nil {
		return err
	}
	if !report.OK() {
		return errSaid
	}
	return nil
}

// readCheckpoint reads a checkpoint: either only the note, or the answer of
// GetCheckpoint, which contains it. The end of a note is what tools change when they save
// it: jq adds an empty line, an editor of Windows ends lines otherwise.
func readCheckpoint(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--checkpoint: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCheckpoint))
	var answer struct{ Checkpoint string }
	if err == nil && json.Unmarshal(text, &answer) == nil {
		text = []byte(answer.Checkpoint)
	}
	note := strings.ReplaceAll(string(text), "\r\n", "\n")
	return []byte(strings.TrimRight(note, "\n") + "\n"), err
}

func showReportJSON(out io.Writer, r *verify.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		OK bool `json:"ok"`
		*verify.Report
	}{r.OK(), r})
}

// showReport prints findings first, because they must be seen.
func showReport(out io.Writer, r *verify.Report) error {
	var text []byte
	for _, f := range r.Findings {
		text = fmt.Appendln(text, f)
	}
	if r.More > 0 {
		text = fmt.Appendf(text, "… and %d more findings; --limit prints more\n", r.More)
	}
	if !r.OK() {
		text = fmt.Appendln(text)
	}
	text = fmt.Appendf(text, "Journal: %d events. Root of their Merkle tree: %s\n", r.Events, orNone(r.Root))
	text = fmt.Appendf(text, "Erased when candidates were forgotten: %d (records, bodies of events, references to them). The journal accounts for each.\n", r.Erased)
	text = fmt.Appendln(text, "\nRecords in the store, by kind:")
	text = appendCounts(text, r.Records)
	text = fmt.Appendln(text, "\nComputed again, and the same as what is stored unless a finding above says otherwise:")
	text = appendCounts(text, r.Checked)
	text = fmt.Appendln(text, "\nSigning keys in the store. Compare them with the keys that you know:")
	for _, key := range r.Signers {
		text = fmt.Appendf(text, "  %s\n", key)
	}
	if r.Checkpoint != "" {
		text = fmt.Appendf(text, "\n%s\n", r.Checkpoint)
	}
	if r.OK() {
		text = fmt.Appendln(text, "\nEverything fits.")
	} else {
		text = fmt.Appendf(text, "\nFindings: %d. Start with the first: %s\ndocs/verify.md explains them.\n", len(r.Findings)+r.More, r.Findings[0])
	}
	_, err := out.Write(text)
	return err
}

func appendCounts(text []byte, counts []verify.Count) []byte {
	for _, c := range counts {
		text = fmt.Appendf(text, "%9d  %s\n", c.N, c.What)
	}
	return text
}

func orNone(root string) string {
	if root == "" {
		return "none, the journal is broken"
	}
	return root
}
