package rules

import (
	"cmp"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
)

// Decision is one immutable legal act: the part of it that the rules read.
type Decision struct {
	ID         string
	Seq        uint64 // order among the decisions of one candidate
	Kind       DecisionKind
	Revision   Revision
	Bloc       string // or the requirement; empty for an award
	Option     string // of an award: code of the one awarded; empty if the award has no options
	Outcome    DecisionOutcome
	Computed   Outcome      // what the grid said when a jury decided the bloc; empty if no grid was read
	Session    string       // of the jury that sat; empty if a registrar recorded a prior bloc
	Candidacy  string       // that it decided; empty for a prior bloc and for :award
	Supersedes string       // id of the decision that it replaces
	Amount     int          // of a proof of a requirement that asks for a number
	Day        calendar.Day // on which it was decided
	Until      calendar.Day // the last one on which what it gives is valid; empty if it has no end
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
	Requirements  []LedgerRequirement
	Certification CertificationStatus
	Award         string       // id of the award that is valid longest, also if it no longer is; empty if there is none
	AwardUntil    calendar.Day // the last day on which it is valid; empty if it has no end
	Reasons       []words.Reason
	Missing       []words.Reason // what an award under this revision still needs, even if an earlier one stands
	Paths         []LedgerPath   // one per option, or one without a code
}

// LedgerPath is where an option stands.
type LedgerPath struct {
	Option  string
	Award   string         // id of the award that is valid; empty if there is none
	Missing []words.Reason // what it still needs
	Counted int            // blocs that are held and that it needs or that a choice offers
}

// LedgerBloc is the status of one bloc.
type LedgerBloc struct {
	Code     string
	Status   LedgerStatus
	Decision string       // that gives it this status: the one that capitalises it longest, else the last
	Until    calendar.Day // the last one on which it is or was valid; empty if it has no end
	Reasons  []words.Reason
}

// Ledger returns what the candidate holds of one revision on a day. Only validity depends
// on the day: the decisions are all that stand, later ones too. So what is over on one
// day is over on every later one.
func (c Candidate) Ledger(revision Revision, on calendar.Day) Ledger {
	effective := Effective(c.Decisions)
	ledger := Ledger{Revision: revision, Certification: CertificationInProgress}
	held := 0
	scheme := c.Catalogue.Scheme(revision)
	for _, code := range scheme.BlocCodes() {
		bloc := c.ledgerBloc(BlocRef{revision, code}, effective, on)
		if bloc.Status == LedgerCapitalised {
			held++
		}
		ledger.Blocs = append(ledger.Blocs, bloc)
	}
	if scheme != nil {
		for i := range scheme.requirements {
			r := &scheme.requirements[i]
			ledger.Requirements = append(ledger.Requirements, c.ledgerRequirement(BlocRef{revision, r.Code}, r, effective))
		}
		ledger.follow(&scheme.award, effective, on)
	}
	award := lasting(effective, func(d Decision) bool { return d.awards() && d.Revision.Referentiel == revision.Referentiel })
	if award != nil {
		ledger.Certification, ledger.Award, ledger.AwardUntil = CertificationAwarded, award.ID, award.Until
		if !award.validOn(on) {
			ledger.Certification = CertificationExpired
		}
	}
	if scheme == nil || !scheme.award.given {
		ledger.Reasons = []words.Reason{{Rule: wholeReasons[ledger.Certification], Counted: held, Required: len(ledger.Blocs)}}
	} else {
		ledger.explain()
	}
	if award != nil {
		ledger.Reasons = append(ledger.Reasons, award.lapsed(on)...)
	}
	return ledger
}

// wholeReasons say why a certification that needs every bloc stands where it does.
var wholeReasons = map[CertificationStatus]words.ReasonRule{
	CertificationAwarded: words.AwardStands, CertificationExpired: words.AwardStands, CertificationComplete: words.AwaitsJury, CertificationInProgress: words.BlocsMissing,
}

// follow finds where each path stands, and with them the certification.
func (l *Ledger) follow(rule *awardRule, effective []Decision, on calendar.Day) {
	common := rule.common(l)
	l.Missing = append(slices.Clip(common), rule.anyPath(l)...)
	for _, option := range rule.paths {
		path := LedgerPath{Option: option.Code, Missing: append(slices.Clip(common), option.besides(l)...)}
		for _, b := range l.Blocs {
			offered := slices.ContainsFunc(rule.choices, func(c choice) bool { return slices.Contains(c.from, b.Code) })
			if b.Status == LedgerCapitalised && (offered || rule.needs(&option, b.Code)) {
				path.Counted++
			}
		}
		for _, d := range effective {
			same := option.Code == "" || d.Option == option.Code // where there are no options, any award is of the whole
			if same && path.Award == "" && d.validOn(on) && d.awards() && d.Revision.Referentiel == l.Revision.Referentiel {
				path.Award = d.ID
			}
		}
		if len(path.Missing) == 0 {
			l.Certification = CertificationComplete
		}
		l.Paths = append(l.Paths, path)
	}
}

// explain says why the certification stands where it does, under an award rule.
func (l *Ledger) explain() {
	if l.Certification == CertificationInProgress {
		l.Reasons = l.Missing
		return
	}
	for _, path := range l.Paths {
		switch {
		case path.Award != "":
			l.Reasons = append(l.Reasons, words.Reason{Rule: words.PathAwarded, Option: path.Option})
		case len(path.Missing) == 0:
			l.Reasons = append(l.Reasons, words.Reason{Rule: words.PathAwaitsJury, Option: path.Option, Counted: path.Counted})
		}
	}
}

// lacks lists what an option of the revision needs and does not have any more.
func (l Ledger) lacks(option string) []words.Reason {
	for _, path := range l.Paths {
		if path.Option == option {
			return path.Missing
		}
	}
	return nil
}

// awaiting lists the paths that a jury has yet to award.
func (l Ledger) awaiting() (paths []LedgerPath) {
	for _, path := range l.Paths {
		if path.Award == "" && len(path.Missing) == 0 {
			paths = append(paths, path)
		}
	}
	return paths
}

// ledgerBloc finds the status of a bloc: it is held if any effective decision
// capitalises a bloc that counts as it, even if another candidacy did not.
func (c Candidate) ledgerBloc(wanted BlocRef, effective []Decision, on calendar.Day) LedgerBloc {
	if held := c.holder(effective).of(wanted); held != nil {
		bloc := LedgerBloc{Code: wanted.Bloc, Status: LedgerCapitalised, Decision: held.by.ID, Until: held.by.Until}
		if !held.by.validOn(on) {
			bloc.Status = LedgerExpired
		}
		reason := words.Reason{Rule: held.rule, Bloc: wanted.Bloc, Chain: held.path}
		bloc.Reasons = append([]words.Reason{reason}, held.by.lapsed(on)...)
		return bloc
	}
	bloc := LedgerBloc{Code: wanted.Bloc, Status: LedgerNotPresented, Reasons: []words.Reason{{Rule: words.NeverDecided, Bloc: wanted.Bloc}}}
	for _, d := range effective {
		if d.Kind != AwardDecision && !d.Kind.ofRequirement() && c.countsAtOnce(wanted, d.ref()) {
			bloc.Status, bloc.Decision, bloc.Reasons[0].Rule = LedgerNotCapitalised, d.ID, words.DecidedAgainst
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
