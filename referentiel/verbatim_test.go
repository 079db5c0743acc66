package referentiel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The marketing référentiel has exactly the texts of its source, in the same
// order, and each text in the same place.
func TestMarketingIsItsSource(t *testing.T) {
	text, here := readSource(t)
	if !here {
		return
	}
	source := fromSource(text)
	if diff := cmp.Diff(source, fromReferentiel(marketing(t))); diff != "" {
		t.Errorf("source (-) and référentiel (+) differ:\n%s", diff)
	}
}

// No word of the source is lost between the columns: a second, coarse check,
// which does not depend on how the source's table is read.
func TestMarketingHasEveryWord(t *testing.T) {
	text, here := readSource(t)
	if !here {
		return
	}
	for _, heading := range []string{
		"RÉFÉRENTIEL D'ACTIVITÉS\tRÉFÉRENTIEL DE COMPÉTENCES\tRÉFÉRENTIEL DE CERTIFICATION\t",
		"MODALITÉS D'ÉVALUATION\tCRITÈRES D'ÉVALUATION",
	} {
		if strings.Count(text, heading) != 1 {
			t.Fatalf("the source does not have the column headings %q once", heading)
		}
		text = strings.Replace(text, heading, "", 1)
	}
	p := newPatterns()
	text = p.unmarked(p.tag.ReplaceAllString(text, " "))
	want := wordCounts(strings.ReplaceAll(text, "Bloc n° ", "Bloc n°"))
	if diff := cmp.Diff(want, wordCounts(plainText(marketing(t)))); diff != "" {
		t.Errorf("words of the source (-) and of the référentiel (+) differ:\n%s", diff)
	}
}

// plainText is a référentiel as text, with the numbers that the source writes
// out.
func plainText(r *storepb.Referentiel) string {
	var all []string
	for _, s := range r.GetPreamble() {
		all = append(append(all, s.GetTitle()), s.GetParagraphs()...)
	}
	for _, b := range r.GetBlocs() {
		all = append(all, "Bloc n°"+strings.TrimPrefix(b.GetCode(), "B"), ":", b.GetTitle())
		for _, a := range b.GetActivities() {
			all = append(all, a.GetCode()+".", a.GetTitle())
		}
		for _, k := range b.GetCompetences() {
			m := k.GetMethod()
			all = append(all, k.GetCode(), k.GetStatement(), m.GetTitle(), ":", m.GetInstructions())
			for i, d := range m.GetDeliverables() {
				all = append(all, fmt.Sprintf("%d. %s", i+1, d))
			}
			all = append(all, k.GetBlocOnlyMethod().GetInstructions())
			for _, c := range k.GetCriteria() {
				all = append(all, c.GetStatement())
			}
		}
	}
	return strings.Join(all, " ")
}

func wordCounts(text string) map[string]int {
	counts := make(map[string]int)
	for _, word := range strings.Fields(text) {
		counts[word]++
	}
	return counts
}

// The comparison detects differences: each of these changes makes it fail.
func TestComparisonSeesEveryChange(t *testing.T) {
	text, here := readSource(t)
	if !here {
		return
	}
	source := fromSource(text)
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			r := proto.CloneOf(marketing(t))
			change(r)
			if cmp.Equal(source, fromReferentiel(r)) {
				t.Error("the change was not detected")
			}
		})
	}
}

func changes() map[string]func(*storepb.Referentiel) {
	return map[string]func(*storepb.Referentiel){
		"criterion dropped": func(r *storepb.Referentiel) {
			k := r.Blocs[3].Competences[3]
			k.Criteria = k.Criteria[:7]
		},
		"criterion added": func(r *storepb.Referentiel) {
			k := r.Blocs[0].Competences[0]
			k.Criteria = append(k.Criteria, &storepb.Criterion{Code: "C1.1.6", Statement: "Le candidat est ponctuel"})
		},
		"criteria swapped": func(r *storepb.Referentiel) {
			k := r.Blocs[2].Competences[0].Criteria
			k[0].Statement, k[3].Statement = k[3].Statement, k[0].Statement
		},
		"criterion split": func(r *storepb.Referentiel) {
			k := r.Blocs[2].Competences[1]
			before, after, _ := strings.Cut(k.Criteria[0].Statement, " Le cas")
			k.Criteria[0].Statement = before
			k.Criteria = slices.Insert(k.Criteria, 1, &storepb.Criterion{Code: "C3.2.2", Statement: "Le cas" + after})
			k.Criteria[2].Code = "C3.2.3"
		},
		"criterion moved to the next competence": func(r *storepb.Referentiel) {
			from, to := r.Blocs[1].Competences[0], r.Blocs[1].Competences[1]
			to.Criteria = slices.Insert(to.Criteria, 0, from.Criteria[2])
			from.Criteria = from.Criteria[:2]
		},
		"spelling corrected": func(r *storepb.Referentiel) {
			k := r.Blocs[2].Competences[0]
			k.Statement = strings.Replace(k.Statement, "les outils de adaptés", "les outils adaptés", 1)
		},
		"instructions dropped": func(r *storepb.Referentiel) { r.Blocs[0].Competences[2].Method.Instructions = "" },
		"instructions of two methods swapped": func(r *storepb.Referentiel) {
			b := r.Blocs[1].Competences
			b[0].Method, b[3].Method = b[3].Method, b[0].Method
		},
		"deliverable dropped": func(r *storepb.Referentiel) {
			m := r.Blocs[3].Competences[4].Method
			m.Deliverables = m.Deliverables[:1]
		},
		"kind of method changed": func(r *storepb.Referentiel) { r.Blocs[0].Competences[0].Method.Kind = 5 },
		"dossier dropped":        func(r *storepb.Referentiel) { r.Blocs[3].Competences[2].BlocOnlyMethod = nil },
		"dossier added": func(r *storepb.Referentiel) {
			r.Blocs[3].Competences[0].BlocOnlyMethod = r.Blocs[3].Competences[2].BlocOnlyMethod
		},
		"framework added": func(r *storepb.Referentiel) {
			r.Blocs[3].Competences[0].Method.AccommodationFramework = "Un tiers temps"
		},
		"activity moved to the next bloc": func(r *storepb.Referentiel) {
			r.Blocs[1].Activities = slices.Insert(r.Blocs[1].Activities, 0, r.Blocs[0].Activities[1])
			r.Blocs[0].Activities = r.Blocs[0].Activities[:1]
		},
		"paragraph of the opening page dropped": func(r *storepb.Referentiel) {
			r.Preamble[1].Paragraphs = r.Preamble[1].Paragraphs[:5]
		},
		"bloc dropped": func(r *storepb.Referentiel) { r.Blocs = r.Blocs[:3] },
	}
}

// The comparison detects a change of any letter in any text. Only the
// référentiel's id and name are our own.
func TestComparisonSeesEveryLetter(t *testing.T) {
	text, here := readSource(t)
	if !here {
		return
	}
	source := fromSource(text)
	r := proto.CloneOf(marketing(t))
	ours := []string{"marketing", "Marketing"}
	count := 0
	for path, s := range texts(r.ProtoReflect(), "") {
		text := s.get()
		if slices.Contains(ours, text) {
			continue
		}
		count++
		letters := []rune(text)
		letters[len(letters)/2]++
		s.set(string(letters))
		if cmp.Equal(source, fromReferentiel(r)) {
			t.Errorf("%s: the change of a letter was not detected", path)
		}
		s.set(text)
	}
	if count < 240 {
		t.Errorf("only %d texts were altered", count)
	}
}

// slot is a text in a message that can be changed.
type slot struct {
	get func() string
	set func(string)
}

// texts finds every text in a message.
func texts(m protoreflect.Message, path string) map[string]slot {
	all := make(map[string]slot)
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		path := join(path, string(field.Name()))
		switch {
		case field.IsList():
			list := v.List()
			for i := range list.Len() {
				if field.Message() != nil {
					maps.Copy(all, texts(list.Get(i).Message(), at(path, i)))
				} else {
					all[at(path, i)] = slot{
						get: func() string { return list.Get(i).String() },
						set: func(s string) { list.Set(i, protoreflect.ValueOfString(s)) },
					}
				}
			}
		case field.Message() != nil:
			maps.Copy(all, texts(v.Message(), path))
		case field.Kind() == protoreflect.StringKind:
			all[path] = slot{
				get: func() string { return m.Get(field).String() },
				set: func(s string) { m.Set(field, protoreflect.ValueOfString(s)) },
			}
		}
		return true
	})
	return all
}
