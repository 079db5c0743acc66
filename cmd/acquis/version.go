package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/acquis-eval/acquis/rules"
)

// version is set by the linker (-ldflags "-X main.version=1.2.3"), which can only
// set a variable; a build without it is named by its commit.
var version string

// versionCommand prints what this binary is.
type versionCommand struct{}

// Run prints the version of the program and that of the rules, which every
// decision names.
func (versionCommand) Run(c console) error {
	_, err := fmt.Fprintf(c.out, "acquis %s\nrules %s\n%s %s/%s\n", versionOf(), rules.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func versionOf() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
