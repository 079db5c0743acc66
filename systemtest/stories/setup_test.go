package stories

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/acquis-eval/acquis/systemtest/model"
)

// fields are a JSON object.
type fields map[string]any

func post(key, path string, body fields) call {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings, numbers and lists of them
	}
	return call{key, "POST", "/v1/" + path, string(text)}
}

type newCandidate struct{ ID string }

func (a newCandidate) touches() touched { return touched{candidate: a.ID} }

func (a newCandidate) call(s *stage) (call, bool) {
	return post("registrar", "candidates?candidateId="+s.prefix+a.ID, fields{
		"birthName": "Martin", "givenNames": []string{"Léa"}, "sex": "FEMALE", "birthDate": fields{"year": 1998},
	}), true
}

func (a newCandidate) predict(s *stage) model.Answer {
	return s.model.NewCandidate("candidates/" + s.prefix + a.ID)
}

type declareTie struct{ Candidate, Key, Subject string }

func (a declareTie) touches() touched { return touched{} }

func (a declareTie) call(s *stage) (call, bool) {
	return post(a.Key, "candidates/"+s.prefix+a.Candidate+":declareTie", fields{"subject": a.Subject, "kind": "TRAINER"}),
		s.candidate(a.Candidate) != nil
}

func (a declareTie) predict(s *stage) model.Answer {
	return s.model.DeclareTie("candidates/"+s.prefix+a.Candidate, people[a.Key], a.Subject)
}

// newSession pins the revision with a label, or the current one of a référentiel.
type newSession struct {
	ID, Referentiel, Label string
	Jury                   []model.Member
	Qualities              map[string]string // of those who assess
}

func (a newSession) touches() touched { return touched{session: a.ID} }

// pinned returns the revision that a session will pin, and its name in a call.
func pinned(s *stage, id, label string) (*model.Revision, string) {
	if label == "" {
		return s.model.Current[s.prefix+id], "referentiels/" + s.prefix + id
	}
	if r := s.labels[label]; r != nil {
		return r, r.Name
	}
	return nil, ""
}

func (a newSession) call(s *stage) (call, bool) {
	r, name := pinned(s, a.Referentiel, a.Label)
	return post("registrar", "sessions?sessionId="+s.prefix+a.ID, fields{
		"displayName": "Session", "referentiel": name, "startDate": fields{"year": 2026, "month": 6, "day": 15}, "jury": juryFields(a.Jury),
		"assessors": assessorFields(a.Qualities),
	}), r != nil
}

func (a newSession) predict(s *stage) model.Answer {
	r, _ := pinned(s, a.Referentiel, a.Label)
	return s.model.NewSession("sessions/"+s.prefix+a.ID, r, a.Jury, a.Qualities)
}

func juryFields(jury []model.Member) []fields {
	shown := []fields{}
	for _, m := range jury {
		shown = append(shown, fields{"subject": m.Subject, "displayName": "Membre", "external": m.External, "chair": m.Chair, "college": m.College})
	}
	return shown
}

func assessorFields(qualities map[string]string) (shown []fields) {
	for _, subject := range slices.Sorted(maps.Keys(qualities)) {
		shown = append(shown, fields{"subject": subject, "quality": qualities[subject]})
	}
	return shown
}

// changeSession gives a session another jury, and another revision if one is
// named.
type changeSession struct {
	ID, Referentiel, Label string
	Jury                   []model.Member
	Stale                  bool
	Qualities              map[string]string // nil: as before
}

func (a changeSession) touches() touched { return touched{session: a.ID} }

func (a changeSession) call(s *stage) (call, bool) {
	session := s.session(a.ID)
	if session == nil {
		return call{}, false
	}
	etag := s.send(call{"registrar", "GET", "/v1/" + session.Name, ""}).Body["etag"]
	if a.Stale {
		etag = "0"
	}
	body := fields{"etag": etag, "jury": juryFields(a.Jury)}
	mask := "jury"
	if a.Qualities != nil {
		body["assessors"] = assessorFields(a.Qualities)
		mask += ",assessors"
	}
	if a.Referentiel != "" || a.Label != "" {
		r, name := pinned(s, a.Referentiel, a.Label)
		if r == nil {
			return call{}, false
		}
		body["referentiel"] = name
		mask += ",referentiel"
	}
	c := post("registrar", session.Name+"?updateMask="+mask, body)
	c.method = "PATCH"
	return c, true
}

func (a changeSession) predict(s *stage) model.Answer {
	session := s.session(a.ID)
	r := session.Revision
	if a.Referentiel != "" || a.Label != "" {
		r, _ = pinned(s, a.Referentiel, a.Label)
	}
	if a.Stale {
		return model.Answer{Code: "ABORTED", Rules: []string{"ETAG_STALE"}}
	}
	qualities := session.Qualities
	if a.Qualities != nil {
		qualities = a.Qualities
	}
	return session.Change(a.Jury, r, qualities)
}

// endSession closes or cancels a session.
type endSession struct {
	ID     string
	Cancel bool
}

func (a endSession) touches() touched { return touched{session: a.ID} }

func (a endSession) call(s *stage) (call, bool) {
	verb := map[bool]string{true: ":cancel", false: ":close"}[a.Cancel]
	return post("registrar", "sessions/"+s.prefix+a.ID+verb, fields{}), s.session(a.ID) != nil
}

func (a endSession) predict(s *stage) model.Answer {
	if a.Cancel {
		return s.session(a.ID).Cancel()
	}
	return s.session(a.ID).Close()
}
