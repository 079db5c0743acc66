package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
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

// usageError says what is wrong with a command line in our own words: the library's
// have types of Go and tokens of its reader in them.
func usageError(err error) error {
	text := err.Error()
	for _, said := range []struct{ theirs, ours string }{
		{`expected \w+ value but got "EOL" \(<EOL>\)`, `needs a value`},
		{`missing value, expecting "<arg>.*"`, `needs a value`},
		{`expected a valid \d+ bit u?int but got`, `must be a whole number, not`},
		{`expected an? (?:int|float) but got`, `must be a number, not`},
		{`expected duration but got ("(?:[^"\\]|\\.)*")(?:: time: [\w ]*(?:"(?:[^"\\]|\\.)*"(?: in duration "(?:[^"\\]|\\.)*")?)?)?`, `must be a duration, such as 30s, 5m or 24h, not $1`},
		{`parsing time ("(?:[^"\\]|\\.)*").*`, `must be a time such as 2030-01-31T12:00:00Z, not $1`},
		{`bool value must be true, 1, yes, false, 0 or no but got`, `must be true or false, not`},
		{`must be one of (\S+) but got`, `must be one of $1, not`},
		{`^expected "<(.*)>"$`, `missing argument: $1; add --help to read about it`},
		{`^unexpected argument (\S+)$`, `unexpected argument $1; add --help to see what there is`},
		{`^(unknown flag [^,]*)$`, `$1; add --help to see what there is`},
		{`\(from envar (\w+)=".*"\)`, `(from the variable $1)`},
	} {
		text = regexp.MustCompile(said.theirs).ReplaceAllString(text, said.ours)
	}
	return errors.New(text)
}

// checkURL accepts a URL that nobody on the way can answer for another: https, and http
// only for this machine. An empty one is none.
func checkURL(flag, text string) error {
	parsed, err := url.Parse(text)
	switch {
	case text == "":
		return nil
	case err != nil || parsed.Hostname() == "" || parsed.Scheme != "https" && (parsed.Scheme != "http" || !isThisMachine(parsed.Hostname())):
		return fmt.Errorf("%s %q must begin with https:// and name a host, such as https://certificateur.example; http:// is only for this machine", flag, text)
	case parsed.User != nil:
		return fmt.Errorf("%s must not have a user or password: others read it", flag)
	}
	return nil
}

// idle refuses flags that do nothing without another, the switch: whoever sets them
// believes that they do. Some also do something without it.
func idle(line *kong.Context, prefix, needs string, on bool, useful ...string) error {
	if on {
		return nil
	}
	var names []string
	for _, flag := range line.Flags() {
		name := "--" + flag.Name
		set := slices.ContainsFunc(flag.Envs, func(variable string) bool { return os.Getenv(variable) != "" }) ||
			slices.ContainsFunc(line.Path, func(p *kong.Path) bool { return p.Flag == flag })
		if set && strings.HasPrefix(flag.Name, prefix) && name != needs && !slices.Contains(useful, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%s: set %s too, or leave them out: without it they do nothing", strings.Join(names, ", "), needs)
}

// dialable checks the form of an address that is called, without asking a name server.
func dialable(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return addressError(flag, address, err)
	}
	return nil
}

// addressError says what is wrong with an address in a flag.
func addressError(flag, address string, err error) error {
	host, _, splits := net.SplitHostPort(address)
	why := "must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
	var unknown *net.DNSError
	switch {
	case splits != nil:
	case errors.As(err, &unknown) && strings.Contains(unknown.Err, "port"):
		why += "; the port is a number from 0 to 65535"
	case unknown != nil && unknown.IsNotFound:
		return errors.New(flag + " " + address + ": there is no host " + host)
	case unknown != nil:
		return errors.New(flag + " " + address + ": the host " + host + " cannot be looked up now")
	case strings.Contains(err.Error(), "port"):
		why += "; the port is a number from 0 to 65535"
	}
	return errors.New(flag + " " + address + ": " + why)
}
