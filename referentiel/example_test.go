package referentiel_test

import (
	"fmt"
	"log"

	"github.com/acquis-eval/acquis/referentiel"
)

// A file with two mistakes: each is named with its line, both at once.
func ExampleParse() {
	_, err := referentiel.Parse("vente.yaml", []byte(`id: vente
display_name: Vente
blocs:
  - code: B1
    title: Vendre
    competences:
      - code: C1.1
        statement: Accueillir le client
        method: {kind: SITUATIONAL_EXERCISE, title: Mise en situation}
        criteria:
          - code: C1.1.2
            statement: Il salue
rules:
  competence_threshold_percent: 700
`))
	fmt.Println(err)
	// Output:
	// vente.yaml:11: blocs[0].competences[0].criteria[0].code: must be "C1.1.1" because of its position, not "C1.1.2"
	// vente.yaml:14: rules.competence_threshold_percent: is 700; must be 1 to 100
}

// Accents and case do not matter, and the beginning of a word is enough.
func ExampleCompiled_Search() {
	query, err := referentiel.ParseQuery("REFERENC prestat")
	if err != nil {
		log.Fatal(err)
	}
	hits, more := compiledMarketing().Search(query, 0, 1)
	fmt.Println(more, hits[0].Bloc, hits[0].Competence)
	fmt.Println(hits[0].Text[:50])
	// Output:
	// false B4 C4.1
	// Référencer les prestataires et les fournisseurs
}

func compiledMarketing() *referentiel.Compiled {
	all, err := referentiel.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range all {
		if r.GetId() == "marketing" {
			compiled, err := referentiel.Compile(r)
			if err != nil {
				log.Fatal(err)
			}
			return compiled
		}
	}
	log.Fatal("marketing is not embedded")
	return nil
}
