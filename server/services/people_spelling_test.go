package services

import (
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestSpellingsOfAnAssessor: a delegate who writes an assessor in two ways has recorded one
// opinion, which is the assessor's, however it is written.
func TestSpellingsOfAnAssessor(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	platform := s.as("platform", acquispb.Role_ASSESSOR).speaking()
	record := func(who person, assessor string, verdict acquispb.Verdict_Enum) {
		t.Helper()
		given := verdicts(k, verdict, "C3.1.2")
		given.Assessor = assessor
		ask(who, s.RecordAssessments, given)
	}
	shown := func(who person) []*acquispb.Assessment {
		return criterion(t, s.grid(who, k), "C3.1.2").GetAssessments()
	}
	record(platform, "lea", notMet)
	record(platform, "Lea", met)
	record(s.lea, "LEA", partiallyMet) // by herself, who is no delegate
	record(platform, "Lea", met)
	if all := shown(s.chair); len(all) != 1 || all[0].GetVerdict() != met || all[0].GetAssessor() != "Lea" {
		t.Errorf("the jury sees %v", all)
	}
	if own := shown(s.lea); len(own) != 1 || own[0].GetVerdict() != met {
		t.Errorf("Léa sees of her own %v", own)
	}
	if others := shown(s.noa); len(others) != 0 {
		t.Errorf("Noa sees %v", others)
	}
	ask(platform, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Assessor: "lea", Criteria: []string{"C3.1.2"}})
	if all := shown(s.chair); len(all) != 0 {
		t.Errorf("after the retraction the jury sees %v", all)
	}
}

// TestSpellingsOfASubject: who writes a subject with other capitals gets around no
// rule that keeps people apart.
func TestSpellingsOfASubject(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	key := func(who person, subject string, role acquispb.Role_Enum) string {
		return try(who, s.CreateKey, &acquispb.CreateKeyRequest{Key: &acquispb.Key{Subject: subject, Roles: []acquispb.Role_Enum{role}}})
	}
	twice := func(given *acquispb.Session) {
		given.Jury = append(given.Jury, &acquispb.JuryMember{Subject: "Chair", DisplayName: "La même", External: true})
	}
	given := aSession()
	twice(given)
	changed := &acquispb.Session{Name: "sessions/juin", Etag: s.etag("sessions/juin"), Jury: given.GetJury()}
	for _, subject := range []string{"jeanne@acquis.example", "Registrar@acquis.example"} {
		if got := key(s.admin, subject, acquispb.Role_ASSESSOR); got != "" {
			t.Fatal(got)
		}
	}
	s.refuses(s.written(),
		refusal{"a jury of one person, twice", try(s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{Session: given}), "MEMBER_REPEATED at session.jury"},
		refusal{"a jury that gets one person twice", try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: changed}), "MEMBER_REPEATED at session.jury"},
		refusal{"a key for another spelling of oneself", key(s.admin, "Admin-1", acquispb.Role_JURY), "OWN_SUBJECT"},
		refusal{"a second assessor who is the first", key(s.admin, "Jeanne@acquis.example", acquispb.Role_ASSESSOR), "INVALID_FIELD at key.subject"},
	)
	ask(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "Member", Kind: acquispb.Tie_Kind_TRAINER})
	s.refuses(s.written(),
		refusal{"a jury with a member whose tie is written otherwise", try(s.chair, s.Deliberate, s.deliberation(k)), "MEMBER_TIED of member member"},
	)
}
