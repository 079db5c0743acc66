package systemtest

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/verify"
)

const guardJury = `"startDate":{"year":2026,"month":6,"day":15},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
	{"subject":"jury-2","displayName":"Deux"},{"subject":"jury-3","displayName":"Trois","external":true,"chair":true}]`

// elsewhere makes sessions without candidacies whose juries act for candidates of
// others: s-award awards, s-rect rectifies. In s-held a jury deliberates on blocs
// that are held already, so that nothing is decided; from s-left the only one withdraws.
func (w *world) elsewhere() {
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "jury-1": "JURY", "reader": "READER",
	} {
		w.newKey(name, role)
	}
	w.publishMini("Mini", `"minAssessors":1`)
	for _, session := range []string{"s-first", "s-held", "s-rect", "s-award", "s-left"} {
		w.do("registrar", "POST", "/v1/sessions?sessionId="+session, `{"displayName":"d","referentiel":"referentiels/mini",`+guardJury+`}`)
	}
	for _, label := range []string{"c-dec", "c-prior"} {
		w.do("registrar", "POST", "/v1/candidates?candidateId="+label, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	}
	const present = `"membersPresent":["jury-1","jury-2"]`
	deliberate := func(session string) {
		candidacy := "sessions/" + session + "/candidacies/k"
		w.do("jury-1", "POST", "/v1/"+candidacy+":deliberate", `{"gridEtag":"`+w.gridEtag("jury-1", candidacy)+`",`+present+`}`)
	}
	w.do("registrar", "POST", "/v1/sessions/s-first/candidacies?candidacyId=k", `{"candidate":"candidates/c-dec","scope":"BLOCS","blocs":["B2"]}`)
	w.assess("assessor-1", "sessions/s-first/candidacies/k", "MET")
	deliberate("s-first")
	decision := w.nameIn("reader", "/v1/candidates/c-dec/decisions", "decisions", 0)
	w.do("jury-1", "POST", "/v1/"+decision+":rectify", `{"session":"sessions/s-rect",`+present+`,"outcome":"NOT_CAPITALISED","motive":"appel"}`)

	w.do("registrar", "POST", "/v1/sessions/s-held/candidacies?candidacyId=k", `{"candidate":"candidates/c-prior","scope":"BLOCS","blocs":["B2"]}`)
	for _, bloc := range []string{"B1", "B2"} {
		w.do("registrar", "POST", "/v1/candidates/c-prior/capitalisations/mini:recordPriorBloc", `{"bloc":"`+bloc+`","proof":"PV"}`)
	}
	w.do("jury-1", "POST", "/v1/candidates/c-prior/capitalisations/mini:award", `{"session":"sessions/s-award",`+present+`}`)
	deliberate("s-held")
	w.do("registrar", "POST", "/v1/sessions/s-left/candidacies?candidacyId=k", `{"candidate":"candidates/c-dec","scope":"BLOCS","blocs":["B1"]}`)
	w.do("registrar", "POST", "/v1/sessions/s-left/candidacies/k:withdraw", `{}`)
}

// TestGuardsAskForEveryAct: what a jury did in a session keeps its revision, its
// members and the session itself, though no candidacy of the session tells of it;
// and what is still legal verifies.
func TestGuardsAskForEveryAct(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.elsewhere()
	w.publishAs("other", "Other", `"minAssessors":1`)
	for _, session := range []string{"s-held", "s-rect", "s-award"} {
		etag := w.do("registrar", "GET", "/v1/sessions/"+session, "")["etag"].(string)
		patch := func(field, want string) {
			t.Helper()
			if a := w.rest("registrar", "PATCH", "/v1/sessions/"+session, `{"etag":"`+etag+`",`+field+`}`); get(a.body, "details", 0, "reason") != want {
				t.Errorf("%s: %s: %s, want %s", session, field, a.raw, want)
			}
		}
		patch(`"referentiel":"referentiels/other"`, "REFERENTIEL_FIXED")
		patch(`"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true}]`, "MEMBER_TOOK_PART")
		patch(strings.Replace(guardJury[strings.Index(guardJury, `"jury"`):], `"displayName":"Deux"`, `"displayName":"Deux","external":true`, 1), "MEMBER_TOOK_PART")
		if a := w.rest("registrar", "POST", "/v1/sessions/"+session+":cancel", `{}`); !strings.Contains(a.raw, "JURY_ACTED") {
			t.Errorf("%s is cancelled: %s", session, a.raw)
		}
		// What nothing rests on may change: who did not act, whatever is no jury.
		w.do("registrar", "PATCH", "/v1/sessions/"+session, `{"etag":"`+etag+`","displayName":"e","endDate":{"year":2026,"month":6,"day":16},
			"assessors":["assessor-2"],"centre":{"code":"LYON"},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
		w.do("registrar", "POST", "/v1/sessions/"+session+":close", `{}`)
	}
	stop()
	if report := verified(t, dir, verify.Options{}); !report.OK() {
		t.Errorf("a legal store: %v", report.Findings)
	}
}

// TestActsAreJudgedByWhatWasInForce: a session that is altered so that an act of its
// jury no longer fits it is found, though all digests and the tree fit.
func TestActsAreJudgedByWhatWasInForce(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.elsewhere()
	for _, session := range []string{"s-first", "s-held", "s-rect", "s-award"} { // so that their records are later than the acts
		w.do("registrar", "POST", "/v1/sessions/"+session+":close", `{}`)
	}
	w.publishMini("Mini, revu", `"minAssessors":1,"jury":{"minMembers":3,"minExternalPercent":50}`)
	revised := w.do("reader", "GET", "/v1/referentiels/mini", "")["revision"].(string)
	stop()
	v := &vault{t: t, shelves: shelvesOf(t, dir)}
	sessions := func(label, what string, change func(*storepb.Session)) tampering {
		return v.rewrite(label+" "+what, store.KindSession, func(_ store.Record, m proto.Message) bool {
			s := m.(*storepb.Session)
			if s.GetLabel() == label {
				change(s)
			}
			return s.GetLabel() == label
		})
	}
	all := []tampering{sessions("s-left", "closed before", func(s *storepb.Session) { s.State = int32(acquispb.Session_State_CLOSED) })}
	for _, label := range []string{"s-first", "s-held", "s-rect", "s-award"} {
		all = append(all,
			sessions(label, "cancelled", func(s *storepb.Session) { s.State = int32(acquispb.Session_State_CANCELLED) }),
			sessions(label, "of another revision", func(s *storepb.Session) {
				_, s.Revision, _ = strings.Cut(revised, "/revisions/")
			}),
			sessions(label, "without a member", func(s *storepb.Session) { s.Jury = s.GetJury()[:1] }),
			sessions(label, "with another chair", func(s *storepb.Session) { s.Jury[0].Chair = false }))
	}
	held := func(what string, change func(*storepb.Candidacy)) tampering {
		return v.rewrite("the candidacy of what is held "+what, store.KindCandidacy, func(_ store.Record, m proto.Message) bool {
			c := m.(*storepb.Candidacy)
			if c.GetSitting() == nil {
				return false
			}
			change(c)
			return true
		})
	}
	all = append(all,
		held("says nothing of who sat", func(c *storepb.Candidacy) { c.Sitting = nil }),
		held("by one member", func(c *storepb.Candidacy) { c.Sitting.MembersPresent = c.GetSitting().GetMembersPresent()[:1] }),
		held("by another quality", func(c *storepb.Candidacy) { c.Sitting.MembersPresent[1].External = true }),
		held("by who was absent", func(c *storepb.Candidacy) { c.Sitting.Author = "jury-3" }))
	for _, x := range all {
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			return by.reseal()
		}, verify.Options{})
		must(t, err)
		if !judged(report) {
			t.Errorf("%s: not found: %v", x.name, report.Findings)
		}
	}
}

// judged tells whether a report finds fault with an act, not only with an index.
func judged(r *verify.Report) bool {
	for _, f := range r.Findings {
		if f.Kind == store.KindDecision.String() || f.Kind == store.KindCandidacy.String() {
			return true
		}
	}
	return false
}
