// Package registration says what follows from where a certification is registered, and
// until when: whether its blocs are attested one by one, and what is worth a warning.
//
// The end of a registration limits nothing that is held, and nothing here forbids an act:
// candidates who began before can have rights (Code du travail, L6113-9), which the
// service cannot know.
package registration

import "fmt"

// Registration is what the rules read of a register. Days have the form 2027-03-31, so
// that they compare as texts.
type Registration struct {
	Kind             Kind
	Divisible        *bool  // whether blocs are attested one by one; nil means the default
	ExpiryDate       string // the last day of the registration; empty: not known
	DeliveryDeadline string // the last day for awards; empty: not known
}

// Kind names a register. What is not named here is like no register.
type Kind string

// RS is the répertoire spécifique.
const RS Kind = "RS"

// IsDivisible tells whether blocs are attested one by one, and whether it is the default.
//
// In the RNCP a certification consists of blocs that can be validated each by itself
// (Code du travail, L6113-1). The law knows no blocs in the RS: what stands there is
// attested as a whole, unless the référentiel says otherwise, as CléA's would.
func (r Registration) IsDivisible() (divisible, byDefault bool) {
	if r.Divisible != nil {
		return *r.Divisible, false
	}
	return r.Kind != RS, true
}

// Warning is something to know of an act that stands.
type Warning struct {
	Rule        Rule
	Day         string // after which it warns
	FromDefault bool   // the référentiel does not set that day
}

// Rule is the stable name of a rule that warns.
type Rule string

// The rules that warn.
const (
	Expired        Rule = "REGISTRATION_EXPIRED"
	DeadlinePassed Rule = "DELIVERY_DEADLINE_PASSED"
)

// sentences is the table of all warnings: what each says of its day.
var sentences = [...]struct {
	rule     Rule
	sentence string
}{
	{Expired, "the registration of the certification ended on %s"},
	{DeadlinePassed, "the certification could be awarded until %s"},
}

// Rules lists every rule that warns.
func Rules() []Rule {
	rules := make([]Rule, len(sentences))
	for i, w := range sentences {
		rules[i] = w.rule
	}
	return rules
}

// String returns the warning as one plain English sentence.
func (w Warning) String() string {
	text := string(w.Rule)
	for _, row := range sentences {
		if row.rule == w.Rule {
			text = fmt.Sprintf(row.sentence, w.Day)
		}
	}
	if w.FromDefault {
		text += "; a default, the end of its registration, since the référentiel gives no day"
	}
	return text
}

// WarnEnrolment warns of an enrolment on that day.
func (r Registration) WarnEnrolment(day string) []Warning {
	if r.ExpiryDate == "" || day <= r.ExpiryDate {
		return nil
	}
	return []Warning{{Rule: Expired, Day: r.ExpiryDate}}
}

// WarnAward warns of an award on that day.
func (r Registration) WarnAward(day string) []Warning {
	w := Warning{Rule: DeadlinePassed, Day: r.DeliveryDeadline}
	if w.Day == "" {
		w.Day, w.FromDefault = r.ExpiryDate, true
	}
	if w.Day == "" || day <= w.Day {
		return nil
	}
	return []Warning{w}
}
