package verify

import (
	"cmp"
	"slices"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/store"
)

// candidacy checks how a candidacy began, its state, and every act in it.
func (p *person) candidacy(c candidacy) error {
	p.checked("candidacies")
	p.enrolment(c)
	p.departures(c)
	p.standing(c)
	return p.acts(c)
}

// enrolled is the candidacy as it was while it accepted acts.
func (c candidacy) enrolled() rules.Candidacy {
	enrolled := c.ruled
	enrolled.State, enrolled.Left = rules.Enrolled, nil
	return enrolled
}

// enrolment enrols again, with what the candidate held then, in the session as it
// was before its end; standing checks that no candidacy was written after that
// end.
func (p *person) enrolment(c candidacy) {
	known := rules.Candidate{Catalogue: p.catalogue}
	for _, d := range p.decisions {
		if d.message.GetUid() < c.message.GetUid() {
			known.Decisions = append(known.Decisions, d.ruled)
		}
	}
	c.onItsDay(c.message.GetEnrolDay(), c.message.GetCreateTime())
	asked := rules.Enrolment{
		Scope:  rules.Scope(c.message.GetScope().String()),
		Option: c.message.GetOption(), Chosen: c.message.GetChosenBlocs(), Route: c.ruled.Route,
	}
	if asked.Scope == rules.NamedBlocs {
		asked.Blocs = c.message.GetEnrolledBlocs()
	}
	enrolled, refusals := rules.Case{Scheme: c.scheme, Session: c.session.at(0), Candidate: known, Day: calendar.Day(c.message.GetEnrolDay())}.Enrol(asked)
	if len(refusals) > 0 {
		c.wrong("was enrolled, which the rules forbid: %s", why(refusals))
	} else if !slices.Equal(enrolled.Enrolled, c.message.GetEnrolledBlocs()) {
		c.wrong("presents %v at enrolment, expected %v", c.message.GetEnrolledBlocs(), enrolled.Enrolled)
	} else if !slices.Equal(enrolled.Resits, c.message.GetResitBlocs()) {
		c.wrong("has %v as blocs presented again, expected %v", c.message.GetResitBlocs(), enrolled.Resits)
	} else if !slices.Equal(enrolled.Requirements, c.message.GetEnrolledRequirements()) {
		c.wrong("presents the requirements %v at enrolment, expected %v", c.message.GetEnrolledRequirements(), enrolled.Requirements)
	}
}

// departures checks the blocs that left.
func (p *person) departures(c candidacy) {
	var left []string
	for _, d := range c.message.GetDepartedBlocs() {
		cause := d.GetCause()
		switch {
		case !slices.Contains(slices.Concat(c.ruled.Enrolled, c.ruled.Requirements), d.GetBloc()) || slices.Contains(left, d.GetBloc()):
			c.wrong("says that bloc %s left, which it did not present", d.GetBloc())
		case cause == acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD && c.state() != acquispb.Candidacy_State_DECIDED:
			c.wrong("says that bloc %s was held at a deliberation, but is not decided", d.GetBloc())
		}
		left = append(left, d.GetBloc())
	}
}

func (c candidacy) state() acquispb.Candidacy_State_Enum {
	return c.message.GetState()
}

// standing checks that the state of a candidacy agrees with its blocs, its
// session and the candidate's other candidacies.
func (p *person) standing(c candidacy) {
	presents := len(c.ruled.Presented()) > 0
	session := c.session.message.GetState()
	expect := func(ok bool, why string) {
		if !ok {
			c.wrong("is %s, and %s", c.state(), why)
		}
	}
	if c.session.ended(c.event) {
		c.wrong("was written after event %d, by which its session is %s", c.session.event, session)
	}
	if decided := c.state() == acquispb.Candidacy_State_DECIDED; !decided && c.message.GetSitting() != nil {
		c.wrong("says who deliberated, but is %s", c.state())
	}
	cancelled := session == acquispb.Session_State_CANCELLED
	switch c.state() {
	case acquispb.Candidacy_State_ENROLLED:
		expect(session == acquispb.Session_State_OPEN, "its session is "+session.String())
		expect(presents, "presents no bloc")
	case acquispb.Candidacy_State_DECIDED:
		expect(!cancelled, "its session is CANCELLED")
	case acquispb.Candidacy_State_WITHDRAWN, acquispb.Candidacy_State_ABSENT:
		expect(!presents, "still presents a bloc")
	case acquispb.Candidacy_State_CANCELLED:
		expect(cancelled, "its session is "+session.String())
	default:
		c.wrong("has no state")
	}
	for _, other := range p.candidacies {
		if other.message.GetUid() < c.message.GetUid() && other.message.GetSessionUid() == c.message.GetSessionUid() && c.live() && other.live() {
			c.wrong("is the second of its candidate in one session, after candidacy %d", other.message.GetUid())
		}
	}
}

func (c candidacy) live() bool {
	return c.state() == acquispb.Candidacy_State_ENROLLED || c.state() == acquispb.Candidacy_State_DECIDED
}

// An entry is one act in a candidacy.
type entry struct {
	subject
	uid        uint64
	assessment *storepb.Assessment // or
	file       *storepb.CaseFile
}

// entries are the acts in a candidacy, in order.
func (p *person) entries(c candidacy) (all []entry, err error) {
	assessments, err := loadAll[*storepb.Assessment](p.verifier, store.KindAssessment, c.key)
	if err != nil {
		return nil, err
	}
	files, err := loadAll[*storepb.CaseFile](p.verifier, store.KindCaseFile, c.key)
	if err != nil {
		return nil, err
	}
	for _, a := range assessments {
		if _, err := casefile.Acts([]*storepb.Assessment{a.message}, nil); err != nil {
			continue // reported with all other records
		}
		all = append(all, entry{subject: a.subject, uid: a.message.GetUid(), assessment: a.message})
	}
	for _, f := range files {
		all = append(all, entry{subject: f.subject, uid: f.message.GetUid(), file: f.message})
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
	return all, nil
}

// actsOf are entries as the rules read them.
func actsOf(entries []entry) rules.Acts {
	var assessments []*storepb.Assessment
	var files []*storepb.CaseFile
	for _, e := range entries {
		if e.assessment != nil {
			assessments = append(assessments, e.assessment)
		} else {
			files = append(files, e.file)
		}
	}
	acts, _ := casefile.Acts(assessments, files) // each can be read: entries checked it
	return acts
}

// acts checks every act in a candidacy against those before it.
func (p *person) acts(c candidacy) error {
	entries, err := p.entries(c)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if c.state() != acquispb.Candidacy_State_ENROLLED && e.event >= c.event {
			e.wrong("was written after event %d, by which its candidacy is %s", c.event, c.state())
		}
		judged := rules.Case{Scheme: c.scheme, Session: c.session.at(e.event), Candidacy: c.enrolled()}
		if e.ofJury() {
			judged.Session = c.session.forJury(e.event)
		}
		if !e.onlyVerdicts() { // the rules check nothing else about them
			judged.Candidate, judged.Acts = p.before(e.event), actsOf(entries[:i])
		}
		if e.assessment != nil {
			e.assessed(judged)
		} else if err := p.filed(e, judged, entries[:i]); err != nil {
			return err
		}
		p.checked("acts in candidacies")
	}
	return nil
}

// ofJury tells whether the act is one of the jury: its members then have to stay
// on it.
func (e entry) ofJury() bool {
	return len(e.assessment.GetSettlements()) > 0 || e.file.GetExemption() != nil
}

func (e entry) onlyVerdicts() bool {
	return e.assessment != nil && len(e.assessment.GetSettlements()) == 0 && !slices.ContainsFunc(e.assessment.GetVerdicts(), casefile.Retracts)
}

// assessed checks verdicts, retractions and settlements.
func (e entry) assessed(judged rules.Case) {
	var refusals []words.Refusal
	var given []rules.CriterionVerdict
	var retracted []string
	for _, line := range e.assessment.GetVerdicts() {
		if casefile.Retracts(line) {
			retracted = append(retracted, line.GetCriterion())
		} else {
			verdict, kind := casefile.Finding(line)
			given = append(given, rules.CriterionVerdict{Criterion: line.GetCriterion(), Verdict: verdict, Kind: kind})
		}
	}
	refusals = append(refusals, judged.Record(e.assessment.GetQuality(), given)...)
	if len(retracted) > 0 {
		refusals = append(refusals, judged.Retract(e.assessment.GetAuthor(), retracted)...)
	}
	if len(given)+len(retracted)+len(e.assessment.GetSettlements()) == 0 {
		e.wrong("holds nothing")
	}
	if len(e.assessment.GetSettlements()) > 0 {
		refusals = append(refusals, e.settled(judged)...)
	}
	if len(refusals) > 0 {
		e.wrong("is an act that the rules forbid: %s", why(refusals))
	}
}

// settled settles again, on the verdicts that existed then.
func (e entry) settled(judged rules.Case) []words.Refusal {
	lines := make([]rules.CriterionVerdict, len(e.assessment.GetSettlements()))
	for i, line := range e.assessment.GetSettlements() {
		verdict, kind := casefile.Finding(line)
		lines[i] = rules.CriterionVerdict{Criterion: line.GetCriterion(), Verdict: verdict, Kind: kind}
	}
	settlements, refusals := judged.Settle(e.assessment.GetAuthor(), lines)
	made := actsOf([]entry{e}).Settlements
	for i, want := range settlements {
		if !slices.Equal(want.On, made[i].On) {
			e.wrong("settles %s on verdicts %v; there were %v", want.Criterion, made[i].On, want.On)
		}
	}
	return refusals
}

// filed checks advice, exemptions and accommodations.
func (p *person) filed(e entry, judged rules.Case, before []entry) error {
	texts, err := p.texts(e.file.GetTexts(), 2)
	if err != nil {
		return err
	}
	var refusals []words.Refusal
	switch act := e.file.GetEntry().(type) {
	case *storepb.CaseFile_Advice:
		refusals = judged.Advise(act.Advice.GetCriterion())
	case *storepb.CaseFile_Exemption:
		_, refusals = judged.DecideExemption(e.file.GetAuthor(), rules.ExemptionRequest{
			Criterion:               act.Exemption.GetCriterion(),
			Granted:                 act.Exemption.GetGranted(),
			CapacityPreserved:       rules.Statement{Holds: true, Reason: texts[0]},
			NotApplicableInPractice: rules.Statement{Holds: true, Reason: texts[1]},
			Reason:                  texts[0],
		})
	case *storepb.CaseFile_Decision:
		asked := act.Decision.GetRequestUid()
		forgotten := p.erased[place{store.KindCaseFile, string(store.Key(store.FirstUID(e.key), asked))}].event > e.event
		if !forgotten && !slices.ContainsFunc(before, func(b entry) bool { return b.uid == asked && b.file.GetRequest() != nil }) {
			e.wrong("decides on accommodation %d, which nobody asked for", asked)
		}
	case *storepb.CaseFile_Request:
	default:
		e.wrong("holds nothing")
	}
	if len(refusals) > 0 {
		e.wrong("is an act that the rules forbid: %s", why(refusals))
	}
	return nil
}

// why returns the first rule that forbids an act.
func why(refusals []words.Refusal) string {
	return refusals[0].Description + " (" + string(refusals[0].Rule) + ")"
}
