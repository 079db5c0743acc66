package main

import (
	"encoding/json"
	"errors"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// peerCandidacies is how many assessed candidacies a peer holds before.
const peerCandidacies = 100

// peerDocuments are what a peer keeps as it is: the référentiel and a decision, as
// Acquis answers them over REST.
var peerDocuments = []string{"referentiel", "decision"}

// A peer does the job of Acquis as far as storing goes.
type peer struct {
	name string
	stop func() error

	create                      func(caller int, call recordedCall) error
	grid, referentiel, decision func(caller, i int) error
}

// whatPeersLack stands under the table: a ratio is read with it.
var whatPeersLack = []string{
	"PocketBase does, over its HTTP API with a user's token: one record a call, the records of a candidacy read through an index, " +
		"référentiel and decision kept as documents. It does not: check a criterion against the référentiel, the state of session and " +
		"candidacy, or who may assess; compute a status, an outcome or a reason; keep a journal or its hashes; tell roles apart.",
	"PocketBase's default (WAL, synchronous=NORMAL) does not sync every commit: a power cut loses the last ones. Acquis and " +
		"synchronous=FULL lose none.",
	"PostgreSQL does the same through pgx, one statement a call with its own defaults, synced. It does not either any of what " +
		"PocketBase does not; nor does it ask for a key, or have an API: the caller is connected to the database.",
	"Acquis does all of that in each call, and answers a grid with 58 statuses, the outcomes and the text of every criterion, " +
		"where the peers answer 15 rows of verdicts.",
}

// A recordedCall is one of the calls that assess a candidacy, as peers get it.
type recordedCall struct {
	candidacy string
	verdicts  []byte // JSON
}

func verdictsJSON(call *acquispb.RecordAssessmentsRequest) []byte {
	type line struct {
		Criterion string `json:"criterion"`
		Verdict   string `json:"verdict"`
	}
	var lines []line
	for _, a := range call.GetAssessments() {
		lines = append(lines, line{a.GetCriterion(), a.GetVerdict().String()})
	}
	text, err := json.Marshal(lines)
	if err != nil {
		panic(err) // strings always encode
	}
	return text
}

// peers holds Acquis against what one would pick instead.
func (b *bench) peers(w *world) error {
	b.step("peers: start")
	documents := map[string][]byte{}
	for i, j := range []job{w.referentiel(), w.decision()} {
		body, err := w.answer(b.ctx, j)
		if err != nil {
			return err
		}
		documents[peerDocuments[i]] = body
	}
	full, err := b.pocketBase(true, documents)
	if err != nil {
		return err
	}
	usual, err := b.pocketBase(false, documents)
	if err != nil {
		return err
	}
	all := []*peer{full, usual}
	switch postgres, err := b.postgres(documents); {
	case errors.Is(err, errNoPostgres):
		if err := b.skip("PostgreSQL", err); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		all = append(all, postgres)
	}
	if err := b.peerWrites(w, all); err != nil {
		return err
	}
	if err := b.peerReads(w, all); err != nil {
		return err
	}
	for _, text := range whatPeersLack {
		b.note("%s", text)
	}
	var errs []error
	for _, p := range all {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

// peerWrites compares single calls, and the fifteen of a whole candidacy.
func (b *bench) peerWrites(w *world, all []*peer) error {
	b.step("peers: writes")
	targets := map[string]float64{"PostgreSQL": 1, "PocketBase (synchronous=FULL)": 4, "PocketBase": 2}
	ours, err := w.overGRPC(b.ctx, "Acquis", w.recording())
	if err != nil {
		return err
	}
	var theirs []*side
	verdicts := verdictsJSON(fourVerdicts(""))
	for _, p := range all {
		theirs = append(theirs, &side{name: p.name, call: func(caller, i int) error {
			return p.create(caller, recordedCall{w.recorded.at(i).label("k"), verdicts})
		}})
	}
	found, err := b.contest(append(theirs, ours)...).run()
	if err != nil {
		return err
	}
	for _, s := range theirs {
		b.add(found.compare("RecordAssessments (4 verdicts) : "+s.name, calls, ours, s).target(targets[s.name]))
	}
	return b.peerCandidacy(w, all)
}

// callersOfCandidacies are fewer, because each makes 15 calls before a round can end.
const callersOfCandidacies = 16

func (b *bench) peerCandidacy(w *world, all []*peer) error {
	ctx := w.as(b.ctx, assessor)
	sessions := acquispb.NewSessionServiceClient(w.conn)
	ours := &side{name: "Acquis", call: func(_, i int) error {
		for _, request := range recordings(w.recorded.at(i).candidacy(), false) {
			if _, err := sessions.RecordAssessments(ctx, request); err != nil {
				return err
			}
		}
		return nil
	}}
	var theirs []*side
	for _, p := range all {
		theirs = append(theirs, &side{name: p.name, call: func(caller, i int) error {
			for _, request := range recordings("", false) {
				if err := p.create(caller, recordedCall{w.recorded.at(i).label("k"), verdictsJSON(request)}); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	c := b.contest(append(theirs, ours)...)
	c.callers = callersOfCandidacies
	found, err := c.run()
	if err != nil {
		return err
	}
	for _, s := range theirs {
		row := found.compare("A candidacy's 58 verdicts in 15 calls, 16 callers : "+s.name, calls, ours, s)
		row.Unit = "candidacies/s"
		b.add(row)
	}
	return nil
}

// peerReads compares reads, over REST where the peer is over HTTP.
func (b *bench) peerReads(w *world, all []*peer) error {
	b.step("peers: reads")
	for _, read := range []struct {
		job job
		of  func(*peer) func(int, int) error
	}{
		{w.grid(), func(p *peer) func(int, int) error { return p.grid }},
		{w.referentiel(), func(p *peer) func(int, int) error { return p.referentiel }},
		{w.decision(), func(p *peer) func(int, int) error { return p.decision }},
	} {
		rest, err := w.overREST(b, "Acquis REST", read.job)
		if err != nil {
			return err
		}
		native, err := w.overGRPC(b.ctx, "Acquis gRPC", read.job)
		if err != nil {
			return err
		}
		sides := []*side{rest, native}
		for _, p := range all {
			sides = append(sides, &side{name: p.name, call: read.of(p)})
		}
		found, err := b.contest(sides...).run()
		if err != nil {
			return err
		}
		for _, s := range sides[2:] {
			ours := rest
			if s.name == "PostgreSQL" {
				ours = native
			}
			b.add(found.compare(read.job.name+" : "+s.name, calls, ours, s))
		}
	}
	return nil
}
