package rules

// Acts are everything that was done in one candidacy and that its grid depends
// on. Earlier acts that no longer count may be included: the rules pick those
// that count. Within each slice Seq gives the order of the acts; if two are
// equal, the later one in the slice is the later act.
type Acts struct {
	Assessments []Assessment
	Settlements []Settlement
	Advice      []Advice
	Exemptions  []Exemption
}

// Assessment is one assessor's verdict on one criterion, or its retraction. Only
// the latest of an assessor on a criterion counts. The assessor is a subject,
// never a key.
type Assessment struct {
	Criterion string
	Assessor  string
	Quality   string // in which the assessor gave it; may be empty
	Verdict   Verdict
	Retracted bool // the assessor takes the verdict back; Verdict is ignored
	Seq       uint64
}

// Opinion is an assessor's verdict that counts.
type Opinion struct {
	Assessor string
	Quality  string // in which the assessor gave it; may be empty
	Verdict  Verdict
	Seq      uint64 // of the act that gave it; 0 in a settlement, which depends on the verdict only
}

// Settlement is the jury's verdict on a criterion on which assessors disagree. It
// is in force as long as their verdicts are those it was made on. Settling again
// with the same verdict on the same opinions confirms it, and adds its authors.
type Settlement struct {
	Criterion string
	Verdict   Verdict
	On        []Opinion // in any order
	Authors   []string  // jury members; one per act, or all of a folded record
	Seq       uint64
}

// Advice is the disability advisor's advice on exempting from one criterion. The
// latest on a criterion counts. The rules do not read its reasons.
type Advice struct {
	Criterion  string
	Favourable bool
	Seq        uint64
}

// Exemption is the jury's decision on such advice. The latest on a criterion is
// in force; deciding the same again confirms it, and adds its authors.
type Exemption struct {
	Criterion string
	Granted   bool
	Authors   []string // in the order in which they decided so
	Seq       uint64
}

// Exemption finds the decision on a criterion that is in force, with all its
// authors; nil if there is none. The criterion may belong to a bloc that is no
// longer presented.
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
