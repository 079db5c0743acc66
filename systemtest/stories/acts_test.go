package stories

import (
	"fmt"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// people are the callers, by the names of their keys.
var people = map[string]model.Caller{
	"registrar":      {Subject: "registrar", Roles: []string{"REGISTRAR"}},
	"advisor":        {Subject: "advisor", Roles: []string{"DISABILITY_ADVISOR"}},
	"auditor":        {Subject: "auditor", Roles: []string{"AUDITOR"}},
	"reader":         {Subject: "reader", Roles: []string{"READER"}},
	"assessor-1":     {Subject: "assessor-1", Roles: []string{"ASSESSOR"}},
	"assessor-1-too": {Subject: "assessor-1", Roles: []string{"ASSESSOR"}}, // another key of the same person
	"assessor-2":     {Subject: "assessor-2", Roles: []string{"ASSESSOR"}},
	"assessor-3":     {Subject: "assessor-3", Roles: []string{"ASSESSOR"}},
	"platform":       {Subject: "platform", Roles: []string{"ASSESSOR"}, Delegate: true},
	"jury-1":         {Subject: "jury-1", Roles: []string{"JURY"}},
	"jury-2":         {Subject: "jury-2", Roles: []string{"JURY"}},
	"jury-3":         {Subject: "jury-3", Roles: []string{"JURY"}},
	"jury-4":         {Subject: "jury-4", Roles: []string{"JURY"}},
	"jury-5":         {Subject: "jury-5", Roles: []string{"JURY", "ASSESSOR"}},
}

// meet makes the keys of people.
func meet(w *world.World) {
	w.T.Helper()
	for name, p := range people {
		roles := strings.Join(p.Roles, `","`)
		w.NewKeyOf(name, fmt.Sprintf(`{"subject":%q,"roles":["%s"],"delegate":%v}`, p.Subject, roles, p.Delegate))
	}
}

// enrol opens a candidacy, named "s1/k1".
type enrol struct {
	Candidacy, Candidate, Scope string
	Blocs                       []string
	Route                       string
	Path                        model.Path
}

func (a enrol) touches() touched { return touched{candidacy: a.Candidacy} }

func (a enrol) call(s *stage) (call, bool) {
	session, id, _ := strings.Cut(a.Candidacy, "/")
	return post("registrar", "sessions/"+s.prefix+session+"/candidacies?candidacyId="+s.prefix+id, fields{
		"candidate": "candidates/" + s.prefix + a.Candidate, "scope": a.Scope, "blocs": a.Blocs, "accessRoute": routeOf(a.Route),
		"option": a.Path.Option, "chosenBlocs": a.Path.Chosen,
	}), s.session(session) != nil && s.candidate(a.Candidate) != nil
}

func (a enrol) predict(s *stage) model.Answer {
	session, _, _ := strings.Cut(a.Candidacy, "/")
	return s.model.Enrol(s.candidacyName(a.Candidacy), s.session(session), s.candidate(a.Candidate), a.Scope, a.Blocs, a.Path, a.Route)
}

// routeOf is a route as the API has it.
func routeOf(route string) string {
	if route == "" {
		return "ACCESS_ROUTE_UNSPECIFIED"
	}
	return route
}

// on names the candidacy that an act is about.
type on struct{ Candidacy string }

func (a on) touches() touched { return touched{candidacy: a.Candidacy} }

func (a on) post(s *stage, key, verb string, body fields) (call, bool) {
	return post(key, s.candidacyName(a.Candidacy)+":"+verb, body), s.candidacy(a.Candidacy) != nil
}

// move withdraws blocs or all, marks absent, or reinstates.
type move struct {
	on
	Verb  string
	Blocs []string
}

func (a move) call(s *stage) (call, bool) {
	return a.post(s, "registrar", a.Verb, fields{"blocs": a.Blocs})
}

func (a move) predict(s *stage) model.Answer {
	k := s.candidacy(a.Candidacy)
	switch a.Verb {
	case "withdraw":
		return k.Leave("WITHDRAWN", a.Blocs)
	case "markAbsent":
		return k.Leave("ABSENT", a.Blocs)
	}
	return k.Reinstate(a.Blocs)
}

type record struct {
	on
	Key, Assessor string
	Lines         []model.Line
}

func (a record) call(s *stage) (call, bool) {
	return a.post(s, a.Key, "recordAssessments", fields{"assessor": a.Assessor, "assessments": lineFields(a.Lines, nil)})
}

func (a record) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).Record(people[a.Key], a.Assessor, a.Lines)
}

func lineFields(lines []model.Line, more fields) (shown []fields) {
	for _, line := range lines {
		f := fields{"criterion": line.Criterion}
		switch line.Kind {
		case "":
			f["verdict"] = line.Verdict
		default:
			f[line.Kind] = line.Verdict
		}
		for name, value := range more {
			f[name] = value
		}
		shown = append(shown, f)
	}
	return shown
}

type retract struct {
	on
	Key, Assessor string
	Criteria      []string
}

func (a retract) call(s *stage) (call, bool) {
	return a.post(s, a.Key, "retractAssessments", fields{"assessor": a.Assessor, "criteria": a.Criteria})
}

func (a retract) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).Retract(people[a.Key], a.Assessor, a.Criteria)
}

type settle struct {
	on
	Key   string
	Lines []model.Line
}

func (a settle) call(s *stage) (call, bool) {
	return a.post(s, a.Key, "settleCriteria", fields{"settlements": lineFields(a.Lines, fields{"motive": "vu"})})
}

func (a settle) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).Settle(people[a.Key].Subject, a.Lines)
}

type accommodate struct {
	on
	Kind string
}

func (a accommodate) call(s *stage) (call, bool) {
	return a.post(s, "registrar", "requestAccommodation", fields{"kind": a.Kind, "need": "plus de temps"})
}

func (a accommodate) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).RequestAccommodation(a.Kind)
}

func (a accommodate) learn(s *stage, body map[string]any) error {
	all := s.candidacy(a.Candidacy).Accommodations
	all[len(all)-1].Name, _ = body["name"].(string)
	return nil
}

// grantAccommodation decides the accommodation with that number.
type grantAccommodation struct {
	on
	Number  int
	Granted bool
}

func (a grantAccommodation) call(s *stage) (call, bool) {
	k := s.candidacy(a.Candidacy)
	if k == nil || a.Number >= len(k.Accommodations) {
		return call{}, false
	}
	body := fields{"accommodation": k.Accommodations[a.Number].Name, "granted": a.Granted}
	body[map[bool]string{true: "arrangement", false: "reason"}[a.Granted]] = "texte"
	return a.post(s, "advisor", "decideAccommodation", body)
}

func (a grantAccommodation) predict(s *stage) model.Answer {
	k := s.candidacy(a.Candidacy)
	return k.DecideAccommodation(k.Accommodations[a.Number], a.Granted)
}

type advise struct {
	on
	Criterion  string
	Favourable bool
}

func (a advise) call(s *stage) (call, bool) {
	return a.post(s, "advisor", "adviseExemption", fields{"criterion": a.Criterion, "favourable": a.Favourable, "reasonedAdvice": "avis"})
}

func (a advise) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).Advise(a.Criterion, a.Favourable)
}

type exempt struct {
	on
	Key string
	model.Exemption
}

func (a exempt) call(s *stage) (call, bool) {
	condition := func(c model.Condition) fields { return fields{"holds": c.Holds, "reason": c.Reason} }
	if !a.Granted {
		return a.post(s, a.Key, "decideExemption", fields{"criterion": a.Criterion, "granted": false, "reason": a.Reason})
	}
	return a.post(s, a.Key, "decideExemption", fields{
		"criterion": a.Criterion, "granted": true,
		"capacityPreserved": condition(a.CapacityPreserved), "notApplicableInPractice": condition(a.NotApplicableInPractice),
	})
}

func (a exempt) predict(s *stage) model.Answer {
	return s.candidacy(a.Candidacy).DecideExemption(people[a.Key].Subject, a.Exemption)
}

// deliberate has the etag that the jury saw: the current one, or an older one.
type deliberate struct {
	on
	Candidate string // whose candidacy it is
	Key       string
	Present   []string
	Lines     []model.BlocLine
	Older     int
}

func (a deliberate) touches() touched { return touched{candidacy: a.Candidacy, candidate: a.Candidate} }

// etag is the grid's current one, or one seen before.
func (a deliberate) etag(s *stage) string {
	seen := s.etags[s.candidacyName(a.Candidacy)]
	if i := len(seen) - 1 - a.Older; i >= 0 {
		return seen[i]
	}
	return "never-seen"
}

func (a deliberate) call(s *stage) (call, bool) {
	var lines []fields
	for _, line := range a.Lines {
		lines = append(lines, fields{"bloc": line.Bloc, "outcome": line.Outcome, "motive": line.Motive})
	}
	return a.post(s, a.Key, "deliberate", fields{"gridEtag": a.etag(s), "membersPresent": a.Present, "blocDecisions": lines})
}

func (a deliberate) predict(s *stage) model.Answer {
	seen := s.etags[s.candidacyName(a.Candidacy)]
	fresh := a.etag(s) == seen[len(seen)-1]
	return s.candidacy(a.Candidacy).Deliberate(model.Sitting{Caller: people[a.Key].Subject, Present: a.Present}, fresh, a.Lines)
}

// rectify names a candidate's decision by its number.
type rectify struct {
	Candidate       string
	Number          int
	Session, Key    string
	Present         []string
	Outcome, Motive string
}

func (a rectify) touches() touched { return touched{candidate: a.Candidate} }

func (a rectify) call(s *stage) (call, bool) {
	c, session := s.candidate(a.Candidate), s.session(a.Session)
	if c == nil || session == nil || a.Number >= len(c.Decisions) {
		return call{}, false
	}
	return post(a.Key, c.Decisions[a.Number].Name+":rectify", fields{
		"session": session.Name, "membersPresent": a.Present, "outcome": a.Outcome, "motive": a.Motive,
	}), true
}

func (a rectify) predict(s *stage) model.Answer {
	c := s.candidate(a.Candidate)
	by := model.Sitting{Caller: people[a.Key].Subject, Present: a.Present}
	return c.Rectify(c.Decisions[a.Number], s.session(a.Session), by, a.Outcome, a.Motive)
}

type award struct {
	Candidate, Referentiel, Session, Key string
	Present                              []string
}

func (a award) touches() touched { return touched{candidate: a.Candidate} }

func (a award) call(s *stage) (call, bool) {
	name := "candidates/" + s.prefix + a.Candidate + "/capitalisations/" + s.prefix + a.Referentiel
	return post(a.Key, name+":award", fields{"session": "sessions/" + s.prefix + a.Session, "membersPresent": a.Present}),
		s.candidate(a.Candidate) != nil && s.session(a.Session) != nil && s.model.Current[s.prefix+a.Referentiel] != nil
}

func (a award) predict(s *stage) model.Answer {
	by := model.Sitting{Caller: people[a.Key].Subject, Present: a.Present}
	return s.candidate(a.Candidate).Award(s.model.Current[s.prefix+a.Referentiel], s.session(a.Session), by)
}

type attest struct {
	Candidate string
	Number    int
}

func (a attest) touches() touched { return touched{candidate: a.Candidate} }

func (a attest) call(s *stage) (call, bool) {
	c := s.candidate(a.Candidate)
	if c == nil || a.Number >= len(c.Decisions) {
		return call{}, false
	}
	return post("registrar", c.Decisions[a.Number].Name+":attest", fields{}), true
}

func (a attest) predict(s *stage) model.Answer {
	return s.candidate(a.Candidate).Decisions[a.Number].Attest()
}

type recordPrior struct{ Candidate, Referentiel, Bloc, Proof string }

func (a recordPrior) touches() touched { return touched{candidate: a.Candidate} }

func (a recordPrior) call(s *stage) (call, bool) {
	name := "candidates/" + s.prefix + a.Candidate + "/capitalisations/" + s.prefix + a.Referentiel
	return post("registrar", name+":recordPriorBloc", fields{"bloc": a.Bloc, "proof": a.Proof}),
		s.candidate(a.Candidate) != nil && s.model.Current[s.prefix+a.Referentiel] != nil
}

func (a recordPrior) predict(s *stage) model.Answer {
	return s.candidate(a.Candidate).RecordPrior(s.model.Current[s.prefix+a.Referentiel], a.Bloc, a.Proof)
}

// recordRequirement records a document that proves a requirement.
type recordRequirement struct {
	Candidate, Referentiel, Requirement string
	Amount                              int
}

func (a recordRequirement) touches() touched { return touched{candidate: a.Candidate} }

func (a recordRequirement) call(s *stage) (call, bool) {
	name := "candidates/" + s.prefix + a.Candidate + "/capitalisations/" + s.prefix + a.Referentiel
	return post("registrar", name+":recordRequirement", fields{"requirement": a.Requirement, "amount": a.Amount, "proof": "attestation"}),
		s.candidate(a.Candidate) != nil && s.model.Current[s.prefix+a.Referentiel] != nil
}

func (a recordRequirement) predict(s *stage) model.Answer {
	return s.candidate(a.Candidate).RecordRequirement(s.model.Current[s.prefix+a.Referentiel], a.Requirement, a.Amount, "attestation")
}
