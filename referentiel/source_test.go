package referentiel

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// transcript is a référentiel laid out as streams of texts, each in the order of
// the source. One comes from the source text, one from the référentiel; neither
// knows how the other was read.
type transcript struct {
	Preamble, Blocs, Activities, Competences, Methods, Dossiers, Criteria []string
}

// compared is the id of the marketing référentiel that was compared with its source.
// Change it only where the source is at hand.
const compared = "0a5ee66c010043345e91231c544541cf"

// readSource returns the source text. It belongs to the certificateur and is stored next
// to the repository, not in it. Where it is absent nothing is compared again:
// TestMarketingID says that the référentiel is the one that was.
func readSource(t *testing.T) (text string, here bool) {
	t.Helper()
	bytes, err := os.ReadFile("../../shared/reference/referentiel-marketing.txt")
	return string(bytes), err == nil
}

// patterns recognise the layout of the source.
type patterns struct {
	tag, link, bloc, activity, competence, number, lostParagraph *regexp.Regexp
}

func newPatterns() patterns {
	return patterns{
		tag:        regexp.MustCompile(`<[^>]*>`),
		link:       regexp.MustCompile(`\[(.*?)\]\(#\)`),
		bloc:       regexp.MustCompile(`^Bloc n° ?(\d) : (.+)$`),
		activity:   regexp.MustCompile(`A\d+\. `),
		competence: regexp.MustCompile(`^(C\d\.\d) (.+)$`),
		number:     regexp.MustCompile(` \d\. `),
		// A sentence that begins although the one before did not end: "définis Le
		// message". Acronyms ("l'US Design") do not begin one.
		lostParagraph: regexp.MustCompile(`\p{Ll} \p{Lu}\p{Ll}`),
	}
}

// fromSource reads the source text: an opening page, then a table of four
// columns, with tabs between cells, whose rows are cut in two by page breaks.
func fromSource(text string) transcript {
	var tr transcript
	p := newPatterns()
	page, table, _ := strings.Cut(text, "RÉFÉRENTIEL D'ACTIVITÉS\t")
	_, table, _ = strings.Cut(table, "CRITÈRES D'ÉVALUATION\n")
	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(p.unmarked(line)); line != "" {
			tr.Preamble = append(tr.Preamble, line)
		}
	}
	var row [4][]string // paragraphs of each cell, of all parts of the row
	var bloc string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "\t")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(cells) != 4 {
			tr.Blocs = append(tr.Blocs, "not a row of four cells: "+line)
			continue
		}
		first := strings.Join(p.paragraphs(cells[0]), " ")
		heading := p.bloc.FindStringSubmatch(first)
		if heading != nil || strings.TrimSpace(cells[1]) != "" {
			tr.addRow(p, bloc, row)
			row = [4][]string{}
		}
		if heading != nil {
			bloc = "B" + heading[1]
			tr.Blocs = append(tr.Blocs, bloc+" | "+heading[2])
			continue
		}
		for i, cell := range cells {
			row[i] = mend(row[i], p.paragraphs(cell))
		}
	}
	tr.addRow(p, bloc, row)
	return tr
}

// unmarked removes markdown.
func (p patterns) unmarked(line string) string {
	line = p.link.ReplaceAllString(line, "$1")
	return strings.NewReplacer("**", "", `\(`, "(", `\)`, ")").Replace(line)
}

// paragraphs splits a cell at its paragraph marks; if it lost them, at sentences.
func (p patterns) paragraphs(cell string) []string {
	marked := strings.ReplaceAll(strings.ReplaceAll(cell, "<p>", "\n"), "</p>", "\n")
	if marked == cell {
		marked = p.lostParagraph.ReplaceAllStringFunc(cell, func(s string) string { return strings.Replace(s, " ", "\n", 1) })
	}
	var all []string
	for line := range strings.Lines(p.tag.ReplaceAllString(marked, " ")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// mend joins what a page break cut: a part that begins in lower case continues
// the sentence before it.
func mend(before, after []string) []string {
	if len(before) > 0 && len(after) > 0 {
		if r, _ := utf8.DecodeRuneInString(after[0]); unicode.IsLower(r) {
			before[len(before)-1] += " " + after[0]
			after = after[1:]
		}
	}
	return append(before, after...)
}

// addRow adds a complete row: one compétence, and the activities of a bloc in its
// first row.
func (tr *transcript) addRow(p patterns, bloc string, row [4][]string) {
	if len(row[1]) == 0 {
		return
	}
	activities := strings.Join(row[0], " ")
	for _, cut := range cutBefore(p.activity, activities) {
		code, title, _ := strings.Cut(cut, ". ")
		tr.Activities = append(tr.Activities, bloc+" "+code+" | "+strings.TrimSpace(title))
	}
	competence := p.competence.FindStringSubmatch(strings.Join(row[1], " "))
	code := competence[1]
	tr.Competences = append(tr.Competences, bloc+" "+code+" | "+competence[2])
	method, dossier, found := strings.Cut(strings.Join(row[2], " "), "Lorsqu'un candidat se présente uniquement")
	method = strings.TrimSpace(method)
	title, _, _ := strings.Cut(method, " : ")
	tr.Methods = append(tr.Methods, code+" | "+kindOf(title)+" | "+method)
	if found {
		_, named, _ := strings.Cut(dossier, "« ")
		named, _, _ = strings.Cut(named, " »")
		tr.Dossiers = append(tr.Dossiers, code+" | PROFESSIONAL_FILE | "+named+" | Lorsqu'un candidat se présente uniquement"+dossier)
	}
	for i, text := range row[3] {
		tr.Criteria = append(tr.Criteria, fmt.Sprintf("%s %s.%d | %s", code, code, i+1, text))
	}
}

// cutBefore cuts a text before each match.
func cutBefore(at *regexp.Regexp, text string) []string {
	var all []string
	starts := at.FindAllStringIndex(text, -1)
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		all = append(all, text[start[0]:end])
	}
	return all
}

func kindOf(title string) string {
	switch {
	case strings.HasPrefix(title, "Projet professionnel"):
		return "PROFESSIONAL_PROJECT"
	case title == "Mise en situation":
		return "SITUATIONAL_EXERCISE"
	case strings.HasPrefix(title, "Analyse réflexive"):
		return "REFLECTIVE_ANALYSIS"
	}
	return "?"
}

// fromReferentiel lays out a référentiel as the source is laid out.
func fromReferentiel(r *storepb.Referentiel) transcript {
	var tr transcript
	for _, s := range r.GetPreamble() {
		tr.Preamble = append(append(tr.Preamble, s.GetTitle()), s.GetParagraphs()...)
	}
	for _, b := range r.GetBlocs() {
		tr.Blocs = append(tr.Blocs, b.GetCode()+" | "+b.GetTitle())
		for _, a := range b.GetActivities() {
			tr.Activities = append(tr.Activities, b.GetCode()+" "+a.GetCode()+" | "+a.GetTitle())
		}
		for _, k := range b.GetCompetences() {
			tr.Competences = append(tr.Competences, b.GetCode()+" "+k.GetCode()+" | "+k.GetStatement())
			tr.addMethods(k)
			for _, c := range k.GetCriteria() {
				tr.Criteria = append(tr.Criteria, k.GetCode()+" "+c.GetCode()+" | "+c.GetStatement())
			}
		}
	}
	return tr
}

func (tr *transcript) addMethods(k *storepb.Competence) {
	name := func(m *storepb.AssessmentMethod) string { return m.GetKind().String() }
	m := k.GetMethod()
	text := m.GetTitle() + " : " + m.GetInstructions()
	for i, d := range m.GetDeliverables() {
		text += fmt.Sprintf(" %d. %s", i+1, d)
	}
	tr.Methods = append(tr.Methods, k.GetCode()+" | "+name(m)+" | "+text+m.GetAccommodationFramework())
	if d := k.GetBlocOnlyMethod(); d != nil {
		extra := strings.Join(d.GetDeliverables(), "") + d.GetAccommodationFramework()
		tr.Dossiers = append(tr.Dossiers, k.GetCode()+" | "+name(d)+" | "+d.GetTitle()+" | "+d.GetInstructions()+extra)
	}
}
