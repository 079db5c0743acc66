package model

// A Register has the form of the API's, with the fields of which something follows.
type Register struct {
	Kind             string `json:"kind"`
	ExpiryDate       string `json:"expiryDate,omitempty"`
	DeliveryDeadline string `json:"deliveryDeadline,omitempty"`
	Divisible        *bool  `json:"divisible,omitempty"`
}

// A Warning has the form of the API's.
type Warning struct {
	Rule, Date  string
	FromDefault bool
}

// divisible says whether blocs are attested one by one.
func (r *Revision) divisible() bool {
	switch {
	case r.Register == nil:
		return true
	case r.Register.Divisible != nil:
		return *r.Register.Divisible
	}
	return r.Register.Kind != "RS"
}

// enrolled warns of an enrolment after the last day of the registration.
func (r *Revision) enrolled(day string) []Warning {
	if r.Register == nil || r.Register.ExpiryDate == "" || r.Register.ExpiryDate >= day {
		return []Warning{}
	}
	return []Warning{{Rule: "REGISTRATION_EXPIRED", Date: r.Register.ExpiryDate}}
}

// awarded warns of an award after the last day for awards or, if there is none, the last
// day of the registration.
func (r *Revision) awarded(day string) []Warning {
	if r.Register == nil {
		return []Warning{}
	}
	last, byDefault := r.Register.DeliveryDeadline, false
	if last == "" {
		last, byDefault = r.Register.ExpiryDate, true
	}
	if last == "" || last >= day {
		return []Warning{}
	}
	return []Warning{{"DELIVERY_DEADLINE_PASSED", last, byDefault}}
}

// Attest attests a decision for outsiders. It changes nothing that is compared.
func (d *Decision) Attest() Answer {
	var o objections
	o.unless(d.Outcome == "CAPITALISED" || d.Outcome == "AWARDED", "NOTHING_TO_ATTEST")
	o.unless(d.Outcome != "CAPITALISED" || d.Revision.divisible(), "CERTIFICATION_NOT_DIVISIBLE")
	if len(o) == 0 { // only what could be attested is looked up further
		o.unless(d.SupersededBy == nil, "DECISION_SUPERSEDED")
	}
	return o.answer()
}
