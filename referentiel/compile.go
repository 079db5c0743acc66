package referentiel

import (
	"fmt"
	"sync"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	agreements "github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/gate"
	"google.golang.org/protobuf/proto"
)

// Compiled is one revision, ready for use: the rules' view of it, lookups by
// code, the texts to search. It never changes, so goroutines may share it; make
// one for each revision and keep it. Do not change the messages that it
// returns.
type Compiled struct {
	content      *storepb.Referentiel
	published    uint64 // where it stands in the order of publication
	scheme       *rules.Scheme
	blocs        map[string]*storepb.Bloc
	competences  map[string]*storepb.Competence // of all blocs, assessed or listed
	epreuves     map[string]*storepb.Epreuve
	fingerprints map[string]string // of each bloc and requirement: a digest of its content

	// The texts that can be searched. They are prepared at the first search: a
	// verifier compiles revisions, but never searches.
	entries func() []entry
}

// CompilePublished compiles a revision that was published in some order: chains of
// equivalences go from later ones to earlier ones.
func CompilePublished(r *storepb.Referentiel, order uint64) (*Compiled, error) {
	c, err := Compile(r)
	if err == nil {
		c.published = order
	}
	return c, err
}

// Compile compiles a revision. It fails only if the rules cannot read it at
// all, which [Check] would have reported: a published revision is not checked
// again.
func Compile(r *storepb.Referentiel) (*Compiled, error) {
	c := &Compiled{
		content:      proto.CloneOf(r),
		blocs:        make(map[string]*storepb.Bloc),
		competences:  make(map[string]*storepb.Competence),
		epreuves:     make(map[string]*storepb.Epreuve),
		fingerprints: make(map[string]string),
	}
	read := spec(c.content)
	read.Revision = rules.Revision{Referentiel: r.GetId(), ID: ID(r)}
	scheme, err := rules.NewScheme(read)
	if err != nil {
		return nil, fmt.Errorf("référentiel %s: %w", r.GetId(), err)
	}
	c.scheme = scheme
	for _, b := range c.content.GetBlocs() {
		c.blocs[b.GetCode()] = b
		c.fingerprints[b.GetCode()] = digest(encodeBloc(b))
		for _, k := range b.GetCompetences() {
			c.competences[k.GetCode()] = k
		}
		for _, e := range b.GetEpreuves() {
			c.epreuves[e.GetCode()] = e
		}
	}
	for _, r := range c.content.GetAward().GetRequirements() {
		c.fingerprints[r.GetCode()] = digest(encodeRequirement(r))
		if len(r.GetCriteria()) > 0 { // the rules have it as a compétence
			c.competences[r.GetCode()] = &storepb.Competence{Code: r.GetCode(), Statement: r.GetTitle(), Method: r.GetMethod(), Criteria: r.GetCriteria()}
		}
	}
	c.entries = sync.OnceValue(func() []entry { return entries(c.content) })
	return c, nil
}

// Revision names it.
func (c *Compiled) Revision() rules.Revision { return c.scheme.Revision() }

// Scheme is what the rules work on.
func (c *Compiled) Scheme() *rules.Scheme { return c.scheme }

// Bloc finds a bloc by its code; nil if there is none.
func (c *Compiled) Bloc(code string) *storepb.Bloc { return c.blocs[code] }

// Competence finds a compétence by its code; nil if there is none.
func (c *Compiled) Competence(code string) *storepb.Competence { return c.competences[code] }

// Epreuve finds an épreuve by its code; nil if there is none.
func (c *Compiled) Epreuve(code string) *storepb.Epreuve { return c.epreuves[code] }

// spec is the part of a référentiel that the rules read, but for its name.
func spec(r *storepb.Referentiel) rules.Spec {
	s := rules.Spec{
		Rules:          numbers(r.GetRules()),
		CompetenceGate: gateOf(r.GetRules().GetCompetenceGate()),
		BlocGate:       gateOf(r.GetRules().GetBlocGate()),
		Scale:          r.GetRules().GetScale(),
		Registration:   registrationSpec(r.GetRegister()),
		Award:          awardSpec(r.GetAward()),
		Agreement:      agreement(r.GetRules().GetAgreement()),
		Jury:           juryRule(r.GetRules().GetJury()),
		Validity: rules.Validity{
			Blocs: period(r.GetRules().GetValidity().GetBlocs()), Award: period(r.GetRules().GetValidity().GetAward()),
		},
	}
	for _, q := range r.GetAssessorQualities() {
		s.Qualities = append(s.Qualities, q.GetCode())
	}
	for _, given := range r.GetScales() {
		s.Scales = append(s.Scales, scaleSpec(given))
	}
	for _, b := range r.GetBlocs() {
		bloc := rules.Bloc{Code: b.GetCode(), Gate: gateOf(b.GetGate()), Credits: number(b.Credits), Validity: ownValidity(b.GetValidity())}
		for _, e := range b.GetEpreuves() {
			bloc.Units = append(bloc.Units, epreuveSpec(e))
		}
		for _, k := range b.GetCompetences() {
			if len(b.GetEpreuves()) == 0 { // otherwise they are only listed
				bloc.Units = append(bloc.Units, competenceSpec(k))
			}
		}
		s.Blocs = append(s.Blocs, bloc)
	}
	return s
}

func awardSpec(a *storepb.AwardRule) *rules.AwardRule {
	if a == nil {
		return nil
	}
	read := &rules.AwardRule{All: a.GetAll()}
	for _, c := range a.GetChoose() {
		read.Choose = append(read.Choose, rules.Choice{From: c.GetFrom(), AtLeast: number(c.AtLeast), AtLeastCredits: number(c.AtLeastCredits)})
	}
	for _, o := range a.GetOptions() {
		read.Options = append(read.Options, rules.Option{Code: o.GetCode(), Blocs: o.GetBlocs(), Requirements: o.GetRequirements()})
	}
	for _, r := range a.GetRequirements() {
		read.Requirements = append(read.Requirements, rules.Requirement{
			Code: r.GetCode(), Criteria: criteria(r.GetCriteria()), Gate: gateOf(r.GetGate()), AtLeast: number(r.AtLeast),
		})
	}
	return read
}

func epreuveSpec(e *storepb.Epreuve) rules.Unit {
	unit := rules.Unit{
		Agreement: agreement(e.GetAgreement()),
		Code:      e.GetCode(), Epreuve: true, Gate: gateOf(e.GetGate()), Variants: variants(e.GetVariants()), MaxAttempts: number(e.MaxAttempts), MinAssessors: number(e.MinAssessors),
		Share:    rules.Share{Weight: number(e.Weight), BonusAbove: e.GetBonusAbove()},
		Criteria: criteria(e.GetCriteria()),
	}
	if len(unit.Criteria) == 0 {
		unit.AsWhole = true
		unit.Criteria = []rules.Criterion{{Code: e.GetCode(), Eliminatory: e.GetEliminatory(), Scale: e.GetScale()}}
	}
	return unit
}

func competenceSpec(k *storepb.Competence) rules.Unit {
	return rules.Unit{
		Agreement: agreement(k.GetAgreement()),
		Code:      k.GetCode(), HasBlocOnlyMethod: k.GetBlocOnlyMethod() != nil, Gate: gateOf(k.GetGate()), Variants: variants(k.GetVariants()), MaxAttempts: number(k.MaxAttempts),
		Share:    rules.Share{Weight: number(k.Weight), BonusAbove: k.GetBonusAbove()},
		Criteria: criteria(k.GetCriteria()),
	}
}

func variants(given []*storepb.Variant) (read []rules.When) {
	for _, v := range given {
		when := rules.When{SingleBloc: v.GetWhen().GetSingleBloc()}
		for _, route := range v.GetWhen().GetAccessRoutes() {
			when.Routes = append(when.Routes, rules.AccessRoute(route.String()))
		}
		if attempt := v.GetWhen().GetAttempt(); attempt != 0 {
			when.Attempt = rules.Attempt(attempt.String())
		}
		read = append(read, when)
	}
	return read
}

func criteria(given []*storepb.Criterion) (read []rules.Criterion) {
	for _, k := range given {
		read = append(read, rules.Criterion{
			Code: k.GetCode(), Eliminatory: k.GetEliminatory(), Scale: k.GetScale(),
			Share: rules.Share{Weight: number(k.Weight), BonusAbove: k.GetBonusAbove()},
		})
	}
	return read
}

func scaleSpec(s *storepb.Scale) rules.Scale {
	read := rules.Scale{Code: s.GetCode(), Pass: s.GetPass()}
	for _, l := range s.GetLevels() {
		read.Levels = append(read.Levels, rules.Level{Code: l.GetCode(), Points: number(l.Points)})
	}
	if m := s.GetMarks(); m != nil {
		read.Marks = &rules.Marks{Min: m.GetMin(), Max: m.GetMax(), Step: m.GetStep()}
	}
	return read
}

func agreement(a *storepb.Agreement) *rules.Agreement {
	if a == nil {
		return nil
	}
	read := &rules.Agreement{MaxGap: a.GetMaxGap(), ThirdReading: a.GetThirdReading()}
	if a.GetKind() != 0 {
		read.Kind = agreements.Kind(a.GetKind().String())
	}
	for _, w := range a.GetWeights() {
		read.Weights = append(read.Weights, rules.QualityWeight{Quality: w.GetQuality(), Percent: number(w.Percent)})
	}
	return read
}

func juryRule(j *storepb.JuryRule) rules.JurySpec {
	read := rules.JurySpec{NoChair: j.GetChair().String() == "NONE", CastingVote: j.GetCastingVote()}
	for _, c := range j.GetColleges() {
		read.Colleges = append(read.Colleges, rules.College{Code: c.GetCode(), AtLeast: number(c.AtLeast), Parity: c.GetParity()})
	}
	return read
}

func gateOf(g *storepb.Gate) *gate.Given {
	if g == nil {
		return nil
	}
	read := &gate.Given{Floor: g.GetFloor(), InPercent: g.GetInPercent()}
	if m := g.GetMean(); m != nil {
		read.Mean = &gate.Mean{Threshold: m.GetThreshold(), RoundTo: m.GetRoundTo()}
	}
	if c := g.GetCount(); c != nil {
		read.Count = &gate.Count{Percent: number(c.Percent), AtLeast: number(c.AtLeast)}
	}
	if a := g.GetAtMost(); a != nil {
		read.AtMost = &gate.AtMost{Number: number(a.Number), Below: a.GetBelow()}
	}
	if s := g.GetShortfall(); s != nil {
		read.Shortfall = &gate.Shortfall{Below: s.GetBelow(), AtMost: s.GetAtMost()}
	}
	return read
}

func numbers(r *storepb.Rules) rules.Numbers {
	var n rules.Numbers
	if r != nil {
		n.CompetenceThreshold = number(r.CompetenceThresholdPercent)
		n.BlocThreshold = number(r.BlocThresholdPercent)
		n.MinAssessors = number(r.MinAssessors)
	}
	if jury := r.GetJury(); jury != nil {
		n.MinMembers = number(jury.MinMembers)
		n.MinExternalPercent = number(jury.MinExternalPercent)
	}
	return n
}

// number preserves the difference between a missing number and 0.
func number(n *int32) *int {
	if n == nil {
		return nil
	}
	v := int(*n)
	return &v
}
