package disks

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestKillLosesNothing repeatedly kills the server with SIGKILL during 64
// concurrent writers. Afterwards every acknowledged write must be there, each
// event once and in sequence, and a repeated request must do nothing again.
func TestKillLosesNothing(t *testing.T) {
	stores := 1
	if world.Long() {
		stores = 200
	}
	total := 0
	for range stores {
		total += killOneStore(t)
	}
	rounds := stores * killRounds
	if total < rounds {
		t.Fatalf("only %d writes were acknowledged", total)
	}
	t.Logf("%d rounds, %d acknowledged writes, none lost", rounds, total)
}

// killRounds is how often one store is killed: few enough that a complete check
// after every round is quick.
const killRounds = 5

func killOneStore(t *testing.T) (total int) {
	t.Helper()
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	populateForCrash(w)
	keys := w.Keys
	stop()
	var acknowledged []write
	for round := range killRounds {
		acknowledged = append(acknowledged, crashRound(t, dir, keys["platform"], round)...)
		checkCrash(t, dir, keys, acknowledged)
	}
	return len(acknowledged)
}

const crashCandidacies = 16

func populateForCrash(w *world.World) {
	w.NewKey("registrar", "REGISTRAR")
	w.NewKey("auditor", "AUDITOR")
	w.NewKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`)
	for i := range crashCandidacies {
		w.Do("registrar", "POST", fmt.Sprintf("/v1/candidates?candidateId=c-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
		w.Do("registrar", "POST", fmt.Sprintf("/v1/sessions/s/candidacies?candidacyId=k-%d", i), fmt.Sprintf(`{"candidate":"candidates/c-%d","scope":"WHOLE"}`, i))
	}
}

// A write is one acknowledged call. Each names its own assessor, so that it can
// be identified.
type write struct {
	request *acquispb.RecordAssessmentsRequest
}

// crashRound has 64 callers write until the server is killed, and returns the
// acknowledged writes.
func crashRound(t *testing.T, dir, key string, round int) []write {
	t.Helper()
	child := rig.StartChild(t, dir)
	defer child.Kill()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+key)
	client := acquispb.NewSessionServiceClient(child.Conn)
	var mu sync.Mutex
	var acknowledged []write
	var writers sync.WaitGroup
	some, enough := 1+rand.N(400), make(chan struct{})
	for n := range 64 {
		writers.Go(func() {
			for i := 0; ; i++ {
				request := crashRequest(round, n, i)
				if _, err := client.RecordAssessments(ctx, request); err != nil {
					return // the server has been killed
				}
				mu.Lock()
				if acknowledged = append(acknowledged, write{request}); len(acknowledged) == some {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	child.Kill()
	writers.Wait()
	return acknowledged
}

func crashRequest(round, writer, i int) *acquispb.RecordAssessmentsRequest {
	return &acquispb.RecordAssessmentsRequest{
		Candidacy: fmt.Sprintf("sessions/s/candidacies/k-%d", (writer+i)%crashCandidacies),
		Assessor:  fmt.Sprintf("assessor-%d-%d-%d", round, writer, i),
		RequestId: uuid.NewString(),
		Assessments: []*acquispb.Assessment{
			{Criterion: "C1.1.1", Verdict: acquispb.Verdict_MET, Comment: "vu"},
			{Criterion: "C1.1.2", Verdict: acquispb.Verdict_NOT_MET},
		},
	}
}

// checkCrash opens the store again and compares it with what was acknowledged.
func checkCrash(t *testing.T, dir string, keys map[string]string, acknowledged []write) {
	t.Helper()
	w, stop := world.Start(t, dir)
	defer stop()
	w.Keys = keys
	w.Clock.Advance(time.Since(w.Clock.Now()))
	traces := 0
	found := make(map[string]bool)
	for i := range crashCandidacies {
		grid := w.Do("registrar", "GET", fmt.Sprintf("/v1/sessions/s/candidacies/k-%d/grid", i), "")
		seen := world.List(world.Get(grid, "blocs", 0, "competences", 0).(map[string]any), "criteria")
		for _, a := range world.List(seen[0], "assessments") {
			found[a["assessor"].(string)] = true
		}
		if len(world.List(seen[0], "assessments")) != len(world.List(seen[1], "assessments")) {
			t.Error("half of a batch was written")
		}
		traces += len(world.List(seen[0], "assessments"))
	}
	for _, a := range acknowledged {
		if !found[a.request.GetAssessor()] {
			t.Errorf("the acknowledged write of %s is lost", a.request.GetAssessor())
		}
	}
	checkSequence(w, traces)
	events := w.Events()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+keys["platform"])
	for _, a := range acknowledged[max(0, len(acknowledged)-50):] {
		if _, err := acquispb.NewSessionServiceClient(w.Conn).RecordAssessments(ctx, a.request); err != nil {
			t.Errorf("repeating %s: %v", a.request.GetAssessor(), err)
		}
	}
	if got := w.Events(); got != events {
		t.Errorf("repeated requests wrote %d events", got-events)
	}
}

// checkSequence: no event is missing or duplicated, and there is one for each
// write.
func checkSequence(w *world.World, writes int) {
	w.T.Helper()
	assessed := 0
	for i, event := range w.Journal() {
		if event["sequence"] != fmt.Sprint(i+1) {
			w.T.Fatalf("event %d has the sequence %v", i+1, event["sequence"])
		}
		if event["kind"] == "ASSESSMENT" {
			assessed++
		}
	}
	if assessed != writes {
		w.T.Errorf("%d events of assessments, %d in the grids", assessed, writes)
	}
}
