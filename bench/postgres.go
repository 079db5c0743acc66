package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errNoPostgres: the machine lacks it.
var errNoPostgres = errors.New("no /usr/lib/postgresql/*/bin/postgres: install the package postgresql")

// startPostgres starts PostgreSQL with its own defaults, so that every commit is
// synced, on a free port and in a directory of its own; it refuses to run as root.
func (b *bench) startPostgres() (url string, stop func() error, err error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", nil, errNoPostgres
	}
	programs := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp(filepath.Dir(b.dir), "acquis-bench-postgres-")
	if err != nil {
		return "", nil, err
	}
	b.atExit(func() { _ = os.RemoveAll(dir) }) // of no use to anybody
	as, err := unprivileged(dir)
	if err != nil {
		return "", nil, err
	}
	cluster := filepath.Join(dir, "cluster")
	initdb := exec.CommandContext(b.ctx, filepath.Join(programs, "initdb"),
		"-D", cluster, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", `exec "$@" 2>&1`, "sh", filepath.Join(programs, "postgres"),
		"-D", cluster, "-k", dir, "-h", "127.0.0.1", "-p", strconv.Itoa(port))
	cmd.Dir, cmd.SysProcAttr = dir, as
	p, err := b.start(cmd)
	if err != nil {
		return "", nil, err
	}
	stop = func() error {
		_ = p.cmd.Process.Signal(syscall.SIGINT) // without waiting for whoever is connected
		return p.end()
	}
	b.atExit(func() { _ = stop() }) // killed, it would leave its own children behind
	if err := awaitPostgres(p); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("postgres://bench@127.0.0.1:%d/postgres?sslmode=disable", port), stop, nil
}

// unprivileged is how to run as somebody who is not root, and owns the directory.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// freePort is one that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// awaitPostgres reads what the server says until it takes connections, and drops
// what it says afterwards.
func awaitPostgres(p *process) error {
	var said strings.Builder
	for !strings.Contains(said.String(), "ready to accept connections") {
		line, err := p.out.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			return p.failed(fmt.Errorf("postgres: %w: %s", err, said.String()))
		}
	}
	go func() { _, _ = io.Copy(io.Discard, p.out) }() // it ends with the process
	return nil
}

const postgresSchema = `
CREATE TABLE documents (name text PRIMARY KEY, body json NOT NULL);
CREATE TABLE assessments (
	id bigserial PRIMARY KEY, candidacy text NOT NULL, assessor text NOT NULL,
	recorded timestamptz NOT NULL DEFAULT now(), verdicts jsonb NOT NULL);
CREATE INDEX ON assessments (candidacy, id);`

// postgres starts one and makes its sides. Each call is one statement, in its own
// transaction, without an API server in between.
func (b *bench) postgres(documents map[string][]byte) (*peer, error) {
	url, stop, err := b.startPostgres()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = callers, callers
	pool, err := pgxpool.NewWithConfig(b.ctx, config)
	if err != nil {
		return nil, err
	}
	b.atExit(pool.Close)
	if err := fillPostgres(b.ctx, pool, documents); err != nil {
		return nil, err
	}
	get := func(name string) func(int, int) error {
		return func(int, int) error {
			var body []byte
			return pool.QueryRow(b.ctx, `SELECT body::text FROM documents WHERE name = $1`, name).Scan(&body)
		}
	}
	return &peer{
		name: "PostgreSQL", stop: func() error { pool.Close(); return stop() },
		create: func(_ int, call recordedCall) error {
			_, err := pool.Exec(b.ctx, `INSERT INTO assessments (candidacy, assessor, verdicts) VALUES ($1, $2, $3)`,
				call.candidacy, assessor, call.verdicts)
			return err
		},
		grid: func(_, i int) error {
			rows, err := pool.Query(b.ctx, `SELECT assessor, recorded::text, verdicts::text FROM assessments WHERE candidacy = $1 ORDER BY id`,
				place(i*7919%peerCandidacies).label("k"))
			if err != nil {
				return err
			}
			var who, when, what string
			_, err = pgx.ForEachRow(rows, []any{&who, &when, &what}, func() error { return nil })
			return err
		},
		referentiel: get("referentiel"), decision: get("decision"),
	}, nil
}

func fillPostgres(ctx context.Context, pool *pgxpool.Pool, documents map[string][]byte) error {
	if _, err := pool.Exec(ctx, postgresSchema); err != nil {
		return err
	}
	for name, body := range documents {
		if _, err := pool.Exec(ctx, `INSERT INTO documents VALUES ($1, $2)`, name, body); err != nil {
			return err
		}
	}
	var rows [][]any
	for i := range peerCandidacies {
		for _, call := range recordings(place(i).candidacy(), false) {
			rows = append(rows, []any{place(i).label("k"), assessor, verdictsJSON(call)})
		}
	}
	_, err := pool.CopyFrom(ctx, pgx.Identifier{"assessments"}, []string{"candidacy", "assessor", "verdicts"}, pgx.CopyFromRows(rows))
	return err
}
