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
		if got := strings.Join(words(text), " "); got != want {
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
		hits, total := c.Search(q, 0, 100)
		var got []string
		for _, h := range hits {
			got = append(got, place(h))
		}
		if diff := cmp.Diff(want, got); diff != "" || total != len(want) {
			t.Errorf("%q: %d hits, -want +got:\n%s", query, total, diff)
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
	all, total := c.Search(q, 0, 1000)
	if total != len(all) || total < 20 {
		t.Fatalf("%d hits, total %d", len(all), total)
	}
	for size := 1; size <= total; size++ {
		var got []Hit
		for offset := 0; offset < total; offset += size {
			page, n := c.Search(q, offset, size)
			if n != total || len(page) > size {
				t.Fatalf("page at %d: %d hits, total %d", offset, len(page), n)
			}
			got = append(got, page...)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Fatalf("pages of %d:\n%s", size, diff)
		}
	}
	if hits, n := c.Search(q, total+5, 10); len(hits) != 0 || n != total {
		t.Errorf("beyond the end: %d hits, total %d", len(hits), n)
	}
	if hits, n := c.Search(Query{}, 0, 10); len(hits) != 0 || n != 0 {
		t.Errorf("no query: %d hits, total %d", len(hits), n)
	}
}

// Each text can be found by its own words.
func TestSearchFindsEverything(t *testing.T) {
	c := compiled(t, marketing(t))
	if got, want := len(c.entries()), 4+11+15+58; got != want {
		t.Fatalf("%d texts can be searched, want %d", got, want)
	}
	for _, e := range c.entries() {
		hits, _ := c.Search(Query{words: words(strings.ToUpper(e.hit.Text))}, 0, 100)
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
			if _, total := c.Search(q, 0, 10); total == 0 {
				t.Error("found nothing")
			}
			for revision := range catalogue {
				catalogue.Scheme(revision).BlocCodes()
			}
		})
	}
	group.Wait()
}
