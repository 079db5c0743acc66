package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/acquis-eval/acquis/referentiel/examples"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// commandLine has all commands and their flags.
type commandLine struct {
	Serve       serveCommand       `cmd:"" group:"Service:" help:"Run the service: REST, gRPC and an operations endpoint."`
	Demo        demoCommand        `cmd:"" group:"Service:" help:"Play six candidates, or the cases of a real certification, through a real server on a temporary store, and show each step."`
	Healthcheck healthcheckCommand `cmd:"" group:"Service:" help:"Ask a running server whether it is ready. Exit code 0 if it is, otherwise 1."`
	Version     versionCommand     `cmd:"" group:"Service:" help:"Print the version of this binary and of its rules."`

	Backup  backupCommand  `cmd:"" group:"Backups:" help:"Fetch a backup from a running server, check it and save it."`
	Restore restoreCommand `cmd:"" group:"Backups:" help:"Restore a backup into a data directory that no server is using."`

	Verify  verifyCommand  `cmd:"" group:"Stores, while the server is stopped:" help:"Check digests, journal and indexes, and decide every decision again. Exit code 0 if everything fits, otherwise 1."`
	Compact compactCommand `cmd:"" group:"Stores, while the server is stopped:" help:"Rewrite the file of the store, so that erased data is gone from the disk too."`
	Key     struct {
		Create keyCreateCommand `cmd:"" help:"Create a key without a server, for administrators who are locked out."`
	} `cmd:"" group:"Stores, while the server is stopped:" help:"Manage the keys of a store."`

	Referentiel struct {
		Check   checkCommand   `cmd:"" help:"Check the file of a référentiel before it is published. Prints each problem as file:line: field: message."`
		Diff    diffCommand    `cmd:"" help:"Show what changes from one revision of a référentiel to another, and which blocs that candidates hold still count. Exit code 0 if both are the same, 1 if they differ, 2 on errors."`
		Explain explainCommand `cmd:"" help:"Say in plain French or English how a candidate acquires what under a référentiel, with every number and default, for whoever knows the certification to check."`
		Schema  schemaCommand  `cmd:"" help:"Print the JSON Schema of the files of référentiels, with which editors complete keys and show mistakes."`
	} `cmd:"" group:"Référentiels:" help:"Work on the files of référentiels."`
}

// console is the output of a command.
type console struct {
	out io.Writer // results
	err io.Writer // logs and errors
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal requests a graceful stop. Without this, a second one
	// would be ignored instead of ending the process at once.
	context.AfterFunc(ctx, cancel)
	os.Exit(run(ctx, os.Args[1:], console{os.Stdout, os.Stderr}))
}

// errSaid is a failure that has already been reported.
var errSaid = errors.New("already reported")

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, c console) (code int) {
	defer recoverExit(&code)
	parser, err := newParser(ctx, c, new(commandLine))
	if err != nil {
		return failed(c, err, 2)
	}
	command, err := parser.Parse(args)
	if unfinished := lacksCommand(err); unfinished != nil {
		parser.Stdout = c.err // a script that forgot the command fails
		return failed(c, errors.Join(errSaid, unfinished.PrintUsage(false)), 2)
	}
	if err != nil {
		return failed(c, usageError(err), 2)
	}
	err = command.Run()
	if _, ok := errors.AsType[trouble](err); ok {
		return failed(c, err, 2)
	}
	if err != nil {
		return failed(c, err, 1)
	}
	return 0
}

// trouble is an error of a command whose exit code 1 is an answer.
type trouble struct{ error }

func (t trouble) Unwrap() error { return t.error }

// newParser returns the parser that fills in a command line. It has the text of
// every --help.
func newParser(ctx context.Context, c console, line *commandLine) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("acquis"),
		kong.Description("Acquis records what candidates for a professional certification have shown, computes what they have acquired, and keeps the proof.\n\n"+
			"To see it work: acquis demo. To run it on ./data: acquis serve."),
		kong.DefaultEnvars("ACQUIS"),
		kong.Vars{"certifications": strings.Join(examples.IDs(), ", ")},
		kong.Writers(c.out, c.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(flagHelp),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(bolt.Engine{}, (*store.Engine)(nil)), // no other code names one
		kong.Bind(c),
	)
}

// lacksCommand returns the context of a command line that is valid so far but
// names no command; otherwise nil.
func lacksCommand(err error) *kong.Context {
	unfinished, ok := errors.AsType[*kong.ParseError](err)
	if !ok || unfinished.Context.Error != nil {
		return nil
	}
	if node := unfinished.Context.Selected(); node != nil && len(node.Children) == 0 {
		return nil
	}
	return unfinished.Context
}

func failed(c console, err error, code int) int {
	if !errors.Is(err, errSaid) {
		_, _ = fmt.Fprintf(c.err, "acquis: %v\n", err) // an error cannot be reported anywhere else
	}
	return code
}

// exit is how --help leaves the parser, because kong continues to parse if its
// Exit returns.
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
