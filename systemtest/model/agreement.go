package model

import (
	"maps"
	"math/big"
	"slices"
)

// An Agreement has the form of the API's: how several assessors come to one finding.
type Agreement struct {
	Kind         string   `json:"kind"`
	MaxGap       string   `json:"maxGap,omitempty"`
	ThirdReading string   `json:"thirdReading,omitempty"`
	Weights      []Weight `json:"weights,omitempty"`
}

// A Weight is the share of a quality.
type Weight struct {
	Quality string `json:"quality"`
	Percent int    `json:"percent"`
}

// agreementOn is that for a criterion.
func (r *Revision) agreementOn(criterion string) Agreement {
	_, competence, _ := r.Find(criterion)
	switch {
	case competence != nil && competence.Agreement != nil:
		return *competence.Agreement
	case r.Agreement != nil:
		return *r.Agreement
	}
	return Agreement{Kind: "UNANIMOUS"}
}

// qualified objects to an assessor whose quality has no weight.
func (k *Candidacy) qualified(o *objections, criterion, assessor string) {
	weights := k.Session.Revision.agreementOn(criterion).Weights
	o.unless(len(weights) == 0 || slices.ContainsFunc(weights, func(w Weight) bool {
		return w.Quality == k.Session.Qualities[assessor]
	}), "ASSESSOR_UNQUALIFIED")
}

// What findings come to, if it is none of them.
const (
	tooFew   = "too few assessors"
	noVoice  = "a quality is missing"
	waits    = "it waits for a third reading"
	disagree = "they disagree"
	inPoints = "they come to points"
)

// heard is what the assessors of a criterion come to: a finding, one of the above, and the
// points if there are any. It goes by the words of the rules only.
func (k *Candidacy) heard(criterion string) (said string, points *big.Rat) {
	a := k.Session.Revision.agreementOn(criterion)
	regular := maps.Clone(k.verdicts[criterion])
	third := make(map[string]string)
	for assessor, verdict := range k.verdicts[criterion] {
		if a.ThirdReading != "" && k.qualities[criterion][assessor] == a.ThirdReading {
			third[assessor] = verdict
			delete(regular, assessor)
		}
	}
	one := common(regular)
	switch {
	case len(regular) < k.Session.Revision.assessors(criterion):
		return tooFew, nil
	case a.Kind == "WEIGHTED":
		return k.weighed(criterion, a.Weights, regular)
	case one != "":
		return one, nil
	case a.Kind != "MEAN":
		return disagree, nil
	case k.near(criterion, a.MaxGap, regular):
		return inPoints, k.meanOf(criterion, regular)
	case a.ThirdReading == "":
		return disagree, nil
	case len(third) == 0:
		return waits, nil
	case !k.near(criterion, a.MaxGap, third):
		return disagree, nil
	case common(third) != "":
		return common(third), nil
	}
	return inPoints, k.meanOf(criterion, third)
}

func (k *Candidacy) weighed(criterion string, weights []Weight, verdicts map[string]string) (string, *big.Rat) {
	sum := new(big.Rat)
	for _, w := range weights {
		theirs := make(map[string]string)
		for assessor, verdict := range verdicts {
			if k.qualities[criterion][assessor] == w.Quality {
				theirs[assessor] = verdict
			}
		}
		if len(theirs) == 0 {
			return noVoice, nil
		}
		sum.Add(sum, times(k.meanOf(criterion, theirs), big.NewRat(int64(w.Percent), 100)))
	}
	if one := common(verdicts); one != "" {
		return one, nil
	}
	return inPoints, sum
}

// near says whether no two findings are further apart than a gap; empty: any are near.
func (k *Candidacy) near(criterion, gap string, verdicts map[string]string) bool {
	_, _, c := k.Session.Revision.Find(criterion)
	on := k.Session.Revision.On(*c)
	for _, one := range verdicts {
		for _, other := range verdicts {
			if gap != "" && minus(on.worth(one), on.worth(other)).Cmp(number(gap)) > 0 {
				return false
			}
		}
	}
	return true
}

func (k *Candidacy) meanOf(criterion string, verdicts map[string]string) *big.Rat {
	_, _, c := k.Session.Revision.Find(criterion)
	on, sum := k.Session.Revision.On(*c), new(big.Rat)
	for _, verdict := range verdicts {
		sum.Add(sum, on.worth(verdict))
	}
	return sum.Quo(sum, big.NewRat(int64(len(verdicts)), 1))
}

// cut is a number with at most two decimals, of which nothing is rounded up.
func cut(x *big.Rat) string {
	hundredths := new(big.Int).Quo(new(big.Int).Mul(x.Num(), big.NewInt(100)), x.Denom())
	whole, rest := new(big.Int).QuoRem(hundredths, big.NewInt(100), new(big.Int))
	switch n := rest.Int64(); {
	case n == 0:
		return whole.String()
	case n%10 == 0:
		return whole.String() + "." + string(rune('0'+n/10))
	default:
		return whole.String() + "." + string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
}

// said is who found what, in which quality, as a settlement is made on it.
func (k *Candidacy) said(criterion string) map[string]string {
	said := make(map[string]string)
	for assessor, verdict := range k.verdicts[criterion] {
		said[assessor] = verdict + " as " + k.qualities[criterion][assessor]
	}
	return said
}

// A College of a jury.
type College struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	AtLeast int    `json:"atLeast"`
	Parity  bool   `json:"parity"`
}

// knows objects to the colleges of a jury that a référentiel does not have.
func (r *Revision) knows(o *objections, jury []Member) {
	for _, m := range jury {
		o.unless(m.College == "" || slices.ContainsFunc(r.Colleges, func(c College) bool { return c.Code == m.College }), "COLLEGE_UNKNOWN")
	}
}

// sides objects to a jury in which a college is not there as it must be.
func (s *Session) sides(o *objections, present []string) {
	numbers := make(map[string]int)
	for _, subject := range present {
		if m := s.member(subject); m != nil {
			numbers[m.College]++
		}
	}
	equal := make(map[int]bool)
	for _, c := range s.Revision.Colleges {
		o.unless(numbers[c.Code] >= c.AtLeast, "JURY_LACKS_COLLEGE")
		if c.Parity {
			equal[numbers[c.Code]] = true
		}
	}
	o.unless(len(equal) < 2, "JURY_NOT_PARITARY")
}
