package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"maps"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// A vault has a store with records of every kind, for tampering: always in an
// overlay, so that the store itself does not change.
type vault struct {
	t       testing.TB
	shelves           // the store
	past    []shelves // the same store, earlier
	note    []byte    // a checkpoint of it
	size    uint64    // how many events the checkpoint covers
}

// newVault makes a vault through the real service, with a checkpoint of all of
// it.
func newVault(t testing.TB) *vault {
	t.Helper()
	if world.Long() {
		return vaultOf(t, 7, 1, 160, false)
	}
	return vaultOf(t, 3, 1, 40, false)
}

// vaultOf makes a vault of another history. If it goes on, a purge has removed
// what its retention periods do not keep, and there are some more events than in
// its checkpoint.
func vaultOf(t testing.TB, seed uint64, strands, events int, goesOn bool) *vault {
	t.Helper()
	dir, options := t.TempDir(), []func(*server.Options){}
	if goesOn {
		options = append(options, world.Retain(t, "", "30d", "30d"))
	}
	w, stop := world.Start(t, dir, options...)
	history(w, t, seed, strands, events)
	if goesOn {
		w.Clock.Advance(90 * 24 * time.Hour)
		w.Do("registrar", "POST", "/v1/candidates:purge", `{}`)
	}
	forgotten(w, "c-f")
	w.PublishMini("Mini", `"minAssessors":1`) // every criterion counts in it
	w.Do("registrar", "POST", "/v1/candidates?candidateId=c-v", `{"birthName":"N","usageName":"U","givenNames":["G"],"sex":"MALE",
		"birthDate":{"year":1990,"month":2,"day":3},"birthPlace":{"inseeCode":"75056","city":"Paris"},"externalIds":[{"system":"lms","id":"v"}]}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-v", `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15},
		"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
	w.Do("registrar", "POST", "/v1/sessions/s-v/candidacies?candidacyId=k-v", `{"candidate":"candidates/c-v","scope":"WHOLE","accessRoute":"CONTINUING_TRAINING"}`)
	w.NewKeyOf("expiring", `{"subject":"expiring","displayName":"d","roles":["READER"],"expireTime":"2030-01-01T00:00:00Z"}`)
	stop()
	v := &vault{t: t, past: []shelves{shelvesOf(t, dir)}}
	v.goOn(dir, w, options)
	v.shelves = shelvesOf(t, dir)
	v.size = uint64(len(v.records[store.KindEvent]))
	if goesOn {
		v.past = append(v.past, v.shelves)
		v.goFurther(dir, w, options)
		v.shelves = shelvesOf(t, dir)
	}
	t.Logf("a store of %d events, and a checkpoint of %d", len(v.records[store.KindEvent]), v.size)
	return v
}

// goOn rewrites a record of every kind that can be rewritten.
func (v *vault) goOn(dir string, before *world.World, options []func(*server.Options)) {
	w, stop := world.Start(v.t, dir, append(options, anotherSigner)...)
	maps.Copy(w.Keys, before.Keys)
	w.Clock.Advance(before.Clock.Now().Sub(w.Clock.Now()))
	w.PublishMini("Mini, autrement", `"minAssessors":1`)
	w.PublishMini("Mini, revu", `"minAssessors":1,"competenceThresholdPercent":50,"jury":{"minMembers":2,"minExternalPercent":50}`)
	for _, change := range []struct{ resource, mask, fields string }{
		{"candidates/c-v", "birthName,externalIds", `"birthName":"M","externalIds":[{"system":"lms","id":"w"}]`},
		{"sessions/s-v", "displayName", `"displayName":"e"`},
	} {
		etag := w.Do("registrar", "GET", "/v1/"+change.resource, "")["etag"].(string)
		w.Do("registrar", "PATCH", "/v1/"+change.resource+"?updateMask="+change.mask, `{"etag":"`+etag+`",`+change.fields+`}`)
	}
	w.Do("registrar", "POST", "/v1/sessions/s-v/candidacies/k-v:requestAccommodation", `{"kind":"EXTRA_TIME","need":"du temps"}`)
	decideAll(w, "sessions/s-v/candidacies/k-v")
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-z", `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15}}`)
	w.Do("registrar", "POST", "/v1/sessions/s-z:close", `{}`)
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId="+id+"&requestId=00000000-0000-4000-8000-00000000000"+id[2:],
			`{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
		w.Do("registrar", "POST", "/v1/candidates/"+id+":declareTie", `{"subject":"jury-3","kind":"TRAINER"}`)
		w.Do("registrar", "POST", "/v1/candidates/"+id+"/capitalisations/mini:recordPriorBloc", `{"bloc":"B1","proof":"attestation"}`)
	}
	w.Do("registrar", "POST", "/v1/candidates/r-1:placeHold", `{"reason":"recours"}`)
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"caces","referentiel":{"displayName":"Conduite",
		"register":{"kind":"RS","number":"RS5054","expiryDate":"2026-06-01"},"certificateur":{"legalName":"n","siret":"73282932000074"},
		"blocs":[{"code":"T","title":"t","competences":[{"code":"T1","statement":"s","method":{"kind":"OTHER","title":"m"},"criteria":[{"code":"T1.1","statement":"k"}]}]}]}}`)
	w.Do("registrar", "POST", "/v1/candidates/r-2/capitalisations/caces:recordPriorBloc", `{"bloc":"T","proof":"attestation"}`)
	for _, decision := range world.List(w.Do("registrar", "GET", "/v1/candidates/-/decisions?pageSize=1000", ""), "decisions") {
		if decision["outcome"] == "CAPITALISED" {
			w.GRPC("registrar", "POST", "/v1/"+decision["name"].(string)+":attest", `{}`) // refused for a superseded decision, or a bloc of what is not divisible
		}
	}
	for _, key := range world.List(w.Do("admin", "GET", "/v1/keys?pageSize=1000", ""), "keys") {
		if key["subject"] == "expiring" {
			w.Do("admin", "POST", "/v1/"+key["name"].(string)+":revoke", `{}`)
		}
	}
	v.note = []byte(w.Do("auditor", "GET", "/v1/checkpoint", "")["checkpoint"].(string))
	stop()
}

// anotherSigner replaces the key with which the history began.
func anotherSigner(o *server.Options) {
	o.Signing.Key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
}

// goFurther does what an earlier checkpoint does not cover.
func (v *vault) goFurther(dir string, before *world.World, options []func(*server.Options)) {
	w, stop := world.Start(v.t, dir, append(options, anotherSigner)...)
	maps.Copy(w.Keys, before.Keys)
	w.Clock.Advance(before.Clock.Now().Add(24 * time.Hour).Sub(w.Clock.Now()))
	forgotten(w, "c-g")
	w.Do("registrar", "POST", "/v1/candidates/c-v:declareTie", `{"subject":"jury-3","kind":"TRAINER"}`)
	w.Do("registrar", "POST", "/v1/sessions/s-v:close", `{}`)
	w.NewKey("late", "READER")
	w.Do("auditor", "GET", "/v1/checkpoint", "")
	stop()
}

// forgotten makes a candidate with an accommodation and a released hold, and
// forgets them.
func forgotten(w *world.World, label string) {
	w.Do("registrar", "POST", "/v1/candidates?candidateId="+label, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990},
		"externalIds":[{"system":"lms","id":"`+label+`"}]}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-"+label, `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15}}`)
	w.Do("registrar", "POST", "/v1/sessions/s-"+label+"/candidacies?candidacyId=k-f", `{"candidate":"candidates/`+label+`","scope":"WHOLE"}`)
	w.Do("registrar", "POST", "/v1/sessions/s-"+label+"/candidacies/k-f:requestAccommodation", `{"kind":"EXTRA_TIME","need":"du temps"}`)
	w.Do("registrar", "POST", "/v1/sessions/s-"+label+":cancel", `{}`)
	hold := w.Do("registrar", "POST", "/v1/candidates/"+label+":placeHold", `{"reason":"recours","untilDate":{"year":2030,"month":1,"day":1}}`)
	w.Do("registrar", "POST", "/v1/"+hold["name"].(string)+":release", `{}`)
	w.Do("registrar", "POST", "/v1/candidates/"+label+":forget", `{"ground":"OBJECTION"}`)
}

// decideAll brings a candidacy to a decision with everything that a decision can
// depend on: verdicts, one of them retracted, a settlement, an exemption; and the
// jury departs from the rules.
func decideAll(w *world.World, candidacy string) {
	post := func(key, act, body string) { w.Do(key, "POST", "/v1/"+candidacy+act, body) }
	w.Assess("assessor-1", candidacy, "MET")
	post("platform", ":recordAssessments", `{"assessor":"assessor-2","assessments":[{"criterion":"C1.1.1","verdict":"NOT_MET","comment":"non"},
		{"criterion":"C2.1.1","verdict":"NOT_MET"}]}`)
	post("platform", ":retractAssessments", `{"assessor":"assessor-2","criteria":["C2.1.1"]}`)
	post("jury-1", ":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`)
	post("assessor-1", ":recordAssessments", `{"assessments":[{"criterion":"C1.2.2","verdict":"NOT_MET"}]}`)
	post("advisor", ":adviseExemption", `{"criterion":"C1.2.2","favourable":true,"reasonedAdvice":"avis"}`)
	post("jury-1", ":decideExemption", `{"criterion":"C1.2.2","granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`)
	post("jury-1", ":deliberate", `{"gridEtag":"`+w.GridEtag("jury-1", candidacy)+
		`","membersPresent":["jury-1","jury-2"],"blocDecisions":[{"bloc":"B2","outcome":"NOT_CAPITALISED","motive":"souverain"}]}`)
}

// message decodes a stored record, and returns its envelope separately.
func message(t testing.TB, kind store.KindID, stored []byte) (envelope []byte, m proto.Message) {
	t.Helper()
	switch kind {
	case store.KindEvent:
		m = new(storepb.Event)
	case store.KindCheckpoint:
		m = new(storepb.Checkpoint)
	}
	if m != nil {
		world.Must(t, proto.Unmarshal(stored, m))
		return nil, m
	}
	m = store.NewMessage(kind)
	e, err := store.OpenEnvelope(stored)
	world.Must(t, err)
	world.Must(t, proto.Unmarshal(e.Message, m))
	return stored[:len(stored)-len(e.Message)], m
}
