package referentiel

import storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"

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
