package referentiel

import (
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// validities say how long what is decided is valid, if anything has an end or says that it
// has none.
func (e *explainer) validities() {
	v := e.r.GetRules().GetValidity()
	if b := v.GetBlocs(); b != nil {
		e.say("Un bloc sans autre validité est valable, à compter de la décision : %s.",
			"A bloc without another validity is valid, from the decision on: %s.", e.validity(b))
	}
	if a := v.GetAward(); a != nil {
		e.say("La certification est valable, à compter de la décision : %s.",
			"The certification is valid, from the decision on: %s.", e.validity(a))
	}
	if v != nil {
		e.say("Tous les blocs doivent être valables le jour de la décision finale ; ce qui expire ensuite n'y change rien.",
			"All blocs must be valid on the day of the award; what expires later does not touch it.")
	}
}

// validity is a period.
func (e *explainer) validity(v *storepb.Validity) string {
	var parts []string
	if v.Years != nil {
		parts = append(parts, e.counted(int(v.GetYears()), bilingual{"an", "year"}, bilingual{"ans", "years"}))
	}
	if v.Months != nil {
		parts = append(parts, e.counted(int(v.GetMonths()), bilingual{"mois", "month"}, bilingual{"mois", "months"}))
	}
	if v.GetUnlimited() {
		parts = append(parts, e.phrase("sans limite de durée", "without end"))
	}
	return strings.Join(parts, ", ")
}
