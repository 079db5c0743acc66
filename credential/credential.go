package credential

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Issuer is who attests: the certificateur, in credentials. There is no default,
// because readers of a credential rely on that name.
type Issuer struct {
	URL  string // identifies it
	Name string // for people
}

// Known tells whether the issuer is configured.
func (i Issuer) Known() bool { return i.URL != "" && i.Name != "" }

// A credential is what the holder of an attestation shows: an Open Badge 3.0 in
// a JWT, with the fields of the credential and the claims (VC-JWT). Its last
// field is ours: the proof that the decision is in the journal.
type credential struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	TokenID   string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp,omitempty"`

	Context    []any         `json:"@context"`
	ID         string        `json:"id"`
	Type       []string      `json:"type"`
	IssuedBy   profile       `json:"issuer"`
	ValidFrom  string        `json:"validFrom"`
	ValidUntil string        `json:"validUntil,omitempty"`
	Name       string        `json:"name"`
	Achiever   achiever      `json:"credentialSubject"`
	Proof      attestedProof `json:"acquisProof"`
}

type profile struct {
	ID   string   `json:"id"`
	Type []string `json:"type"`
	Name string   `json:"name"`
}

// achiever is the holder: a random id that identifies nobody and, only if
// requested, their name.
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
	Creator   *creator    `json:"creator,omitempty"`
	Alignment []alignment `json:"alignment,omitempty"`
}

// attestedProof is a DecisionProof in JSON, with the decision's id instead of
// its name, which would reveal the candidate's id.
type attestedProof struct {
	Decision   string   `json:"decision"`
	Act        []byte   `json:"act"`
	ActSalt    []byte   `json:"actSalt"`
	ActIndex   int32    `json:"actIndex"`
	ActCount   int32    `json:"actCount"`
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

// A Claim is what a credential attests.
type Claim struct {
	Issuer        Issuer
	Holder        string // their name; empty: not disclosed
	Revision      string // resource name of the revision under which it was decided
	Certification *acquispb.Referentiel
	Bloc          *acquispb.Bloc // nil: the whole certification was awarded
	Option        string         // code of the option awarded; empty if there are none
	Decided       time.Time
	Ends          *time.Time              // when it is no longer valid; nil: it has no end
	Decision      uint64                  // its uid, because its name would reveal the candidate's id
	Proof         *acquispb.DecisionProof // that it is in the journal
}

// A Signer signs credentials.
type Signer interface {
	Public() ed25519.PublicKey
	Sign(text []byte) ([]byte, error)
}

// New makes the credential of a claim, as a JWT.
func New(c Claim, by Signer, now time.Time) (string, error) { return sign(newCredential(c, now), by) }

func newCredential(claim Claim, now time.Time) credential {
	id, p := "urn:uuid:"+uuid.NewString(), claim.Proof
	c := credential{
		Issuer: claim.Issuer.URL, Subject: "urn:uuid:" + uuid.NewString(), TokenID: id,
		NotBefore: claim.Decided.Unix(), IssuedAt: now.Unix(),
		Context: credentialContext(), ID: id, Type: []string{"VerifiableCredential", "OpenBadgeCredential"},
		IssuedBy:  profile{ID: claim.Issuer.URL, Type: []string{"Profile"}, Name: claim.Issuer.Name},
		ValidFrom: claim.Decided.UTC().Format(time.RFC3339),
		Proof: attestedProof{
			Decision: strconv.FormatUint(claim.Decision, 10), Act: p.GetAct(), ActSalt: p.GetActSalt(),
			ActIndex: p.GetActIndex(), ActCount: p.GetActCount(), ActHashes: p.GetActHashes(),
			Sequence: strconv.FormatInt(p.GetSequence(), 10), Leaf: p.GetLeaf(),
			TreeSize: strconv.FormatInt(p.GetTreeSize(), 10), Hashes: p.GetHashes(),
			Checkpoint: p.GetCheckpoint(),
		},
	}
	if claim.Ends != nil {
		c.Expires, c.ValidUntil = claim.Ends.Unix(), claim.Ends.UTC().Format(time.RFC3339)
	}
	c.Achiever = achiever{ID: c.Subject, Type: []string{"AchievementSubject"}, Achievement: achievementOf(claim)}
	if claim.Holder != "" {
		c.Achiever.Identifier = []identifier{{Type: "IdentityObject", IdentityHash: claim.Holder, IdentityType: "name"}}
	}
	c.Name = c.Achiever.Achievement.Name
	return c
}

// achievementOf describes what was acquired with texts of the référentiel: the
// compétences of a bloc, or the blocs of the certification. That its registration ends
// is not said: what is acquired does not end with it.
func achievementOf(claim Claim) achievement {
	of, bloc := claim.Certification, claim.Bloc
	a := achievement{
		ID:          "urn:acquis:" + claim.Revision,
		Type:        []string{"Achievement"},
		Name:        of.GetDisplayName(),
		Description: description(of, bloc),
		Creator:     creatorOf(claim),
		Alignment:   alignments(of),
	}
	var lines []string
	if bloc != nil {
		a.ID += "/blocs/" + bloc.GetCode()
		a.Name = bloc.GetCode() + " " + bloc.GetTitle()
		for _, c := range bloc.GetCompetences() {
			lines = append(lines, c.GetCode()+" "+c.GetStatement())
		}
		for _, e := range bloc.GetEpreuves() {
			lines = append(lines, e.GetCode()+" "+e.GetTitle())
		}
	} else {
		for _, option := range of.GetAward().GetOptions() {
			if option.GetCode() == claim.Option {
				a.ID += "/options/" + option.GetCode()
				a.Name += ", option " + option.GetTitle()
			}
		}
		for _, bloc := range of.GetBlocs() {
			lines = append(lines, bloc.GetCode()+" "+bloc.GetTitle())
		}
	}
	a.Criteria.Narrative = strings.Join(lines, "\n")
	return a
}

// sign signs claims as a JWT (EdDSA). Its header names the key.
func sign(claims any, by Signer) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "JWT", "kid": keyThumbprint(by.Public())})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(payload)
	signature, err := by.Sign([]byte(signed))
	return signed + "." + encode(signature), err
}
