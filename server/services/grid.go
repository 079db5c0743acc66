package services

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// GetGrid computes the grid, cuts it to what the caller may see, and makes a
// message of the rest.
func (s *sessionService) GetGrid(ctx context.Context, req *acquispb.GetGridRequest) (answer *acquispb.Grid, err error) {
	caller := call.CallerOf(ctx)
	return answer, s.view(ctx, func(r store.Reader) error {
		f, err := s.loadFileFor(r, caller, strings.TrimSuffix(req.GetName(), "/grid"))
		if err != nil {
			return err
		}
		if err := f.prefetchShown(r); err != nil {
			return err
		}
		candidate, err := store.Candidates.Get(r, store.Key(f.candidacy.GetCandidateUid()))
		if err != nil {
			return err
		}
		seen := f.judged.Grid().Seen(f.view)
		answer, err = f.showGrid(seen, candidateName(candidate.GetLabel()), r)
		return err
	})
}

// etag is a digest of everything that the caller's view of the grid depends on:
// the revision, what is presented, and the last act that changes the view. Acts
// are only appended, so naming the last names them all. It is the same for
// everyone who sees the standings, on which the jury decides; an assessor's
// reveals nothing about the acts of others.
func (f *file) etag() string {
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	sees := "all"
	if !f.view.Sees(visibility.FieldStanding, visibility.Always) {
		sees = "own"
	}
	digest := store.Fingerprint(f.revision.id.Referentiel, f.revision.id.ID, rules.Version, etag(f.candidacy), sees,
		number(f.judged.Scheme.Version(f.judged.Acts, f.view)))
	return hex.EncodeToString(digest[:16])
}

// showGrid makes a message of a grid that has been cut.
func (f *file) showGrid(seen rules.Grid, candidate string, r store.Reader) (*acquispb.Grid, error) {
	texts := &said{
		reader: r, records: f.assessments, texts: make([][]string, len(f.assessments)), next: make([]int, len(f.assessments)),
	}
	blocs, err := f.revision.grids.Blocs(seen, texts)
	if err != nil {
		return nil, err
	}
	requirements, err := f.revision.grids.Requirements(seen, texts)
	return &acquispb.Grid{
		Name:         candidacyName(f.session.GetLabel(), f.candidacy.GetLabel()) + "/grid",
		Etag:         f.etag(),
		Candidate:    candidate,
		Referentiel:  revisionName(f.session.GetReferentiel(), f.session.GetRevision()),
		State:        f.candidacy.GetState(),
		RulesVersion: rules.Version,
		Blocs:        blocs,
		Requirements: requirements,
	}, err
}

// said has the texts of a file. Texts are read on demand: many are superseded,
// and some are not shown.
type said struct {
	reader  store.Reader
	records []*storepb.Assessment // by uid
	texts   [][]string            // of each record, once read
	next    []int                 // in each record: the line after the last one shown
}

// Assessment shows a verdict that counts, with its comment.
func (s *said) Assessment(criterion string, o rules.Opinion, shown *acquispb.Assessment) error {
	i := s.record(o.Seq)
	lines := s.records[i].GetVerdicts()
	line := s.next[i] // most records have their lines in the order of the grid
	if line >= len(lines) || lines[line].GetCriterion() != criterion {
		line = slices.IndexFunc(lines, func(l *storepb.VerdictLine) bool { return l.GetCriterion() == criterion })
	}
	s.next[i] = line + 1
	comment, err := s.text(i, line)
	showAssessment(s.records[i], lines[line], comment, shown)
	return err
}

// Settlement shows a settlement in force, with everyone who confirmed it.
func (s *said) Settlement(settled *rules.Settlement) (*acquispb.Settlement, error) {
	i := s.record(settled.Seq)
	lines := s.records[i].GetSettlements()
	line := slices.IndexFunc(lines, func(l *storepb.SettlementLine) bool { return l.GetCriterion() == settled.Criterion })
	motive, err := s.text(i, line)
	return &acquispb.Settlement{
		Criterion:  settled.Criterion,
		Verdict:    lines[line].GetVerdict(),
		Level:      lines[line].GetLevel(),
		Mark:       lines[line].GetMark(),
		Authors:    settled.Authors,
		Motive:     motive,
		SettleTime: s.records[i].GetRecordTime(),
	}, err
}

// record finds the record of an act of the file.
func (s *said) record(uid uint64) int {
	i, _ := slices.BinarySearchFunc(s.records, uid, func(a *storepb.Assessment, uid uint64) int { return cmp.Compare(a.GetUid(), uid) })
	return i
}

// text returns the text of a line of a record.
func (s *said) text(record, line int) (string, error) {
	a := s.records[record]
	if a.GetTexts() == nil {
		return "", nil
	}
	if s.texts[record] == nil {
		texts, err := readTexts(s.reader, a.GetTexts(), len(a.GetVerdicts())+len(a.GetSettlements()))
		if err != nil {
			return "", err
		}
		s.texts[record] = texts
	}
	return s.texts[record][line], nil
}

func assessmentFrom(a *storepb.Assessment, line *storepb.VerdictLine, comment string) *acquispb.Assessment {
	shown := new(acquispb.Assessment)
	showAssessment(a, line, comment, shown)
	return shown
}

func showAssessment(a *storepb.Assessment, line *storepb.VerdictLine, comment string, shown *acquispb.Assessment) {
	shown.Recorder = cmp.Or(a.GetRecorder(), a.GetAuthor())
	shown.Criterion, shown.Verdict, shown.Comment = line.GetCriterion(), line.GetVerdict(), comment
	shown.Level, shown.Mark = line.GetLevel(), line.GetMark()
	shown.Assessor, shown.Quality, shown.RecordTime = a.GetAuthor(), a.GetQuality(), a.GetRecordTime()
}
