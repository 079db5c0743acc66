package referentiel

import (
	"os"
	"slices"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// silent are the fields that no sentence says, because they decide no outcome.
var silent = map[protoreflect.FullName]string{
	"acquis.store.v1.Register.eqf_level":                       "names its level elsewhere",
	"acquis.store.v1.Register.nsf":                             "says what it is about",
	"acquis.store.v1.Register.formacode":                       "says what it is about",
	"acquis.store.v1.Register.rome":                            "says what it is about",
	"acquis.store.v1.Register.decision_date":                   "since when it is registered",
	"acquis.store.v1.Register.registration_date":               "since when it is registered",
	"acquis.store.v1.Referentiel.certificateur":                "who answers for it",
	"acquis.store.v1.Certificateur.legal_name":                 "who answers for it",
	"acquis.store.v1.Certificateur.trade_name":                 "who answers for it",
	"acquis.store.v1.Certificateur.siret":                      "who answers for it",
	"acquis.store.v1.Referentiel.preamble":                     "the opening page",
	"acquis.store.v1.Section.title":                            "the opening page",
	"acquis.store.v1.Section.paragraphs":                       "the opening page",
	"acquis.store.v1.Bloc.activities":                          "what the bloc refers to",
	"acquis.store.v1.Activity.code":                            "what the bloc refers to",
	"acquis.store.v1.Activity.title":                           "what the bloc refers to",
	"acquis.store.v1.Criterion.statement":                      "what is shown, whatever follows from it",
	"acquis.store.v1.AssessmentMethod.instructions":            "what the candidate is asked to do",
	"acquis.store.v1.AssessmentMethod.deliverables":            "what the candidate hands in",
	"acquis.store.v1.AssessmentMethod.accommodation_framework": "what may be arranged",
}

// TestExplainKnowsAll changes every field of a référentiel that has all of them, one at a
// time: a sentence must change in both languages, or the field is one of those that decide
// nothing.
func TestExplainKnowsAll(t *testing.T) {
	met := make(map[protoreflect.FullName]bool)
	for _, p := range spots(filled().ProtoReflect(), apiReferentiel(), "") {
		name := p.field.FullName()
		met[name] = true
		changed := filled()
		alter(spotIn(changed, p.path))
		_, quiet := silent[name]
		for _, language := range []string{"fr", "en"} {
			said := Explain(filled(), language) != Explain(changed, language)
			if said == quiet {
				t.Errorf("%s, in %s: is said: %v, is among the silent fields: %v", p.path, language, said, quiet)
			}
		}
	}
	for name := range silent {
		if !met[name] {
			t.Errorf("%s is silent, but no field of a référentiel", name)
		}
	}
}

// spotIn finds the field with a path.
func spotIn(r *storepb.Referentiel, path string) spot {
	all := spots(r.ProtoReflect(), apiReferentiel(), "")
	return all[slices.IndexFunc(all, func(p spot) bool { return p.path == path })]
}

// alter gives a field another value, or leaves out a group or a list.
func alter(p spot) {
	m, f := p.owner, p.field
	switch {
	case f.IsList() || f.Message() != nil:
		m.Clear(f)
	case f.Kind() == protoreflect.BoolKind:
		m.Set(f, protoreflect.ValueOfBool(!m.Get(f).Bool()))
	case f.Kind() == protoreflect.EnumKind:
		m.Set(f, protoreflect.ValueOfEnum(m.Get(f).Enum()%2+1))
	case f.Kind() == protoreflect.StringKind:
		m.Set(f, protoreflect.ValueOfString(m.Get(f).String()+"7"))
	default:
		m.Set(f, protoreflect.ValueOfInt32(int32(m.Get(f).Int())+7))
	}
}

// TestExplainMarketing compares with files that a head of certification has read. With
// -update they are written.
func TestExplainMarketing(t *testing.T) {
	embedded, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"fr", "en"} {
		file := "testdata/marketing." + language + ".txt"
		got := Explain(embedded[0], language)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: run this test with -update and read it (-want +got):\n%s", file, diff)
		}
		for _, b := range embedded[0].GetBlocs() {
			if !strings.Contains(got, b.GetCode()+" : "+b.GetTitle()) && !strings.Contains(got, b.GetCode()+": "+b.GetTitle()) {
				t.Errorf("%s: bloc %s is not named", language, b.GetCode())
			}
		}
	}
}

// TestExplainNamesDefaults: a number that is given is not called a default.
func TestExplainNamesDefaults(t *testing.T) {
	r := small()
	r.Rules = nil
	bare := strings.Count(Explain(r, "en"), "a default")
	r.Rules = &storepb.Rules{CompetenceThresholdPercent: proto.Int32(100), Jury: &storepb.JuryRule{MinMembers: proto.Int32(2)}}
	if got := strings.Count(Explain(r, "en"), "a default"); got != bare-2 || bare == 0 {
		t.Errorf("%d defaults without numbers, %d with two of them", bare, got)
	}
}

// TestExplainEpreuvesAlone: a bloc that lists no compétences is not said to have some.
func TestExplainEpreuvesAlone(t *testing.T) {
	r := small()
	b := r.GetBlocs()[0]
	b.Competences = nil
	b.Epreuves = []*storepb.Epreuve{{Code: "E1", Title: "Oral"}}
	for language, want := range map[string]string{
		"fr": "  - Il est évalué par les épreuves : E1.\n",
		"en": "  - It is assessed by the épreuves: E1.\n",
	} {
		got := Explain(r, language)
		if !strings.Contains(got, want) || strings.Contains(got, ": .") {
			t.Errorf("%s: no line %q, or an empty list:\n%s", language, want, got)
		}
	}
}
