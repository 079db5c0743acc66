package credential

import (
	"encoding/json"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/google/go-cmp/cmp"
)

// What a credential says of the register and the certificateur: all that the référentiel
// knows, and nothing else.
func TestRegisterInCredentials(t *testing.T) {
	rncp := &acquispb.Register{Kind: acquispb.Register_Kind_RNCP, Number: "RNCP35340", Level: new(int32(6)), ExpiryDate: "2027-03-31"}
	school := &acquispb.Certificateur{LegalName: "École de vente SAS", TradeName: "École V", Siret: "73282932000074"}
	bloc := &acquispb.Bloc{Code: "B1", Title: "Vendre"}
	for name, test := range map[string]struct {
		register      *acquispb.Register
		certificateur *acquispb.Certificateur
		bloc          *acquispb.Bloc
		want          string
	}{
		"nothing known": {nil, nil, nil,
			`{"description":"Certification professionnelle"}`},
		"a bloc, nothing known": {nil, nil, bloc,
			`{"description":"Bloc de compétences B1 de : Vente"}`},
		"all": {rncp, school, nil,
			`{"description":"Certification professionnelle RNCP35340, niveau 6, certificateur : École de vente SAS (École V)",
			"alignment":[{"type":["Alignment"],"targetName":"Vente","targetUrl":"https://www.francecompetences.fr/recherche/rncp/35340/","targetCode":"RNCP35340","targetFramework":"Répertoire national des certifications professionnelles"}],
			"creator":{"id":"urn:acquis:referentiels/vente/revisions/0/certificateur","type":["Profile"],"name":"École de vente SAS (École V)","otherIdentifier":[{"type":"IdentifierEntry","identifier":"73282932000074","identifierType":"ext:SIRET"}]}}`},
		"a bloc, all": {rncp, &acquispb.Certificateur{TradeName: "École V"}, bloc,
			`{"description":"Bloc de compétences B1 de : Vente (RNCP35340, niveau 6, certificateur : École V)",
			"alignment":[{"type":["Alignment"],"targetName":"Vente","targetUrl":"https://www.francecompetences.fr/recherche/rncp/35340/","targetCode":"RNCP35340","targetFramework":"Répertoire national des certifications professionnelles"}],
			"creator":{"id":"urn:acquis:referentiels/vente/revisions/0/certificateur","type":["Profile"],"name":"École V"}}`},
		"a domain in the RS": {&acquispb.Register{Kind: acquispb.Register_Kind_RS, Number: "RS5616"}, nil, bloc,
			`{"description":"Partie B1 de : Vente (RS5616)",
			"alignment":[{"type":["Alignment"],"targetName":"Vente","targetUrl":"https://www.francecompetences.fr/recherche/rs/5616/","targetCode":"RS5616","targetFramework":"Répertoire spécifique"}]}`},
		"another register": {&acquispb.Register{Kind: acquispb.Register_Kind_OTHER, Number: "SBFI 68800"}, nil, nil,
			`{"description":"Certification SBFI 68800"}`},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(achievementOf(Claim{
				Revision: "referentiels/vente/revisions/0", Bloc: test.bloc,
				Certification: &acquispb.Referentiel{DisplayName: "Vente", Register: test.register, Certificateur: test.certificateur},
			}))
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(test.want), &want); err != nil {
				t.Fatal(err)
			}
			for _, other := range []string{"id", "type", "name", "criteria"} {
				delete(got, other)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
