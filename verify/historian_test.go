package verify_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A historian makes one strand of a random history: its own candidates and
// sessions, and anything that can be done with them. Most of what it tries is
// possible, some of it is refused, as in real use. The same seed tries the same.
type historian struct {
	*world.World
	id          int
	rng         *rand.Rand
	made        int
	written     int
	candidates  []string
	sessions    []string
	candidacies []string
	decisions   []string
}

// history lets some historians write until there are that many events, or
// slightly more.
func history(w *world.World, t testing.TB, seed uint64, strands, events int) {
	t.Helper()
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "assessor-2": "ASSESSOR", "advisor": "DISABILITY_ADVISOR",
		"jury-1": "JURY", "jury-2": "JURY", "jury-3": "JURY", "auditor": "AUDITOR",
	} {
		w.NewKey(name, role)
	}
	w.NewKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	w.PublishMini("Mini", `"minAssessors":1`)
	w.PublishMini("Mini, revu", `"minAssessors":1,"competenceThresholdPercent":50,"jury":{"minMembers":2,"minExternalPercent":50},"validity":{"blocs":{"years":5},"award":{"months":6}}`)
	var all sync.WaitGroup
	for id := range strands {
		h := &historian{
			World: w, id: id, rng: rand.New(rand.NewPCG(seed, uint64(id))),
			// They also try something that does not exist.
			candidates: []string{"candidates/none"}, sessions: []string{"sessions/none"},
			candidacies: []string{"sessions/none/candidacies/none"}, decisions: []string{"candidates/none/decisions/1"},
		}
		all.Go(func() {
			for h.written < (events+strands-1)/strands {
				h.step()
			}
		})
	}
	all.Wait()
}

func (h *historian) step() {
	steps := []struct {
		weight int
		do     func()
	}{
		{3, h.createCandidate}, {1, h.updateCandidate}, {1, h.tie}, {2, h.createSession}, {1, h.updateSession}, {6, h.enrol},
		{12, h.assess1}, {3, h.assessAll}, {1, h.retract}, {3, h.settle}, {2, h.accommodate}, {2, h.advise}, {2, h.exempt},
		{1, h.leave}, {1, h.reinstate}, {6, h.deliberate}, {2, h.rectify}, {1, h.priorBloc}, {1, h.award}, {1, h.endSession}, {1, h.attest}, {1, h.hold}, {1, h.forget},
	}
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	n := h.rng.IntN(total)
	for _, s := range steps {
		if n -= s.weight; n < 0 {
			s.do()
			return
		}
	}
}

// act makes a call and tells whether it succeeded.
func (h *historian) act(key, method, path, format string, args ...any) (world.Answer, bool) {
	a := h.GRPC(key, method, "/v1/"+path, fmt.Sprintf(format, args...))
	if a.Code == "OK" {
		h.written++
	}
	return a, a.Code == "OK"
}

func (h *historian) label(prefix string) string {
	h.made++
	return fmt.Sprintf("%s-%d-%d", prefix, h.id, h.made)
}

// one picks an element of a list, preferring later ones.
func (h *historian) one(list []string) string {
	return list[max(h.rng.IntN(len(list)), h.rng.IntN(len(list)))]
}

func (h *historian) chance(percent int) bool { return h.rng.IntN(100) < percent }

func (h *historian) verdict() string {
	return []string{"MET", "MET", "MET", "MET", "MET", "MET", "MET", "PARTIALLY_MET", "NOT_MET"}[h.rng.IntN(9)]
}

func (h *historian) createCandidate() {
	label := h.label("c")
	if _, ok := h.act("registrar", "POST", "candidates?candidateId="+label,
		`{"birthName":"N","givenNames":["G"],"sex":"FEMALE","birthDate":{"year":1990},"externalIds":[{"system":"lms","id":%q}]}`, label); ok {
		h.candidates = append(h.candidates, "candidates/"+label)
	}
}

func (h *historian) updateCandidate() {
	name := h.one(h.candidates)
	etag := h.GRPC("registrar", "GET", "/v1/"+name, "").Body["etag"]
	h.act("registrar", "PATCH", name+"?updateMask=externalIds,usageName", `{"usageName":"U","etag":%q,"externalIds":[{"system":"lms","id":%q}]}`,
		fmt.Sprint(etag), h.label("x"))
}

func (h *historian) tie() {
	h.act("registrar", "POST", h.one(h.candidates)+":declareTie", `{"subject":"jury-3","kind":"TRAINER"}`)
}

func (h *historian) createSession() {
	label, referentiel := h.label("s"), "mini"
	if h.chance(10) {
		referentiel = "marketing"
	}
	if _, ok := h.act("registrar", "POST", "sessions?sessionId="+label, `{"displayName":"d","referentiel":"referentiels/%s",
		"startDate":{"year":2026,"month":6,"day":15},"centre":{"code":"LYON","displayName":"Lyon"},"jury":[
		{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"},
		{"subject":"jury-3","displayName":"Trois","external":true}]}`, referentiel); ok {
		h.sessions = append(h.sessions, "sessions/"+label)
	}
}

func (h *historian) updateSession() {
	name := h.one(h.sessions)
	etag := h.GRPC("registrar", "GET", "/v1/"+name, "").Body["etag"]
	h.act("registrar", "PATCH", name+"?updateMask=displayName,jury", `{"displayName":"e","etag":%q,"jury":[
		{"subject":"jury-1","displayName":"Une Autre","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"},
		{"subject":"jury-3","displayName":"Trois","external":%t}]}`, fmt.Sprint(etag), h.chance(50))
}

func (h *historian) enrol() {
	label, scope := h.label("k"), `"scope":"WHOLE"`
	if h.chance(30) {
		scope = fmt.Sprintf(`"scope":"BLOCS","blocs":["B%d"]`, 1+h.rng.IntN(2))
	}
	session := h.one(h.sessions)
	if _, ok := h.act("registrar", "POST", session+"/candidacies?candidacyId="+label, `{"candidate":%q,%s}`, h.one(h.candidates), scope); ok {
		h.candidacies = append(h.candidacies, session+"/candidacies/"+label)
	}
}

func (h *historian) criterion() string {
	return fmt.Sprintf("C%d.%d.%d", 1+h.rng.IntN(2), 1+h.rng.IntN(2), 1+h.rng.IntN(2))
}

func (h *historian) assess1() {
	h.act([]string{"assessor-1", "assessor-2"}[h.rng.IntN(2)], "POST", h.one(h.candidacies)+":recordAssessments",
		`{"assessments":[{"criterion":%q,"verdict":%q,"comment":"vu"}]}`, h.criterion(), h.verdict())
}

// assessAll records a verdict on everything that a candidacy presents.
func (h *historian) assessAll() {
	candidacy := h.one(h.candidacies)
	var lines []string
	for _, criterion := range world.Criteria(h.GRPC("jury-1", "GET", "/v1/"+candidacy+"/grid", "").Body) {
		lines = append(lines, fmt.Sprintf(`{"criterion":%q,"verdict":%q}`, criterion, h.verdict()))
	}
	if len(lines) > 0 {
		h.act("platform", "POST", candidacy+":recordAssessments", `{"assessor":"assessor-1","assessments":[%s]}`, strings.Join(lines, ","))
	}
}

func (h *historian) retract() {
	h.act("assessor-1", "POST", h.one(h.candidacies)+":retractAssessments", `{"criteria":[%q]}`, h.criterion())
}

// settle settles everything that is contested.
func (h *historian) settle() {
	candidacy := h.one(h.candidacies)
	var lines []string
	for _, bloc := range world.List(h.GRPC("jury-1", "GET", "/v1/"+candidacy+"/grid", "").Body, "blocs") {
		for _, competence := range world.List(bloc, "competences") {
			for _, criterion := range world.List(competence, "criteria") {
				if criterion["status"] == "CONTESTED" {
					lines = append(lines, fmt.Sprintf(`{"criterion":%q,"verdict":%q,"motive":"vu"}`, criterion["code"], h.verdict()))
				}
			}
		}
	}
	if len(lines) > 0 {
		h.act([]string{"jury-1", "jury-2"}[h.rng.IntN(2)], "POST", candidacy+":settleCriteria", `{"settlements":[%s]}`, strings.Join(lines, ","))
	}
}

func (h *historian) accommodate() {
	candidacy := h.one(h.candidacies)
	asked, ok := h.act("registrar", "POST", candidacy+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"du temps"}`)
	if ok && h.chance(70) {
		h.act("advisor", "POST", candidacy+":decideAccommodation", `{"accommodation":%q,"granted":true,"arrangement":"tiers-temps"}`,
			asked.Body["name"])
	}
}

func (h *historian) advise() {
	h.act("advisor", "POST", h.one(h.candidacies)+":adviseExemption", `{"criterion":%q,"favourable":%t,"reasonedAdvice":"avis"}`,
		h.criterion(), h.chance(80))
}

func (h *historian) exempt() {
	candidacy, criterion := h.one(h.candidacies), h.criterion()
	if h.chance(20) {
		h.act("jury-2", "POST", candidacy+":decideExemption", `{"criterion":%q,"granted":false,"reason":"non"}`, criterion)
		return
	}
	h.act("advisor", "POST", candidacy+":adviseExemption", `{"criterion":%q,"favourable":true,"reasonedAdvice":"avis"}`, criterion)
	h.act("jury-1", "POST", candidacy+":decideExemption", `{"criterion":%q,"granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`, criterion)
}

func (h *historian) leave() {
	act, blocs := []string{":withdraw", ":markAbsent"}[h.rng.IntN(2)], "[]"
	if h.chance(60) {
		blocs = fmt.Sprintf(`["B%d"]`, 1+h.rng.IntN(2))
	}
	h.act("registrar", "POST", h.one(h.candidacies)+act, `{"blocs":%s}`, blocs)
}

func (h *historian) reinstate() {
	h.act("registrar", "POST", h.one(h.candidacies)+":reinstate", `{}`)
}

// deliberate decides a candidacy, which it completes first if necessary,
// sometimes against what is computed.
func (h *historian) deliberate() {
	candidacy := h.one(h.candidacies)
	grid := h.GRPC("jury-1", "GET", "/v1/"+candidacy+"/grid", "").Body
	departure := ""
	if h.chance(20) {
		departure = fmt.Sprintf(`{"bloc":"B%d","outcome":%q,"motive":"souverain"}`, 1+h.rng.IntN(2),
			[]string{"CAPITALISED", "NOT_CAPITALISED"}[h.rng.IntN(2)])
	}
	a, ok := h.act("jury-1", "POST", candidacy+":deliberate", `{"gridEtag":%q,"membersPresent":["jury-1","jury-2"],"blocDecisions":[%s]}`,
		fmt.Sprint(grid["etag"]), departure)
	h.note(a, ok)
}

func (h *historian) note(a world.Answer, ok bool) {
	if !ok {
		return
	}
	for _, d := range world.List(a.Body, "decisions") {
		if d["kind"] != "AWARD" {
			h.decisions = append(h.decisions, d["name"].(string))
		}
	}
}

func (h *historian) rectify() {
	outcome := []string{"CAPITALISED", "CAPITALISED", "NOT_CAPITALISED"}[h.rng.IntN(3)]
	a, ok := h.act("jury-2", "POST", h.one(h.decisions)+":rectify", `{"session":%q,"membersPresent":["jury-2","jury-1"],"outcome":%q,"motive":"recours"}`,
		h.one(h.sessions), outcome)
	h.note(a, ok)
}

func (h *historian) priorBloc() {
	a, ok := h.act("registrar", "POST", h.one(h.candidates)+"/capitalisations/mini:recordPriorBloc", `{"bloc":"B%d","proof":"attestation"}`, 1+h.rng.IntN(2))
	h.note(a, ok)
}

func (h *historian) award() {
	a, ok := h.act("jury-1", "POST", h.one(h.candidates)+"/capitalisations/mini:award", `{"session":%q,"membersPresent":["jury-1","jury-2"]}`, h.one(h.sessions))
	h.note(a, ok)
}

func (h *historian) attest() {
	h.act("registrar", "POST", h.one(h.decisions)+":attest", `{}`)
}

func (h *historian) hold() {
	name := h.one(h.candidates)
	placed, ok := h.act("registrar", "POST", name+":placeHold", `{"reason":"recours"}`)
	if ok && h.chance(50) {
		h.act("registrar", "POST", placed.Body["name"].(string)+":release", `{}`)
	}
}

// forget forgets a candidate from the beginning of the history, and asks for a
// checkpoint.
func (h *historian) forget() {
	h.act("registrar", "POST", h.candidates[h.rng.IntN(len(h.candidates))]+":forget", `{"ground":"OBJECTION"}`)
	h.GRPC("auditor", "GET", "/v1/checkpoint", "")
}

func (h *historian) endSession() {
	session := h.one(h.sessions)
	if _, ok := h.act("registrar", "POST", session+[]string{":close", ":cancel"}[h.rng.IntN(2)], `{}`); ok && h.chance(80) {
		h.sessions = slices.DeleteFunc(h.sessions, func(s string) bool { return s == session })
	}
}
