package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestExport: the person gets everything, each text once; a key that may not see
// texts about a disability exports none, and the export says so.
func TestExport(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	forgettable(w)
	w.NewKeyOf("officer", `{"subject":"dpo","roles":["REGISTRAR","DISABILITY_ADVISOR"]}`)
	w.Do("registrar", "POST", "/v1/candidates/c-001:declareTie", `{"subject":"jury-9","kind":"TRAINER"}`)
	w.Do("registrar", "POST", "/v1/candidates/c-001:placeHold", `{"reason":"recours 26-117"}`)
	for name, call := range w.Transports() {
		all := w.Expect(call, "officer", "GET", "/v1/candidates/c-001:export", "", "candidate.birthName", "Martin", "candidate.externalIds.0.id", "42",
			"candidacies.0.candidacy.name", "sessions/s-001/candidacies/k-001", "ties.0.subject", "jury-9", "holds.0.reason", "recours 26-117",
			"candidacies.0.settlements.0.motive", "vu", "candidacies.0.exemptions.0.advice.reasonedAdvice", "avis",
			"candidacies.0.exemptions.1.decision.capacityPreserved.reason", "a", "decisions.2.motive", "dossier absent",
			"fileWithheld", "false", "nextPageToken", "")
		last := world.List(world.List(all, "candidacies")[0], "assessments")
		if got := last[len(last)-1]; got["comment"] != "non" || got["assessor"] != "assessor-2" {
			t.Errorf("%s: the last verdict is %v", name, got)
		}
		// The records: candidate, tie, hold, candidacy, two with verdicts, one
		// with settlements, two of the file, and two acts that decided.
		if got := len(world.List(all, "events")); got != 10 {
			t.Errorf("%s: %d events", name, got)
		}
		w.Expect(call, "officer", "GET", "/v1/candidates/c-002:export", "", "candidacies.0.accommodations.0.need", "besoin",
			"candidacies.0.accommodations.0.state", "REQUESTED", "candidacies.0.accommodations.1.state", "GRANTED",
			"candidacies.0.accommodations.1.arrangement", "temps", "decisions.0.proof", "PV 2024-3")
		for _, candidate := range []string{"c-001", "c-002"} {
			cut := w.Expect(call, "registrar", "GET", "/v1/candidates/"+candidate+":export", "", "fileWithheld", "true")
			raw, err := json.Marshal(cut)
			world.Must(t, err)
			for _, text := range []string{"besoin", "temps", "avis", "capacityPreserved"} {
				if strings.Contains(string(raw), text) {
					t.Errorf("%s: the registrar sees %q", name, text)
				}
			}
		}
	}
}

// TestExportTellsWhoRead: the export has attestations with the decisions, and who
// read the file, as far as an auditor sees it; nothing about other candidates in
// the same call.
func TestExportTellsWhoRead(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	forgettable(w)
	decisions := w.Do("registrar", "GET", "/v1/candidates/c-001/decisions", "")
	w.Do("registrar", "POST", "/v1/"+world.Get(decisions, "decisions", 0, "name").(string)+":attest", `{}`)
	w.Clock.Advance(time.Hour)
	hour := w.Clock.Now().Truncate(time.Hour).Format(time.RFC3339)
	w.Do("reader", "GET", "/v1/candidates", "")
	w.Do("jury-1", "GET", "/v1/sessions/s-001/candidacies/k-001/exemptions", "")
	w.Do("reader", "GET", "/v1/candidates/c-002", "")
	clock, keys := w.Clock, w.Keys
	stop()
	w, _ = world.Start(t, dir)
	w.Clock, w.Keys = clock, keys
	for name, call := range w.Transports() {
		all := w.Expect(call, "registrar", "GET", "/v1/candidates/c-001:export", "", "nextPageToken", "",
			"attestations.0.decision", fmt.Sprint(world.Get(decisions, "decisions", 0, "name")), "attestations.0.state", "VALID", "attestations.0.author", "registrar")
		var found []string
		for _, read := range world.List(all, "accesses") {
			if read["hourTime"] == hour {
				found = append(found, fmt.Sprint(read["subject"], " ", read["rpc"], " ", read["candidates"]))
			}
		}
		slices.Sort(found)
		want := []string{"  [candidates/c-001]", "reader acquis.v1.CandidateService/ListCandidates [candidates/c-001]"}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s: who read the file: %s", name, diff)
		}
	}
}

// fileReads counts how often the verdicts of a candidacy are read in views.
type fileReads struct {
	store.Store
	n atomic.Int64
}

func (s *fileReads) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(fileReader{r, s}) })
}

type fileReader struct {
	store.Reader
	reads *fileReads
}

func (r fileReader) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	if kind == store.KindAssessment {
		r.reads.n.Add(1)
	}
	return r.Reader.Scan(kind, prefix, after, limit)
}

// TestExportPages: candidacies and reads of the file come page by page, the
// person once, and no page reads the candidacies of another.
func TestExportPages(t *testing.T) {
	var reads *fileReads
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { reads = &fileReads{Store: o.Store}; o.Store = reads })
	w.Populate()
	for i := range 3 {
		id := fmt.Sprintf("s-x%d", i)
		w.Do("registrar", "POST", "/v1/sessions?sessionId="+id, `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`)
		w.Do("registrar", "POST", "/v1/sessions/"+id+"/candidacies?candidacyId=k", fmt.Sprintf(`{"candidate":"candidates/c-free","scope":"BLOCS","blocs":["B%d"]}`, i+1))
	}
	exported := func(pageToken string) map[string]any {
		before := reads.n.Load()
		page := w.Do("registrar", "GET", "/v1/candidates/c-free:export?pageSize=2"+world.Onwards(pageToken), "")
		if read, shown := reads.n.Load()-before, len(world.List(page, "candidacies")); int(read) != shown {
			t.Errorf("a page read %d candidacies to show %d", read, shown)
		}
		return page
	}
	first := exported("")
	if first["candidate"] == nil {
		t.Errorf("the first page does not have the person: %v", first)
	}
	candidacies := len(world.List(first, "candidacies"))
	for page := first; page["nextPageToken"] != ""; {
		page = exported(page["nextPageToken"].(string))
		candidacies += len(world.List(page, "candidacies"))
		if n := len(world.List(page, "candidacies")) + len(world.List(page, "accesses")); page["candidate"] != nil || len(world.List(page, "decisions")) != 0 || n == 0 || n > 2 {
			t.Errorf("a later page is %v", page)
		}
	}
	if candidacies != 3 {
		t.Errorf("%d candidacies", candidacies)
	}
}
