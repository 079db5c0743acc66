package referentiel

import (
	"fmt"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// Warnings reports what a référentiel may say, and should say only on purpose. They do not
// keep it from being published.
func Warnings(r *storepb.Referentiel) (all []Problem) {
	if r.GetRncpNumber() == "" {
		return nil
	}
	for i := range r.GetAward().GetRequirements() {
		all = append(all, Problem{
			Field: at("award.requirements", i),
			Message: fmt.Sprintf("warning: %s is in the register RNCP, in which blocs are expected to be enough for the award, outside limited cases",
				r.GetRncpNumber()),
		})
	}
	return all
}
