package verify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// pretexts are other ways to remove something from the store by a forgetting.
func (v *vault) pretexts(t *testing.T) {
	file, text, wrote, about := v.accommodation()
	other := v.otherThan(about)
	all := []place{file, text, {store.KindEvent, store.SequenceKey(wrote)}}
	last := uint64(len(v.records[store.KindEvent]))
	for name, p := range map[string]pretext{
		"an accommodation of somebody else":              {"has no body, was forgotten with candidate", func(by *tamperer) error { return by.forget(other, false, all...) }},
		"an accommodation without the body of its event": {"but not the body of event", func(by *tamperer) error { return by.forget(about, false, file, text) }},
		"the body of an event without its accommodation": {"does not list what it wrote", func(by *tamperer) error { return by.forget(about, false, all[2]) }},
		"an accommodation without its text":              {"so that nothing proves what it wrote", func(by *tamperer) error { return by.forget(about, false, file, all[2]) }},
		"something twice":                                {"out of order, or twice", func(by *tamperer) error { return by.forget(about, false, append(all, text)...) }},
		"something that another forgetting lists": {"lists too", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, text))
		}},
		"a body that another forgetting lists": {"lists too", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, all[2]))
		}},
		"an accommodation by one, its body by another": {"but not the body of event", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, file, text), by.forget(about, false, all[2]))
		}},
		"an accommodation that never existed": {"though no event wrote it", func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindCaseFile, store.Key(store.FirstUID(file.key), 1<<40)})...)
		}},
		"a text that never existed": {"though no event wrote it", func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindPersonal, store.Key(1 << 40)})...)
		}},
		"an event that never existed": {"as erased, which is there", func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindEvent, store.Key(1 << 40)})...)
		}},
		"a candidate as a whole, whose record does not say so": {"whose record does not say so", func(by *tamperer) error { return by.forget(about, true, all...) }},
		"a candidate as a whole, whose hold is released afterwards": {"forgot what hold", func(by *tamperer) error {
			held := v.last(store.KindHold, func(m proto.Message) bool { return m.(*storepb.Hold).GetReleaseTime() == nil })
			return errors.Join(by.forget(store.FirstUID(held), true), by.rewriteLater(store.KindHold, held, func(m proto.Message) {
				m.(*storepb.Hold).Releaser, m.(*storepb.Hold).ReleaseTime = "registrar", m.(*storepb.Hold).GetPlaceTime()
			}))
		}},
		"a text that the forgetting's event did not remove": {"which its event did not remove", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.amend(last+1, func(stub *storepb.EventStub) {
				stub.Records = slices.DeleteFunc(stub.GetRecords(), func(d *storepb.RecordDigest) bool { return d.GetKind() == uint32(store.KindPersonal) })
			}))
		}},
		"a verdict": {"wrote it for good", func(by *tamperer) error {
			return by.forget(about, false, place{store.KindAssessment, v.records[store.KindAssessment][0].Key})
		}},
		"a text, by an event of something else": {"no forgetting of that event lists it", func(by *tamperer) error {
			return errors.Join(by.append(storepb.EventBody_Kind_CANDIDATE, "registrar", nil, []place{text}), by.forget(about, false, all...))
		}},
		"a text that is put back": {"removed it", func(by *tamperer) error {
			value, err := by.Get(text.kind, text.key)
			return errors.Join(err, by.forget(about, false, all...), by.put(text.kind, text.key, value))
		}},
		"an act of somebody else": {"its records about candidate", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.amend(last+1, func(stub *storepb.EventStub) { stub.CandidateUid = other }))
		}},
		"a record that is called erasable": {"calls tie", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.amend(last+1, func(stub *storepb.EventStub) {
				tie := &storepb.RecordDigest{Kind: uint32(store.KindTie), Key: store.Key(about, 1<<40), Erasable: true}
				stub.Records = slices.Insert(stub.GetRecords(), 1, tie)
			}))
		}},
	} {
		v.mustFind(t, name, p)
	}
	report, err := v.tampered(func(by *tamperer) error { return by.forget(about, false, all...) }, verify.Options{Checkpoint: v.note})
	world.Must(t, err)
	if !report.OK() {
		t.Errorf("an accommodation that was forgotten as the service does is reported: %v", report.Findings)
	}
}

// emptied removes bodies of events that must exist.
func (v *vault) emptied(t *testing.T) {
	file, text, wrote, about := v.accommodation()
	event, exemption := store.SequenceKey(wrote), v.exemption()
	all := []place{file, text, {store.KindEvent, event}}
	last := uint64(len(v.records[store.KindEvent]))
	for name, p := range map[string]pretext{
		"an exemption": {"although it wrote records that no forgetting erases", func(by *tamperer) error {
			return by.forget(about, false, place{store.KindEvent, store.SequenceKey(sequenceOf(exemption))})
		}},
		"an accommodation by an event of another kind": {"although it wrote records that no forgetting erases", func(by *tamperer) error {
			stored, err := by.Get(file.kind, file.key)
			another := place{file.kind, store.Key(store.FirstUID(file.key), 1<<40)}
			return errors.Join(err, by.append(storepb.EventBody_Kind_CANDIDACY, "registrar", []written{{another, stored[24:]}}, nil),
				by.forget(about, false, another, place{store.KindEvent, store.SequenceKey(last + 1)}))
		}},
		"only a text": {"although it is not about an accommodation", func(by *tamperer) error {
			stored, err := by.Get(text.kind, text.key)
			another := place{text.kind, store.Key(1 << 40)}
			return errors.Join(err, by.append(storepb.EventBody_Kind_CANDIDACY_FILE, "registrar", []written{{another, stored[24:]}}, nil),
				by.forget(about, false, another, place{store.KindEvent, store.SequenceKey(last + 1)}))
		}},
		"a body under another key": {"as erased, which is there", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, place{store.KindEvent, append([]byte{0}, event...)}))
		}},
		"the forgetting itself": {"although it wrote records that no forgetting erases", func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, place{store.KindEvent, store.SequenceKey(last + 1)}))
		}},
		"what comes after": {"no later forgetting lists it", func(by *tamperer) error {
			err := by.forget(about, false, place{store.KindEvent, store.SequenceKey(last + 2)})
			return errors.Join(err, by.append(storepb.EventBody_Kind_CANDIDACY_FILE, "registrar", nil, all[:2]), by.eraseBody(store.SequenceKey(last+2)), by.grow())
		}},
		"the salt of a body is kept": {"a body that does not match its digest", func(by *tamperer) error {
			err := by.forget(about, false, all...)
			e, readErr := by.event(wrote)
			e.BodySalt = make([]byte, 16)
			return errors.Join(err, readErr, by.putEvent(e))
		}},
		"the salt of a body is gone, the body not": {"a body that does not match its digest", func(by *tamperer) error {
			e, err := by.event(wrote)
			e.BodySalt = nil
			return errors.Join(err, by.putEvent(e), by.forget(about, false, file, text))
		}},
		"the stub of an erased body is gone": {"has a stub with a salt of 0 bytes", func(by *tamperer) error {
			err := by.forget(about, false, all...)
			e, readErr := by.event(wrote)
			e.Stub, e.StubSalt = nil, nil
			return errors.Join(err, readErr, by.putEvent(e), by.grow())
		}},
	} {
		v.mustFind(t, name, p)
	}
}

// exemption returns one that the jury decided.
func (v *vault) exemption() (found store.Record) {
	for _, r := range v.records[store.KindCaseFile] {
		if _, m := message(v.t, store.KindCaseFile, r.Value); m.(*storepb.CaseFile).GetExemption() != nil {
			found = r
		}
	}
	return found
}

// openSession: a candidate who is being assessed is not forgotten as a whole.
func (v *vault) openSession(t *testing.T) {
	_, live := v.undecidedVerdicts()
	report, err := v.tampered(func(by *tamperer) error { return by.forget(live, true, place{store.KindPersonal, v.identityOf(live)}) }, verify.Options{})
	world.Must(t, err)
	if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return strings.HasSuffix(f.Problem, "is live in an open session") }) {
		t.Errorf("a candidate in an open session was forgotten, findings: %v", report.Findings)
	}
}

// A pretext is what is done, and what must be reported.
type pretext struct {
	want string
	do   func(*tamperer) error
}

// mustFind tampers, and expects that verify reports it for that reason, among
// others.
func (v *vault) mustFind(t *testing.T, name string, p pretext) {
	t.Helper()
	report, err := v.tampered(p.do, verify.Options{Checkpoint: v.note})
	world.Must(t, err)
	if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return strings.Contains(f.Problem, p.want) }) {
		t.Errorf("%s: want %q among the findings %v", name, p.want, report.Findings)
	}
}

// overwritten replaces existing records by an appended event.
func (v *vault) overwritten(t *testing.T) {
	verdicts, about := v.undecidedVerdicts()
	file, text, wrote, whose := v.accommodation()
	last := uint64(len(v.records[store.KindEvent]))
	for name, p := range map[string]pretext{
		"a candidate says that they were forgotten": {"but no forgetting says so", func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidate, store.Key(about), func(m proto.Message) {
				m.(*storepb.Candidate).ForgetTime = m.(*storepb.Candidate).GetUpdateTime()
			})
		}},
		"an accommodation, then forgotten": {"is never rewritten", func(by *tamperer) error {
			err := by.rewriteLater(file.kind, file.key, func(proto.Message) {})
			return errors.Join(err, by.forget(whose, false, file, text, place{store.KindEvent, store.SequenceKey(wrote)}))
		}},
		"a text about somebody else, then forgotten with them": {"before, about candidate", func(by *tamperer) error {
			err := by.rewriteLater(text.kind, text.key, func(m proto.Message) { m.(*storepb.Personal).CandidateUid = v.otherThan(whose) })
			return errors.Join(err, by.forget(v.otherThan(whose), false, text))
		}},
		"an exemption that is called erasable": {"is erasable: false", func(by *tamperer) error {
			err := by.rewriteLater(store.KindCaseFile, v.exemption().Key, func(proto.Message) {})
			return errors.Join(err, by.amend(last+1, func(stub *storepb.EventStub) { stub.Records[0].Erasable, stub.Records[0].Digest = true, nil }))
		}},
		"a digest too many in a body": {"digests of 2 records", func(by *tamperer) error {
			err := by.rewriteLater(text.kind, text.key, func(proto.Message) {})
			return errors.Join(err, by.addDigest(last+1))
		}},
		"a forgotten candidate is written again": {"but written by event", func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidate, v.forgottenCandidate(), func(m proto.Message) { m.(*storepb.Candidate).Version++ })
		}},
		"another verdict in the place of one": {"is never rewritten", func(by *tamperer) error {
			return by.rewriteLater(store.KindAssessment, verdicts.Key, func(m proto.Message) {
				m.(*storepb.Assessment).Verdicts[0].Verdict = acquispb.Verdict_PARTIALLY_MET
			})
		}},
		"a tie to somebody else": {"is never rewritten", func(by *tamperer) error {
			return by.rewriteLater(store.KindTie, v.records[store.KindTie][0].Key, func(m proto.Message) { m.(*storepb.Tie).Subject = "nobody" })
		}},
		"a released hold is in force again": {"only rewritten to release it", func(by *tamperer) error {
			return by.rewriteLater(store.KindHold, v.released(), func(m proto.Message) { m.(*storepb.Hold).ReleaseTime = nil })
		}},
		"a revocation taken back": {"only rewritten to revoke it", func(by *tamperer) error {
			return by.rewriteLater(store.KindKey, v.revoked(), func(m proto.Message) { m.(*storepb.Key).RevokeTime = nil })
		}},
	} {
		v.mustFind(t, name, p)
	}
}

// amend changes the stub of an event, as somebody would who can write it.
func (x *tamperer) amend(sequence uint64, change func(*storepb.EventStub)) error {
	event, err := x.event(sequence)
	if err != nil {
		return err
	}
	stub, err := store.ReadStub(event)
	if err != nil {
		return err
	}
	change(stub)
	if event.Stub, err = proto.Marshal(stub); err != nil {
		return err
	}
	return errors.Join(x.putEvent(event), x.grow())
}

// addDigest adds an empty digest to the body of an event.
func (x *tamperer) addDigest(sequence uint64) error {
	event, err := x.event(sequence)
	body := new(storepb.EventBody)
	if err := errors.Join(err, proto.Unmarshal(event.GetBody(), body)); err != nil {
		return err
	}
	body.ErasableDigests = append(body.GetErasableDigests(), make([]byte, 32))
	if event.Body, err = proto.Marshal(body); err != nil {
		return err
	}
	event.BodyDigest = store.Digest(event.GetBodySalt(), event.GetBody())
	return errors.Join(x.putEvent(event), x.grow())
}

// accommodation returns one, with its text, the event that wrote both, and its
// candidate.
func (v *vault) accommodation() (file, text place, event, candidate uint64) {
	for _, r := range v.records[store.KindCaseFile] {
		_, m := message(v.t, store.KindCaseFile, r.Value)
		if asked := m.(*storepb.CaseFile); asked.GetRequest() != nil {
			var about store.About
			world.Must(v.t, about.Record(store.NewReader(v.shelves), store.KindCaseFile, r.Key, nil))
			file, text = place{store.KindCaseFile, r.Key}, place{store.KindPersonal, store.Key(asked.GetTexts().GetUid())}
			event, candidate = sequenceOf(r), about.Candidate()
		}
	}
	if candidate == 0 {
		v.t.Fatal("the store has no accommodation")
	}
	return file, text, event, candidate
}

// revoked returns a key that was revoked.
func (v *vault) revoked() (id []byte) {
	for _, r := range v.records[store.KindKey] {
		if _, m := message(v.t, store.KindKey, r.Value); m.(*storepb.Key).GetRevokeTime() != nil {
			id = r.Key
		}
	}
	return id
}

// forgottenCandidate returns one who was forgotten.
func (v *vault) forgottenCandidate() (key []byte) {
	for _, r := range v.records[store.KindCandidate] {
		if _, m := message(v.t, store.KindCandidate, r.Value); m.(*storepb.Candidate).GetForgetTime() != nil {
			key = r.Key
		}
	}
	return key
}

// released returns a hold that was released.
func (v *vault) released() (key []byte) {
	for _, r := range v.records[store.KindHold] {
		if _, m := message(v.t, store.KindHold, r.Value); m.(*storepb.Hold).GetReleaseTime() != nil {
			key = r.Key
		}
	}
	return key
}

// rewriteLater makes an event at the end rewrite a record with a change.
func (x *tamperer) rewriteLater(kind store.KindID, key []byte, change func(proto.Message)) error {
	stored, err := x.Get(kind, key)
	if err != nil {
		return err
	}
	e, err := store.OpenEnvelope(stored)
	m := store.NewMessage(kind)
	if err := errors.Join(err, proto.Unmarshal(e.Message, m)); err != nil {
		return err
	}
	change(m)
	changed, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return x.append(storepb.EventBody_Kind_KEY, "admin", []written{{place{kind, key}, changed}}, nil)
}
