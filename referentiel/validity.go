package referentiel

import (
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules/calendar"
)

// validities checks how long what was decided is valid.
func (c *checker) validities(r *storepb.Referentiel) {
	for i, b := range r.GetBlocs() {
		c.validity(at("blocs", i)+".validity", b.GetValidity())
	}
	c.validity("rules.validity.blocs", r.GetRules().GetValidity().GetBlocs())
	c.validity("rules.validity.award", r.GetRules().GetValidity().GetAward())
}

func (c *checker) validity(field string, v *storepb.Validity) {
	if v == nil {
		return
	}
	c.between(field+".years", v.Years, 1, 100)
	c.between(field+".months", v.Months, 1, 1200)
	given := 0
	for _, is := range []bool{v.Years != nil, v.Months != nil, v.GetUnlimited()} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.report(field, "must have exactly one of years, months and unlimited: true")
	}
}

func (e *encoder) validities(v *storepb.Validities) {
	e.message(1, func(e *encoder) { e.validity(v.GetBlocs()) })
	e.message(2, func(e *encoder) { e.validity(v.GetAward()) })
}

func (e *encoder) validity(v *storepb.Validity) {
	if v == nil {
		return
	}
	e.number(1, v.Years)
	e.number(2, v.Months)
	e.yes(3, v.GetUnlimited())
}

// ownValidity is that of a bloc; nil if it has none of its own.
func ownValidity(v *storepb.Validity) *calendar.Period {
	if v == nil {
		return nil
	}
	own := period(v)
	return &own
}

// period is how long something is valid; without end if nothing says so.
func period(v *storepb.Validity) calendar.Period {
	if v.GetMonths() != 0 {
		return calendar.Months(int(v.GetMonths()))
	}
	return calendar.Years(int(v.GetYears()))
}

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
