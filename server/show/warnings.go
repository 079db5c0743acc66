package show

import (
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/registration"
)

// Warnings shows warnings.
func Warnings(warnings []registration.Warning) (shown []*acquispb.Warning) {
	for _, w := range warnings {
		shown = append(shown, &acquispb.Warning{Rule: string(w.Rule), Date: w.Day, FromDefault: w.FromDefault, Text: w.String()})
	}
	return shown
}
