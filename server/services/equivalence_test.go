package services

import (
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// replacing has B1 replaced by blocs B1 of référentiels that are needed together.
func replacing(names ...string) func(*acquispb.Referentiel) {
	return func(given *acquispb.Referentiel) {
		line := &acquispb.Replacement{Bloc: "B1", ReplacedReferentiel: names[0], ReplacedBloc: "B1"}
		for _, name := range names[1:] {
			line.TogetherWith = append(line.TogetherWith, &acquispb.Replacement_Held{ReplacedReferentiel: name, ReplacedBloc: "B1"})
		}
		given.Replaces = append(given.Replaces, line)
	}
}

// TestEquivalenceTogether: blocs that are needed together count only together, also through
// a référentiel in which the candidate holds nothing, and what is published later changes
// nothing of it.
func TestEquivalenceTogether(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	for _, id := range []string{"un", "deux"} {
		s.publish(id, petit())
	}
	s.publish("milieu", petit(replacing("referentiels/un", "referentiels/deux")))
	fin := s.publish("fin", petit(replacing("referentiels/milieu")))
	if got := fin.GetReplaces()[0].GetReplacedReferentiel(); got != "referentiels/milieu" {
		t.Errorf("it replaces %s", got)
	}
	shown := ask(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/milieu"})
	if got := shown.GetReplaces()[0].GetTogetherWith()[0]; got.GetReplacedReferentiel() != "referentiels/deux" || got.GetReplacedBloc() != "B1" {
		t.Errorf("it replaces together %v", got)
	}
	holds := func(id string) *acquispb.Capitalisation_BlocStatus {
		return ask(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: capitalisationName("camille", id)}).GetBlocs()[0]
	}
	recognise := func(id string) string {
		recorded := prior("camille", "B1")
		recorded.Name = capitalisationName("camille", id)
		return ask(s.registrar, s.RecordPriorBloc, recorded).GetDecisions()[0].GetName()
	}
	first := recognise("un")
	if got := holds("fin").GetStatus(); got != acquispb.Capitalisation_BlocStatus_Status_NOT_PRESENTED {
		t.Errorf("one of two that are needed: %v", got)
	}
	s.publish("milieu", petit(replacing("referentiels/un"))) // after fin
	if got := holds("fin").GetStatus(); got != acquispb.Capitalisation_BlocStatus_Status_NOT_PRESENTED {
		t.Errorf("a later publication makes it %v", got)
	}
	recognise("deux")
	got := holds("fin")
	if got.GetStatus() != acquispb.Capitalisation_BlocStatus_Status_CAPITALISED || got.GetDecision() != first {
		t.Errorf("both: %v", got)
	}
	if reason := got.GetReasons()[0]; reason.GetRule() != "HELD_BY_CHAIN" || reason.GetPath() != "un/B1 and deux/B1, as milieu/B1" {
		t.Errorf("because %v", reason)
	}
	s.session("juin", func(given *acquispb.Session) { given.Referentiel = "referentiels/fin" })
	made := ask(s.chair, s.Award, &acquispb.AwardRequest{Name: capitalisationName("camille", "fin"), Session: "sessions/juin", MembersPresent: []string{"chair", "member"}})
	if len(made.GetDecisions()) != 1 {
		t.Errorf("awarded: %v", made)
	}
	s.refuses(s.written(),
		refusal{"what is held by a chain", try(s.registrar, s.CreateCandidacy, enrolment("juin", "camille", "B1")), "BLOC_CAPITALISED of bloc B1"},
		refusal{"together with what does not exist", try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{
			ReferentielId: "autre", Referentiel: petit(replacing("referentiels/un", "referentiels/rien")),
		}), "REFERENTIEL_INVALID at referentiel.replaces[0].togetherWith[0].replacedReferentiel"},
	)
}
