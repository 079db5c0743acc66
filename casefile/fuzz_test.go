package casefile_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
)

// nowhere is a catalogue that knows no référentiel, like a store that lost them.
type nowhere struct{}

func (nowhere) Scheme(rules.Revision) *rules.Scheme         { return nil }
func (nowhere) Equivalences(rules.BlocRef) [][]rules.Needed { return nil }
func (nowhere) Counts(wanted, held rules.BlocRef) bool      { return false }

// FuzzCase reads any records as a case. The result is an error, or a case that
// the rules can judge, with only known states, verdicts and outcomes.
func FuzzCase(f *testing.F) {
	embedded, err := referentiel.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	compiled, err := referentiel.Compile(embedded[0])
	if err != nil {
		f.Fatal(err)
	}
	add := func(messages ...proto.Message) {
		var records []byte
		for _, m := range messages {
			stored, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			records = append(binary.AppendUvarint(records, uint64(len(stored))), stored...)
		}
		f.Add(records)
	}
	session := &storepb.Session{Uid: 1, Label: "s", State: 1, Jury: []*storepb.JuryMember{{Subject: "j", External: true, Chair: true}}}
	candidacy := &storepb.Candidacy{Uid: 2, Label: "k", SessionUid: 1, State: 1, EnrolledBlocs: []string{"B1", "B2"}}
	left := proto.CloneOf(candidacy)
	left.DepartedBlocs = []*storepb.DepartedBloc{{Bloc: "B2", Cause: 4}}
	act, err := proto.Marshal(&storepb.DecisionAct{Kind: 1, Bloc: "B1", Outcome: 1, SupersedesUid: 9})
	if err != nil {
		f.Fatal(err)
	}
	decision := &storepb.Decision{Uid: 9, Act: act}
	verdicts := &storepb.Assessment{Uid: 3, Author: "a", Verdicts: []*storepb.VerdictLine{{Criterion: "C1.1.1", Verdict: 1}, {Criterion: "C1.1.1"}}}
	settled := &storepb.Assessment{Uid: 4, Author: "j", Settlements: []*storepb.SettlementLine{{
		Criterion: "C1.1.1", Verdict: 3, On: []*storepb.Opinion{{Assessor: "a", Verdict: 1}},
	}}}
	exempted := &storepb.CaseFile{Uid: 5, Author: "j", Entry: &storepb.CaseFile_Exemption{
		Exemption: &storepb.ExemptionDecision{Criterion: "C1.1.2", Granted: true},
	}}
	add(session, candidacy, decision, verdicts, exempted, decision, settled)
	add(session, left, decision, settled, exempted)
	add(session, candidacy, &storepb.Decision{Act: []byte{0xff}}, &storepb.Assessment{})

	f.Fuzz(func(t *testing.T, records []byte) {
		c, err := readCase(records)
		if err != nil {
			return
		}
		c.Scheme = compiled.Scheme()
		grid := c.Grid()
		for _, bloc := range grid.Blocs {
			switch bloc.Outcome {
			case rules.Pending, rules.Contested, rules.Acquired, rules.NotAcquired:
			default:
				t.Errorf("bloc %s is %q", bloc.Code, bloc.Outcome)
			}
		}
		ledger := c.Candidate.Ledger(c.Session.Revision, c.Day)
		if len(ledger.Blocs) > 0 {
			t.Errorf("the ledger has the blocs of an unknown référentiel: %v", ledger)
		}
		c.Deliberate(rules.Sitting{Caller: "j", Present: []string{"j", "j2"}}, rules.Deliberation{})
		c.Settle("j", []rules.CriterionVerdict{{Criterion: "C1.1.1", Verdict: rules.Met}})
		c.Retract("a", []string{"C1.1.1"})
	})
}

// readCase reads a session, a candidacy, decisions, and then acts in turn.
func readCase(records []byte) (c rules.Case, err error) {
	session, candidacy := new(storepb.Session), new(storepb.Candidacy)
	rest, err := next(records, session)
	if err != nil {
		return c, err
	}
	if rest, err = next(rest, candidacy); err != nil {
		return c, err
	}
	if c.Session, err = casefile.Session(session); err != nil {
		return c, err
	}
	if c.Candidacy, err = casefile.Candidacy(candidacy, session); err != nil {
		return c, err
	}
	c.Candidate.Catalogue = nowhere{}
	var decisions []*storepb.Decision
	var assessments []*storepb.Assessment
	var entries []*storepb.CaseFile
	for kind := 0; len(rest) > 0; kind++ {
		switch kind % 3 {
		case 0:
			decisions = append(decisions, new(storepb.Decision))
			rest, err = next(rest, decisions[len(decisions)-1])
		case 1:
			assessments = append(assessments, new(storepb.Assessment))
			rest, err = next(rest, assessments[len(assessments)-1])
		case 2:
			entries = append(entries, new(storepb.CaseFile))
			rest, err = next(rest, entries[len(entries)-1])
		}
		if err != nil {
			return c, err
		}
	}
	if c.Candidate.Decisions, err = casefile.Decisions(decisions); err != nil {
		return c, err
	}
	c.Acts, err = casefile.Acts(assessments, entries)
	return c, err
}

// next reads one message, behind its length.
func next(records []byte, message proto.Message) (rest []byte, err error) {
	length, n := binary.Uvarint(records)
	if n <= 0 {
		return nil, errors.New("no length")
	}
	records = records[n:]
	length = min(length, uint64(len(records)))
	return records[length:], proto.Unmarshal(records[:length], message)
}
