package services

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// file is a candidacy with everything that was done in it.
type file struct {
	caller      *call.Caller // as they are in the session
	session     *storepb.Session
	candidacy   *storepb.Candidacy
	revision    *revision
	assessments []*storepb.Assessment
	entries     []*storepb.CaseFile
	judged      rules.Case // as the rules read it, without the candidate
}

// loadFileFor reads the file of a candidacy that exists for the caller.
func (c *core) loadFileFor(r store.Reader, caller *call.Caller, name string) (*file, error) {
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
func (c *core) loadCase(r store.Reader, caller *call.Caller, name string) (*file, rules.Case, error) {
	f, err := c.loadFileFor(r, caller, name)
	if err != nil {
		return nil, rules.Case{}, err
	}
	judged := f.judged
	judged.Candidate, err = c.person(r, f.candidacy.GetCandidateUid(), f.revision.id)
	return f, judged, err
}

// GetGrid implements the RPC. A grid is made as bytes, which gRPC sends; the
// message beside them is then only their head. REST gets the message that they
// are, so that one place says what a grid shows.
func (s *sessionService) GetGrid(ctx context.Context, req *acquispb.GetGridRequest) (answer *acquispb.Grid, err error) {
	caller := call.CallerOf(ctx)
	return answer, s.view(ctx, func(r store.Reader) error {
		f, err := s.loadFileFor(r, caller, strings.TrimSuffix(req.GetName(), "/grid"))
		if err != nil {
			return err
		}
		candidate, err := store.Candidates.Get(r, store.Key(f.candidacy.GetCandidateUid()))
		if err != nil {
			return err
		}
		answer = f.gridHead(candidateName(candidate.GetLabel()))
		encoded, err := f.encodeGrid(r, answer, f.judged.Grid())
		if err != nil {
			return err
		}
		info := call.From(ctx)
		if !info.OverREST {
			info.Wire = mem.BufferSlice{encoded}
			return nil
		}
		defer encoded.Free()
		answer = new(acquispb.Grid)
		return proto.Unmarshal(encoded.ReadOnlyData(), answer)
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

// gridHead is a grid without its blocs.
func (f *file) gridHead(candidate string) *acquispb.Grid {
	return &acquispb.Grid{
		Name:         candidacyName(f.session.GetLabel(), f.candidacy.GetLabel()) + "/grid",
		Etag:         f.etag(),
		Candidate:    candidate,
		Referentiel:  revisionName(f.session.GetReferentiel(), f.session.GetRevision()),
		State:        acquispb.Candidacy_State_Enum(f.candidacy.GetState()),
		RulesVersion: rules.Version,
	}
}

// seesAllAssessments tells whether a caller sees everyone's verdicts, comments
// and motives. An assessor sees their own only, so that they judge by themselves.
func seesAllAssessments(c *call.Caller) bool {
	return c.Has(acquispb.Role_JURY) || c.Has(acquispb.Role_REGISTRAR)
}

// sees tells whether the caller sees what an assessor said.
func (f *file) sees(assessor string) bool {
	return seesAllAssessments(f.caller) || f.caller.Has(acquispb.Role_ASSESSOR) && assessor == f.caller.Subject
}

// words are what was said in a file, as far as the caller may see it. Texts are
// read when they are asked for: many are superseded, and nobody sees them.
type words struct {
	reader  store.Reader
	records []*storepb.Assessment // in order of their uids
	texts   [][]string            // of each record, once they are read
	lines   []spoken
	last    []int // of each criterion of the référentiel: the number of the last line about it
}

// spoken is one line in one record. Lines are numbered from 1.
type spoken struct {
	record, line int
	before       int // the number of the line before it about the same criterion; 0: none
}

func (f *file) words(r store.Reader) *words {
	w := &words{
		reader: r, records: f.assessments, texts: make([][]string, len(f.assessments)),
		lines: make([]spoken, 0, len(f.judged.Acts.Assessments)), last: make([]int, len(f.revision.criteria)),
	}
	for i, a := range f.assessments {
		if !f.sees(a.GetAuthor()) {
			continue
		}
		for j, line := range a.GetVerdicts() {
			if criterion, ok := f.revision.criteria[line.GetCriterion()]; ok {
				w.lines = append(w.lines, spoken{i, j, w.last[criterion]})
				w.last[criterion] = len(w.lines)
			}
		}
	}
	return w
}

// latest returns what an assessor said last on a criterion.
func (w *words) latest(criterion int, assessor string) spoken {
	at := w.lines[w.last[criterion]-1]
	for w.records[at.record].GetAuthor() != assessor {
		at = w.lines[at.before-1]
	}
	return at
}

// text returns what was said there.
func (w *words) text(at spoken) (string, error) {
	a := w.records[at.record]
	if a.GetTexts() == nil {
		return "", nil
	}
	if w.texts[at.record] == nil {
		texts, err := readTexts(w.reader, a.GetTexts(), len(a.GetVerdicts())+len(a.GetSettlements()))
		if err != nil {
			return "", err
		}
		w.texts[at.record] = texts
	}
	return w.texts[at.record][at.line], nil
}

// settlement shows one that is in force, with all who confirmed it.
func (w *words) settlement(s *rules.Settlement) (*acquispb.Settlement, error) {
	shown := &acquispb.Settlement{
		Criterion: s.Criterion,
		Verdict:   verdictFrom(s.Verdict),
		Authors:   s.Authors,
	}
	i := slices.IndexFunc(w.records, func(a *storepb.Assessment) bool { return a.GetUid() == s.Seq })
	for j, line := range w.records[i].GetSettlements() {
		if line.GetCriterion() == s.Criterion {
			text, err := w.text(spoken{record: i, line: j})
			if err != nil {
				return nil, err
			}
			shown.Motive, shown.SettleTime = text, w.records[i].GetRecordTime()
		}
	}
	return shown, nil
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

func verdictFrom(v rules.Verdict) acquispb.Verdict_Enum {
	return acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(v)])
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
