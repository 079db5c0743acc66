package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthcheckCommand asks a running server, as a container's HEALTHCHECK does,
// because the image has no other program for it.
type healthcheckCommand struct {
	OpsAddr string        `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Operations address of the server."`
	Timeout time.Duration `default:"3s" env:"-" placeholder:"DURATION" help:"How long to wait for an answer."`
}

// Validate checks the address; kong calls it.
func (h *healthcheckCommand) Validate() error { return dialable("--ops-addr", h.OpsAddr) }

// Run fails if the server does not answer in time, or is not ready.
func (h *healthcheckCommand) Run(ctx context.Context, c console) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.OpsAddr+"/readyz", nil)
	if err != nil {
		return err
	}
	// Not the default client of net/http, which would use the proxy of the environment.
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return fmt.Errorf("not ready: %w", unreachable("--ops-addr", h.OpsAddr, err.Error()))
	}
	defer answer.Body.Close() //nolint:errcheck // it was only read
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1000))
	if err != nil {
		return fmt.Errorf("not ready: %w", unreachable("--ops-addr", h.OpsAddr, err.Error()))
	}
	if answer.StatusCode == http.StatusNotFound { // by another server: its page says nothing of ours
		return fmt.Errorf("not ready: %s is not the operations address of acquis serve: set --ops-addr to that of the server", h.OpsAddr)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", strings.TrimSpace(string(said)))
	}
	_, err = fmt.Fprintln(c.out, "ready")
	return err
}
