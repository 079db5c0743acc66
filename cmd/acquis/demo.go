package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/acquis-eval/acquis/referentiel/examples"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// demoCommand plays six candidates, or the cases of a certification, through the real
// service: its own store, its interceptors, its rules, over gRPC. Only the people are
// invented.
type demoCommand struct {
	Certification string `env:"-" placeholder:"ID" help:"Play the cases of a real certification instead: one of ${certifications}."`
}

// Run tells the stories and leaves nothing behind.
func (k *demoCommand) Run(ctx context.Context, engine store.Engine, c console) (err error) {
	told, clock := tell, new(demoClock)
	if k.Certification != "" {
		of, err := examples.Load(k.Certification)
		if err != nil {
			return err
		}
		told = func(ctx context.Context, out *printer, address string, first authn.Secret) error {
			return tellCases(ctx, out, address, first, of, clock)
		}
	}
	dir, err := os.MkdirTemp("", "acquis-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return play(ctx, engine, c, dir, "", clock.now, told)
}

// A teller plays stories on the server at an address, with its first key.
type teller func(ctx context.Context, out *printer, address string, first authn.Secret) error

// play tells stories on a store in dir, which is kept. If origin is empty, the journal
// gets a random name.
func play(ctx context.Context, engine store.Engine, c console, dir, origin string, now func() time.Time, tell teller) error {
	first := authn.NewSecret()
	service, err := open(ctx, config{
		Engine:   engine,
		HTTPAddr: "127.0.0.1:0", GRPCAddr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0",
		DataDir: dir, Origin: origin, First: first, Limits: transport.DefaultLimits(), Log: slog.New(slog.DiscardHandler),
		Now: now,
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

// demoClock goes as that of the machine, from the moment to which it is set.
type demoClock struct{ ahead atomic.Int64 }

func (c *demoClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *demoClock) set(now time.Time) { c.ahead.Store(int64(time.Until(now))) }

// tellCases plays the cases of a certification, and prints below each line what the
// service says of it.
func tellCases(ctx context.Context, out *printer, address string, first authn.Secret, of examples.Certification, clock *demoClock) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left to send
	about, err := examples.Referentiel(of.Referentiel)
	if err != nil {
		return err
	}
	p := examples.NewPlayer(conn, first.String())
	p.SetClock = clock.set
	p.Told = func(l examples.Line, said []string) {
		out.line("%s", l.Text)
		for _, text := range said {
			out.line("  %s", out.paint(green, text))
		}
	}
	if err := p.Publish(ctx, of.Referentiel); err != nil {
		return err
	}
	out.title(about.GetDisplayName())
	out.line("A real server on a temporary store; below each line is what the service says of it.")
	for _, c := range of.Cases {
		out.title("Case " + c.Number + ": " + c.Title)
		if c.Waits != "" {
			out.line("Not played: the rules cannot say this yet (%s).", c.Waits)
		} else if err := p.Play(ctx, of, c); err != nil {
			return err
		}
	}
	return nil
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
