package credential

import (
	"fmt"
	"strings"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// An alignment leads from an achievement to the certification's page in a register.
type alignment struct {
	Type            []string `json:"type"`
	TargetName      string   `json:"targetName"`
	TargetURL       string   `json:"targetUrl"`
	TargetCode      string   `json:"targetCode"`
	TargetFramework string   `json:"targetFramework"`
}

// creator is the certificateur, who need not be the issuer.
type creator struct {
	ID              string            `json:"id"`
	Type            []string          `json:"type"`
	Name            string            `json:"name"`
	OtherIdentifier []otherIdentifier `json:"otherIdentifier,omitempty"`
}

type otherIdentifier struct {
	Type           string `json:"type"`
	Identifier     string `json:"identifier"`
	IdentifierType string `json:"identifierType"`
}

// alignments leads to the registers that have a page for each number.
func alignments(of *acquispb.Referentiel) []alignment {
	kind, number := of.GetRegister().GetKind(), of.GetRegister().GetNumber()
	digits, known := strings.CutPrefix(number, kind.String()) // RNCP35340, RS5616
	framework := map[acquispb.Register_Kind_Enum]string{
		acquispb.Register_Kind_RNCP: "Répertoire national des certifications professionnelles",
		acquispb.Register_Kind_RS:   "Répertoire spécifique",
	}[kind]
	if framework == "" || !known {
		return nil
	}
	return []alignment{{
		Type: []string{"Alignment"}, TargetName: of.GetDisplayName(), TargetCode: number, TargetFramework: framework,
		TargetURL: fmt.Sprintf("https://www.francecompetences.fr/recherche/%s/%s/", strings.ToLower(kind.String()), digits),
	}}
}

// creatorOf is the certificateur, if the référentiel names it.
func creatorOf(claim Claim) *creator {
	c := claim.Certification.GetCertificateur()
	name := certificateurName(c)
	if name == "" {
		return nil
	}
	made := &creator{ID: "urn:acquis:" + claim.Revision + "/certificateur", Type: []string{"Profile"}, Name: name}
	if siret := c.GetSiret(); siret != "" {
		made.OtherIdentifier = []otherIdentifier{{Type: "IdentifierEntry", Identifier: siret, IdentifierType: "ext:SIRET"}}
	}
	return made
}

func certificateurName(c *acquispb.Certificateur) string {
	legal, trade := c.GetLegalName(), c.GetTradeName()
	switch {
	case legal == "":
		return trade
	case trade == "" || trade == legal:
		return legal
	}
	return legal + " (" + trade + ")"
}

// description says what was acquired in words, as far as the référentiel knows. The law
// knows "certifications professionnelles", with levels and blocs, in the RNCP only.
func description(of *acquispb.Referentiel, bloc *acquispb.Bloc) string {
	text, register := "Certification professionnelle", of.GetRegister()
	part := "Bloc de compétences "
	if kind := register.GetKind(); kind == acquispb.Register_Kind_RS || kind == acquispb.Register_Kind_OTHER {
		text, part = "Certification", "Partie "
	}
	var known []string
	if number := register.GetNumber(); number != "" {
		known = append(known, number)
	}
	if level := register.GetLevel(); level != 0 {
		known = append(known, fmt.Sprintf("niveau %d", level))
	}
	if name := certificateurName(of.GetCertificateur()); name != "" {
		known = append(known, "certificateur : "+name)
	}
	details := strings.Join(known, ", ")
	switch {
	case bloc != nil && details != "":
		return part + bloc.GetCode() + " de : " + of.GetDisplayName() + " (" + details + ")"
	case bloc != nil:
		return part + bloc.GetCode() + " de : " + of.GetDisplayName()
	}
	return strings.TrimSpace(text + " " + details)
}
