package rig

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Strace returns the program that records and fails system calls, or skips the
// test.
func Strace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		skip(t, "strace is not installed")
	}
	return path
}

// skip skips a test because something is missing, or fails it if everything is
// required.
func skip(t *testing.T, missing string) {
	t.Helper()
	if os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// recordedCalls are those that can change what a disk has under a name, and those
// that make it durable.
const recordedCalls = "openat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile," +
	"fsync,fdatasync,sync_file_range,syncfs,msync,rename,renameat,renameat2,link,linkat,unlink,unlinkat"

// Recorder returns the command under which a child leaves a recording of its
// operations on these paths.
func Recorder(strace, log string, paths ...string) []string {
	command := []string{
		strace, "-f", "-o", log, "-y", "-xx", "-s", strconv.Itoa(1 << 20), "-e", "signal=none", "-e", "trace=" + recordedCalls,
	}
	for _, path := range paths {
		command = append(command, "-P", path)
	}
	return append(command, "--")
}

// A DiskOp is an operation of a process on its disk, or a mark between two.
type DiskOp struct {
	What string // of the constants below
	File string // its name in the data directory
	to   string // of a rename
	At   int64  // of a write; of a resize the new size
	data []byte // of a write
	Mark storeMark
}

const (
	opCreate     = "create"
	OpWrite      = "write"
	opResize     = "resize"
	OpSync       = "sync"
	opFailedSync = "failed sync"
	opRename     = "rename"
	OpSyncDir    = "sync of the directory"
	OpMark       = "mark"
	OpRestart    = "restart" // of the process; At is how many events it finds
)

// A recordingReader turns a recording into the operations on the disk, in order.
// A process that writes its store from several threads at once would have no such
// order: that is an error.
type recordingReader struct {
	dir, marks string
	ops        []DiskOp
	begun      map[string]string // calls under way, by thread
	changing   map[string]bool   // threads whose call changes the store
}

var (
	recordedLine    = regexp.MustCompile(`^(\d+) +(?:<\.\.\. \w+ resumed>)?(.*?)( <(?:unfinished|detached) \.\.\.>)?$`)
	recordedCall    = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?(?: (.*))?$`)
	killedMeanwhile = regexp.MustCompile(`\) += \?( |$)`)
	quoted          = regexp.MustCompile(`"([^"]*)"`)
	descriptor      = regexp.MustCompile(`^\d+<([^>]*)>`)
)

// ReadRecording reads the recording of a process that has ended; marks is the
// file with its marks.
func ReadRecording(log, dir, marks string) ([]DiskOp, error) {
	raw, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	r := &recordingReader{dir: dir, marks: marks, begun: make(map[string]string), changing: make(map[string]bool)}
	for line := range strings.Lines(string(raw)) {
		if err := r.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("recorded %.20s…%s: %w", line, line[max(0, len(line)-100):], err)
		}
	}
	return r.ops, nil
}

func (r *recordingReader) line(line string) error {
	part := recordedLine.FindStringSubmatch(line)
	if part == nil {
		return errors.New("no call")
	}
	thread, text, unfinished := part[1], part[2], part[3] != ""
	if strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "???") {
		return nil // a thread has ended, or was about to call something
	}
	if unfinished {
		return r.begins(thread, text)
	}
	begun, ok := r.begun[thread]
	delete(r.begun, thread)
	delete(r.changing, thread)
	text = begun + text
	switch {
	case ok && strings.HasPrefix(begun, "write("):
		return nil // its mark was recorded when it began
	case killedMeanwhile.MatchString(text):
		return nil // its effect is unknown; the file shows it
	case len(r.changing) > 0 && changes(text):
		return errors.New("two threads change the store at once")
	}
	return r.call(text)
}

func (r *recordingReader) begins(thread, text string) error {
	r.begun[thread] = text
	if strings.HasPrefix(text, "write(") { // of a mark: its beginning counts
		return r.call(text + ") = 0")
	}
	if changes(text) {
		r.changing[thread] = true
	}
	return nil
}

// changes tells whether a call has a place in the order of those that change the
// store. Marks and openings may come in between.
func changes(call string) bool {
	return !strings.HasPrefix(call, "write(") && !strings.HasPrefix(call, "openat(")
}

// call adds what a call did. One that failed did nothing, unless it is a sync.
func (r *recordingReader) call(text string) error {
	part := recordedCall.FindStringSubmatch(text)
	if part == nil {
		return errors.New("no call")
	}
	name, arguments, fields := part[1], part[2], strings.Split(part[2], ", ")
	result, err := strconv.ParseInt(part[3], 10, 64)
	if err != nil {
		return err
	}
	if result < 0 && name != "fdatasync" && name != "fsync" {
		return nil
	}
	var names []string
	for _, q := range quoted.FindAllStringSubmatch(arguments, -1) {
		unquoted, err := unhex(q[1])
		if err != nil {
			return err
		}
		names = append(names, unquoted)
	}
	on := ""
	if d := descriptor.FindStringSubmatch(arguments); d != nil {
		if on, err = unhex(d[1]); err != nil {
			return err
		}
	}
	return r.add(name, on, names, fields, result)
}

func (r *recordingReader) add(name, on string, names, fields []string, result int64) (err error) {
	op := DiskOp{File: filepath.Base(on)}
	last := fields[len(fields)-1]
	switch {
	case name == "write" && on == r.marks:
		op.What = OpMark
		err = json.Unmarshal([]byte(names[0]), &op.Mark)
	case name == "openat" && strings.Contains(fields[2], "O_TRUNC"):
		return errors.New("the disk of this test cannot do that")
	case name == "openat" && strings.Contains(fields[2], "O_CREAT"):
		op.What, op.File = opCreate, filepath.Base(names[0])
		if names[0] == r.marks {
			return nil
		}
	case name == "openat":
		return nil
	case name == "pwrite64":
		op.What, op.data = OpWrite, []byte(names[0])[:result]
		op.At, err = strconv.ParseInt(last, 10, 64)
	case name == "ftruncate":
		op.What = opResize
		op.At, err = strconv.ParseInt(last, 10, 64)
	case result < 0:
		op.What = opFailedSync
	case name == "fsync" && on == r.dir:
		op.What = OpSyncDir
	case name == "fsync" || name == "fdatasync":
		op.What = OpSync
	case strings.HasPrefix(name, "rename"):
		op.What, op.File, op.to = opRename, filepath.Base(names[0]), filepath.Base(names[1])
	default:
		return errors.New("the disk of this test cannot do that")
	}
	r.ops = append(r.ops, op)
	return err
}

// unhex reads a string as strace -xx writes it.
func unhex(text string) (string, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	return string(b), err
}
