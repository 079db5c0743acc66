package referentiel

import (
	"fmt"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// Problem is one thing that is wrong with a référentiel. File and Line are
// empty if it is not from a file.
type Problem struct {
	File    string
	Line    int    // from 1; 0 if there is none
	Field   string // blocs[1].competences[0].statement; empty if it is about the whole file
	Message string
}

// String returns the problem in the form of compilers, so that editors find the
// line.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		fmt.Fprintf(&b, "%s:", p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, "%d:", p.Line)
		}
		b.WriteByte(' ')
	}
	if p.Field != "" {
		fmt.Fprintf(&b, "%s: ", p.Field)
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is everything that is wrong with a file, as an error: one line each,
// in the order of the file.
type Problems []Problem

// Error returns one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Warnings reports what a référentiel may say, and should say only on purpose. They do not
// keep it from being published.
func Warnings(r *storepb.Referentiel) (all []Problem) {
	if r.GetRegister().GetKind().String() != "RNCP" {
		return nil
	}
	for i := range r.GetAward().GetRequirements() {
		all = append(all, Problem{
			Field:   at("award.requirements", i),
			Message: "warning: in the register RNCP blocs are expected to be enough for the award, outside limited cases",
		})
	}
	return all
}
