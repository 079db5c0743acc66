package referentiel

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules/registration"
)

// Maximum lengths, as in the API's proto files.
const (
	maxRegistered   = 20  // codes of each nomenclature
	maxNumber       = 50  // of a registration
	maxOrganisation = 300 // names of the certificateur
)

// numberForm is what a number in a register looks like; elsewhere it is free.
func (s shapes) numberForm(kind string) (form *regexp.Regexp, words string) {
	switch kind {
	case "RNCP":
		return s.rncp, "RNCP and 1 to 6 digits, such as RNCP35340"
	case "RS":
		return s.rs, "RS and 1 to 6 digits, such as RS5616"
	}
	return nil, ""
}

// register checks where a certification is registered. A field that is left out is not
// known yet.
func (c *checker) register(r *storepb.Register) {
	if r == nil {
		return
	}
	switch kind := r.GetKind(); {
	case kind == 0:
		c.report("register.kind", "must not be empty")
	case kind.Descriptor().Values().ByNumber(kind.Number()) == nil:
		c.report("register.kind", fmt.Sprintf("%d is not a kind of register", kind))
	}
	c.optionalText("register.number", r.GetNumber(), maxNumber)
	if form, words := c.shapes.numberForm(r.GetKind().String()); form != nil && r.GetNumber() != "" && !form.MatchString(r.GetNumber()) {
		c.report("register.number", fmt.Sprintf("%q must be %s; leave it out if there is none yet", clip(r.GetNumber()), words))
	}
	c.levels(r)
	// NSF: décret 94-522, three digits, and a letter for the function. Formacode: Centre
	// Inffo. ROME: France Travail, whose domains are A to N.
	c.codes("register.nsf", r.GetNsf(), c.shapes.nsf, "3 digits and at most one letter, such as 312m")
	c.codes("register.formacode", r.GetFormacode(), c.shapes.formacode, "5 digits, such as 34052")
	c.codes("register.rome", r.GetRome(), c.shapes.rome, "a letter from A to N and 4 digits, such as M1705")
	c.registeredDays(r)
}

// levels checks the levels of qualification: only certifications of the RNCP are
// classified by levels (Code du travail, L6113-1).
func (c *checker) levels(r *storepb.Register) {
	c.between("register.level", r.Level, 1, 8)
	c.between("register.eqf_level", r.EqfLevel, 1, 8)
	if registration.Kind(r.GetKind().String()) != registration.RS {
		return
	}
	const noLevels = "must be left out: the répertoire spécifique has no levels"
	if r.Level != nil {
		c.report("register.level", noLevels)
	}
	if r.EqfLevel != nil {
		c.report("register.eqf_level", noLevels)
	}
}

func (c *checker) codes(field string, codes []string, form *regexp.Regexp, words string) {
	met := make(map[string]bool)
	for i, code := range list(c, field, codes, 0, maxRegistered) {
		switch {
		case !form.MatchString(code):
			c.report(at(field, i), fmt.Sprintf("%q must be %s", clip(code), words))
		case met[code]:
			c.report(at(field, i), fmt.Sprintf("%q is listed twice", code))
		}
		met[code] = true
	}
}

// registeredDays checks days and their order. A registration may take effect before it
// is decided: earlier registers had arrêtés with effect on past years.
func (c *checker) registeredDays(r *storepb.Register) {
	decided := c.day("register.decision_date", r.GetDecisionDate())
	first := c.day("register.registration_date", r.GetRegistrationDate())
	last := c.day("register.expiry_date", r.GetExpiryDate())
	deadline := c.day("register.delivery_deadline", r.GetDeliveryDeadline())
	if last == "" {
		return
	}
	if decided > last {
		c.report("register.decision_date", "must not be after expiry_date, "+last)
	}
	if first >= last {
		c.report("register.registration_date", "must be before expiry_date, "+last)
	}
	if deadline != "" && deadline < last {
		c.report("register.delivery_deadline", "must not be before expiry_date, "+last)
	}
}

// day checks a day, and returns it if it exists. Days of this form compare as texts.
func (c *checker) day(field, s string) string {
	_, err := time.Parse(time.DateOnly, s)
	switch {
	case s == "":
	case !c.shapes.day.MatchString(s) || err != nil:
		c.report(field, fmt.Sprintf("%q must be a day from 1900 to 2099, such as 2027-03-31", clip(s)))
	default:
		return s
	}
	return ""
}

func (c *checker) certificateur(r *storepb.Certificateur) {
	c.optionalText("certificateur.legal_name", r.GetLegalName(), maxOrganisation)
	c.optionalText("certificateur.trade_name", r.GetTradeName(), maxOrganisation)
	switch siret := r.GetSiret(); {
	case siret == "":
	case !c.shapes.siret.MatchString(siret):
		c.report("certificateur.siret", fmt.Sprintf("%q must be 14 digits without spaces", clip(siret)))
	case !siretAddsUp(siret):
		c.report("certificateur.siret", fmt.Sprintf("%q has a wrong digit, or two swapped ones: its last digit is computed from the others", siret))
	}
}

// siretAddsUp checks the key of 14 digits: Luhn's formula (ISO/IEC 7812-1). The
// établissements of La Poste are too many for it: their digits add up to a multiple of 5.
func siretAddsUp(siret string) bool {
	luhn, sum := 0, 0
	for i, digit := range siret {
		n := int(digit - '0')
		sum += n
		if i%2 == 0 { // every second one from the right, of 14
			n = n*2/10 + n*2%10
		}
		luhn += n
	}
	return luhn%10 == 0 || strings.HasPrefix(siret, "356000000") && sum%5 == 0
}

// registrationSpec is what the rules read of a register.
func registrationSpec(r *storepb.Register) registration.Registration {
	if r == nil {
		return registration.Registration{}
	}
	return registration.Registration{
		Kind: registration.Kind(r.GetKind().String()), Divisible: r.Divisible,
		ExpiryDate: r.GetExpiryDate(), DeliveryDeadline: r.GetDeliveryDeadline(),
	}
}
