package services

import (
	"fmt"
	"testing"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/legible"
)

// TestTextsComeBack: whatever is accepted comes back as it was sent, and what nobody
// can read is refused, and leaves nothing.
func TestTextsComeBack(t *testing.T) {
	s := newStage(t)
	letters := rapid.OneOf(rapid.SampledFrom([]rune("aé’' -\u0301عक्\u200C\u200D\u200B\u202E\n\t\x00王\u00A0👩")), rapid.Rune())
	count := 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(letters, 1, 4, -1).Draw(t, "text")
		accepted := func(form legible.Form) bool { return form.Problem(text) == "" }
		count++
		given := &acquispb.Candidate{
			BirthName: "Martin", UsageName: "O’Brien", GivenNames: []string{"Léa"}, Sex: acquispb.Candidate_Sex_FEMALE,
			BirthDate: &date.Date{Year: 1990}, BirthPlace: &acquispb.Candidate_BirthPlace{City: "Lyon", Country: "France"},
			ExternalIds: []*acquispb.Candidate_ExternalId{{System: "lms", Id: fmt.Sprint(count)}},
		}
		good := accepted(legible.Line)
		switch rapid.IntRange(0, 4).Draw(t, "field") {
		case 0:
			given.BirthName = text
		case 1:
			given.UsageName = text
		case 2:
			given.GivenNames = append(given.GivenNames, text)
		case 3:
			given.BirthPlace.City = text
		case 4:
			given.ExternalIds[0].Id, good = fmt.Sprint(count)+text+"z", legible.ID.Problem("1"+text+"z") == ""
		}
		before := s.written()
		made, err := s.CreateCandidate(s.registrar.ctx(), &acquispb.CreateCandidateRequest{Candidate: given})
		if (err == nil) != good || err != nil && s.written() != before {
			t.Fatalf("%v: %v", given, err)
		}
		if err != nil {
			return
		}
		read := ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: made.GetName()})
		read.Name, read.Etag, read.CreateTime, read.UpdateTime = "", "", nil, nil
		if !proto.Equal(read, given) {
			t.Errorf("%v came back as %v", given, read)
		}
		hold, err := s.PlaceHold(s.registrar.ctx(), &acquispb.PlaceHoldRequest{Candidate: made.GetName(), Reason: text})
		if want := accepted(legible.Text); (err == nil) != want || want && hold.GetReason() != text {
			t.Errorf("the reason %q: %v, %v", text, hold, err)
		}
	})
}
