package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
)

// childWord begins the arguments of a child: this binary, as one of the servers
// that Acquis is measured against.
const childWord = "child"

// An order says what a child is to be. It travels as JSON.
type order struct {
	Kind  string // a key of children
	Dir   string // of its own
	Sizes []int  // echo: answers; bare: answer, record, event
	Full  bool   // pocketbase: synchronous=FULL
	GOGC  int    // of its collector; 0: Go's own
}

// A hello is what a child says once it serves: one line of JSON.
type hello struct {
	Address string
	Token   string // of a user, where the child has users
}

// children are what this binary can be. Each serves until ctx ends, and calls
// ready once it does.
func children() map[string]func(ctx context.Context, o order, ready func(hello) error) error {
	return map[string]func(context.Context, order, func(hello) error) error{
		"echo":       serveEcho,
		"http":       serveHTTP,
		"bare":       serveBare,
		"pocketbase": servePocketBase,
	}
}

// beChild does what the parent ordered, until it is told to stop or the parent
// is gone: then its standard input ends.
func beChild(ctx context.Context, words []string) error {
	var o order
	if len(words) != 1 {
		return errors.New("a child takes one order")
	}
	if err := json.Unmarshal([]byte(words[0]), &o); err != nil {
		return err
	}
	be, ok := children()[o.Kind]
	if !ok {
		return fmt.Errorf("no child is called %q", o.Kind)
	}
	if o.GOGC > 0 {
		debug.SetGCPercent(o.GOGC)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // what ends it does not matter
		cancel()
	}()
	return be(ctx, o, func(h hello) error { return json.NewEncoder(os.Stdout).Encode(h) })
}

// A child is a running one, as its parent sees it.
type child struct {
	*process
	hello
}

// spawn starts a child and waits until it serves.
func (b *bench) spawn(o order) (*child, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.self, childWord, string(text))
	if _, err := cmd.StdinPipe(); err != nil { // held open while we live
		return nil, err
	}
	p, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	c := &child{process: p}
	if err := json.NewDecoder(p.out).Decode(&c.hello); err != nil {
		return nil, p.failed(fmt.Errorf("child %s: %w", o.Kind, err))
	}
	return c, nil
}
