package services

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestPagesOfWhatMoves: a list that is read as a whole may gain and lose items before
// the place that was reached. The next page still begins behind the last one shown:
// nothing is skipped, and nothing is shown twice.
func TestPagesOfWhatMoves(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")

	var asked []string
	decide := func(i int, granted bool) {
		ask(s.advisor, s.DecideAccommodation, &acquispb.DecideAccommodationRequest{
			Candidacy: k, Accommodation: asked[i], Granted: proto.Bool(granted), Arrangement: map[bool]string{true: "a"}[granted], Reason: map[bool]string{false: "r"}[granted],
		})
	}
	for i := range 4 {
		asked = append(asked, ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{
			Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n",
		}).GetName())
		if i > 0 {
			decide(i, true)
		}
	}
	accommodations := func(token string) ([]string, string) { // an assessor sees what is granted
		page := ask(s.lea, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k, PageSize: 1, PageToken: onwards(token)})
		return namesOf(page.GetAccommodations()), page.GetNextPageToken()
	}
	exemptions := func(token string) ([]string, string) {
		page := ask(s.chair, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k, PageSize: 1, PageToken: onwards(token)})
		return namesOf(page.GetExemptions()), page.GetNextPageToken()
	}
	referentiels := func(token string) ([]string, string) {
		page := ask(s.reader, s.ListReferentiels, &acquispb.ListReferentielsRequest{PageSize: 1, PageToken: onwards(token)})
		return namesOf(page.GetReferentiels()), page.GetNextPageToken()
	}
	ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.2", true))
	ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.3", true))
	s.publish("zoo", petit())

	for _, c := range []struct {
		what string
		page func(token string) ([]string, string)
		then func() // after the first page
		want []string
	}{
		{"one shown before is hidden", accommodations, func() { decide(1, false) }, asked[1:]},
		{"one before is granted", accommodations, func() { decide(0, true) }, asked[2:]},
		{"an advice on an earlier criterion", exemptions, func() { ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.1", true)) },
			[]string{k + "/exemptions/C3.1.2", k + "/exemptions/C3.1.3"}},
		{"a référentiel whose id is first", referentiels, func() { s.publish("aaa", petit()) },
			[]string{"referentiels/marketing", "referentiels/zoo", "referentiels/aaa"}},
		{"a new revision", referentiels, func() { s.publish("marketing", petit()) },
			[]string{"referentiels/marketing", "referentiels/zoo", "referentiels/aaa"}},
	} {
		got := throughPages(c.page, c.then)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the pages show\n%s\nnot\n%s", c.what, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// throughPages reads all pages, and does something after the first.
func throughPages(page func(token string) ([]string, string), then func()) []string {
	got, token := page("")
	then()
	for range 10 {
		if token == "" {
			break
		}
		var more []string
		more, token = page(token)
		got = append(got, more...)
	}
	return got
}

// TestSearchOfWhatMoves: a search goes on in the revision where it was, whatever is
// published meanwhile.
func TestSearchOfWhatMoves(t *testing.T) {
	s := newStage(t)
	texts := func(token string) (found []string, _ string) {
		page := ask(s.reader, s.SearchReferentiels, &acquispb.SearchReferentielsRequest{Query: "autre", PageSize: 1, PageToken: onwards(token)})
		for _, hit := range page.GetResults() {
			found = append(found, hit.GetReferentiel()+" "+hit.GetText())
		}
		return found, page.GetNextPageToken()
	}
	stating := func(statements ...string) *acquispb.Referentiel {
		return petit(func(given *acquispb.Referentiel) {
			competence := given.Blocs[0].Competences[0]
			given.Blocs[0].Competences = nil
			for i, statement := range statements {
				more := proto.CloneOf(competence)
				more.Code, more.Statement = "C1."+strconv.Itoa(i+1), statement
				for j, k := range more.GetCriteria() {
					k.Code = more.GetCode() + "." + strconv.Itoa(j+1)
				}
				given.Blocs[0].Competences = append(given.Blocs[0].Competences, more)
			}
		})
	}
	s.publish("marketing", stating("Rien"))
	s.publish("zoo", stating("Autre un", "Autre deux"))
	s.publish("aaa", stating("Autre trois"))
	for _, c := range []struct {
		what string
		then func() // after the first page
		want []string
	}{
		{"texts before the place that was reached", func() { s.publish("zoo", stating("Autre zéro", "Autre un", "Autre deux")) },
			[]string{"referentiels/zoo Autre un", "referentiels/zoo Autre deux", "referentiels/aaa Autre trois"}},
		{"the last texts are no longer there", func() { s.publish("aaa", stating("Rien")) },
			[]string{"referentiels/zoo Autre zéro", "referentiels/zoo Autre un", "referentiels/zoo Autre deux"}},
	} {
		if got := throughPages(texts, c.then); !slices.Equal(got, c.want) {
			t.Errorf("%s: the pages show\n%s\nnot\n%s", c.what, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func namesOf[T interface{ GetName() string }](list []T) (names []string) {
	for _, item := range list {
		names = append(names, item.GetName())
	}
	return names
}
