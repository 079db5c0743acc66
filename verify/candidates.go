package verify

import (
	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// A person is a candidate with all decisions about them and the records that
// these depend on.
type person struct {
	*verifier
	uid         uint64
	candidacies []candidacy
	decisions   []decision // by uid
	ties        []stored[*storepb.Tie]
}

// A candidacy with its session and the part of its revision that the rules read.
type candidacy struct {
	stored[*storepb.Candidacy]
	session sitting
	ruled   rules.Candidacy // as the rules read it
	scheme  *rules.Scheme
}

// A decision in its parts.
type decision struct {
	stored[*storepb.Decision]
	act   *storepb.DecisionAct
	how   *storepb.DecisionCircumstances
	ruled rules.Decision
}

// candidates replays what was done about each candidate.
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
			continue // reported with all other records
		}
		if ruled, err := casefile.Candidacy(s.message, session.message); err == nil { // otherwise reported there too
			p.candidacies = append(p.candidacies, candidacy{s, session, ruled, v.scheme(session.ruled.Revision)})
		}
	}
	p.ties, err = loadAll[*storepb.Tie](v, store.KindTie, store.Key(uid))
	return p, err
}

// before is what the rules knew about the person just before an event.
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

// texts returns the texts of an act, with a placeholder for each that has been
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
