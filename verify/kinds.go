package verify

import (
	"bytes"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// says checks the content of a record: that its key is its own, that what it
// refers to exists, and, if it is never rewritten, that it has the same author as
// the event that wrote it. numbers.go checks its times.
func (v *verifier) says(s subject, message proto.Message, b body) error {
	switch m := message.(type) {
	case *storepb.ReferentielRevision:
		s.keyed(store.LastUID(s.key))
		return v.revision(s, m)
	case *storepb.CurrentRevision:
		return v.current(s, m)
	case *storepb.Candidate:
		s.keyed(m.GetUid())
		return v.identified(s, m)
	case *storepb.Personal:
		s.keyed(store.LastUID(s.key))
		return errors.Join(v.exists(s, store.KindCandidate, m.GetCandidateUid()), v.unforgotten(s, m.GetCandidateUid()))
	case *storepb.Tie:
		s.keyed(m.GetCandidateUid(), m.GetUid())
		s.by(b, m.GetDeclarer())
		return v.exists(s, store.KindCandidate, m.GetCandidateUid())
	case *storepb.Session:
		s.keyed(m.GetUid())
		if _, err := casefile.Session(m); err != nil {
			s.wrong("cannot be read: %v", err)
		}
		return v.seated(s, m)
	case *storepb.Candidacy:
		s.keyed(m.GetUid())
		if err := v.exists(s, store.KindCandidate, m.GetCandidateUid()); err != nil {
			return err
		}
		session, ok, err := load[*storepb.Session](v, store.KindSession, store.Key(m.GetSessionUid()))
		if !ok && err == nil {
			s.wrong("refers to session %d, which does not exist", m.GetSessionUid())
		} else if _, bad := casefile.Candidacy(m, session.message); bad != nil && ok {
			s.wrong("cannot be read: %v", bad)
		}
		return err
	case *storepb.Key:
		if string(s.key) != m.GetId() {
			s.wrong("is the key %q", m.GetId())
		}
		s.uid(m.GetUid())
	case *storepb.Signer:
		s.keyed(m.GetUid())
		v.signer(s, m)
	case *storepb.Access:
		s.keyed(m.GetUid())
		return v.candidatesExist(s, m.GetCandidateUids())
	case *storepb.Attestation:
		s.keyed(m.GetUid())
		s.by(b, m.GetAuthor())
		return v.attested(s, m)
	case *storepb.Hold:
		s.keyed(m.GetCandidateUid(), m.GetUid())
		s.endOfHold(m)
		return v.refers(s, m.GetReason(), m.GetCandidateUid())
	case *storepb.Forgetting:
		return v.forgetting(s, m, b)
	default:
		return v.saysAct(s, message, b)
	}
	return nil
}

// saysAct is says for acts in a candidacy and for decisions.
func (v *verifier) saysAct(s subject, message proto.Message, b body) error {
	switch m := message.(type) {
	case *storepb.Assessment:
		s.keyed(store.LastUID(s.key[:min(8, len(s.key))]), m.GetUid())
		s.by(b, recorder(m))
		if _, err := casefile.Acts([]*storepb.Assessment{m}, nil); err != nil {
			s.wrong("cannot be read: %v", err)
		}
		return v.inCandidacy(s, m.GetTexts())
	case *storepb.CaseFile:
		s.keyed(store.LastUID(s.key[:min(8, len(s.key))]), m.GetUid())
		s.by(b, m.GetAuthor())
		return errors.Join(v.inCandidacy(s, m.GetTexts()), v.unforgottenFile(s, m))
	case *storepb.Decision:
		s.keyed(m.GetUid())
		_, act, how, err := casefile.Decision(m)
		if err != nil {
			s.wrong("cannot be decoded in its parts")
			return nil //nolint:nilerr // it is reported
		}
		if unknown(act.ProtoReflect()) || unknown(how.ProtoReflect()) {
			s.wrong("has parts with fields that this program does not know")
		}
		if len(m.GetActSalt()) != 16 || len(m.GetCircumstancesSalt()) != 16 {
			s.wrong("has parts without salts of 16 bytes")
		}
		s.by(b, how.GetAuthor())
		s.numbers(act.ProtoReflect(), b)
		if err := v.exists(s, store.KindCandidate, m.GetCandidateUid()); err != nil {
			return err
		}
		return v.refers(s, m.GetText(), m.GetCandidateUid())
	default:
		return fmt.Errorf("verify: no check for the content of a %v", s.kind)
	}
}

// recorder returns who called to record verdicts.
func recorder(a *storepb.Assessment) string {
	if a.GetRecorder() != "" {
		return a.GetRecorder()
	}
	return a.GetAuthor()
}

// keyed checks the key of a record, and records its uid as used.
func (s subject) keyed(uids ...uint64) {
	if !bytes.Equal(s.key, store.Key(uids...)) {
		s.wrong("is stored under a wrong key, its own is %s", readable(s.kind, store.Key(uids...)))
	}
	s.uid(store.LastUID(s.key))
}

// by checks the author of a record that is never rewritten.
func (s subject) by(b body, author string) {
	if b.state == bodyThere && b.GetActor() != author {
		s.wrong("is by %q, its event by %q", author, b.GetActor())
	}
}

// exists checks that what a record refers to exists.
func (v *verifier) exists(s subject, kind store.KindID, uid uint64) error {
	_, ok, err := load[proto.Message](v, kind, store.Key(uid))
	if !ok && err == nil {
		s.wrong("refers to %v %d, which does not exist", kind, uid)
	}
	return err
}

// attested checks that an attestation is about something that may be attested.
func (v *verifier) attested(s subject, a *storepb.Attestation) error {
	decision, ok, err := load[*storepb.Decision](v, store.KindDecision, store.Key(a.GetDecisionUid()))
	if !ok || err != nil {
		return errors.Join(err, v.exists(s, store.KindDecision, a.GetDecisionUid()))
	}
	acquired, _, _, err := casefile.Decision(decision.message)
	if err != nil {
		return nil //nolint:nilerr // the decision's own finding says so
	}
	if err := v.loadRevisions(); err != nil {
		return err
	}
	under := v.scheme(acquired.Revision)
	if under == nil {
		return nil // the decision's own finding says so
	}
	for _, refusal := range under.Attest(acquired) {
		s.wrong("attests decision %d, which is refused: %s", a.GetDecisionUid(), refusal.Description)
	}
	return nil
}

func (v *verifier) candidatesExist(s subject, uids []uint64) error {
	for _, uid := range uids {
		if err := v.exists(s, store.KindCandidate, uid); err != nil {
			return err
		}
	}
	return nil
}

// identified checks that a candidate has an identity until they are forgotten.
func (v *verifier) identified(s subject, m *storepb.Candidate) error {
	_, kept, err := load[*storepb.Personal](v, store.KindPersonal, store.Key(m.GetIdentity().GetUid()))
	if err != nil {
		return err
	}
	if forgotten := m.GetForgetTime() != nil; kept == forgotten {
		s.wrong("has an identity: %t; was forgotten: %t", kept, forgotten)
	}
	v.wholly(s, m)
	return v.refers(s, m.GetIdentity(), m.GetUid())
}

// pins checks that the revision that a record names exists.
func (v *verifier) pins(s subject, id rules.Revision) error {
	if err := v.loadRevisions(); err != nil {
		return err
	}
	if v.catalogue[id] == nil {
		s.wrong("names revision %s of référentiel %s, which does not exist", id.ID, id.Referentiel)
	}
	return nil
}

// inCandidacy checks what belongs to a candidacy, and its texts.
func (v *verifier) inCandidacy(s subject, texts *storepb.PersonalRef) error {
	uid := store.LastUID(s.key[:min(8, len(s.key))])
	candidacy, ok, err := load[*storepb.Candidacy](v, store.KindCandidacy, store.Key(uid))
	if err != nil {
		return err
	}
	if !ok {
		s.wrong("belongs to candidacy %d, which does not exist", uid)
		return nil
	}
	return v.refers(s, texts, candidacy.message.GetCandidateUid())
}

// refers checks a reference to a personal record: that its content is what was
// committed to, or that it was forgotten since.
func (v *verifier) refers(s subject, ref *storepb.PersonalRef, candidate uint64) error {
	if ref == nil {
		return nil
	}
	personal, ok, err := load[*storepb.Personal](v, store.KindPersonal, store.Key(ref.GetUid()))
	if err != nil {
		return err
	}
	switch m := personal.message; {
	case !ok && v.forgotten(ref, s.event, candidate):
		v.report.Erased++
		return nil
	case !ok:
		s.wrong("refers to personal %d, which does not exist and which no later forgetting lists", ref.GetUid())
	case m.GetCandidateUid() != candidate:
		s.wrong("refers to personal %d, which is about candidate %d, not %d", ref.GetUid(), m.GetCandidateUid(), candidate)
	case !bytes.Equal(store.Digest(m.GetSalt(), m.GetContent()), ref.GetDigest()):
		s.wrong("refers to personal %d with a digest that does not match its content", ref.GetUid())
	}
	v.checked("references to personal records")
	return nil
}
