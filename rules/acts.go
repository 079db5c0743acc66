package rules

// Acts are everything that was done in one candidacy and that its grid rests on.
// History is welcome: the rules pick what counts. Within each slice Seq gives the
// order in which things were done; where two are equal, the later in the slice is
// the later act.
type Acts struct {
	Assessments []Assessment
	Settlements []Settlement
	Advice      []Advice
	Exemptions  []Exemption
}

// Assessment is one assessor's verdict on one criterion, or its retraction. Of one
// assessor on one criterion only the latest counts. The assessor is a subject,
// never a key.
type Assessment struct {
	Criterion string
	Assessor  string
	Verdict   Verdict
	Retracted bool // the assessor takes the verdict back; Verdict says nothing
	Seq       uint64
}

// Opinion is an assessor's verdict that counts.
type Opinion struct {
	Assessor string
	Verdict  Verdict
	Seq      uint64 // of the act that gave it; 0 in a settlement, which rests on the verdict alone
}

// Settlement is the jury's verdict on a criterion on which assessors disagree. It
// holds while their verdicts are those it was made on. Settling anew with the
// same verdict on the same opinions confirms it, and adds its authors.
type Settlement struct {
	Criterion string
	Verdict   Verdict
	On        []Opinion // in any order
	Authors   []string  // jury members; one per act, or all of a folded record
	Seq       uint64
}

// Advice is the disability advisor's advice on exempting from one criterion. The
// latest on a criterion counts. Its reasons are not the rules' business.
type Advice struct {
	Criterion  string
	Favourable bool
	Seq        uint64
}

// Exemption is the jury's decision on such advice. The latest on a criterion
// holds; deciding the same anew confirms it, and adds its authors.
type Exemption struct {
	Criterion string
	Granted   bool
	Authors   []string // in the order in which they decided so
	Seq       uint64
}

// Exemption finds the decision on a criterion that holds, with all its authors; nil
// if there is none. The criterion need not be presented any more.
func (a Acts) Exemption(criterion string) *Exemption {
	var k GridCriterion
	for _, e := range inSeq(a.Exemptions, Exemption.order) {
		if e.Criterion == criterion {
			k.addExemption(e)
		}
	}
	return k.Exemption
}

// AdviceOn finds the latest advice on a criterion; nil if there is none.
func (a Acts) AdviceOn(criterion string) *Advice {
	var latest *Advice
	for _, advice := range inSeq(a.Advice, Advice.order) {
		if advice.Criterion == criterion {
			latest = &advice
		}
	}
	return latest
}

func (a Assessment) order() uint64 { return a.Seq }
func (s Settlement) order() uint64 { return s.Seq }
func (a Advice) order() uint64     { return a.Seq }
func (e Exemption) order() uint64  { return e.Seq }
