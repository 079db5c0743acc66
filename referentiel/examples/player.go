package examples

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
)

// Player plays cases on one server, each with a candidate and sessions of its own.
type Player struct {
	referentiels acquispb.ReferentielServiceClient
	candidates   acquispb.CandidateServiceClient
	sessions     acquispb.SessionServiceClient
	decisions    acquispb.CapitalisationServiceClient
	admin        acquispb.AdminServiceClient
	keys         map[string]string // secrets, by subject

	// Told is called after each line, with what the service says of it: the reasons of an
	// outcome, the text of a refusal. Nil: nobody listens.
	Told func(l Line, said []string)
	// SetClock sets the clock of the server, for cases that take years.
	SetClock func(now time.Time)
}

// Those who make the calls that no jury makes.
const (
	administrator = "administrator"
	registrar     = "registrar"
)

// NewPlayer plays with the secret of an administrator's key.
func NewPlayer(conn grpc.ClientConnInterface, secret string) *Player {
	return &Player{
		referentiels: acquispb.NewReferentielServiceClient(conn),
		candidates:   acquispb.NewCandidateServiceClient(conn),
		sessions:     acquispb.NewSessionServiceClient(conn),
		decisions:    acquispb.NewCapitalisationServiceClient(conn),
		admin:        acquispb.NewAdminServiceClient(conn),
		keys:         map[string]string{administrator: secret},
	}
}

// as makes calls as that person, who gets a key the first time.
func (p *Player) as(ctx context.Context, subject string) (context.Context, error) {
	if _, ok := p.keys[subject]; !ok {
		roles := []acquispb.Role_Enum{acquispb.Role_ASSESSOR, acquispb.Role_JURY}
		if subject == registrar {
			roles = []acquispb.Role_Enum{acquispb.Role_REGISTRAR}
		}
		ctx, err := p.as(ctx, administrator)
		if err != nil {
			return nil, err
		}
		made, err := p.admin.CreateKey(ctx, &acquispb.CreateKeyRequest{Key: &acquispb.Key{Subject: subject, Roles: roles}})
		if err != nil {
			return nil, err
		}
		p.keys[subject] = made.GetSecret()
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+p.keys[subject]), nil
}

// Publish publishes a référentiel of this package, after those of which blocs count as
// its own. It fails if the server understood anything but what the file says.
func (p *Player) Publish(ctx context.Context, id string) error {
	content, err := Referentiel(id)
	if err != nil {
		return err
	}
	for _, r := range content.GetReplaces() {
		needed := []string{r.GetReferentiel()}
		for _, held := range r.GetTogetherWith() {
			needed = append(needed, held.GetReferentiel())
		}
		for _, other := range needed {
			if other == id {
				continue
			}
			if err := p.Publish(ctx, other); err != nil {
				return err
			}
		}
	}
	request, err := publication(content)
	if err != nil {
		return err
	}
	ctx, err = p.as(ctx, administrator)
	if err != nil {
		return err
	}
	published, err := p.referentiels.PublishReferentiel(ctx, request)
	if err != nil {
		return err
	}
	if want := referentiel.ID(content); !strings.HasSuffix(published.GetRevision(), "/"+want) {
		return fmt.Errorf("%s: published as %s, though the file is revision %s", id, published.GetRevision(), want)
	}
	return nil
}

// publication is the request that publishes a référentiel. The messages of files and of
// the API have the same fields, but for how they name what is replaced.
func publication(r *storepb.Referentiel) (*acquispb.PublishReferentielRequest, error) {
	text, err := protojson.Marshal(r)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	delete(fields, "id")
	replaces, _ := fields["replaces"].([]any)
	for _, item := range replaces {
		rename(item)
		together, _ := item.(map[string]any)["togetherWith"].([]any)
		for _, held := range together {
			rename(held)
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		return nil, err
	}
	content := new(acquispb.Referentiel)
	if err := protojson.Unmarshal(text, content); err != nil {
		return nil, err
	}
	return &acquispb.PublishReferentielRequest{ReferentielId: r.GetId(), Referentiel: content}, nil
}

// rename names what is replaced as the API does.
func rename(item any) {
	replaced := item.(map[string]any)
	name := fmt.Sprint("referentiels/", replaced["referentiel"])
	if revision, ok := replaced["revision"]; ok {
		name += fmt.Sprint("/revisions/", revision)
	}
	delete(replaced, "referentiel")
	delete(replaced, "revision")
	replaced["replacedReferentiel"] = name
}

// scene is one case while it is played.
type scene struct {
	*Player
	ctx           context.Context
	certification string // id of its référentiel
	prefix        string // of the ids of this case
	met           bool   // whether the candidate exists
	sessionOf     map[string]string
	refusals      []refusal
	reasons       []*acquispb.Reason
}

type refusal struct{ rule, text string }

// Play plays one case, whose référentiels are published, and returns the first line that
// is not true.
func (p *Player) Play(ctx context.Context, of Certification, c Case) error {
	s := &scene{
		Player: p, ctx: ctx, certification: of.Referentiel, prefix: of.ID + "-" + c.Number, sessionOf: make(map[string]string),
	}
	s.SetClock(firstDay)
	last := Line{Text: "end"}
	for _, l := range c.Lines {
		if err := s.line(l); err != nil {
			return err
		}
		last.file, last.no = l.file, l.no+1
	}
	return s.settled(last)
}

func (s *scene) line(l Line) error {
	if l.Word != "refused" {
		if err := s.settled(l); err != nil {
			return err
		}
	}
	said, err := s.perform(l)
	if refused := refusals(err); len(refused) > 0 {
		s.refusals, err = refused, nil
	}
	if err != nil {
		return l.errorf("%v", err)
	}
	if s.Told != nil {
		s.Told(l, said)
	}
	return nil
}

// perform does what a line says, or compares.
func (s *scene) perform(l Line) ([]string, error) {
	if check, ok := checks[l.Word]; ok {
		return check(s, l)
	}
	act, ok := acts[l.Word]
	if !ok {
		return nil, fmt.Errorf("unknown word")
	}
	return nil, act(s, l)
}

// settled fails if the last act was refused, and the story does not say so.
func (s *scene) settled(l Line) error {
	if len(s.refusals) > 0 {
		return l.errorf("not listed before it: refused %s: %s", s.refusals[0].rule, s.refusals[0].text)
	}
	return nil
}

// refusals are the rules that an error names; none if it is no refusal.
func refusals(err error) (found []refusal) {
	info := refusal{text: status.Convert(err).Message()}
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				found = append(found, refusal{v.GetType(), v.GetDescription()})
			}
		case *errdetails.ErrorInfo:
			info.rule = d.GetReason()
		}
	}
	if len(found) == 0 && info.rule != "" {
		found = append(found, info)
	}
	return found
}

// grid reads the grid of a candidacy as the registrar sees it: complete.
func (s *scene) grid(candidacy string) (*acquispb.Grid, error) {
	name, err := s.candidacy(candidacy)
	if err != nil {
		return nil, err
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return nil, err
	}
	return s.sessions.GetGrid(ctx, &acquispb.GetGridRequest{Name: name + "/grid"})
}

// candidacy is the name of a candidacy of this case.
func (s *scene) candidacy(id string) (string, error) {
	session, ok := s.sessionOf[id]
	if !ok {
		return "", fmt.Errorf("there is no candidacy %s", id)
	}
	return s.session(session) + "/candidacies/" + s.prefix + "-" + id, nil
}

func (s *scene) session(id string) string { return "sessions/" + s.prefix + "-" + id }

func (s *scene) candidate() string { return "candidates/" + s.prefix }
