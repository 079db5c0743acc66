package systemtest

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
	"github.com/acquis-eval/acquis/verify"
)

// A vault holds a store of every kind of records, to be tampered with: always a
// copy.
type vault struct {
	t       testing.TB
	dir     string
	file    []byte // the store
	older   []byte // the same store, earlier
	note    []byte // a checkpoint of it
	records map[store.KindID][]store.Record
	past    map[store.KindID][]store.Record
}

// newVault makes one through the real service.
func newVault(t testing.TB) *vault {
	t.Helper()
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.history(t, 7, 8, 160)
	w.forgotten("c-f")
	w.publishMini("Mini", `"minAssessors":1`) // every criterion counts in it
	w.do("registrar", "POST", "/v1/candidates?candidateId=c-v", `{"birthName":"N","usageName":"U","givenNames":["G"],"sex":"MALE",
		"birthDate":{"year":1990,"month":2,"day":3},"birthPlace":{"inseeCode":"75056","city":"Paris"},"externalIds":[{"system":"lms","id":"v"}]}`)
	w.do("registrar", "POST", "/v1/sessions?sessionId=s-v", `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15},
		"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
	w.do("registrar", "POST", "/v1/sessions/s-v/candidacies?candidacyId=k-v", `{"candidate":"candidates/c-v","scope":"WHOLE","accessRoute":"CONTINUING_TRAINING"}`)
	w.newKeyOf("expiring", `{"subject":"expiring","displayName":"d","roles":["READER"],"expireTime":"2030-01-01T00:00:00Z"}`)
	stop()
	v := &vault{t: t, dir: t.TempDir()}
	v.older = v.read(dir)
	v.past = v.all(v.older)
	v.goOn(dir, w)
	v.file = v.read(dir)
	v.records = v.all(v.file)
	t.Logf("a store of %d events, %d bytes", len(v.records[store.KindEvent]), len(v.file))
	return v
}

// goOn rewrites a record of every kind that is ever rewritten.
func (v *vault) goOn(dir string, before *world) {
	w, stop := start(v.t, dir)
	maps.Copy(w.keys, before.keys)
	w.publishMini("Mini, revu", `"minAssessors":1,"competenceThresholdPercent":50,"jury":{"minMembers":2,"minExternalPercent":50}`)
	for _, change := range []struct{ resource, mask, fields string }{
		{"candidates/c-v", "birthName,externalIds", `"birthName":"M","externalIds":[{"system":"lms","id":"w"}]`},
		{"sessions/s-v", "displayName", `"displayName":"e"`},
	} {
		etag := w.do("registrar", "GET", "/v1/"+change.resource, "")["etag"].(string)
		w.do("registrar", "PATCH", "/v1/"+change.resource+"?updateMask="+change.mask, `{"etag":"`+etag+`",`+change.fields+`}`)
	}
	w.decideAll("sessions/s-v/candidacies/k-v")
	w.do("registrar", "POST", "/v1/candidates/c-v:placeHold", `{"reason":"recours"}`)
	for _, decision := range list(w.do("registrar", "GET", "/v1/candidates/c-v/decisions", ""), "decisions") {
		if decision["outcome"] == "CAPITALISED" {
			w.do("registrar", "POST", "/v1/"+decision["name"].(string)+":attest", `{}`)
		}
	}
	for _, key := range list(w.do("admin", "GET", "/v1/keys?pageSize=1000", ""), "keys") {
		if key["subject"] == "expiring" {
			w.do("admin", "POST", "/v1/"+key["name"].(string)+":revoke", `{}`)
		}
	}
	v.note = []byte(w.do("auditor", "GET", "/v1/checkpoint", "")["checkpoint"].(string))
	stop()
}

// forgotten makes a candidate with an accommodation, and a hold that was
// released, and forgets them.
func (w *world) forgotten(label string) {
	w.do("registrar", "POST", "/v1/candidates?candidateId="+label, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990},
		"externalIds":[{"system":"lms","id":"`+label+`"}]}`)
	w.do("registrar", "POST", "/v1/sessions?sessionId=s-f", `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15}}`)
	w.do("registrar", "POST", "/v1/sessions/s-f/candidacies?candidacyId=k-f", `{"candidate":"candidates/`+label+`","scope":"WHOLE"}`)
	w.do("registrar", "POST", "/v1/sessions/s-f/candidacies/k-f:requestAccommodation", `{"kind":"EXTRA_TIME","need":"du temps"}`)
	w.do("registrar", "POST", "/v1/sessions/s-f:cancel", `{}`)
	hold := w.do("registrar", "POST", "/v1/candidates/"+label+":placeHold", `{"reason":"recours","untilDate":{"year":2030,"month":1,"day":1}}`)
	w.do("registrar", "POST", "/v1/"+hold["name"].(string)+":release", `{}`)
	w.do("registrar", "POST", "/v1/candidates/"+label+":forget", `{"ground":"OBJECTION"}`)
}

// decideAll brings a candidacy to a decision by everything that one can rest on:
// verdicts, one retracted, a settlement, an exemption; and the jury departs.
func (w *world) decideAll(candidacy string) {
	post := func(key, act, body string) { w.do(key, "POST", "/v1/"+candidacy+act, body) }
	w.assess("assessor-1", candidacy, "MET")
	post("platform", ":recordAssessments", `{"assessor":"assessor-2","assessments":[{"criterion":"C1.1.1","verdict":"NOT_MET","comment":"non"},
		{"criterion":"C2.1.1","verdict":"NOT_MET"}]}`)
	post("platform", ":retractAssessments", `{"assessor":"assessor-2","criteria":["C2.1.1"]}`)
	post("jury-1", ":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`)
	post("assessor-1", ":recordAssessments", `{"assessments":[{"criterion":"C1.2.2","verdict":"NOT_MET"}]}`)
	post("advisor", ":adviseExemption", `{"criterion":"C1.2.2","favourable":true,"reasonedAdvice":"avis"}`)
	post("jury-1", ":decideExemption", `{"criterion":"C1.2.2","granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`)
	post("jury-1", ":deliberate", `{"gridEtag":"`+w.gridEtag("jury-1", candidacy)+
		`","membersPresent":["jury-1","jury-2"],"blocDecisions":[{"bloc":"B2","outcome":"NOT_CAPITALISED","motive":"souverain"}]}`)
}

// read returns a store without the room that its file keeps for more.
func (v *vault) read(dir string) []byte {
	source, err := bbolt.Open(filepath.Join(dir, bolt.FileName), 0o600, &bbolt.Options{ReadOnly: true})
	must(v.t, err)
	small := filepath.Join(v.t.TempDir(), "small")
	compact, err := bbolt.Open(small, 0o600, &bbolt.Options{NoSync: true})
	must(v.t, err)
	must(v.t, errors.Join(bbolt.Compact(compact, source, 0), compact.Close(), source.Close()))
	content, err := os.ReadFile(small)
	must(v.t, err)
	return content
}

// all reads every record of a store, as it is stored.
func (v *vault) all(file []byte) map[store.KindID][]store.Record {
	records := make(map[store.KindID][]store.Record)
	v.lay(file)
	source, err := bolt.OpenAtRest(v.dir, bolt.Options{})
	must(v.t, err)
	kinds, err := source.Kinds()
	must(v.t, err)
	for _, kind := range kinds {
		found, err := source.Scan(kind, nil, nil, 1<<20)
		must(v.t, err)
		for _, r := range found {
			records[kind] = append(records[kind], store.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		}
	}
	must(v.t, source.Close())
	return records
}

// copyFor is the same store for a test that tampers with it beside others.
func (v *vault) copyFor(t testing.TB) *vault {
	own := *v
	own.t, own.dir = t, t.TempDir()
	return &own
}

func (v *vault) lay(file []byte) {
	must(v.t, os.WriteFile(filepath.Join(v.dir, bolt.FileName), file, 0o600))
}

// A tamperer writes to a store behind its back.
type tamperer struct{ *bbolt.Tx }

func (x tamperer) bucket(kind store.KindID) *bbolt.Bucket {
	b, err := x.CreateBucketIfNotExists([]byte{byte(kind)})
	if err != nil {
		panic(err) // only where bbolt itself is broken
	}
	return b
}

func (x tamperer) put(kind store.KindID, key, value []byte) error {
	return x.bucket(kind).Put(key, value)
}
func (x tamperer) remove(kind store.KindID, key []byte) error { return x.bucket(kind).Delete(key) }

// tampered does something to a copy of the store, and verifies it.
func (v *vault) tampered(do func(tamperer) error, opts verify.Options) (*verify.Report, error) {
	v.t.Helper()
	v.lay(v.file)
	db, err := bbolt.Open(filepath.Join(v.dir, bolt.FileName), 0o600, &bbolt.Options{NoSync: true, NoGrowSync: true, FreelistType: bbolt.FreelistMapType})
	must(v.t, err)
	err = db.Update(func(tx *bbolt.Tx) error { return do(tamperer{tx}) })
	must(v.t, errors.Join(err, db.Close()))
	source, err := bolt.OpenAtRest(v.dir, bolt.Options{})
	if err != nil {
		return nil, err
	}
	defer source.Close()
	return verify.Verify(v.t.Context(), source, opts)
}

// message is the record's, with the envelope before it.
func message(t testing.TB, kind store.KindID, stored []byte) (envelope []byte, m proto.Message) {
	t.Helper()
	switch kind {
	case store.KindEvent:
		m = new(storepb.Event)
	case store.KindCheckpoint:
		m = new(storepb.Checkpoint)
	}
	if m != nil {
		must(t, proto.Unmarshal(stored, m))
		return nil, m
	}
	m = store.NewMessage(kind)
	e, err := store.OpenEnvelope(stored)
	must(t, err)
	must(t, proto.Unmarshal(e.Message, m))
	return stored[:len(stored)-len(e.Message)], m
}

// reseal makes everything fit again that can be made to fit by whoever can
// write the file and knows this code: digests, bodies and the whole tree.
func (x tamperer) reseal() error {
	var tree store.Replay
	journal := x.bucket(store.KindEvent)
	for sequence := uint64(1); ; sequence++ {
		value := journal.Get(store.SequenceKey(sequence))
		if value == nil {
			return nil
		}
		event := new(storepb.Event)
		err := proto.Unmarshal(value, event)
		if err == nil && len(event.GetBody()) > 0 {
			err = x.resealBody(event)
		}
		if err != nil {
			return err
		}
		if event.Hashes, err = tree.Append(event); err != nil {
			return err
		}
		if value, err = proto.Marshal(event); err != nil {
			return err
		}
		if err := journal.Put(store.SequenceKey(sequence), value); err != nil {
			return err
		}
	}
}

// resealBody makes an event name the records that it wrote as they are now.
func (x tamperer) resealBody(event *storepb.Event) (err error) {
	body := new(storepb.EventBody)
	if err := proto.Unmarshal(event.GetBody(), body); err != nil {
		return err
	}
	for _, d := range body.GetRecords() {
		e, err := store.OpenEnvelope(x.bucket(store.KindID(d.GetKind())).Get(d.GetKey()))
		if err != nil || e.Sequence != event.GetSequence() {
			continue
		}
		d.Digest = store.Digest(e.Salt, e.Message)
		decision := new(storepb.Decision)
		if store.KindID(d.GetKind()) == store.KindDecision && proto.Unmarshal(e.Message, decision) == nil {
			event.Acts = append(event.Acts, store.ActDigest(decision))
		}
	}
	slices.SortFunc(event.Acts, bytes.Compare)
	event.Acts = slices.CompactFunc(event.Acts, bytes.Equal)
	event.Body, err = proto.Marshal(body)
	event.BodyDigest = store.Digest(event.GetBodySalt(), event.GetBody())
	return err
}
