package referentiel

import (
	"strings"
	"sync"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Mise en œuvre":                     "mise en oeuvre",
		"L'ÉQUIPE, l’équipe":                "l equipe l equipe",
		"Élève ÇA et là":                    "eleve ca et la",
		"ǼTHER Œ":                           "aether oe",
		"e\u0301te\u0301":                   "ete",
		"ﬁnance ＭＡＲＫＥＴ x²":                  "finance market x2",
		"(4P/4C) mix-marketing":             "4p 4c mix marketing",
		"C1.1 la marque. Le... etc.)":       "c1.1 la marque le etc",
		"a\u00a0:\u00a0b":                   "a b",
		" … ... ":                           "",
		"İstanbul":                          "istanbul",
		"ISTANBUL ıstanbul":                 "istanbul istanbul",
		"Straße, STRAẞE":                    "strasse strasse",
		"Ørsted, Łódź, Đorđe":               "orsted lodz dorde",
		"un tableau de bord (KPI) : 100 %.": "un tableau de bord kpi 100",
	} {
		if got := strings.Join(wordsOf(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestParseQuery(t *testing.T) {
	for query, want := range map[string]string{
		"":                       "must contain a letter or a digit",
		" !? ":                   "must contain a letter or a digit",
		"\xff":                   "must contain a letter or a digit",
		strings.Repeat("é", 201): "has 201 characters; at most 200",
	} {
		if _, err := ParseQuery(query); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", query, err, want)
		}
	}
	if _, err := ParseQuery(strings.Repeat("é", 200)); err != nil {
		t.Errorf("200 characters: %v", err)
	}
}

// place is where a hit points, in short.
func place(h Hit) string {
	return strings.TrimSpace(strings.Join([]string{h.Bloc, h.Activity, h.Competence, h.Criterion}, " "))
}

// TestSearchEpreuves: épreuves and their criteria are found as such.
func TestSearchEpreuves(t *testing.T) {
	r := small()
	r.Blocs = append(r.Blocs, byEpreuves())
	c := compiled(t, r)
	for query, want := range map[string]Hit{
		"écrit":       {Bloc: "B2", Epreuve: "E1", Text: "Écrit"},
		"somme juste": {Bloc: "B2", Epreuve: "E1", Criterion: "E1.1", Text: "La somme est juste"},
		"E2":          {Bloc: "B2", Epreuve: "E2", Text: "Oral"},
		"soustraire":  {Bloc: "B2", Competence: "C2.2", Text: "Soustraire"},
	} {
		q, err := ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		hits, _ := c.Search(q, 0, 10)
		if len(hits) == 1 {
			want.Place = hits[0].Place // TestSearch knows places
		}
		if len(hits) != 1 || hits[0] != want {
			t.Errorf("%s: %+v, want %+v", query, hits, want)
		}
	}
}

func TestSearch(t *testing.T) {
	c := compiled(t, marketing(t))
	for query, want := range map[string][]string{
		"veille":                   {"B1 A1", "B1  C1.1", "B1  C1.1 C1.1.1", "B1  C1.1 C1.1.2", "B1  C1.2 C1.2.1", "B1  C1.2 C1.2.2", "B4  C4.1 C4.1.2"},
		"VEIL systeme":             {"B1 A1", "B1  C1.1"},
		"mise en oeuvre":           {"B3"},
		"Mise en Œuvre":            {"B3"},
		"storytelling":             {"B3  C3.1 C3.1.3"},
		"telling":                  nil, // words are found only by their beginning
		"l'équipe":                 {"B2  C2.2", "B2  C2.4", "B4  C4.3", "B4  C4.3 C4.3.3", "B4  C4.4 C4.4.3"},
		"L’EQUIPE":                 {"B2  C2.2", "B2  C2.4", "B4  C4.3", "B4  C4.3 C4.3.3", "B4  C4.4 C4.4.3"},
		"C3.2":                     {"B3  C3.2", "B3  C3.2 C3.2.1", "B3  C3.2 C3.2.2"},
		"b2":                       {"B2"},
		"a11":                      {"B4 A11"},
		"dossier":                  nil, // methods are not searched
		"veille inexistant":        nil,
		"identifies ont distribut": {"B2  C2.4 C2.4.2"},
	} {
		q, err := ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		hits, more := c.Search(q, 0, 100)
		var got []string
		for _, h := range hits {
			got = append(got, place(h))
		}
		if diff := cmp.Diff(want, got); diff != "" || more {
			t.Errorf("%q: more: %v, -want +got:\n%s", query, more, diff)
		}
	}
}

// All pages together are the complete list, for any page size.
func TestSearchPages(t *testing.T) {
	c := compiled(t, marketing(t))
	q, err := ParseQuery("le")
	if err != nil {
		t.Fatal(err)
	}
	all, more := c.Search(q, 0, 1000)
	if more || len(all) < 20 {
		t.Fatalf("%d hits, more: %v", len(all), more)
	}
	for size := 1; size <= len(all); size++ {
		var got []Hit
		for after, more := 0, true; more; {
			var page []Hit
			if page, more = c.Search(q, after, size); len(page) > size || more && len(page) < size {
				t.Fatalf("page behind %d: %d hits, more: %v", after, len(page), more)
			}
			got, after = append(got, page...), page[len(page)-1].Place
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Fatalf("pages of %d:\n%s", size, diff)
		}
	}
	if hits, more := c.Search(q, 1<<20, 10); len(hits) != 0 || more {
		t.Errorf("beyond the end: %d hits, more: %v", len(hits), more)
	}
	if hits, more := c.Search(q, 0, 0); len(hits) != 0 || !more {
		t.Errorf("of none there are %d hits, more: %v", len(hits), more)
	}
	if hits, more := c.Search(Query{}, 0, 10); len(hits) != 0 || more {
		t.Errorf("no query: %d hits, more: %v", len(hits), more)
	}
}

// Each text can be found by its own words.
func TestSearchFindsEverything(t *testing.T) {
	c := compiled(t, marketing(t))
	if got, want := len(c.entries()), 4+11+15+58; got != want {
		t.Fatalf("%d texts can be searched, want %d", got, want)
	}
	for _, e := range c.entries() {
		hits, _ := c.Search(Query{words: wordsOf(strings.ToUpper(e.hit.Text))}, 0, 100)
		found := false
		for _, h := range hits {
			found = found || h == e.hit
		}
		if !found {
			t.Errorf("%v is not found by its own words", e.hit)
		}
	}
}

// Goroutines may share a compiled revision; this is a test for the race detector.
func TestCompiledIsShared(t *testing.T) {
	c := compiled(t, marketing(t))
	catalogue := catalogueOf(c, compiled(t, marketing(t), func(r *storepb.Referentiel) { r.DisplayName = "Autre" }))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			q, err := ParseQuery("marque")
			if err != nil {
				t.Error(err)
			}
			if hits, _ := c.Search(q, 0, 10); len(hits) == 0 {
				t.Error("found nothing")
			}
			for revision := range catalogue {
				catalogue.Scheme(revision).BlocCodes()
			}
		})
	}
	group.Wait()
}
