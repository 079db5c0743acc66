package requests

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// stepsBack are how far the clock of the machine is set back while the service
// runs: past midnight, by several days, by years.
var stepsBack = map[string]time.Duration{"hours": 14 * time.Hour, "days": 5 * 24 * time.Hour, "years": 11 * 365 * 24 * time.Hour}

// TestClockSetBack: setting the clock back does not change any order: the
// journal, lists, the latest verdict of each assessor, decisions that supersede;
// and request ids are still known.
func TestClockSetBack(t *testing.T) {
	for name, back := range stepsBack {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, stop := world.Start(t, dir)
			w.Populate()
			done := repeatable(w, "before", "C1.1.3")
			w.Clock.Advance(-back)
			checkRepeats(w, done)
			done = append(done, repeatable(w, "after", "C1.1.4")...)
			checkRepeats(w, done)
			checkOrder(w, "before", "after")
			checkLatestWord(w)
			now, keys := w.Clock.Now(), w.Keys
			stop()
			w, _ = world.Start(t, dir) // a new process does not know the old one's clock
			w.Keys = keys
			w.Clock.Advance(now.Sub(w.Clock.Now()))
			checkRepeats(w, done)
			checkEventTimes(w)
			w.Clock.Advance(back + 2*repeatWindow)
			if a := w.REST(done[0].key, "POST", done[0].path, done[0].body); a.HTTP != 409 {
				t.Errorf("a day after the clock was right again, the request id is still known: %s", a.Raw)
			}
		})
	}
}

// repeatWindow is how long the service remembers a request id.
const repeatWindow = 24 * time.Hour

// A repeatableCall is a call that was made, and its answer.
type repeatableCall struct{ key, path, body, raw string }

// repeatable makes calls of several kinds with a request id each, for resources
// named after when.
func repeatable(w *world.World, when, criterion string) (calls []repeatableCall) {
	w.T.Helper()
	id := world.RequestID[:len(world.RequestID)-1] + fmt.Sprint(len(when)%10)
	const k = "/v1/" + world.Session + "/candidacies/k-pending"
	for _, c := range []repeatableCall{
		{key: "registrar", path: "/v1/candidates?candidateId=" + when + "&requestId=" + id, body: `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`},
		{key: "registrar", path: "/v1/sessions?sessionId=" + when + "&requestId=" + id, body: `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`},
		{key: "registrar", path: "/v1/sessions/" + when + "/candidacies?candidacyId=" + when + "&requestId=" + id, body: `{"candidate":"candidates/` + when + `","scope":"WHOLE"}`},
		{key: "assessor-1", path: k + ":recordAssessments", body: `{"assessments":[{"criterion":"` + criterion + `","verdict":"MET"}],"requestId":"` + id + `"}`},
		{key: "admin", path: "/v1/keys?requestId=" + id, body: `{"subject":"` + when + `","roles":["READER"]}`},
		{key: "registrar", path: "/v1/candidates/" + when + "/capitalisations/marketing:recordPriorBloc", body: `{"bloc":"B1","proof":"p","requestId":"` + id + `"}`},
	} {
		a := w.REST(c.key, "POST", c.path, c.body)
		if a.Code != "OK" {
			w.T.Fatalf("%s: %s", c.path, a.Raw)
		}
		c.raw = world.Compact(dropped.ReplaceAllString(world.Compact(a.Raw), ""))
		calls = append(calls, c)
	}
	return calls
}

// checkRepeats makes calls again: they must answer the same and write nothing.
func checkRepeats(w *world.World, done []repeatableCall) {
	w.T.Helper()
	for _, c := range done {
		events := w.Events()
		a := w.REST(c.key, "POST", c.path, c.body)
		again := strings.Replace(world.Compact(dropped.ReplaceAllString(world.Compact(a.Raw), "")), `"secret":""`, "", 1)
		if again != c.raw {
			w.T.Errorf("%s repeated got %s, was %s", c.path, again, c.raw)
		}
		if got := w.Events(); got != events {
			w.T.Errorf("%s was done again after the clock was set back", c.path)
		}
		other := strings.NewReplacer(`"MET"`, `"NOT_MET"`, `"N"`, `"O"`, `"d"`, `"e"`, `"WHOLE"`, `"WHOLE","accessRoute":"CONTINUING_TRAINING"`, "READER", "AUDITOR", `"p"`, `"q"`).Replace(c.body)
		if a := w.REST(c.key, "POST", c.path, other); world.Get(a.Body, "details", 0, "reason") != "REQUEST_ID_REUSED" {
			w.T.Errorf("%s with other content: %s", c.path, a.Raw)
		}
	}
}

// checkOrder: every list with both resources has the first before the second,
// which is at its end, and pages lead there.
func checkOrder(w *world.World, first, then string) {
	w.T.Helper()
	for _, c := range []struct{ key, path, field, shows string }{
		{"registrar", "/v1/candidates", "candidates", "name"},
		{"registrar", "/v1/sessions", "sessions", "name"},
		{"registrar", "/v1/sessions/-/candidacies", "candidacies", "candidate"},
		{"registrar", "/v1/candidates/-/decisions", "decisions", "name"},
		{"admin", "/v1/keys", "keys", "subject"},
	} {
		var shown []string
		for token, pages := "", 0; pages == 0 || token != ""; pages++ {
			page := w.Do(c.key, "GET", c.path+"?pageSize=2"+world.Onwards(token), "")
			for _, item := range world.List(page, c.field) {
				parts := strings.Split(item[c.shows].(string), "/")
				shown = append(shown, parts[min(1, len(parts)-1)])
			}
			token = page["nextPageToken"].(string)
		}
		if n := len(shown); n < 2 || shown[n-2] != first || shown[n-1] != then {
			w.T.Errorf("%s lists %v", c.path, shown)
		}
	}
}

// checkLatestWord: the last verdict counts, although its time is earlier; a
// decision has the time of the clock, and one that supersedes it takes effect.
func checkLatestWord(w *world.World) {
	w.T.Helper()
	const k = world.Session + "/candidacies/k-full"
	for _, verdict := range []string{"MET", "NOT_MET"} {
		w.Do("assessor-2", "POST", "/v1/"+k+":recordAssessments", `{"assessments":[{"criterion":"C1.1.1","verdict":"`+verdict+`"}]}`)
	}
	w.Do("assessor-2", "POST", "/v1/"+k+":recordAssessments", `{"assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`)
	before := w.Clock.Now()
	decided := w.Do("jury-1", "POST", "/v1/"+k+":deliberate", `{"gridEtag":"`+w.GridEtag("jury-1", k)+`","membersPresent":["jury-1","jury-2"]}`)
	old := world.Get(decided, "decisions", 0).(map[string]any)
	at, err := time.Parse(time.RFC3339Nano, old["decideTime"].(string))
	world.Must(w.T, err)
	if at.Before(before) || at.After(before.Add(time.Minute)) {
		w.T.Errorf("decided at %v by the clock, the decision says %v", before, at)
	}
	w.Clock.Advance(-time.Hour)
	w.Do("jury-1", "POST", "/v1/"+old["name"].(string)+":rectify", `{"session":"`+world.Session+`","membersPresent":["jury-1","jury-2"],
		"outcome":"NOT_CAPITALISED","motive":"erreur"}`)
	ledger := w.Do("reader", "GET", "/v1/candidates/c-full/capitalisations/marketing", "")
	if status := world.Get(ledger, "blocs", 0, "status"); status != "NOT_CAPITALISED" {
		w.T.Errorf("after the rectification the bloc is %v", status)
	}
	if superseded := w.Do("reader", "GET", "/v1/"+old["name"].(string), ""); superseded["effective"] != false {
		w.T.Errorf("the decision that was rectified is still effective: %v", superseded)
	}
}

// checkEventTimes: times of events never go back, and sequences have no gaps.
func checkEventTimes(w *world.World) {
	w.T.Helper()
	var last time.Time
	for i, event := range w.Journal() {
		at, err := time.Parse(time.RFC3339Nano, event["eventTime"].(string))
		world.Must(w.T, err)
		if at.Before(last) || event["sequence"] != fmt.Sprint(i+1) {
			w.T.Errorf("event %v at %v follows %v", event["sequence"], at, last)
		}
		last = at
	}
}

// TestExpiryFollowsTheClock: a key expires by the present clock; a revoked key
// stays revoked at any time.
func TestExpiryFollowsTheClock(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	check := func(key, reason string) {
		t.Helper()
		if got, _ := world.Get(w.REST(key, "GET", "/v1/sessions", "").Body, "details", 0, "reason").(string); got != reason {
			t.Errorf("the key %s at %v: %q, want %q", key, w.Clock.Now(), got, reason)
		}
	}
	check("expired", "KEY_EXPIRED")
	check("revoked", "KEY_REVOKED")
	w.Clock.Advance(-time.Hour)
	check("expired", "")
	check("revoked", "KEY_REVOKED")
	w.Clock.Advance(time.Hour)
	check("expired", "KEY_EXPIRED")
}

// TestClockJumpsUnderWriters moves the clock back and forth while many write:
// every write is there once, and the times of the journal never go back.
func TestClockJumpsUnderWriters(t *testing.T) {
	const writers, writes = 16, 12
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	before := w.Events()
	var calls sync.WaitGroup
	for n := range writers {
		calls.Go(func() {
			for i := range writes {
				id := fmt.Sprintf("%s%02d%02d", world.RequestID[:len(world.RequestID)-4], n, i)
				body := fmt.Sprintf(`{"assessments":[{"criterion":"C1.2.%d","verdict":"MET"}],"requestId":"%s"}`, 1+i%5, id)
				w.Clock.Advance([]time.Duration{-3 * time.Hour, 30 * time.Hour, -25 * time.Hour, -9000 * time.Hour, 9000 * time.Hour}[(n+i)%5])
				for range 2 { // the second answers from the first
					if a := w.GRPC("assessor-1", "POST", "/v1/"+world.Session+"/candidacies/k-pending:recordAssessments", body); a.Code != "OK" {
						t.Errorf("answered %s", a.Raw)
					}
				}
			}
		})
	}
	calls.Wait()
	checkEventTimes(w)
	if got := w.Events() - before; got < writers*writes {
		t.Errorf("%d writes left %d events", writers*writes, got)
	}
}
