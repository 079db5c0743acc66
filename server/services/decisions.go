package services

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/filter"
	"github.com/acquis-eval/acquis/server/show"
	"github.com/acquis-eval/acquis/store"
)

// A sitting is the origin of decisions: the candidate, the session, the members.
type sitting struct {
	candidate *storepb.Candidate
	session   *storepb.Session // nil for a prior bloc
	present   []string
}

// decided has the keys of what an act of a jury made: the candidate, and the
// decisions about them.
type decided struct {
	candidate uint64
	decisions []uint64
}

func (d decided) keys() keys {
	made := one(d.candidate)
	for _, uid := range d.decisions {
		made = append(made, store.Key(uid))
	}
	return made
}

func decidedBy(made keys) decided {
	d := decided{candidate: store.LastUID(made[0])}
	for _, key := range made[1:] {
		d.decisions = append(d.decisions, store.LastUID(key))
	}
	return d
}

// putRulings writes rulings as decisions, and returns their keys. An award of the
// same act supersedes or follows decisions that are already written, so order
// matters.
func (t *tx) putRulings(s sitting, rulings []rules.Ruling, text string) (keys, error) {
	made := decided{candidate: s.candidate.GetUid()}
	for _, ruling := range rulings {
		if ruling.Motive != "" {
			text = ruling.Motive
		}
		uid, err := t.putRuling(s, ruling, text)
		if err != nil {
			return nil, err
		}
		made.decisions = append(made.decisions, uid)
		text = ""
	}
	return made.keys(), nil
}

func (t *tx) putRuling(s sitting, ruling rules.Ruling, text string) (uint64, error) {
	uid, err := t.NewUID()
	if err != nil {
		return 0, err
	}
	ruled, how := casefile.Ruling(ruling)
	ruled.DecideTime = t.timestamp()
	act, err := proto.Marshal(ruled)
	if err != nil {
		return 0, err
	}
	how.Author, how.MembersPresent = t.caller.Subject, s.members()
	circumstances, err := proto.Marshal(how)
	if err != nil {
		return 0, err
	}
	decision := &storepb.Decision{
		Uid: uid, CandidateUid: s.candidate.GetUid(),
		Act: act, ActSalt: t.salt(), Circumstances: circumstances, CircumstancesSalt: t.salt(),
	}
	if decision.Text, err = t.putTexts(s.candidate.GetUid(), text); err != nil {
		return 0, err
	}
	return uid, store.Decisions.PutIndexed(t, store.Key(uid), decision)
}

// members are the members of the session's jury who are present, in their
// quality.
func (s sitting) members() (present []*storepb.JuryMember) {
	for _, m := range s.session.GetJury() {
		if slices.Contains(s.present, m.GetSubject()) {
			present = append(present, m)
		}
	}
	return present
}

// GetDecision returns a decision as the caller may see it.
func (s *capitalisationService) GetDecision(ctx context.Context, req *acquispb.GetDecisionRequest) (*acquispb.Decision, error) {
	caller := call.CallerOf(ctx)
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Decision, error) {
		decision, err := decisionFor(r, caller, req.GetName())
		if err != nil {
			return nil, err
		}
		return s.newDecisionReader(r, caller).read(decision)
	})
}

func decisionFor(r store.Reader, caller *call.Caller, name string) (*storepb.Decision, error) {
	candidate, err := candidateFor(r, caller, name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(segment(name, 3), 10, 64)
	if err != nil {
		return nil, apierr.NotFound(name)
	}
	decision, err := store.Decisions.Get(r, store.Key(uid))
	if errors.Is(err, store.ErrNotFound) || err == nil && decision.GetCandidateUid() != candidate.GetUid() {
		return nil, apierr.NotFound(name)
	}
	return decision, err
}

// ListDecisions lists decisions about one candidate, or about all who exist for the
// caller.
func (s *capitalisationService) ListDecisions(ctx context.Context, req *acquispb.ListDecisionsRequest) (*acquispb.ListDecisionsResponse, error) {
	caller := call.CallerOf(ctx)
	var reader *decisionReader
	items, next, err := list(ctx, s.core, req, listing[*acquispb.Decision]{
		fields: decisionFields(),
		from: func(r store.Reader, wanted filter.Filter[*acquispb.Decision]) (source, error) {
			reader = s.newDecisionReader(r, caller)
			return decisionSource(r, caller, req.GetParent(), wanted)
		},
		show: func(r store.Reader, uid uint64) (*acquispb.Decision, bool, error) {
			decision, err := store.Decisions.Get(r, store.Key(uid))
			if err != nil {
				return nil, false, err
			}
			shown, err := reader.read(decision)
			if err != nil || !reader.seen {
				return nil, false, err
			}
			return shown, true, nil
		},
	})
	return &acquispb.ListDecisionsResponse{Decisions: items, NextPageToken: next}, err
}

// decisionSource picks the shortest index for a list: the candidate's, otherwise
// that of the session that the filter names, otherwise all.
func decisionSource(r store.Reader, caller *call.Caller, parent string, wanted filter.Filter[*acquispb.Decision]) (source, error) {
	if parent != "candidates/-" {
		stored, err := candidateFor(r, caller, parent)
		if err != nil {
			return nil, err
		}
		return indexOf(r, store.KindCandidateDecision, stored.GetUid()), nil
	}
	if name, ok := wanted.Demands("session"); ok {
		return indexOfNamed(r, store.KindSessionDecision, store.CollectionSession, name)
	}
	return allOf(r, store.KindDecision), nil
}

// decisionFields are those that a filter of decisions may name.
func decisionFields() filter.Fields[*acquispb.Decision] {
	return filter.Fields[*acquispb.Decision]{
		filter.Text("session", (*acquispb.Decision).GetSession).Holding("its name"),
		filter.Texts("referentiel", func(d *acquispb.Decision) []string { return referentielSpellings(d.GetReferentiel()) }).
			Holding(aboutReferentiel),
		filter.Enum("kind", (*acquispb.Decision).GetKind),
		filter.Enum("outcome", (*acquispb.Decision).GetOutcome),
		filter.Bool("effective", (*acquispb.Decision).GetEffective),
		filter.Time("decide_time", (*acquispb.Decision).GetDecideTime),
	}
}

// A decisionReader shows decisions to one caller. It caches which decision
// supersedes which, for one candidate at a time.
type decisionReader struct {
	core       *core
	reader     store.Reader
	caller     *call.Caller
	candidate  *storepb.Candidate
	seen       bool              // whether the candidate exists for the caller
	superseded map[uint64]uint64 // by uid: the uid that supersedes it
}

func (c *core) newDecisionReader(r store.Reader, caller *call.Caller) *decisionReader {
	return &decisionReader{core: c, reader: r, caller: caller}
}

func (d *decisionReader) read(stored *storepb.Decision) (*acquispb.Decision, error) {
	if err := d.turnTo(stored.GetCandidateUid()); err != nil {
		return nil, err
	}
	decided, act, circumstances, err := casefile.Decision(stored)
	if err != nil {
		return nil, err
	}
	if err := d.prefetch(stored, circumstances); err != nil {
		return nil, err
	}
	text, err := readTexts(d.reader, stored.GetText(), 1)
	if err != nil {
		return nil, err
	}
	label := d.candidate.GetLabel()
	shown := &acquispb.Decision{
		Name:            decisionName(label, stored.GetUid()),
		Kind:            act.GetKind(),
		Bloc:            act.GetBloc(),
		Option:          act.GetOption(),
		Requirement:     act.GetRequirement(),
		Amount:          act.GetAmount(),
		Outcome:         act.GetOutcome(),
		ComputedOutcome: circumstances.GetComputedOutcome(),
		Referentiel:     revisionName(act.GetReferentiel(), act.GetRevision()),
		MembersPresent:  juryFrom(circumstances.GetMembersPresent()),
		Author:          circumstances.GetAuthor(),
		DecideTime:      act.GetDecideTime(),
		RulesVersion:    act.GetRulesVersion(),
		Effective:       d.superseded[stored.GetUid()] == 0,
		DecideDate:      show.Date(decided.Day),
		LastValidDate:   show.Date(decided.Until),
	}
	if uid := d.superseded[stored.GetUid()]; uid != 0 {
		shown.SupersededBy = decisionName(label, uid)
	}
	if act.GetSupersedesUid() != 0 {
		shown.Supersedes = decisionName(label, act.GetSupersedesUid())
	}
	if circumstances.GetSessionUid() == 0 { // a registrar's
		shown.Proof = text[0]
	} else {
		shown.Motive = text[0]
	}
	if decided.Outcome == rules.Awarded {
		under, err := d.core.revisions.get(d.reader, decided.Revision)
		if err != nil {
			return nil, err
		}
		shown.Warnings = show.Warnings(under.compiled.Scheme().Registration().WarnAward(act.GetDecideDay()))
	}
	return shown, d.place(circumstances, shown)
}

// prefetch announces what a decision refers to. Its candidacy is of its session, unless
// the jury of another one rectified it.
func (d *decisionReader) prefetch(stored *storepb.Decision, c *storepb.DecisionCircumstances) error {
	wants := make([]store.Want, 0, 3)
	if stored.GetText() != nil {
		wants = append(wants, store.Personals.One(store.Key(stored.GetText().GetUid())))
	}
	if c.GetSessionUid() != 0 {
		wants = append(wants, store.Sessions.One(store.Key(c.GetSessionUid())))
	}
	if c.GetCandidacyUid() != 0 {
		wants = append(wants, store.Candidacies.One(store.Key(c.GetCandidacyUid())))
	}
	return d.reader.Prefetch(wants...)
}

// place names the session and the candidacy of a decision, and adds what only
// members of that session may see.
func (d *decisionReader) place(c *storepb.DecisionCircumstances, shown *acquispb.Decision) error {
	if c.GetSessionUid() != 0 {
		session, err := store.Sessions.Get(d.reader, store.Key(c.GetSessionUid()))
		if err != nil {
			return err
		}
		shown.Session = sessionName(session.GetLabel())
		if viewOf(callerAt(d.caller, session)).Sees(visibility.FieldDecisionReasons, visibility.Always) {
			shown.Reasons = storedReasons(c.GetReasons())
		}
	}
	if c.GetCandidacyUid() == 0 {
		return nil
	}
	candidacy, err := store.Candidacies.Get(d.reader, store.Key(c.GetCandidacyUid()))
	if err != nil {
		return err
	}
	session, err := store.Sessions.Get(d.reader, store.Key(candidacy.GetSessionUid()))
	if err != nil {
		return err
	}
	shown.Candidacy = candidacyName(session.GetLabel(), candidacy.GetLabel())
	return nil
}

// turnTo reads what is needed about a candidate, unless it is the same as the
// last.
func (d *decisionReader) turnTo(uid uint64) error {
	if d.candidate.GetUid() == uid {
		return nil
	}
	if err := d.reader.Prefetch(store.Candidates.One(store.Key(uid)), store.Listing(store.KindCandidateDecision, uid)); err != nil {
		return err
	}
	candidate, err := store.Candidates.Get(d.reader, store.Key(uid))
	if err != nil {
		return err
	}
	stored, err := store.Decisions.Listed(d.reader, store.KindCandidateDecision, uid)
	if err != nil {
		return err
	}
	if d.seen, err = seesCandidate(d.reader, d.caller, candidate); err != nil {
		return err
	}
	d.candidate, d.superseded = candidate, make(map[uint64]uint64)
	for _, decision := range stored {
		_, act, err := casefile.Act(decision)
		if err != nil {
			return err
		}
		if act.GetSupersedesUid() != 0 {
			d.superseded[act.GetSupersedesUid()] = decision.GetUid()
		}
	}
	return nil
}

func storedReasons(reasons []*storepb.Reason) []*acquispb.Reason {
	read := make([]words.Reason, len(reasons))
	for i, r := range reasons {
		read[i] = casefile.Reason(r)
	}
	return show.Reasons(read)
}
