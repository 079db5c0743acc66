package services

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// whole is a candidate with every field set.
func whole() *acquispb.Candidate {
	c := someone("camille")
	c.UsageName, c.BirthPlace = "Durand", &acquispb.Candidate_BirthPlace{
		InseeCode: "69123", PostalCode: "69003", City: "Lyon", CountryCode: "99100", Country: "France",
	}
	c.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "42"}, {System: "crm", Id: "A-7"}}
	return c
}

// TestCandidateIsKept: what a registrar enters about a candidate is what
// everybody reads, by name, by an id in another system, and in the list.
func TestCandidateIsKept(t *testing.T) {
	s := newStage(t)
	made := ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: whole()})
	want := whole()
	want.Name, want.Etag = "candidates/camille", s.etag("candidates/camille")
	if diff := cmp.Diff(want, made, protocmp.Transform(), protocmp.IgnoreFields(want, "create_time", "update_time")); diff != "" {
		t.Errorf("the answer differs from what was said:\n%s", diff)
	}
	if !made.GetCreateTime().AsTime().Equal(made.GetUpdateTime().AsTime()) || made.GetCreateTime().AsTime().IsZero() {
		t.Errorf("made at %v, changed at %v", made.GetCreateTime(), made.GetUpdateTime())
	}
	for how, read := range map[string]*acquispb.Candidate{
		"by name":         ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: made.GetName()}),
		"by the first id": ask(s.reader, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "lms", Id: "42"}),
		"by the second":   ask(s.registrar, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "crm", Id: "A-7"}),
		"in the list":     ask(s.reader, s.ListCandidates, &acquispb.ListCandidatesRequest{}).GetCandidates()[0],
	} {
		if diff := cmp.Diff(made, read, protocmp.Transform()); diff != "" {
			t.Errorf("%s:\n%s", how, diff)
		}
	}
	first := ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{Candidate: someone("noname")})
	second := ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{Candidate: someone("noname")})
	if len(first.GetName()) < len("candidates/")+16 || first.GetName() == second.GetName() {
		t.Errorf("two candidates without an id are called %s and %s", first.GetName(), second.GetName())
	}
}

// TestCandidateIsRefused: a name and an id in another system belong to one
// candidate only.
func TestCandidateIsRefused(t *testing.T) {
	s := newStage(t)
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: whole()})
	sacha := s.candidate("sacha")
	create := func(id string, c *acquispb.Candidate) string {
		return try(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: id, Candidate: c})
	}
	known := someone("other")
	known.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "43"}, {System: "crm", Id: "A-7"}}
	update := func(c *acquispb.Candidate, mask ...string) string {
		return try(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: c, UpdateMask: maskOf(mask)})
	}
	lookup := func(system, id string) string {
		return try(s.reader, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: system, Id: id})
	}
	s.refuses(s.written(),
		refusal{"a name that is taken", create("camille", someone("camille")), "ALREADY_EXISTS candidates/camille"},
		refusal{"an id in another system that is taken", create("third", known), "ALREADY_EXISTS candidate.externalIds[1]"},
		refusal{"a candidate who does not exist", try(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/third"}), "NOT_FOUND candidates/third"},
		refusal{"an unknown id", lookup("lms", "43"), "NOT_FOUND"},
		refusal{"an id of another system", lookup("crm", "42"), "NOT_FOUND"},
		refusal{"a change of an unknown candidate", update(&acquispb.Candidate{Name: "candidates/third", Etag: "1", UsageName: "x"}), "NOT_FOUND candidates/third"},
		refusal{"a change without an etag", update(&acquispb.Candidate{Name: sacha.GetName(), UsageName: "x"}), "ETAG_MISSING at etag"},
		refusal{"a change with a stale etag", update(&acquispb.Candidate{Name: sacha.GetName(), Etag: "0", UsageName: "x"}), "ETAG_STALE"},
		refusal{"a field that candidates do not have", update(&acquispb.Candidate{Name: sacha.GetName(), Etag: sacha.GetEtag()}, "shoeSize"), "INVALID_FIELD at updateMask"},
		refusal{"a removed name", update(&acquispb.Candidate{Name: sacha.GetName(), Etag: sacha.GetEtag()}, "birthName"), "INVALID_FIELD at candidate.birthName"},
		refusal{"an id of another candidate", update(&acquispb.Candidate{Name: sacha.GetName(), Etag: sacha.GetEtag(), ExternalIds: known.GetExternalIds()}), "ALREADY_EXISTS candidate.externalIds[1]"},
	)
}

// TestCandidateIsChanged: a change replaces the fields that it names and keeps
// the others; ids in other systems are assigned and freed; and nothing keeps
// earlier values.
func TestCandidateIsChanged(t *testing.T) {
	s := newStage(t)
	made := ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: whole()})
	changed := ask(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: &acquispb.Candidate{
		Name: made.GetName(), Etag: made.GetEtag(), BirthName: "Petit", Sex: acquispb.Candidate_Sex_MALE,
		ExternalIds: []*acquispb.Candidate_ExternalId{{System: "lms", Id: "43"}, {System: "crm", Id: "A-7"}},
	}})
	want := whole()
	want.Name, want.Etag, want.BirthName, want.Sex, want.CreateTime = made.GetName(), s.etag(made.GetName()), "Petit", acquispb.Candidate_Sex_MALE, made.GetCreateTime()
	want.ExternalIds[0].Id = "43"
	if diff := cmp.Diff(want, changed, protocmp.Transform(), protocmp.IgnoreFields(want, "update_time")); diff != "" {
		t.Errorf("after the change:\n%s", diff)
	}
	if !changed.GetUpdateTime().AsTime().After(made.GetUpdateTime().AsTime()) {
		t.Error("the update time did not change")
	}
	cleared := ask(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{
		Candidate: &acquispb.Candidate{Name: made.GetName(), Etag: changed.GetEtag()}, UpdateMask: maskOf([]string{"usageName", "birth_place", "externalIds"}),
	})
	if cleared.GetUsageName() != "" || cleared.GetBirthPlace() != nil || cleared.GetExternalIds() != nil || cleared.GetBirthName() != "Petit" {
		t.Errorf("what the mask names and the request leaves out is %v", cleared)
	}
	for id, want := range map[string]string{"42": "NOT_FOUND", "43": "NOT_FOUND"} {
		if got := try(s.reader, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "lms", Id: id}); got[:len(want)] != want {
			t.Errorf("lms %s, which was freed, finds %q", id, got)
		}
	}
	taken := someone("sacha")
	taken.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "42"}}
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "sacha", Candidate: taken})
	if n := len(s.records(store.KindPersonal)); n != 2 {
		t.Errorf("%d identities are kept of two candidates", n)
	}
}

// TestBirthPlaceWithoutParts: a place of birth of which nothing is said is none, however it
// comes to be: as such in a create or update, or if its last part is cleared.
func TestBirthPlaceWithoutParts(t *testing.T) {
	s := newStage(t)
	given := someone("camille")
	given.BirthPlace = new(acquispb.Candidate_BirthPlace)
	made := ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: given})
	update := func(place *acquispb.Candidate_BirthPlace, mask ...string) *acquispb.Candidate {
		return ask(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{
			Candidate:  &acquispb.Candidate{Name: made.GetName(), Etag: s.etag(made.GetName()), BirthPlace: place},
			UpdateMask: maskOf(mask),
		})
	}
	before := s.written()
	same := update(new(acquispb.Candidate_BirthPlace), "birth_place")
	if made.GetBirthPlace() != nil || !proto.Equal(made, same) || s.written() != before {
		t.Errorf("made %v, and as %v by %d events", made, same, s.written()-before)
	}
	if city := update(&acquispb.Candidate_BirthPlace{City: "Tours"}, "birth_place.city").GetBirthPlace(); city.GetCity() != "Tours" {
		t.Errorf("one part is %v", city)
	}
	if left := update(nil, "birth_place.city").GetBirthPlace(); left != nil {
		t.Errorf("without its last part it is %v", left)
	}
}

// TestTies: a jury member declares their own ties, a registrar anybody's, and a
// declared tie is permanent.
func TestTies(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.enrolled("juin", "camille")
	declare := func(subject string, kind acquispb.Tie_Kind_Enum) *acquispb.DeclareTieRequest {
		return &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: subject, Kind: kind}
	}
	own := ask(s.member, s.DeclareTie, declare("member", acquispb.Tie_Kind_TRAINER)).GetTie()
	if own.GetCandidate() != "candidates/camille" || own.GetSubject() != "member" || own.GetKind() != acquispb.Tie_Kind_TRAINER || own.GetCreateTime() == nil {
		t.Errorf("the tie is shown as %v", own)
	}
	before := s.written()
	same := ask(s.registrar, s.DeclareTie, declare("member", acquispb.Tie_Kind_TRAINER)).GetTie()
	if diff := cmp.Diff(own, same, protocmp.Transform()); diff != "" || s.written() != before {
		t.Errorf("the same tie again is another: %s", diff)
	}
	ask(s.registrar, s.DeclareTie, declare("member", acquispb.Tie_Kind_EMPLOYER))
	ask(s.registrar, s.DeclareTie, declare("chair", acquispb.Tie_Kind_TRAINER))
	if ties := s.export(s.registrar, "camille").GetTies(); len(ties) != 3 {
		t.Errorf("the ties are %v", ties)
	}
	s.candidate("sacha")
	s.refuses(s.written(),
		refusal{"another's tie", try(s.member, s.DeclareTie, declare("chair", acquispb.Tie_Kind_OTHER)), "TIE_NOT_OWN"},
		refusal{"a tie with a candidate of no session of theirs", try(s.member, s.DeclareTie, &acquispb.DeclareTieRequest{
			Candidate: "candidates/sacha", Subject: "member", Kind: acquispb.Tie_Kind_OTHER,
		}), "NOT_FOUND candidates/sacha"},
		refusal{"a tie with an unknown candidate", try(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{
			Candidate: "candidates/nobody", Subject: "member", Kind: acquispb.Tie_Kind_OTHER,
		}), "NOT_FOUND candidates/nobody"},
	)
	k := "sessions/juin/candidacies/camille"
	s.judged(s.lea, k, met)
	if got := try(s.chair, s.Deliberate, s.deliberation(k)); got != "MEMBER_TIED of member chair, MEMBER_TIED of member member" {
		t.Errorf("a jury whose members are all tied gets %q", got)
	}
}
