package referentiel

import (
	"fmt"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// small is the smallest référentiel that the checker accepts, with one of each
// optional part.
func small() *storepb.Referentiel {
	return &storepb.Referentiel{
		Id:          "vente",
		DisplayName: "Vente",
		Register:    &storepb.Register{Kind: 1, Number: "RNCP35340"},
		Preamble:    []*storepb.Section{{Title: "Loi", Paragraphs: []string{"Article 1"}}},
		Blocs: []*storepb.Bloc{{
			Code:       "B1",
			Title:      "Vendre",
			Activities: []*storepb.Activity{{Code: "A1", Title: "Accueil"}},
			Competences: []*storepb.Competence{{
				Code:      "C1.1",
				Statement: "Accueillir le client",
				Method: &storepb.AssessmentMethod{
					Kind: 2, Title: "Mise en situation", Instructions: "Le candidat accueille :",
					Deliverables: []string{"un client"}, AccommodationFramework: "Un tiers aide",
				},
				BlocOnlyMethod: &storepb.AssessmentMethod{Kind: 4, Title: "Dossier"},
				Criteria: []*storepb.Criterion{
					{Code: "C1.1.1", Statement: "Il salue"},
					{Code: "C1.1.2", Statement: "Il écoute", Eliminatory: true},
				},
			}},
		}},
		Rules: &storepb.Rules{
			CompetenceThresholdPercent: new(int32(70)),
			BlocThresholdPercent:       new(int32(100)),
			MinAssessors:               new(int32(2)),
			Jury:                       &storepb.JuryRule{MinMembers: new(int32(3)), MinExternalPercent: new(int32(0))},
		},
		Replaces: []*storepb.Replacement{{Bloc: "B1", Referentiel: "vente-2019", ReplacedBloc: "CCP1"}},
	}
}

// byEpreuves is a bloc that is assessed by épreuves: one with criteria, one as a whole.
func byEpreuves() *storepb.Bloc {
	method := func() *storepb.AssessmentMethod { return &storepb.AssessmentMethod{Kind: 5, Title: "Examen"} }
	return &storepb.Bloc{
		Code: "B2", Title: "Compter",
		Competences: []*storepb.Competence{{Code: "C2.1", Statement: "Additionner"}, {Code: "C2.2", Statement: "Soustraire"}},
		Epreuves: []*storepb.Epreuve{
			{
				Code: "E1", Title: "Écrit", Method: method(), Competences: []string{"C2.1"}, MinAssessors: new(int32(2)),
				Criteria: []*storepb.Criterion{{Code: "E1.1", Statement: "La somme est juste", Competences: []string{"C2.1"}}},
			},
			{Code: "E2", Title: "Oral", Method: method(), Competences: []string{"C2.1", "C2.2"}, Eliminatory: true},
		},
	}
}

func byVariants() []*storepb.Variant {
	return []*storepb.Variant{{
		When:   &storepb.Variant_When{SingleBloc: true, AccessRoutes: []acquispb.Candidacy_AccessRoute_Enum{5}, Attempt: 2},
		Method: &storepb.AssessmentMethod{Kind: 4, Title: "Dossier"},
	}}
}

// full is the small référentiel with one of everything, also of what excludes each other.
func full() *storepb.Referentiel {
	gate := func() *storepb.Gate {
		return &storepb.Gate{
			Mean: &storepb.Gate_Mean{Threshold: "70", RoundTo: "0.5"}, Count: &storepb.Gate_Count{Percent: new(int32(50)), AtLeast: new(int32(1))},
			Floor: "40", AtMost: &storepb.Gate_AtMost{Number: new(int32(1)), Below: "50"}, Shortfall: &storepb.Gate_Shortfall{Below: "50", AtMost: "20"}, InPercent: true,
		}
	}
	r := small()
	r.Rules.CompetenceGate, r.Rules.BlocGate = gate(), gate()
	r.Blocs[0].Gate, competence(r).Gate = gate(), gate()
	competence(r).Weight, competence(r).BonusAbove = new(int32(2)), "50"
	r.Scales = []*storepb.Scale{{
		Code: "n", Title: "Note", Pass: "10", Marks: &storepb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"},
		Levels: []*storepb.Scale_Level{{Code: "A", Label: "Acquis", Points: new(int32(100))}},
	}}
	agreement := func() *storepb.Agreement {
		return &storepb.Agreement{Kind: 2, MaxGap: "4", ThirdReading: "t", Weights: []*storepb.Agreement_Weight{{Quality: "t", Percent: new(int32(100))}}}
	}
	r.AssessorQualities = []*storepb.AssessorQuality{{Code: "t", Title: "Tuteur"}}
	r.Rules.Agreement, competence(r).Agreement = agreement(), agreement()
	r.Rules.Jury.Colleges = []*storepb.JuryRule_College{{Code: "E", Title: "Employeurs", AtLeast: new(int32(2)), Parity: true}}
	r.Rules.Jury.Chair, r.Rules.Jury.CastingVote = 1, true
	r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "vente-2019", Revision: strings.Repeat("1", 32), ReplacedBloc: "CCP2"}}
	validity := func() *storepb.Validity {
		return &storepb.Validity{Years: new(int32(5)), Months: new(int32(12)), Unlimited: true}
	}
	r.Blocs[0].Validity, r.Rules.Validity = validity(), &storepb.Validities{Blocs: validity(), Award: validity()}
	r.Rules.Scale, competence(r).Criteria[0].Scale = "n", "n"
	r.Register, r.Certificateur = registered(), certified()
	r.Blocs[0].Credits = new(int32(10))
	r.Award = &storepb.AwardRule{
		All:     []string{"B1"},
		Choose:  []*storepb.AwardRule_Choice{{From: []string{"B2"}, AtLeast: new(int32(1)), AtLeastCredits: new(int32(10))}},
		Options: []*storepb.AwardRule_Option{{Code: "A", Title: "Option A", Blocs: []string{"B3"}, Requirements: []string{"SOUT"}}},
		Requirements: []*storepb.AwardRule_Requirement{{
			Code: "SOUT", Title: "Soutenance", Kind: 1, Method: &storepb.AssessmentMethod{Kind: 5, Title: "Soutenance"},
			Criteria: []*storepb.Criterion{{Code: "SOUT.1", Statement: "Défendre"}}, Gate: gate(), AtLeast: new(int32(90)),
		}},
	}
	competence(r).Criteria[0].Weight, competence(r).Criteria[0].BonusAbove = new(int32(2)), "50"
	b := byEpreuves()
	b.Competences, b.Epreuves, b.Gate = nil, b.Epreuves[:1], gate()
	e := b.Epreuves[0]
	b.Validity = validity()
	r.Blocs = append(r.Blocs, b)
	e.Agreement = agreement()
	e.MaxAttempts, competence(r).MaxAttempts = new(int32(3)), new(int32(3))
	e.Variants, competence(r).Variants = byVariants(), byVariants()
	e.Gate, e.Weight, e.BonusAbove, e.Scale, e.Eliminatory = gate(), new(int32(2)), "50", "n", true
	return r
}

// long is longer than any text may be. Each letter takes two bytes.
func long() string { return strings.Repeat("é", 8001) }

// oddities are changes to the small référentiel after which it is still valid.
func oddities() map[string]func(*storepb.Referentiel) {
	return map[string]func(*storepb.Referentiel){
		"a bloc of épreuves": func(r *storepb.Referentiel) { r.Blocs = append(r.Blocs, byEpreuves()) },
		"épreuves that say nothing of compétences": func(r *storepb.Referentiel) {
			b := byEpreuves()
			b.Competences, b.Epreuves[0].Competences, b.Epreuves[0].Criteria[0].Competences, b.Epreuves[1].Competences = nil, nil, nil, nil
			r.Blocs = append(r.Blocs, b)
		},
		"methods by route and attempt":   func(r *storepb.Referentiel) { competence(r).Variants = byVariants() },
		"no rules":                       func(r *storepb.Referentiel) { r.Rules = nil },
		"rules without a jury":           func(r *storepb.Referentiel) { r.Rules.Jury = nil },
		"codes of another certificateur": func(r *storepb.Referentiel) { r.Blocs[0].Code, r.Replaces = "RNCP35340BC01", nil },
		"an earlier revision of itself":  func(r *storepb.Referentiel) { r.Replaces[0].Referentiel, r.Replaces[0].Revision = "vente", ID(small()) },
		"a heading alone":                func(r *storepb.Referentiel) { r.Preamble[0].Paragraphs = nil },
		"a no-break space within":        func(r *storepb.Referentiel) { r.Blocs[0].Title = "Vendre\u00a0: conclure" },
		"two compétences of one statement": func(r *storepb.Referentiel) {
			r.Blocs = append(r.Blocs, bloc("B2", "A2", "C2.1"), bloc("B3", "A3", "C3.1"))
		},
	}
}

func competence(r *storepb.Referentiel) *storepb.Competence { return r.Blocs[0].Competences[0] }

func bloc(code, activity, competence string) *storepb.Bloc {
	b := small().Blocs[0]
	b.Code, b.Activities[0].Code, b.Competences[0].Code = code, activity, competence
	for i, c := range b.Competences[0].Criteria {
		c.Code = fmt.Sprintf("%s.%d", competence, i+1)
	}
	return b
}
