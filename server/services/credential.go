package services

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Issuer says who attests: the certificateur, in credentials.
type Issuer struct {
	URL  string // identifies it; empty: a name made of the journal's origin
	Name string // empty: the origin
}

func (i Issuer) orOf(origin string) Issuer {
	if i.URL == "" {
		i.URL = "urn:acquis:" + url.PathEscape(origin)
	}
	if i.Name == "" {
		i.Name = origin
	}
	return i
}

// A credential is what an attestation's holder shows: an Open Badge 3.0 in a JWT,
// with the credential's own fields beside the claims (VC-JWT). Its last field is
// ours: the proof that the decision stands in the journal.
type credential struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	TokenID   string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`

	Context   []any         `json:"@context"`
	ID        string        `json:"id"`
	Type      []string      `json:"type"`
	IssuedBy  profile       `json:"issuer"`
	ValidFrom string        `json:"validFrom"`
	Name      string        `json:"name"`
	Achiever  achiever      `json:"credentialSubject"`
	Proof     attestedProof `json:"acquisProof"`
}

type profile struct {
	ID   string   `json:"id"`
	Type []string `json:"type"`
	Name string   `json:"name"`
}

// achiever is the holder: a random id that stands for nobody and, only where it
// was asked for, their name.
type achiever struct {
	ID          string       `json:"id"`
	Type        []string     `json:"type"`
	Identifier  []identifier `json:"identifier,omitempty"`
	Achievement achievement  `json:"achievement"`
}

type identifier struct {
	Type         string `json:"type"`
	IdentityHash string `json:"identityHash"`
	IdentityType string `json:"identityType"`
	Hashed       bool   `json:"hashed"`
}

type achievement struct {
	ID          string   `json:"id"`
	Type        []string `json:"type"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Criteria    struct {
		Narrative string `json:"narrative"`
	} `json:"criteria"`
}

// attestedProof is a DecisionProof in JSON, with the decision's id for its name:
// a name would tell the candidate's.
type attestedProof struct {
	Decision   string   `json:"decision"`
	Act        []byte   `json:"act"`
	ActSalt    []byte   `json:"actSalt"`
	ActIndex   int      `json:"actIndex"`
	ActCount   int      `json:"actCount"`
	ActHashes  [][]byte `json:"actHashes"`
	Sequence   string   `json:"sequence"`
	Leaf       []byte   `json:"leaf"`
	TreeSize   string   `json:"treeSize"`
	Hashes     [][]byte `json:"hashes"`
	Checkpoint string   `json:"checkpoint"`
}

// credentialContext gives the terms their meaning; the last one is ours.
func credentialContext() []any {
	return []any{
		"https://www.w3.org/ns/credentials/v2",
		"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
		map[string]any{"acquisProof": map[string]string{"@id": "urn:acquis:proof", "@type": "@json"}},
	}
}

// newCredential writes the credential of a proven decision under its revision.
func newCredential(by Issuer, p *decisionProof, act *storepb.DecisionAct, under *revision, holder string, now time.Time) credential {
	decided := act.GetDecideTime().AsTime()
	id := "urn:uuid:" + uuid.NewString()
	c := credential{
		Issuer: by.URL, Subject: "urn:uuid:" + uuid.NewString(), TokenID: id, NotBefore: decided.Unix(), IssuedAt: now.Unix(),
		Context: credentialContext(), ID: id, Type: []string{"VerifiableCredential", "OpenBadgeCredential"},
		IssuedBy:  profile{ID: by.URL, Type: []string{"Profile"}, Name: by.Name},
		ValidFrom: decided.UTC().Format(time.RFC3339),
		Proof: attestedProof{
			Decision: strconv.FormatUint(p.decision.GetUid(), 10), Act: p.decision.GetAct(), ActSalt: p.decision.GetActSalt(),
			ActIndex: p.actIndex, ActCount: len(p.event.GetActs()), ActHashes: hashesOf(p.actPath),
			Sequence: strconv.FormatUint(p.event.GetSequence(), 10), Leaf: p.leaf,
			TreeSize: strconv.FormatUint(p.checkpoint.GetSize(), 10), Hashes: hashesOf(p.path),
			Checkpoint: p.checkpoint.GetNote(),
		},
	}
	c.Achiever = achiever{ID: c.Subject, Type: []string{"AchievementSubject"}, Achievement: achievementOf(act, under)}
	if holder != "" {
		c.Achiever.Identifier = []identifier{{Type: "IdentityObject", IdentityHash: holder, IdentityType: "name"}}
	}
	c.Name = c.Achiever.Achievement.Name
	return c
}

// achievementOf describes what was acquired in the words of the référentiel: the
// compétences of a bloc, or the blocs of the certification.
func achievementOf(act *storepb.DecisionAct, under *revision) achievement {
	certification := under.shown.GetDisplayName()
	a := achievement{
		ID:          "urn:acquis:" + revisionName(act.GetReferentiel(), act.GetRevision()),
		Type:        []string{"Achievement"},
		Name:        certification,
		Description: "Certification professionnelle",
	}
	if number := under.shown.GetRncpNumber(); number != "" {
		a.Description += " " + number
	}
	var lines []string
	if bloc := under.blocs[act.GetBloc()].Message; bloc != nil {
		a.ID += "/blocs/" + bloc.GetCode()
		a.Description = "Bloc de compétences " + bloc.GetCode() + " de : " + certification
		a.Name = bloc.GetCode() + " " + bloc.GetTitle()
		for _, c := range bloc.GetCompetences() {
			lines = append(lines, c.GetCode()+" "+c.GetStatement())
		}
	} else {
		for _, bloc := range under.shown.GetBlocs() {
			lines = append(lines, bloc.GetCode()+" "+bloc.GetTitle())
		}
	}
	a.Criteria.Narrative = strings.Join(lines, "\n")
	return a
}

// holderName is a person's name as a diploma has it.
func holderName(id *storepb.Identity) string {
	name := strings.Join(append(append([]string{}, id.GetGivenNames()...), id.GetBirthName()), " ")
	if usage := id.GetUsageName(); usage != "" && usage != id.GetBirthName() {
		name += ", nom d'usage " + usage
	}
	return name
}

// signToken signs claims as a JWT, EdDSA under the key that its header names.
func (s *signer) signToken(claims any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "JWT", "kid": keyThumbprint(s.public())})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(payload)
	signature, err := s.Sign([]byte(signed))
	return signed + "." + encode(signature), err
}

// attestable tells whether an outcome is something to show.
func attestable(act *storepb.DecisionAct) bool {
	outcome := acquispb.Decision_Outcome_Enum(act.GetOutcome())
	return outcome == acquispb.Decision_Outcome_CAPITALISED || outcome == acquispb.Decision_Outcome_AWARDED
}
