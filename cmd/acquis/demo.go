package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// demoCommand plays six candidates through the real service: its own store, its
// interceptors, its rules, over gRPC. Only the people are invented.
type demoCommand struct{}

// Run tells the stories and leaves nothing behind.
func (demoCommand) Run(ctx context.Context, engine store.Engine, c console) (err error) {
	dir, err := os.MkdirTemp("", "acquis-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return play(ctx, engine, c, dir, "")
}

// play tells the stories on a store in dir, which is kept. If origin is empty,
// the journal gets a random name.
func play(ctx context.Context, engine store.Engine, c console, dir, origin string) error {
	first := authn.NewSecret()
	service, err := open(ctx, config{
		Engine:   engine,
		HTTPAddr: "127.0.0.1:0", GRPCAddr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0",
		DataDir: dir, Origin: origin, First: first, Limits: transport.DefaultLimits(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- service.server.Serve(serving, service.listeners, 0) }()
	told := tell(ctx, newPrinter(c.out), service.grpcAddr(), first)
	stop()
	return errors.Join(told, <-served, service.close())
}

// tell plays the stories one after another on one stage: later ones see the
// results of earlier ones.
func tell(ctx context.Context, out *printer, address string, first authn.Secret) error {
	s, err := newStage(ctx, out, address, first)
	if err != nil {
		return err
	}
	defer s.close()
	out.title("Acquis: six candidates for the marketing certification")
	out.line("A real server on a temporary store; every step below is a call over gRPC.")
	out.line("In a grid: %s", out.legend())
	for _, story := range []struct {
		title string
		tell  func(*stage) error
	}{
		{"Léa acquires everything", everything},
		{"Hugo presents only bloc B2", onlyB2},
		{"Inès has an accommodation, and an exempted criterion", exempted},
		{"Tom is contested by two assessors", contested},
		{"Jade misses a bloc and comes back", comesBack},
		{"Noé appeals", appeals},
	} {
		out.title(story.title)
		if err := story.tell(s); err != nil {
			return fmt.Errorf("%s: %w", story.title, err)
		}
	}
	return s.epilogue()
}
