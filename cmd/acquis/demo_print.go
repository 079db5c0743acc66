package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A printer writes the demo: in colour on a terminal, plain elsewhere.
type printer struct {
	out    io.Writer
	colour bool
}

func newPrinter(out io.Writer) *printer {
	file, ok := out.(*os.File)
	return &printer{out: out, colour: ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// Colours, as terminals number them.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	violet = "35"
)

func (p *printer) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *printer) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, "  "+format+"\n", args...) // an error cannot be reported anywhere else
}

func (p *printer) title(text string) {
	_, _ = fmt.Fprintf(p.out, "\n%s\n%s\n", p.paint(bold, text), p.paint(dim, strings.Repeat("─", len([]rune(text)))))
}

// symbol shows the status of a criterion.
func (p *printer) symbol(status acquispb.CriterionStatus_Enum) string {
	switch status {
	case acquispb.CriterionStatus_MET:
		return p.paint(green, "●")
	case acquispb.CriterionStatus_PARTIALLY_MET:
		return p.paint(yellow, "◐")
	case acquispb.CriterionStatus_NOT_MET:
		return p.paint(red, "○")
	case acquispb.CriterionStatus_CONTESTED:
		return p.paint(violet, "≠")
	case acquispb.CriterionStatus_EXEMPTED:
		return p.paint(blue, "–")
	}
	return p.paint(dim, "·")
}

func (p *printer) legend() string {
	var parts []string
	for _, s := range []acquispb.CriterionStatus_Enum{
		acquispb.CriterionStatus_MET, acquispb.CriterionStatus_PARTIALLY_MET, acquispb.CriterionStatus_NOT_MET,
		acquispb.CriterionStatus_CONTESTED, acquispb.CriterionStatus_EXEMPTED, acquispb.CriterionStatus_PENDING,
	} {
		words := strings.ToLower(strings.ReplaceAll(s.String(), "_", " "))
		parts = append(parts, p.symbol(s)+" "+words)
	}
	return strings.Join(parts, "   ")
}

// outcome shows a word in the colour of its meaning.
func (p *printer) outcome(word string) string {
	switch word {
	case "ACQUIRED", "CAPITALISED", "AWARDED":
		return p.paint(green, word)
	case "NOT_ACQUIRED", "NOT_CAPITALISED", "NOT_AWARDED":
		return p.paint(red, word)
	case "CONTESTED":
		return p.paint(violet, word)
	}
	return p.paint(dim, word)
}

// grid shows one line per bloc: each compétence with its criteria, then the
// computed outcome.
func (p *printer) grid(g *acquispb.Grid) {
	for _, bloc := range g.GetBlocs() {
		var line strings.Builder
		width := 0
		for _, competence := range bloc.GetCompetences() {
			fmt.Fprintf(&line, "%s ", p.paint(dim, competence.GetCode()))
			for _, criterion := range competence.GetCriteria() {
				line.WriteString(p.symbol(criterion.GetStatus()))
			}
			line.WriteString("  ")
			width += len(competence.GetCode()) + len(competence.GetCriteria()) + 3
		}
		p.line("  %s  %s%s%s", p.paint(bold, bloc.GetCode()), line.String(), strings.Repeat(" ", max(0, 58-width)),
			p.outcome(bloc.GetOutcome().String()))
	}
}

// ledger shows what a candidate has acquired.
func (p *printer) ledger(c *acquispb.Capitalisation) {
	var blocs []string
	for _, bloc := range c.GetBlocs() {
		blocs = append(blocs, p.paint(bold, bloc.GetCode())+" "+p.outcome(bloc.GetStatus().String()))
	}
	p.line("ledger: %s", strings.Join(blocs, "  "))
	p.line("certification: %s", p.outcome(c.GetCertification().GetStatus().String()))
}
