package requests

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestBadStoresChangeNothing plays the main path and one story for every other
// act over each transport: on a good store, on one that fails every write twice
// (once without doing it, once having done it), and on one that runs every
// closure twice. Clients repeat a call with its request id until it is answered.
// The journals and everything that can be read must be the same.
func TestBadStoresChangeNothing(t *testing.T) {
	for _, over := range []string{"REST", "gRPC"} {
		t.Run(over, func(t *testing.T) {
			good := playOn(t, over, func(s store.Store) store.Store { return s })
			for name, wrap := range map[string]func(store.Store) store.Store{
				"Faulty": faultyButForKeys, "Twice": storetest.Twice,
			} {
				bad := playOn(t, over, wrap)
				if diff := cmp.Diff(good.journal, bad.journal); diff != "" {
					t.Errorf("the journal over %s differs (-good +bad):\n%s", name, diff)
				}
				if diff := cmp.Diff(good.reads, bad.reads); diff != "" {
					t.Errorf("reads over %s differ (-good +bad):\n%s", name, diff)
				}
				if diff := cmp.Diff(good.answers, bad.answers); diff != "" {
					t.Errorf("answers to acts over %s differ (-good +bad):\n%s", name, diff)
				}
				if repeats := bad.calls - good.calls; (repeats > 0) != (name == "Faulty") {
					t.Errorf("%s: %d calls had to be repeated", name, repeats)
				}
				t.Logf("%s: %d acts in %d calls, %d events", name, len(bad.answers), bad.calls, len(bad.journal))
			}
		})
	}
}

// faultyButForKeys fails every write twice, except those that create keys and
// attestations: their secret would be lost each time. TestLostSecret shows what
// happens then.
func faultyButForKeys(s store.Store) store.Store {
	return butForKeys{Store: storetest.Faulty(s), good: s}
}

type butForKeys struct {
	store.Store
	good store.Store
}

func (s butForKeys) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if act.RPC == "acquis.v1.AdminService/CreateKey" || act.RPC == "acquis.v1.AttestationService/IssueAttestation" {
		return s.good.Update(ctx, act, fn)
	}
	return s.Store.Update(ctx, act, fn)
}

// A played story is its result: who did what, what every reader sees, and the
// answer to each act.
type played struct {
	journal, reads, answers []string
	calls                   int
}

func playOn(t *testing.T, over string, wrap func(store.Store) store.Store) (p played) {
	t.Helper()
	w, stop := world.StartOn(t, t.TempDir(), wrap)
	defer stop()
	written := make(map[string]bool)
	call := w.Transports()[over]
	w.Send = func(w *world.World, key, method, path, body string) world.Answer {
		r, _, err := world.Transcode(w.Routes, method, path, body)
		world.Must(w.T, err)
		if method == "GET" {
			return call(key, method, path, body)
		}
		written[r.FullMethod] = true
		a, calls := repeated(call, r, key, method, path, body)
		p.answers = append(p.answers, r.FullMethod+" "+a.Raw)
		p.calls += calls
		return a
	}
	w.MainPath(func(key, method, path, body string) world.Answer { return w.Send(w, key, method, path, body) })
	otherActs(w)
	for _, r := range w.Routes {
		if r.Method != "GET" && !r.Public && !written[r.FullMethod] {
			t.Errorf("%s writes, but no story calls it", r.FullMethod)
		}
	}
	p.reads = readAll(w)
	for i, event := range w.Writes() {
		p.journal = append(p.journal, fmt.Sprintf("%v %v %v %v %v", i, event["actor"], event["kind"], event["rpc"], event["resource"]))
	}
	var names renaming
	for _, texts := range []*[]string{&p.journal, &p.reads, &p.answers} {
		*texts = names.all(*texts)
	}
	return p
}

// repeated makes a call with a request id until its outcome is known.
func repeated(call world.Door, r world.Route, key, method, path, body string) (a world.Answer, calls int) {
	id := uuid.NewString()
	switch {
	case r.Body != "*":
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "requestId=" + id
	case body == "{}":
		body = `{"requestId":"` + id + `"}`
	default:
		body = `{"requestId":"` + id + `",` + body[1:]
	}
	for calls = 1; ; calls++ {
		if a = call(key, method, path, body); world.Get(a.Body, "details", 0, "reason") != "WRITE_OUTCOME_UNKNOWN" || calls > 9 {
			return a, calls
		}
	}
}

// otherActs makes every act that is not on the main path, and repeats some for
// other candidates.
func otherActs(w *world.World) {
	w.T.Helper()
	w.NewKey("tied", "JURY")
	w.NewKey("departed", "READER")
	w.Do("admin", "POST", "/v1/keys/"+strings.Split(w.Keys["departed"], "_")[1]+":revoke", "{}")
	sales := w.Do("reader", "GET", "/v1/referentiels/marketing", "")
	sales["displayName"] = "Vente"
	delete(sales, "name")
	content, err := json.Marshal(sales)
	world.Must(w.T, err)
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"sales","referentiel":`+string(content)+`}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-2", `{"displayName":"Jury","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":11,"day":2},"jury":[
		{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
	w.Do("registrar", "PATCH", "/v1/sessions/s-2", `{"etag":"`+w.Etag("sessions/s-2")+`","displayName":"Jury de novembre"}`)
	for _, id := range []string{"2", "3", "4"} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId=c-"+id, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990},
			"externalIds":[{"system":"lms","id":"`+id+`"}]}`)
	}
	unnamed := w.Do("registrar", "POST", "/v1/candidates", `{"birthName":"O","givenNames":["G"],"sex":"MALE","birthDate":{"year":1991}}`)
	w.Do("registrar", "POST", "/v1/sessions/s-2/candidacies", `{"candidate":"`+unnamed["name"].(string)+`","scope":"WHOLE"}`)
	w.Do("registrar", "PATCH", "/v1/candidates/c-2", `{"etag":"`+w.Etag("candidates/c-2")+`","usageName":"Durand","externalIds":[{"system":"sis","id":"7"}]}`)
	w.Do("registrar", "POST", "/v1/candidates/c-2:declareTie", `{"subject":"tied","kind":"TRAINER"}`)
	actsInFile(w)
	for _, bloc := range []string{"B1", "B2", "B3", "B4"} {
		w.Do("registrar", "POST", "/v1/candidates/c-3/capitalisations/marketing:recordPriorBloc", `{"bloc":"`+bloc+`","proof":"PV 2024-3"}`)
	}
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"days","referentiel":{"displayName":"Jours","blocs":[{"code":"B1","title":"b","competences":[{"code":"C1","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C1.1","statement":"s"}]}]}],"award":{"requirements":[{"code":"DAYS","title":"Jours","kind":"PROOF","atLeast":90}]}}}`)
	w.Do("registrar", "POST", "/v1/candidates/c-3/capitalisations/days:recordRequirement", `{"requirement":"DAYS","amount":60,"proof":"attestation"}`)
	award := w.Do("jury-1", "POST", "/v1/candidates/c-3/capitalisations/marketing:award", `{"session":"sessions/s-2","membersPresent":["jury-1","jury-2"]}`)
	w.Do("registrar", "POST", "/v1/"+world.Get(award, "decisions", 0, "name").(string)+":attest", "{}")
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-3", `{"displayName":"Jury","referentiel":"referentiels/sales","startDate":{"year":2026,"month":12,"day":1}}`)
	w.Do("registrar", "POST", "/v1/sessions/s-3/candidacies?candidacyId=k-3", `{"candidate":"candidates/c-3","scope":"BLOCS","blocs":["B1"]}`)
	w.Do("registrar", "POST", "/v1/sessions/s-3:cancel", "{}")
	w.Do("registrar", "POST", "/v1/candidates/c-4:placeHold", `{"reason":"recours"}`)
	hold := world.List(w.Do("registrar", "GET", "/v1/candidates/c-4/holds", ""), "holds")[0]["name"].(string)
	w.Do("registrar", "POST", "/v1/"+hold+":release", "{}")
	w.Do("registrar", "POST", "/v1/candidates/c-4:forget", `{"ground":"UNLAWFUL"}`)
	w.Do("registrar", "POST", "/v1/candidates:purge", "{}")
}

// actsInFile goes through a candidacy that presents two blocs, one of which is
// finally withdrawn.
func actsInFile(w *world.World) {
	w.T.Helper()
	const k = "/v1/sessions/s-2/candidacies/k-2"
	w.Do("registrar", "POST", "/v1/sessions/s-2/candidacies?candidacyId=k-2", `{"candidate":"candidates/c-2","scope":"BLOCS","blocs":["B1","B3"]}`)
	w.Assess("assessor-1", "sessions/s-2/candidacies/k-2", "MET")
	w.Do("assessor-2", "POST", k+":recordAssessments", `{"assessments":[{"criterion":"C3.1.1","verdict":"NOT_MET","comment":"non"},
		{"criterion":"C3.1.2","verdict":"NOT_MET"}]}`)
	w.Do("assessor-2", "POST", k+":retractAssessments", `{"criteria":["C3.1.2"]}`)
	w.Do("jury-1", "POST", k+":settleCriteria", `{"settlements":[{"criterion":"C3.1.1","verdict":"NOT_MET","motive":"pas vu"}]}`)
	w.Do("jury-2", "POST", k+":settleCriteria", `{"settlements":[{"criterion":"C3.1.1","verdict":"MET","motive":"vu"}]}`)
	asked := w.Do("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"tiers-temps","competences":["C3.1","C3.2"]}`)
	w.Do("advisor", "POST", k+":decideAccommodation", `{"accommodation":"`+asked["name"].(string)+`","granted":true,"arrangement":"une heure de plus"}`)
	w.Do("advisor", "POST", k+":adviseExemption", `{"criterion":"C3.2.1","favourable":true,"reasonedAdvice":"avis"}`)
	w.Do("jury-1", "POST", k+":decideExemption", `{"criterion":"C3.2.1","granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`)
	w.Do("registrar", "POST", k+":markAbsent", `{"blocs":["B1"]}`)
	w.Do("registrar", "POST", k+":reinstate", "{}")
	w.Do("registrar", "POST", k+":withdraw", `{"blocs":["B1"]}`)
	w.Do("jury-1", "POST", k+":deliberate", `{"gridEtag":"`+w.GridEtag("jury-1", "sessions/s-2/candidacies/k-2")+`","membersPresent":["jury-1","jury-2"]}`)
}

// readAll reads everything that can be read, with the keys that see most.
func readAll(w *world.World) (reads []string) {
	w.T.Helper()
	for _, read := range [][2]string{
		{"admin", "/v1/keys?pageSize=1000"}, {"reader", "/v1/referentiels"}, {"reader", "/v1/referentiels/marketing/revisions"},
		{"reader", "/v1/referentiels/sales/revisions"}, {"registrar", "/v1/candidates"}, {"registrar", "/v1/candidates/c-4/holds"}, {"registrar", "/v1/candidates:lookup?system=sis&id=7"},
		{"registrar", "/v1/sessions"}, {"registrar", "/v1/sessions/-/candidacies"}, {"jury-1", "/v1/candidates/-/decisions"},
		{"jury-1", "/v1/sessions/s-001/candidacies/k-001/grid"}, {"jury-1", "/v1/sessions/s-2/candidacies/k-2/grid"},
		{"advisor", "/v1/sessions/s-2/candidacies/k-2/accommodations"}, {"advisor", "/v1/sessions/s-2/candidacies/k-2/exemptions"},
		{"jury-1", "/v1/sessions/s-001/deliberationRecord"}, {"jury-1", "/v1/sessions/s-2/deliberationRecord"},
		{"reader", "/v1/candidates/c-001/capitalisations/marketing"}, {"reader", "/v1/candidates/c-2/capitalisations/marketing"},
		{"reader", "/v1/candidates/c-3/capitalisations/marketing"},
	} {
		reads = append(reads, read[1]+" "+w.REST(read[0], "GET", read[1], "").Raw)
	}
	return reads
}

// A renaming replaces what the service chooses (ids, uids in names, etags of
// grids) by numbers in order of appearance, and drops times and secrets, because
// those may differ between two stores.
type renaming map[string]string

var (
	chosen  = regexp.MustCompile(`(decisions|accommodations|attestations|holds|keys)/[a-z0-9]+|"[0-9a-f]{32}"|[0-9a-f-]{36}`)
	dropped = regexp.MustCompile(`"[a-zA-Z]*Time":"[^"]*"|"secret":"acq_[a-z0-9_]*"|"(code|credential)":"[^"]*"`)
)

func (r *renaming) all(texts []string) (renamed []string) {
	if *r == nil {
		*r = make(renaming)
	}
	for _, text := range texts {
		text = dropped.ReplaceAllString(world.Compact(text), "")
		renamed = append(renamed, chosen.ReplaceAllStringFunc(text, func(name string) string {
			if (*r)[name] == "" {
				(*r)[name] = fmt.Sprintf("#%d", len(*r))
			}
			return (*r)[name]
		}))
	}
	return renamed
}

// TestLostSecret: if the answer to CreateKey is lost, its secret is lost too. The
// repeated request returns which key that was, so that it can be revoked; a new
// request gets a secret.
func TestLostSecret(t *testing.T) {
	w, _ := world.StartOn(t, t.TempDir(), storetest.Faulty)
	const path, key = "/v1/keys?requestId=", `{"subject":"reader","roles":["READER"]}`
	create := func(id string) world.Answer { return w.REST("admin", "POST", path+id, key) }
	for range 2 {
		if a := create(world.RequestID); world.Get(a.Body, "details", 0, "reason") != "WRITE_OUTCOME_UNKNOWN" {
			t.Fatalf("answered %s", a.Raw)
		}
	}
	lost := create(world.RequestID)
	if lost.Code != "OK" || lost.Body["secret"] != "" {
		t.Fatalf("answered %s", lost.Raw)
	}
	if keys := world.List(w.Do("admin", "GET", "/v1/keys", ""), "keys"); len(keys) != 2 || keys[1]["name"] != world.Get(lost.Body, "key", "name") {
		t.Errorf("keys are %v", keys)
	}
	name := world.Get(lost.Body, "key", "name").(string)
	revoke := `{"requestId":"` + world.RequestID + `"}`
	for range 2 {
		w.REST("admin", "POST", "/v1/"+name+":revoke", revoke)
	}
	if revoked := w.Do("admin", "POST", "/v1/"+name+":revoke", revoke); revoked["revokeTime"] == nil {
		t.Errorf("revoked is %v", revoked)
	}
}

// TestWithoutRequestID: a write repeated without a request id is refused as
// already done if a name or an etag shows it; otherwise it is done again.
func TestWithoutRequestID(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.Populate()
	keys := w.Keys
	stop()
	w, _ = world.StartOn(t, dir, storetest.Faulty)
	w.Keys = keys
	const k = "/v1/" + world.Session + "/candidacies/k-pending"
	etag := w.Do("registrar", "GET", "/v1/candidates/c-free", "")["etag"].(string)
	for _, c := range []struct {
		key, method, path, body string
		repeated, reason        string
		events                  int
	}{
		{"registrar", "POST", "/v1/candidates?candidateId=c-x", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`, "ALREADY_EXISTS", "ALREADY_EXISTS", 1},
		{"registrar", "PATCH", "/v1/candidates/c-free", `{"etag":"` + etag + `","usageName":"M"}`, "ABORTED", "ETAG_STALE", 1},
		{"registrar", "POST", k + ":withdraw", `{"blocs":["B4"]}`, "INVALID_ARGUMENT", "BLOC_NOT_PRESENTED", 1},
		{"assessor-1", "POST", k + ":recordAssessments", `{"assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`, "OK", "", 2},
	} {
		events := w.Events()
		for range 2 {
			w.REST(c.key, c.method, c.path, c.body)
		}
		a := w.REST(c.key, c.method, c.path, c.body)
		if reason, _ := world.Get(a.Body, "details", 0, "reason").(string); a.Code != c.repeated || reason != c.reason {
			t.Errorf("%s %s: answered %s", c.method, c.path, a.Raw)
		}
		if got := w.Events() - events; got != c.events {
			t.Errorf("%s %s wrote %d events, want %d", c.method, c.path, got, c.events)
		}
	}
}
