package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The README's table of flags is that of "acquis serve --help": the same flags, in
// the same order, with the same defaults; and each is the environment variable that
// the README says.
func TestREADMEFlags(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(--[a-z-]+)` \\| `?([^ `|]+)`? \\|").FindAllStringSubmatch(string(readme), -1) {
		told = append(told, row[1]+" "+row[2])
	}
	code, help, _ := acquis(t, "serve", "--help")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	var flags []string
	for _, part := range regexp.MustCompile(`\n +(?:-h, )?--`).Split(help, -1)[1:] {
		text := "--" + strings.Join(strings.Fields(part), " ")
		flag := regexp.MustCompile(`^--[a-z-]+`).FindString(text)
		if flag == "--help" {
			continue
		}
		if variable := "$ACQUIS_" + strings.ToUpper(strings.ReplaceAll(flag[2:], "-", "_")); !strings.Contains(text, variable) {
			t.Errorf("%s is not %s: %s", flag, variable, text)
		}
		value := "off" // what has no default is a switch
		if found := regexp.MustCompile(`\(([^ ()$]+)\)`).FindStringSubmatch(text); found != nil {
			value = found[1]
		}
		flags = append(flags, flag+" "+value)
	}
	if got, want := strings.Join(told, "\n"), strings.Join(flags, "\n"); got != want {
		t.Errorf("the README tells\n%s\nand --help\n%s", got, want)
	}
}

// The package comment has a line for every command.
func TestThePackageCommentNamesEveryCommand(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var line commandLine
	parser, err := kong.New(&line, kong.Name("acquis"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(true) {
		name := strings.TrimPrefix(command.FullPath(), "acquis ")
		if !strings.Contains(string(doc), "\n//\t"+name+"  ") {
			t.Errorf("doc.go has no line for %q", name)
		}
	}
}
