package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write docs/configuration.md from the help of the commands")

const configurationPage = "../../docs/configuration.md"

// TestConfigurationPage: docs/configuration.md has the text of --help for every
// command. With -update it is written.
func TestConfigurationPage(t *testing.T) {
	head, err := os.ReadFile("testdata/configuration-head.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(head)
	for _, command := range commands(t) {
		page += section(command)
	}
	if *update {
		if err := os.WriteFile(configurationPage, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(is) != page {
		t.Error("docs/configuration.md is not what the help of the commands says: run this test with -update")
	}
}

// commands lists all commands, in the order of the help.
func commands(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := newParser(t.Context(), console{}, new(commandLine))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Leaves(true)
}

// section is the page's section about one command.
func section(command *kong.Node) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n## acquis %s\n\n%s\n", command.Path(), command.Help)
	if command.Detail != "" {
		fmt.Fprintf(&text, "\n%s\n", regexp.MustCompile(`- (ACQUIS_\w+)`).ReplaceAllString(command.Detail, "- `$1`"))
	}
	for _, argument := range command.Positional {
		fmt.Fprintf(&text, "\nArgument `%s`: %s\n", argument.Summary(), argument.Help)
	}
	group := "none yet"
	for _, f := range command.Flags {
		title := ""
		if f.Group != nil {
			title = strings.TrimSuffix(f.Group.Title, ":")
		}
		if title != group {
			group = title
			if group != "" {
				fmt.Fprintf(&text, "\n### %s\n", group)
			}
			text.WriteString("\n| flag | default | meaning | variable |\n|---|---|---|---|\n")
		}
		text.WriteString(row(f))
	}
	return text.String()
}

// row is the page's row about one flag.
func row(f *kong.Flag) string {
	name, value, variable := "--"+f.Name, "", ""
	if !f.IsBool() {
		name += " " + f.PlaceHolder
	}
	switch {
	case f.Required:
		value = "required"
	case f.HasDefault:
		value = "`" + f.Default + "`"
	}
	if len(f.Tag.Envs) > 0 {
		variable = "`" + strings.Join(f.Tag.Envs, "`, `") + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, value, f.Help, variable)
}

// TestUnits: the head of the page explains every form of value that a flag takes.
func TestUnits(t *testing.T) {
	head, err := os.ReadFile("testdata/configuration-head.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands(t) {
		for _, f := range command.Flags {
			if !f.IsBool() && !strings.Contains(string(head), "`"+f.PlaceHolder+"`") {
				t.Errorf("acquis %s --%s: the page does not say what %s is", command.Path(), f.Name, f.PlaceHolder)
			}
		}
	}
}

// The package comment has a line for every command.
func TestThePackageCommentNamesEveryCommand(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands(t) {
		if !strings.Contains(string(doc), "\n//\t"+command.Path()+"  ") {
			t.Errorf("doc.go has no line for %q", command.Path())
		}
	}
}

// Every variable that the commands read is explained by --help, or belongs to
// another program.
func TestVariables(t *testing.T) {
	for _, name := range []string{keyVariable, bootstrapVariable, signingVariable} {
		told := false
		for _, command := range commands(t) {
			told = told || strings.Contains(command.Detail, "- "+name+": ")
		}
		if !told {
			t.Errorf("no help mentions %s", name)
		}
	}
}
