package main

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"
)

// Variables that are not flags, because they hold secrets: every user of a machine
// can read the command lines of its processes.
const (
	keyVariable       = "ACQUIS_KEY"           // the key that a command calls with
	bootstrapVariable = "ACQUIS_BOOTSTRAP_KEY" // the first key of an empty store
	signingVariable   = "ACQUIS_SIGNING_KEY"   // the signing key itself, for containers
)

// secretsHelp is the text of --help about some of them.
func secretsHelp(names ...string) string {
	says := map[string]string{
		keyVariable:       "The API key to call with. It needs the role ADMIN.",
		bootstrapVariable: "The first key of an empty store, so that none is made up and printed: acq_, 16 characters, _ and 52 characters, all of a-z and 2-7. Ignored if the store is not empty.",
		signingVariable:   "The signing key itself, as PEM or only the base64 inside, in place of --signing-key-file.",
	}
	text := "Secrets are read from environment variables, never from flags:\n"
	for _, name := range names {
		text += "\n  - " + name + ": " + says[name]
	}
	return text
}

// A directory is a flag that must not be empty: an empty path would mean the
// current directory in one place and no directory in another.
type directory string

// Validate refuses an empty name; kong calls it.
func (d directory) Validate() error {
	if d == "" {
		return errors.New("name a directory, such as ./data")
	}
	return nil
}

// flagHelp is the text of --help about a flag: its help, default and variable.
func flagHelp(v *kong.Value) string {
	text := v.Help
	if v.HasDefault && v.Default != "" {
		text += " [default: " + v.Default + "]"
	}
	if len(v.Tag.Envs) > 0 {
		text += " [env: " + strings.Join(v.Tag.Envs, ", ") + "]"
	}
	return text
}
