package rules

import (
	"cmp"
	"slices"
)

// Decision is one immutable legal act: the part of it that the rules read.
type Decision struct {
	ID         string
	Seq        uint64 // order among the decisions of one candidate
	Kind       DecisionKind
	Revision   Revision
	Bloc       string // empty for an award
	Outcome    DecisionOutcome
	Computed   Outcome // what the grid said when a jury decided the bloc; empty if no grid was read
	Session    string  // of the jury that sat; empty if a registrar recorded a prior bloc
	Candidacy  string  // that it decided; empty for a prior bloc and for :award
	Supersedes string  // id of the decision that it replaces
	Day        Day     // on which it was decided
	Until      Day     // the last one on which what it gives is valid; empty if it has no end
}

// Effective returns the decisions that are not superseded, in order.
func Effective(decisions []Decision) []Decision {
	superseded := make(map[string]bool)
	for _, d := range decisions {
		if d.Supersedes != "" {
			superseded[d.Supersedes] = true
		}
	}
	effective := slices.DeleteFunc(slices.Clone(decisions), func(d Decision) bool { return superseded[d.ID] })
	slices.SortFunc(effective, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID))
	})
	return effective
}

// Ledger is what a candidate holds of one revision.
type Ledger struct {
	Revision      Revision
	Blocs         []LedgerBloc // in the référentiel's order
	Certification CertificationStatus
	Award         string // id of the award, also of one that is no longer valid; empty if there is none
	AwardUntil    Day    // the last day on which it is valid; empty if it has no end
	Reasons       []Reason
}

// LedgerBloc is the status of one bloc.
type LedgerBloc struct {
	Code     string
	Status   LedgerStatus
	Decision string // that gives it this status: the one that capitalises it longest, else the last
	Until    Day    // the last one on which it is or was valid; empty if it has no end
	Reasons  []Reason
}

// Ledger returns what the candidate holds of one revision on a day. Only validity depends
// on the day: the decisions are all that stand, later ones too. So what is over on one
// day is over on every later one.
func (c Candidate) Ledger(revision Revision, on Day) Ledger {
	effective := Effective(c.Decisions)
	ledger := Ledger{Revision: revision}
	held := 0
	for _, code := range c.Catalogue.Blocs(revision) {
		bloc := c.ledgerBloc(BlocRef{revision, code}, effective, on)
		if bloc.Status == LedgerCapitalised {
			held++
		}
		ledger.Blocs = append(ledger.Blocs, bloc)
	}
	reason := Reason{Counted: held, Required: len(ledger.Blocs)}
	award := lasting(effective, func(d Decision) bool { return d.awards() && d.Revision.Referentiel == revision.Referentiel })
	switch {
	case award != nil:
		ledger.Certification, ledger.Award, reason.Rule = CertificationAwarded, award.ID, AwardStands
		if ledger.AwardUntil = award.Until; !award.validOn(on) {
			ledger.Certification = CertificationExpired
		}
	case ledger.complete():
		ledger.Certification, reason.Rule = CertificationComplete, AwaitsJury
	default:
		ledger.Certification, reason.Rule = CertificationInProgress, BlocsMissing
	}
	ledger.Reasons = []Reason{reason}
	if award != nil {
		ledger.Reasons = append(ledger.Reasons, award.lapsed(on)...)
	}
	return ledger
}

// ledgerBloc finds the status of a bloc: it is held if any effective decision
// capitalises a bloc that counts as it, even if another candidacy did not.
func (c Candidate) ledgerBloc(wanted BlocRef, effective []Decision, on Day) LedgerBloc {
	if held := c.holder(effective).of(wanted); held != nil {
		bloc := LedgerBloc{Code: wanted.Bloc, Status: LedgerCapitalised, Decision: held.by.ID, Until: held.by.Until}
		if !held.by.validOn(on) {
			bloc.Status = LedgerExpired
		}
		reason := Reason{Rule: held.rule, Bloc: wanted.Bloc, Path: held.path}
		bloc.Reasons = append([]Reason{reason}, held.by.lapsed(on)...)
		return bloc
	}
	bloc := LedgerBloc{Code: wanted.Bloc, Status: LedgerNotPresented, Reasons: []Reason{{Rule: NeverDecided, Bloc: wanted.Bloc}}}
	for _, d := range effective {
		if d.Kind != AwardDecision && (d.ref() == wanted || c.Catalogue.Counts(wanted, d.ref())) {
			bloc.Status, bloc.Decision, bloc.Reasons[0].Rule = LedgerNotCapitalised, d.ID, DecidedAgainst
		}
	}
	return bloc
}

func (d Decision) awards() bool { return d.Kind == AwardDecision && d.Outcome == Awarded }

// Bloc finds a bloc of the revision; nil if it has none with that code.
func (l Ledger) Bloc(code string) *LedgerBloc {
	i := slices.IndexFunc(l.Blocs, func(b LedgerBloc) bool { return b.Code == code })
	if i < 0 {
		return nil
	}
	return &l.Blocs[i]
}

// Capitalised tells whether the bloc is held and valid.
func (l Ledger) Capitalised(bloc string) bool {
	b := l.Bloc(bloc)
	return b != nil && b.Status == LedgerCapitalised
}

// missing lists the blocs that are not held, or no longer valid.
func (l Ledger) missing() []string {
	var codes []string
	for _, b := range l.Blocs {
		if b.Status != LedgerCapitalised {
			codes = append(codes, b.Code)
		}
	}
	return codes
}

// complete tells whether every bloc is held. A revision without blocs is one that
// the catalogue does not know; it is never complete.
func (l Ledger) complete() bool { return len(l.Blocs) > 0 && len(l.missing()) == 0 }
