package server

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// file is a candidacy with everything that was done in it.
type file struct {
	caller      *Caller // as they are in the session
	session     *storepb.Session
	candidacy   *storepb.Candidacy
	revision    *revision
	assessments []*storepb.Assessment
	entries     []*storepb.CaseFile
	judged      rules.Case // as the rules read it, without the candidate
}

// loadFileFor reads the file of a candidacy that exists for the caller.
func (c *core) loadFileFor(r store.Reader, caller *Caller, name string) (*file, error) {
	session, candidacy, there, err := candidacyFor(r, caller, name)
	if err != nil {
		return nil, err
	}
	f, err := readFile(r, session, candidacy)
	if err != nil {
		return nil, err
	}
	f.caller = there
	if f.revision, err = c.revisions.get(r, casefile.Revision(session)); err != nil {
		return nil, err
	}
	if f.judged, err = judgedCase(f.revision, session, candidacy); err != nil {
		return nil, err
	}
	f.judged.Acts, err = casefile.Acts(f.assessments, f.entries)
	return f, err
}

// readFile reads a file as it is recorded, without the référentiel that gives
// it its meaning.
func readFile(r store.Reader, session *storepb.Session, candidacy *storepb.Candidacy) (*file, error) {
	f := &file{session: session, candidacy: candidacy}
	var err error
	if f.assessments, err = store.Assessments.All(r, store.Key(candidacy.GetUid())); err != nil {
		return nil, err
	}
	f.entries, err = store.CaseFiles.All(r, store.Key(candidacy.GetUid()))
	return f, err
}

// loadCase reads the file of a candidacy, and all that the rules know with it
// and with its candidate.
func (c *core) loadCase(r store.Reader, caller *Caller, name string) (*file, rules.Case, error) {
	f, err := c.loadFileFor(r, caller, name)
	if err != nil {
		return nil, rules.Case{}, err
	}
	judged := f.judged
	judged.Candidate, err = c.person(r, f.candidacy.GetCandidateUid(), f.revision.id)
	return f, judged, err
}

// GetGrid implements the RPC.
func (s *sessionService) GetGrid(ctx context.Context, req *acquispb.GetGridRequest) (answer *acquispb.Grid, err error) {
	caller := callerOf(ctx)
	return answer, s.view(ctx, func(r store.Reader) error {
		f, err := s.loadFileFor(r, caller, strings.TrimSuffix(req.GetName(), "/grid"))
		if err != nil {
			return err
		}
		candidate, err := store.Candidates.Get(r, store.Key(f.candidacy.GetCandidateUid()))
		if err != nil {
			return err
		}
		grid := f.judged.Grid()
		answer = f.showGrid(grid, candidateName(candidate.GetLabel()))
		if !seesAssessments(f.caller) {
			return nil
		}
		return f.addWords(r, grid, answer)
	})
}

// etag is a digest of everything that the grid follows from: the revision, what
// is presented, the last act on a criterion. Acts are only ever appended, so
// that naming the last names them all. It is the same for every role, and tells
// nothing of what some may not see.
func (f *file) etag() string {
	last := func(uid uint64) string { return strconv.FormatUint(uid, 10) }
	var verdicts, exemptions uint64
	for _, a := range f.assessments {
		verdicts = a.GetUid()
	}
	for _, entry := range f.entries {
		if entry.GetAdvice() != nil || entry.GetExemption() != nil {
			exemptions = entry.GetUid()
		}
	}
	digest := store.Fingerprint(f.revision.id.Referentiel, f.revision.id.ID, rules.Version,
		last(f.candidacy.GetUid()), etag(f.candidacy.GetVersion()), last(verdicts), last(exemptions))
	return hex.EncodeToString(digest[:16])
}

// showGrid shows what every role that may ask sees.
func (f *file) showGrid(grid rules.Grid, candidate string) *acquispb.Grid {
	shown := &acquispb.Grid{
		Name:         candidacyName(f.session.GetLabel(), f.candidacy.GetLabel()) + "/grid",
		Etag:         f.etag(),
		Candidate:    candidate,
		Referentiel:  revisionName(f.session.GetReferentiel(), f.session.GetRevision()),
		State:        acquispb.Candidacy_State_Enum(f.candidacy.GetState()),
		RulesVersion: rules.Version,
	}
	for _, bloc := range grid.Blocs {
		shownBloc := &acquispb.Grid_GridBloc{
			Code:    bloc.Code,
			Title:   f.revision.compiled.Bloc(bloc.Code).GetTitle(),
			Outcome: outcomeFrom(bloc.Outcome),
			Reasons: reasonsFrom(bloc.Reasons),
		}
		for _, competence := range bloc.Competences {
			shownBloc.Competences = append(shownBloc.Competences, f.showCompetence(competence))
		}
		shown.Blocs = append(shown.Blocs, shownBloc)
	}
	return shown
}

func (f *file) showCompetence(c rules.GridCompetence) *acquispb.Grid_GridCompetence {
	compiled := f.revision.compiled
	shown := &acquispb.Grid_GridCompetence{
		Code:      c.Code,
		Statement: compiled.Competence(c.Code).GetStatement(),
		Outcome:   outcomeFrom(c.Outcome),
		Reasons:   reasonsFrom(c.Reasons),
		Method:    methodFrom(compiled.Method(c.Code, c.Method)),
		Criteria:  make([]*acquispb.Grid_GridCriterion, len(c.Criteria)),
	}
	for i, k := range c.Criteria {
		shown.Criteria[i] = &acquispb.Grid_GridCriterion{
			Code:        k.Code,
			Statement:   compiled.Criterion(k.Code).GetStatement(),
			Eliminatory: k.Eliminatory,
			Status:      acquispb.CriterionStatus_Enum(acquispb.CriterionStatus_Enum_value[string(k.Status)]),
			Reasons:     reasonsFrom([]rules.Reason{k.Reason}),
		}
	}
	return shown
}

// seesAssessments tells whether a caller sees any single verdict.
func seesAssessments(c *Caller) bool {
	return seesAllAssessments(c) || c.Has(acquispb.Role_ASSESSOR)
}

// seesAllAssessments tells whether a caller sees everyone's verdicts, comments
// and motives. An assessor sees their own only, so that they judge by themselves.
func seesAllAssessments(c *Caller) bool {
	return c.Has(acquispb.Role_JURY) || c.Has(acquispb.Role_REGISTRAR)
}

// addWords adds verdicts, comments and settlements that the caller may see.
func (f *file) addWords(r store.Reader, grid rules.Grid, shown *acquispb.Grid) error {
	words, err := f.readWords(r)
	if err != nil {
		return err
	}
	for i, bloc := range grid.Blocs {
		for j, competence := range bloc.Competences {
			for n, k := range competence.Criteria {
				criterion := shown.Blocs[i].Competences[j].Criteria[n]
				for _, o := range k.Opinions {
					if seesAllAssessments(f.caller) || o.Assessor == f.caller.Subject {
						criterion.Assessments = append(criterion.Assessments, words.verdicts[said{k.Code, o.Assessor}])
					}
				}
				if k.Settlement != nil && seesAllAssessments(f.caller) {
					criterion.Settlement = settlementFrom(k.Settlement, words.settlements[k.Settlement.Seq][k.Code])
				}
			}
		}
	}
	return nil
}

// said is who spoke about which criterion.
type said struct{ criterion, author string }

// words are the texts of a file, by what they belong to.
type words struct {
	verdicts    map[said]*acquispb.Assessment              // the latest
	settlements map[uint64]map[string]*acquispb.Settlement // by uid of the act and criterion
}

func (f *file) readWords(r store.Reader) (words, error) {
	w := words{make(map[said]*acquispb.Assessment, len(f.judged.Acts.Assessments)), make(map[uint64]map[string]*acquispb.Settlement)}
	for _, a := range f.assessments {
		texts, err := readTexts(r, a.GetTexts(), len(a.GetVerdicts())+len(a.GetSettlements()))
		if err != nil {
			return w, err
		}
		for i, line := range a.GetVerdicts() {
			w.verdicts[said{line.GetCriterion(), a.GetAuthor()}] = assessmentFrom(a, line, texts[i])
		}
		if len(a.GetSettlements()) == 0 {
			continue
		}
		byCriterion := make(map[string]*acquispb.Settlement)
		for i, line := range a.GetSettlements() {
			byCriterion[line.GetCriterion()] = &acquispb.Settlement{Motive: texts[i], SettleTime: a.GetRecordTime()}
		}
		w.settlements[a.GetUid()] = byCriterion
	}
	return w, nil
}

func assessmentFrom(a *storepb.Assessment, line *storepb.VerdictLine, comment string) *acquispb.Assessment {
	recorder := a.GetRecorder()
	if recorder == "" {
		recorder = a.GetAuthor()
	}
	return &acquispb.Assessment{
		Criterion:  line.GetCriterion(),
		Verdict:    acquispb.Verdict_Enum(line.GetVerdict()),
		Comment:    comment,
		Assessor:   a.GetAuthor(),
		Recorder:   recorder,
		RecordTime: a.GetRecordTime(),
	}
}

func settlementFrom(s *rules.Settlement, spoken *acquispb.Settlement) *acquispb.Settlement {
	shown := &acquispb.Settlement{
		Criterion: s.Criterion,
		Verdict:   acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(s.Verdict)]),
		Authors:   s.Authors,
	}
	if spoken != nil {
		shown.Motive, shown.SettleTime = spoken.GetMotive(), proto.CloneOf(spoken.GetSettleTime())
	}
	return shown
}

func outcomeFrom(o rules.Outcome) acquispb.Outcome_Enum {
	return acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(o)])
}

func reasonsFrom(reasons []rules.Reason) []*acquispb.Reason {
	shown := make([]*acquispb.Reason, len(reasons))
	for i, r := range reasons {
		shown[i] = &acquispb.Reason{
			Rule: string(r.Rule), Bloc: r.Bloc, Competence: r.Competence, Criterion: r.Criterion,
			Reached: int32(r.Points), Required: int32(r.Required), Counted: int32(r.Counted),
			FromDefault: r.FromDefault, Text: r.String(),
		}
	}
	return shown
}
