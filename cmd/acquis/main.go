package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commandLine is everything that can be said on the command line.
type commandLine struct {
	Serve       serveCommand       `cmd:"" help:"Run the service: REST, gRPC and an operations listener."`
	Demo        demoCommand        `cmd:"" help:"Play six candidates through a real server on a temporary store."`
	Backup      backupCommand      `cmd:"" help:"Fetch a backup from a running server, check it, and give it its name. The key is in ACQUIS_KEY."`
	Restore     restoreCommand     `cmd:"" help:"Put the store of a backup into a data directory that no server holds."`
	Compact     compactCommand     `cmd:"" help:"Write a store that nobody has open anew, without the pages that still hold what was erased."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a running server whether it is ready; exits 0 if it is, else 1."`
	Key         struct {
		Create keyCreateCommand `cmd:"" help:"Make a key in a store that no server holds: the way back in for administrators who are locked out."`
	} `cmd:"" help:"Work on the keys of a store at rest."`
	Referentiel struct {
		Check checkCommand `cmd:"" help:"Check the file of a référentiel; prints every problem as file:line: field: message."`
	} `cmd:"" help:"Work on files of référentiels."`
	Verify  verifyCommand  `cmd:"" help:"Check a store at rest: digests, journal, indexes, and every decision decided again; exits 0 or 1."`
	Version versionCommand `cmd:"" help:"Print what this binary is."`
}

// console is where a command says what it says.
type console struct {
	out io.Writer // what the user asked for
	err io.Writer // logs, and what went wrong
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for a graceful stop; without this, a second one would
	// be swallowed and could not end the process at once.
	context.AfterFunc(ctx, cancel)
	os.Exit(run(ctx, os.Args[1:], console{os.Stdout, os.Stderr}))
}

// errSaid is a failure of which everything has been said already.
var errSaid = errors.New("said already")

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, c console) (code int) {
	defer recoverExit(&code)
	var line commandLine
	parser, err := kong.New(&line,
		kong.Name("acquis"),
		kong.Description("Acquis, the evaluation service of a certificateur. Most flags are environment variables too; the help of each command names them."),
		kong.DefaultEnvars("ACQUIS"),
		kong.Writers(c.out, c.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		return failed(c, err, 2)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return failed(c, err, 2)
	}
	if err := command.Run(); err != nil {
		return failed(c, err, 1)
	}
	return 0
}

func failed(c console, err error, code int) int {
	if !errors.Is(err, errSaid) {
		_, _ = fmt.Fprintf(c.err, "acquis: %v\n", err) // nobody is left to tell
	}
	return code
}

// exit is how --help leaves the parser: kong goes on parsing if its Exit returns.
type exit int

func recoverExit(code *int) {
	switch p := recover().(type) {
	case nil:
	case exit:
		*code = int(p)
	default:
		panic(p)
	}
}
