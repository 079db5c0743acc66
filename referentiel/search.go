package referentiel

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// MaxQuery is the length of the longest query, in characters.
const MaxQuery = 200

// Query is a list of words, each of which must be the beginning of a word of
// the text. So "veil marche" finds "un système de veille … du marché", but
// "eille" does not.
type Query struct {
	words []string
}

// ParseQuery reads a query: 1 to [MaxQuery] characters, with at least one word.
func ParseQuery(text string) (Query, error) {
	if n := utf8.RuneCountInString(text); n > MaxQuery {
		return Query{}, fmt.Errorf("has %d characters; at most %d", n, MaxQuery)
	}
	q := Query{words: wordsOf(text)}
	if len(q.words) == 0 {
		return Query{}, errors.New("must contain a letter or a digit")
	}
	return q, nil
}

// Hit is a text that was found: the name of the certification, the title of a
// bloc, an activity, an épreuve or a requirement, or the statement of a compétence or a
// criterion. Codes that do not apply are empty.
type Hit struct {
	Bloc       string // that it belongs to; empty for the name of the certification
	Activity   string // whose title it is
	Competence string // whose statement it is, or to which the criterion belongs; or a requirement
	Epreuve    string // whose title it is, or to which the criterion belongs
	Criterion  string // whose statement it is
	Text       string

	Place int // among the texts of its référentiel that can be found, from 1
}

// entry is a text that can be found, and its words.
type entry struct {
	hit   Hit
	words string // each after a blank, so that " veil" is found at the start of a word only
}

// Search finds texts in the référentiel's order, behind a place in it. It returns at
// most limit, and whether there are more.
func (c *Compiled) Search(q Query, after, limit int) (hits []Hit, more bool) {
	all := c.entries()
	for _, e := range all[min(after, len(all)):] {
		switch {
		case !e.matches(q):
		case len(hits) == limit:
			return hits, true
		default:
			hits = append(hits, e.hit)
		}
	}
	return hits, false
}

func (e entry) matches(q Query) bool {
	for _, word := range q.words {
		if !strings.Contains(e.words, " "+word) {
			return false
		}
	}
	return len(q.words) > 0
}

// entries lists what can be found. A text is also found by its code; the name of the
// certification by its number and its certificateur, if it has them.
func entries(r *storepb.Referentiel) []entry {
	var all []entry
	add := func(code string, hit Hit) {
		hit.Place = len(all) + 1
		all = append(all, entry{hit: hit, words: " " + strings.Join(wordsOf(code+" "+hit.Text), " ")})
	}
	if known := strings.TrimSpace(r.GetRegister().GetNumber() + " " + r.GetCertificateur().GetLegalName() + " " + r.GetCertificateur().GetTradeName()); known != "" {
		add(known, Hit{Text: r.GetDisplayName()})
	}
	for _, b := range r.GetBlocs() {
		bloc := b.GetCode()
		add(bloc, Hit{Bloc: bloc, Text: b.GetTitle()})
		for _, a := range b.GetActivities() {
			add(a.GetCode(), Hit{Bloc: bloc, Activity: a.GetCode(), Text: a.GetTitle()})
		}
		for _, k := range b.GetCompetences() {
			competence := k.GetCode()
			add(competence, Hit{Bloc: bloc, Competence: competence, Text: k.GetStatement()})
			for _, criterion := range k.GetCriteria() {
				add(criterion.GetCode(), Hit{Bloc: bloc, Competence: competence, Criterion: criterion.GetCode(), Text: criterion.GetStatement()})
			}
		}
		for _, e := range b.GetEpreuves() {
			add(e.GetCode(), Hit{Bloc: bloc, Epreuve: e.GetCode(), Text: e.GetTitle()})
			for _, criterion := range e.GetCriteria() {
				add(criterion.GetCode(), Hit{Bloc: bloc, Epreuve: e.GetCode(), Criterion: criterion.GetCode(), Text: criterion.GetStatement()})
			}
		}
	}
	for _, r := range r.GetAward().GetRequirements() {
		add(r.GetCode(), Hit{Competence: r.GetCode(), Text: r.GetTitle()})
		for _, criterion := range r.GetCriteria() {
			add(criterion.GetCode(), Hit{Competence: r.GetCode(), Criterion: criterion.GetCode(), Text: criterion.GetStatement()})
		}
	}
	return all
}
