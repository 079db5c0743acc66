package rules

import (
	"github.com/acquis-eval/acquis/rules/registration"

	"github.com/acquis-eval/acquis/rules/words"
)

// Registration is where the certification is registered.
func (s *Scheme) Registration() registration.Registration { return s.registration }

// Attest refuses to attest a decision under this revision that acquires nothing, or only
// a bloc of what is not divisible. Such a bloc counts towards the certification all the same.
func (s *Scheme) Attest(d Decision) []words.Refusal {
	if d.Outcome != Capitalised && d.Outcome != Awarded {
		return []words.Refusal{words.Refuse(words.NothingToAttest, "decision", d.ID)}
	}
	divisible, byDefault := s.registration.IsDivisible()
	if divisible || d.Outcome == Awarded {
		return nil
	}
	r := words.Refuse(words.CertificationNotDivisible, "bloc", d.Bloc)
	if r.FromDefault = byDefault; byDefault {
		r.Description += "; the default of the répertoire spécifique, since the référentiel does not say"
	}
	return []words.Refusal{r}
}
