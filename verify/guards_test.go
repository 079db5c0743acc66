package verify_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// TestGuardsAskForEveryAct: what a jury did in a session protects its revision,
// its members and the session itself, even if no candidacy of the session shows
// it; and what stays legal verifies.
func TestGuardsAskForEveryAct(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.Elsewhere()
	w.PublishAs("other", "Other", `"minAssessors":1`)
	for _, session := range []string{"s-held", "s-rect", "s-award"} {
		etag := w.Do("registrar", "GET", "/v1/sessions/"+session, "")["etag"].(string)
		patch := func(field, want string) {
			t.Helper()
			if a := w.REST("registrar", "PATCH", "/v1/sessions/"+session, `{"etag":"`+etag+`",`+field+`}`); world.Get(a.Body, "details", 0, "reason") != want {
				t.Errorf("%s: %s: %s, want %s", session, field, a.Raw, want)
			}
		}
		patch(`"referentiel":"referentiels/other"`, "REFERENTIEL_FIXED")
		patch(`"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true}]`, "MEMBER_TOOK_PART")
		patch(strings.Replace(world.GuardJury[strings.Index(world.GuardJury, `"jury"`):], `"displayName":"Deux"`, `"displayName":"Deux","external":true`, 1), "MEMBER_TOOK_PART")
		if a := w.REST("registrar", "POST", "/v1/sessions/"+session+":cancel", `{}`); !strings.Contains(a.Raw, "JURY_ACTED") {
			t.Errorf("%s is cancelled: %s", session, a.Raw)
		}
		// What nothing depends on may change: members who did not act, and
		// everything that is not the jury.
		w.Do("registrar", "PATCH", "/v1/sessions/"+session, `{"etag":"`+etag+`","displayName":"e","endDate":{"year":2026,"month":6,"day":16},
			"assessors":[{"subject":"assessor-2"}],"centre":{"code":"LYON"},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
		w.Do("registrar", "POST", "/v1/sessions/"+session+":close", `{}`)
	}
	stop()
	if report := verified(t, dir, verify.Options{}); !report.OK() {
		t.Errorf("a legal store: %v", report.Findings)
	}
}

// TestActsAreJudgedByWhatWasInForce: a session that is altered so that an act of
// its jury no longer fits it is reported, even if all digests and the tree match.
func TestActsAreJudgedByWhatWasInForce(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.Elsewhere()
	for _, session := range []string{"s-first", "s-held", "s-rect", "s-award"} { // so that their records are later than the acts
		w.Do("registrar", "POST", "/v1/sessions/"+session+":close", `{}`)
	}
	w.PublishMini("Mini, revu", `"minAssessors":1,"jury":{"minMembers":3,"minExternalPercent":50}`)
	revised := w.Do("reader", "GET", "/v1/referentiels/mini", "")["revision"].(string)
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
	all := []tampering{sessions("s-left", "closed before", func(s *storepb.Session) { s.State = acquispb.Session_State_CLOSED })}
	for _, label := range []string{"s-first", "s-held", "s-rect", "s-award"} {
		all = append(all,
			sessions(label, "cancelled", func(s *storepb.Session) { s.State = acquispb.Session_State_CANCELLED }),
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
		held("does not say who sat", func(c *storepb.Candidacy) { c.Sitting = nil }),
		held("by one member", func(c *storepb.Candidacy) { c.Sitting.MembersPresent = c.GetSitting().GetMembersPresent()[:1] }),
		held("in another quality", func(c *storepb.Candidacy) { c.Sitting.MembersPresent[1].External = true }),
		held("by an absent member", func(c *storepb.Candidacy) { c.Sitting.Author = "jury-3" }))
	for _, x := range all {
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			return by.reseal()
		}, verify.Options{})
		world.Must(t, err)
		if !judged(report) {
			t.Errorf("%s: not detected: %v", x.name, report.Findings)
		}
	}
}

// TestSessionsKnowTheirReferentiel: a session that names a quality or a college which its
// référentiel does not have is reported, even if all digests and the tree match.
func TestSessionsKnowTheirReferentiel(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.Elsewhere()
	stop()
	v := &vault{t: t, shelves: shelvesOf(t, dir)}
	for rule, change := range map[string]func(*storepb.Session){
		"QUALITY_UNKNOWN": func(s *storepb.Session) { s.Assessors = []*storepb.Assessor{{Subject: "someone", Quality: "boss"}} },
		"COLLEGE_UNKNOWN": func(s *storepb.Session) { s.Jury[0].College = "unions" },
	} {
		x := v.rewrite(rule, store.KindSession, func(_ store.Record, m proto.Message) bool {
			s := m.(*storepb.Session)
			if s.GetLabel() == "s-first" {
				change(s)
			}
			return s.GetLabel() == "s-first"
		})
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			return by.reseal()
		}, verify.Options{})
		world.Must(t, err)
		if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return strings.Contains(f.String(), rule) }) {
			t.Errorf("%s: not detected: %v", rule, report.Findings)
		}
	}
}

// judged tells whether a report objects to an act, and not only to an index.
func judged(r *verify.Report) bool {
	for _, f := range r.Findings {
		if f.Kind == store.KindDecision.String() || f.Kind == store.KindCandidacy.String() {
			return true
		}
	}
	return false
}
