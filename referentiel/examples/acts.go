package examples

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// acts are the words that do something.
var acts = map[string]func(*scene, Line) error{
	"on":         (*scene).on,
	"session":    (*scene).openSession,
	"assessors":  (*scene).assessors,
	"close":      (*scene).closeSession,
	"tie":        (*scene).tie,
	"enrol":      (*scene).enrol,
	"withdraw":   (*scene).leave,
	"absent":     (*scene).leave,
	"assess":     (*scene).assess,
	"marks":      (*scene).marks,
	"settle":     (*scene).settle,
	"deliberate": (*scene).deliberate,
	"award":      (*scene).award,
	"prior":      (*scene).prior,
	"prove":      (*scene).prove,
}

// firstDay is when each case begins: at noon, so that it is the same day in every zone
// where somebody plays it.
var firstDay = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func (s *scene) on(l Line) error { // on 2031-06-30
	day, err := time.Parse(time.DateOnly, l.arg(0))
	if err != nil {
		return err
	}
	s.SetClock(day.Add(12 * time.Hour))
	return nil
}

func (s *scene) openSession(l Line) error { // session s1 of other: ann(external,chair) bob
	of := s.certification
	if l.arg(1) == "of" {
		of = l.arg(2)
	}
	jury, err := juryOf(l)
	if err != nil {
		return err
	}
	for _, m := range jury {
		if _, err := s.as(s.ctx, m.GetSubject()); err != nil {
			return err
		}
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.sessions.CreateSession(ctx, &acquispb.CreateSessionRequest{
		SessionId: strings.TrimPrefix(s.session(l.arg(0)), "sessions/"),
		Session: &acquispb.Session{
			DisplayName: "Session " + l.arg(0), Referentiel: "referentiels/" + of, Jury: jury,
			StartDate: &date.Date{Year: 2026, Month: 1, Day: 5},
		},
	})
	return err
}

// juryOf reads a jury from the tail rather than from the parts, because its words contain
// commas.
func juryOf(l Line) ([]*acquispb.JuryMember, error) {
	var jury []*acquispb.JuryMember
	for word := range strings.FieldsSeq(l.tail) {
		name, qualities, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		m := &acquispb.JuryMember{Subject: name, DisplayName: name}
		for quality := range strings.SplitSeq(qualities, ",") {
			switch quality {
			case "":
			case "external":
				m.External = true
			case "chair":
				m.Chair = true
			default:
				college, ok := strings.CutPrefix(quality, "college=")
				if !ok {
					return nil, fmt.Errorf("%q is neither external nor chair nor a college", quality)
				}
				m.College = college
			}
		}
		jury = append(jury, m)
	}
	return jury, nil
}

// assessors lists who assesses in a session, and in which quality.
func (s *scene) assessors(l Line) error { // assessors s1: eve(tutor) paul
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	session, err := s.sessions.GetSession(ctx, &acquispb.GetSessionRequest{Name: s.session(l.arg(0))})
	if err != nil {
		return err
	}
	for word := range strings.FieldsSeq(l.tail) {
		name, quality, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		session.Assessors = append(session.Assessors, &acquispb.SessionAssessor{Subject: name, Quality: quality})
	}
	_, err = s.sessions.UpdateSession(ctx, &acquispb.UpdateSessionRequest{
		Session: session, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"assessors"}},
	})
	return err
}

func (s *scene) closeSession(l Line) error {
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.sessions.CloseSession(ctx, &acquispb.CloseSessionRequest{Name: s.session(l.arg(0))})
	return err
}

// meet creates the candidate of the case, once.
func (s *scene) meet() error {
	if s.met {
		return nil
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.candidates.CreateCandidate(ctx, &acquispb.CreateCandidateRequest{
		CandidateId: s.prefix,
		Candidate: &acquispb.Candidate{
			BirthName: "Martin", GivenNames: []string{"Camille"}, Sex: acquispb.Candidate_Sex_FEMALE, BirthDate: &date.Date{Year: 1998},
		},
	})
	s.met = err == nil
	return err
}

func (s *scene) tie(l Line) error { // tie ann: TRAINER
	if err := s.meet(); err != nil {
		return err
	}
	kind, err := enum[acquispb.Tie_Kind_Enum](acquispb.Tie_Kind_Enum_value, l.tail)
	if err != nil {
		return err
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.candidates.DeclareTie(ctx, &acquispb.DeclareTieRequest{Candidate: s.candidate(), Subject: l.arg(0), Kind: kind})
	return err
}

// enum reads the name of a value.
func enum[T ~int32](values map[string]int32, name string) (T, error) {
	value, ok := values[name]
	if !ok {
		return 0, fmt.Errorf("%q is not known here", name)
	}
	return T(value), nil
}

func (s *scene) enrol(l Line) error { // enrol k1 in s1 by EXPERIENCE_VALIDATION: whole, option A, choosing B3
	if err := s.meet(); err != nil {
		return err
	}
	candidacy := &acquispb.Candidacy{Candidate: s.candidate(), Scope: acquispb.Candidacy_Scope_BLOCS, Blocs: l.part(0)}
	if slices.Equal(l.part(0), []string{"whole"}) {
		candidacy.Scope, candidacy.Blocs = acquispb.Candidacy_Scope_WHOLE, nil
	}
	for _, part := range l.parts[1:] {
		switch {
		case len(part) == 2 && part[0] == "option":
			candidacy.Option = part[1]
		case len(part) > 1 && part[0] == "choosing":
			candidacy.ChosenBlocs = part[1:]
		default:
			return fmt.Errorf("%q is neither option nor choosing", part)
		}
	}
	if l.arg(3) == "by" {
		route, err := enum[acquispb.Candidacy_AccessRoute_Enum](acquispb.Candidacy_AccessRoute_Enum_value, l.arg(4))
		if err != nil {
			return err
		}
		candidacy.AccessRoute = route
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.sessions.CreateCandidacy(ctx, &acquispb.CreateCandidacyRequest{
		Parent: s.session(l.arg(2)), CandidacyId: s.prefix + "-" + l.arg(0), Candidacy: candidacy,
	})
	if err == nil {
		s.sessionOf[l.arg(0)] = l.arg(2)
	}
	return err
}

func (s *scene) leave(l Line) error { // absent k1: B1
	name, err := s.candidacy(l.arg(0))
	if err != nil {
		return err
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	if l.Word == "absent" {
		_, err = s.sessions.MarkCandidacyAbsent(ctx, &acquispb.MarkCandidacyAbsentRequest{Name: name, Blocs: l.part(0)})
	} else {
		_, err = s.sessions.WithdrawCandidacy(ctx, &acquispb.WithdrawCandidacyRequest{Name: name, Blocs: l.part(0)})
	}
	return err
}

func (s *scene) deliberate(l Line) error { // deliberate k1 ann: ann bob, B1 NOT_CAPITALISED
	grid, err := s.grid(l.arg(0))
	if err != nil {
		return err
	}
	name, err := s.candidacy(l.arg(0))
	if err != nil {
		return err
	}
	request := &acquispb.DeliberateRequest{Candidacy: name, GridEtag: grid.GetEtag(), MembersPresent: l.part(0)}
	for _, part := range l.parts[1:] {
		if len(part) != 2 {
			return fmt.Errorf("%q must be a bloc and an outcome", part)
		}
		outcome, err := enum[acquispb.Decision_Outcome_Enum](acquispb.Decision_Outcome_Enum_value, part[1])
		if err != nil {
			return err
		}
		request.BlocDecisions = append(request.BlocDecisions, &acquispb.DeliberateRequest_BlocDecision{
			Bloc: part[0], Outcome: outcome, Motive: "décidé par le jury",
		})
	}
	ctx, err := s.as(s.ctx, l.arg(1))
	if err != nil {
		return err
	}
	_, err = s.decisions.Deliberate(ctx, request)
	return err
}

func (s *scene) award(l Line) error { // award in s1 ann: ann bob
	ctx, err := s.as(s.ctx, l.arg(2))
	if err != nil {
		return err
	}
	_, err = s.decisions.Award(ctx, &acquispb.AwardRequest{
		Name: s.capitalisation(s.certification), Session: s.session(l.arg(1)), MembersPresent: l.part(0),
	})
	return err
}

func (s *scene) prior(l Line) error { // prior B1: proof
	if err := s.meet(); err != nil {
		return err
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.decisions.RecordPriorBloc(ctx, &acquispb.RecordPriorBlocRequest{
		Name: s.capitalisation(s.certification), Bloc: l.arg(0), Proof: l.tail,
	})
	return err
}

func (s *scene) prove(l Line) error { // prove DAYS 89: proof
	if err := s.meet(); err != nil {
		return err
	}
	amount := 0
	if l.arg(1) != "" {
		var err error
		if amount, err = strconv.Atoi(l.arg(1)); err != nil {
			return err
		}
	}
	ctx, err := s.as(s.ctx, registrar)
	if err != nil {
		return err
	}
	_, err = s.decisions.RecordRequirement(ctx, &acquispb.RecordRequirementRequest{
		Name: s.capitalisation(s.certification), Requirement: l.arg(0), Amount: int32(amount), Proof: l.tail,
	})
	return err
}

func (s *scene) capitalisation(id string) string { return s.candidate() + "/capitalisations/" + id }
