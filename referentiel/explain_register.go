package referentiel

import (
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// register says where the certification is registered, and what follows from it.
func (e *explainer) register() {
	r := e.r.GetRegister()
	if r != nil {
		e.registered(r)
	}
	divisible, byDefault := registrationSpec(r).IsDivisible()
	note := ""
	if byDefault {
		note = e.phrase(" (valeur par défaut)", " (a default)")
	}
	if divisible {
		e.say("Elle est divisible : chaque bloc acquis peut être attesté seul%s.", "It is divisible: every bloc that is acquired can be attested by itself%s.", note)
	} else {
		e.say("Elle n'est pas divisible : aucun bloc n'est attesté seul%s.", "It is not divisible: no bloc is attested by itself%s.", note)
	}
	if last := r.GetExpiryDate(); last != "" {
		e.say("Une inscription après le %s porte un avertissement.", "An enrolment after %s has a warning.", last)
	}
	deadline := r.GetDeliveryDeadline()
	note = ""
	if deadline == "" {
		deadline, note = r.GetExpiryDate(), e.phrase(" (valeur par défaut)", " (a default)")
	}
	if deadline != "" {
		e.say("Une délivrance après le %s porte un avertissement%s.", "An award after %s has a warning%s.", deadline, note)
	}
}

// registered names the register, the number and the level.
func (e *explainer) registered(r *storepb.Register) {
	where := bilingual{"dans un autre registre", "in another register"}
	switch r.GetKind().String() {
	case "RNCP":
		where = bilingual{"au RNCP", "in the RNCP"}
	case "RS":
		where = bilingual{"au répertoire spécifique", "in the répertoire spécifique"}
	}
	var as []string
	if number := r.GetNumber(); number != "" {
		as = append(as, e.phrase("numéro %s", "number %s", number))
	}
	if r.Level != nil {
		as = append(as, e.phrase("niveau %d", "level %d", r.GetLevel()))
	}
	details := ""
	if len(as) > 0 {
		details = e.phrase(" : ", ": ") + strings.Join(as, ", ")
	}
	e.say("Elle est enregistrée %s%s.", "It is registered %s%s.", where, details)
}
