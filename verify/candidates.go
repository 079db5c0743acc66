package verify

import (
	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// A person is a candidate with all that was decided about them, and on what.
type person struct {
	*verifier
	uid         uint64
	candidacies []candidacy
	decisions   []decision // by uid
	ties        []stored[*storepb.Tie]
}

// A candidacy with its session and what the rules read of its revision.
type candidacy struct {
	stored[*storepb.Candidacy]
	session sitting
	ruled   rules.Candidacy // as the rules read it
	scheme  *rules.Scheme
}

// A decision, taken apart.
type decision struct {
	stored[*storepb.Decision]
	act   *storepb.DecisionAct
	how   *storepb.DecisionCircumstances
	ruled rules.Decision
}

// candidates plays what was done about each candidate again.
func (v *verifier) candidates() error {
	if err := v.loadRevisions(); err != nil {
		return err
	}
	return v.scan(store.KindCandidate, nil, func(r store.Record) error {
		p, err := v.person(store.LastUID(r.Key))
		if err != nil {
			return err
		}
		for _, c := range p.candidacies {
			if err := p.candidacy(c); err != nil {
				return err
			}
		}
		return p.decided()
	})
}

func (v *verifier) person(uid uint64) (*person, error) {
	p := &person{verifier: v, uid: uid}
	decisions, err := listed[*storepb.Decision](v, store.KindCandidateDecision, store.KindDecision, uid)
	if err != nil {
		return nil, err
	}
	for _, s := range decisions {
		d := decision{stored: s}
		if d.ruled, d.act, d.how, err = casefile.Decision(s.message); err == nil {
			p.decisions = append(p.decisions, d)
		}
	}
	candidacies, err := listed[*storepb.Candidacy](v, store.KindCandidateCandidacy, store.KindCandidacy, uid)
	if err != nil {
		return nil, err
	}
	for _, s := range candidacies {
		session, ok, err := v.sits(s.message.GetSessionUid())
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // told where all records are
		}
		if ruled, err := casefile.Candidacy(s.message, session.message); err == nil { // else told there too
			p.candidacies = append(p.candidacies, candidacy{s, session, ruled, v.scheme(session.ruled.Revision)})
		}
	}
	p.ties, err = loadAll[*storepb.Tie](v, store.KindTie, store.Key(uid))
	return p, err
}

// before is what the rules knew of the person when an event was yet to come.
func (p *person) before(event uint64) rules.Candidate {
	known := rules.Candidate{Catalogue: p.catalogue}
	for _, d := range p.decisions {
		if d.event < event {
			known.Decisions = append(known.Decisions, d.ruled)
		}
	}
	for _, t := range p.ties {
		if t.event < event {
			known.Tied = append(known.Tied, t.message.GetSubject())
		}
	}
	return known
}

// texts returns what an act said, with something in the place of what has been
// forgotten: the rules only ask whether there was a text.
func (p *person) texts(ref *storepb.PersonalRef, n int) ([]string, error) {
	texts := make([]string, n)
	if ref == nil {
		return texts, nil
	}
	personal, ok, err := load[*storepb.Personal](p.verifier, store.KindPersonal, store.Key(ref.GetUid()))
	if err != nil {
		return nil, err
	}
	kept := new(storepb.Texts)
	if ok && decoded(personal.message.GetContent(), kept) {
		copy(texts, kept.GetTexts())
		return texts, nil
	}
	for i := range texts {
		texts[i] = "forgotten"
	}
	return texts, nil
}
