package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
)

// everything gives a référentiel every optional part.
func everything(given *acquispb.Referentiel) {
	given.Preamble = []*acquispb.Referentiel_Section{{Title: "Cadre", Paragraphs: []string{"Un.", "Deux."}}}
	given.Rules = &acquispb.Rules{
		CompetenceThresholdPercent: proto.Int32(60), BlocThresholdPercent: proto.Int32(50), MinAssessors: proto.Int32(2),
		Jury: &acquispb.JuryRule{
			MinMembers: proto.Int32(3), MinExternalPercent: proto.Int32(0), Chair: acquispb.JuryRule_Chair_REQUIRED, CastingVote: true,
			Colleges: []*acquispb.JuryRule_College{
				{Code: "E", Title: "Employeurs", AtLeast: proto.Int32(1), Parity: true}, {Code: "S", Title: "Salariés", AtLeast: proto.Int32(0), Parity: true},
			},
		},
		Agreement: &acquispb.Agreement{Kind: acquispb.Agreement_Kind_WEIGHTED, Weights: []*acquispb.Agreement_Weight{
			{Quality: "tuteur", Percent: proto.Int32(40)}, {Quality: "jury", Percent: proto.Int32(60)},
		}},
	}
	given.AssessorQualities = []*acquispb.AssessorQuality{{Code: "tuteur", Title: "Tuteur"}, {Code: "jury", Title: "Jury"}}
	c := given.GetBlocs()[0].GetCompetences()[0]
	c.Criteria[0].Eliminatory = true
	c.Agreement = &acquispb.Agreement{Kind: acquispb.Agreement_Kind_MEAN, MaxGap: "50", ThirdReading: "jury"}
	c.Method.Instructions, c.Method.Deliverables, c.Method.AccommodationFramework = "Épreuve", []string{"un dossier", "une soutenance"}, "cadre"
	c.BlocOnlyMethod = &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_PROFESSIONAL_FILE, Title: "Dossier"}
	given.Replaces = []*acquispb.Replacement{{Bloc: "B1", ReplacedReferentiel: "referentiels/marketing", ReplacedBloc: "B3"}}
	registered(given)
}

// byGates gives a référentiel gates, instead of what they stand for in short form, and
// what takes part in them weights and bonuses.
func byGates(given *acquispb.Referentiel) {
	given.Scales = []*acquispb.Scale{
		{Code: "note", Title: "Note", Pass: "10", Marks: &acquispb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"}},
		{Code: "abc", Title: "Niveau", Levels: []*acquispb.Scale_Level{{Code: "A", Label: "Acquis", Points: proto.Int32(100)}, {Code: "B", Label: "À revoir", Points: proto.Int32(40)}}},
	}
	gate := func() *acquispb.Gate {
		return &acquispb.Gate{
			InPercent: true, Mean: &acquispb.Gate_Mean{Threshold: "62.5", RoundTo: "0.5"}, Count: &acquispb.Gate_Count{AtLeast: proto.Int32(1)}, Floor: "10",
			AtMost: &acquispb.Gate_AtMost{Number: proto.Int32(0), Below: "20"}, Shortfall: &acquispb.Gate_Shortfall{Below: "30", AtMost: "0"},
		}
	}
	given.Rules = &acquispb.Rules{
		CompetenceGate: gate(), BlocGate: &acquispb.Gate{Count: &acquispb.Gate_Count{Percent: proto.Int32(50)}}, MinAssessors: proto.Int32(2), Scale: "note",
		Jury:      &acquispb.JuryRule{MinMembers: proto.Int32(3), MinExternalPercent: proto.Int32(0), Chair: acquispb.JuryRule_Chair_NONE},
		Agreement: &acquispb.Agreement{Kind: acquispb.Agreement_Kind_JOINT},
	}
	b := given.GetBlocs()[0]
	c := b.GetCompetences()[0]
	b.Gate, c.Gate, c.Weight = gate(), gate(), proto.Int32(3)
	c.Criteria[1].Scale = "abc"
	b.Competences = append(b.Competences, proto.CloneOf(c))
	b.Competences[1].Code, b.Competences[1].BonusAbove = "C1.2", "50"
	b.Competences[1].Criteria[0].Code, b.Competences[1].Criteria[0].Weight = "C1.2.1", proto.Int32(4)
	b.Competences[1].Criteria = b.Competences[1].GetCriteria()[:1]
	given.Blocs = append(given.Blocs, blocOfEpreuves(gate))
}

// blocOfEpreuves is a bloc in which épreuves have everything that they can.
func blocOfEpreuves(gate func() *acquispb.Gate) *acquispb.Bloc {
	method := &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: "Examen"}
	variants := []*acquispb.Variant{{
		When:   &acquispb.Variant_When{SingleBloc: true, AccessRoutes: []acquispb.Candidacy_AccessRoute_Enum{acquispb.Candidacy_AccessRoute_EXPERIENCE_VALIDATION}, Attempt: acquispb.Attempt_RESIT},
		Method: method,
	}}
	return &acquispb.Bloc{
		Code: "B9", Title: "Compter", Gate: gate(),
		Competences: []*acquispb.Competence{{Code: "C9.1", Statement: "Additionner"}},
		Epreuves: []*acquispb.Epreuve{
			{
				Code: "E1", Title: "Écrit", Method: method, Competences: []string{"C9.1"}, Gate: gate(), Weight: proto.Int32(2), MinAssessors: proto.Int32(1), Variants: variants, MaxAttempts: proto.Int32(3),
				Agreement: &acquispb.Agreement{Kind: acquispb.Agreement_Kind_MEAN},
				Criteria:  []*acquispb.Criterion{{Code: "E1.1", Statement: "La somme est juste", Competences: []string{"C9.1"}}},
			},
			{Code: "E2", Title: "Oral", Method: method, Competences: []string{"C9.1"}, Scale: "note", Eliminatory: true},
			{Code: "E3", Title: "Facultatif", Method: method, Scale: "abc", BonusAbove: "50"},
		},
	}
}

// TestReferentielIsKept: everybody reads what was published, as a whole and bloc
// by bloc; publishing it again as read gives the same revision.
func TestReferentielIsKept(t *testing.T) {
	s := newStage(t)
	made := s.publish("petit", petit(everything))
	want := petit(everything)
	want.Name, want.Revision, want.Current, want.CreateTime = "referentiels/petit", made.GetRevision(), true, made.GetCreateTime()
	want.RulesInForce = want.GetRules()
	if diff := cmp.Diff(want, made, protocmp.Transform()); diff != "" || made.GetCreateTime() == nil || !strings.HasPrefix(made.GetRevision(), "referentiels/petit/revisions/") {
		t.Errorf("what was published:\n%s", diff)
	}
	get := &acquispb.GetReferentielRequest{Name: "referentiels/petit"}
	if diff := cmp.Diff(want, ask(s.lea, s.GetReferentiel, get), protocmp.Transform()); diff != "" {
		t.Errorf("read again:\n%s", diff)
	}
	bloc := ask(s.lea, s.GetBloc, &acquispb.GetBlocRequest{Name: "referentiels/petit/blocs/B1"})
	if diff := cmp.Diff(want.GetBlocs()[0], bloc, protocmp.Transform()); diff != "" {
		t.Errorf("its bloc:\n%s", diff)
	}
	same := s.publish("petit", ask(s.lea, s.GetReferentiel, get))
	if diff := cmp.Diff(made, same, protocmp.Transform()); diff != "" {
		t.Errorf("published again as it was read:\n%s", diff)
	}
	pinned := petit(everything, func(given *acquispb.Referentiel) {
		given.Replaces[0].ReplacedReferentiel = s.marketing().GetRevision()
	})
	if got := s.publish("petit", pinned); got.GetRevision() == made.GetRevision() || got.GetReplaces()[0].GetReplacedReferentiel() != s.marketing().GetRevision() {
		t.Errorf("one that replaces a bloc of one revision is %v", got)
	}
	gated := petit(byGates)
	want.Blocs, want.Rules, want.RulesInForce, want.Preamble, want.Replaces = gated.GetBlocs(), gated.GetRules(), gated.GetRules(), nil, nil
	want.Scales, want.Register, want.Certificateur, want.AssessorQualities = gated.GetScales(), gated.GetRegister(), nil, nil
	if diff := cmp.Diff(want, s.publish("petit", gated), protocmp.Transform(), protocmp.IgnoreFields(want, "revision", "create_time")); diff != "" {
		t.Errorf("one with gates:\n%s", diff)
	}
	silent := s.publish("silent", petit()).GetRulesInForce()
	defaults := &acquispb.Rules{
		CompetenceThresholdPercent: proto.Int32(100), BlocThresholdPercent: proto.Int32(100), MinAssessors: proto.Int32(1),
		Jury:      &acquispb.JuryRule{MinMembers: proto.Int32(2), MinExternalPercent: proto.Int32(50), Chair: acquispb.JuryRule_Chair_REQUIRED},
		Agreement: &acquispb.Agreement{Kind: acquispb.Agreement_Kind_UNANIMOUS},
	}
	if diff := cmp.Diff(defaults, silent, protocmp.Transform()); diff != "" {
		t.Errorf("the rules of one that sets none:\n%s", diff)
	}
}

// TestRevisions: a référentiel has one current revision, and all earlier ones; an
// old one that is published again becomes current.
func TestRevisions(t *testing.T) {
	s := newStage(t)
	first := s.publish("petit", petit())
	second := s.publish("petit", petit(func(given *acquispb.Referentiel) { given.DisplayName = "Petit, revu" }))
	list := func(size int32) (lines []string) {
		request := &acquispb.ListReferentielRevisionsRequest{Parent: "referentiels/petit", PageSize: size}
		for {
			page := ask(s.reader, s.ListReferentielRevisions, request)
			for _, r := range page.GetReferentiels() {
				line := r.GetDisplayName()
				if r.GetCurrent() {
					line += " *"
				}
				if r.GetBlocs() != nil || r.GetName() != r.GetRevision() || r.GetRegister().GetNumber() != "RNCP1" || r.GetRulesInForce() == nil || r.GetCreateTime() == nil {
					t.Errorf("listed: %v", r)
				}
				lines = append(lines, line)
			}
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				return lines
			}
		}
	}
	if got := list(1); !slices.Equal(got, []string{"Petit", "Petit, revu *"}) {
		t.Errorf("the revisions are %q", got)
	}
	read := ask(s.reader, s.GetReferentielRevision, &acquispb.GetReferentielRevisionRequest{Name: first.GetRevision()})
	if read.GetCurrent() || read.GetDisplayName() != "Petit" || read.GetName() != first.GetRevision() || len(read.GetBlocs()) != 1 {
		t.Errorf("the first is %v", read)
	}
	if read := ask(s.reader, s.GetReferentielRevision, &acquispb.GetReferentielRevisionRequest{Name: second.GetRevision()}); !read.GetCurrent() {
		t.Errorf("the second is %v", read)
	}
	s.clock.advance(1)
	if back := s.publish("petit", petit()); back.GetRevision() != first.GetRevision() || !back.GetCreateTime().AsTime().Equal(first.GetCreateTime().AsTime()) {
		t.Errorf("the first, published again, is %v", back)
	}
	if got := list(0); !slices.Equal(got, []string{"Petit *", "Petit, revu"}) {
		t.Errorf("then the revisions are %q", got)
	}
	bloc := ask(s.reader, s.GetBloc, &acquispb.GetBlocRequest{Name: second.GetRevision() + "/blocs/B1"})
	if bloc.GetTitle() != "Bloc" {
		t.Errorf("a bloc of an old revision is %v", bloc)
	}
	var names []string
	for _, r := range ask(s.reader, s.ListReferentiels, &acquispb.ListReferentielsRequest{}).GetReferentiels() {
		names = append(names, r.GetName())
		if r.GetName() == "referentiels/petit" && (!r.GetCurrent() || r.GetRevision() != first.GetRevision() || r.GetBlocs() != nil || r.GetReplaces() != nil) {
			t.Errorf("listed: %v", r)
		}
	}
	if !slices.Equal(names, []string{"referentiels/marketing", "referentiels/petit"}) {
		t.Errorf("the référentiels are %q", names)
	}
	page := ask(s.reader, s.ListReferentiels, &acquispb.ListReferentielsRequest{PageSize: 1})
	next := ask(s.reader, s.ListReferentiels, &acquispb.ListReferentielsRequest{PageSize: 1, PageToken: onwards(page.GetNextPageToken())})
	if len(page.GetReferentiels()) != 1 || next.GetReferentiels()[0].GetName() != "referentiels/petit" || next.GetNextPageToken() != "" {
		t.Errorf("page by page: %v, then %v", page, next)
	}
}

// TestReferentielIsRefused: the checker's problems name the fields of the
// request.
func TestReferentielIsRefused(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit())
	publish := func(change func(*acquispb.Referentiel)) string {
		return try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: "other", Referentiel: petit(everything, change)})
	}
	replaces := func(r *acquispb.Replacement) func(*acquispb.Referentiel) {
		return func(given *acquispb.Referentiel) { given.Replaces = []*acquispb.Replacement{r} }
	}
	unknown := "referentiels/petit/revisions/00000000000000000000000000000000"
	get := func(name string) string {
		return try(s.reader, s.GetReferentielRevision, &acquispb.GetReferentielRevisionRequest{Name: name})
	}
	bloc := func(name string) string { return try(s.reader, s.GetBloc, &acquispb.GetBlocRequest{Name: name}) }
	s.refuses(s.written(),
		refusal{"two competences of one code", publish(func(given *acquispb.Referentiel) {
			b := given.GetBlocs()[0]
			b.Competences = append(b.Competences, b.GetCompetences()[0])
		}), "REFERENTIEL_INVALID at referentiel.blocs[0].competences[1].code"},
		refusal{"a text that is not composed", publish(func(given *acquispb.Referentiel) { given.DisplayName = "Re\u0301f" }), "INVALID_FIELD at referentiel.displayName"},
		refusal{"a bloc that is not there replaces", publish(replaces(&acquispb.Replacement{
			Bloc: "B9", ReplacedReferentiel: "referentiels/marketing", ReplacedBloc: "B3",
		})), "REFERENTIEL_INVALID at referentiel.replaces[0].bloc"},
		refusal{"what was never published is replaced", publish(replaces(&acquispb.Replacement{
			Bloc: "B1", ReplacedReferentiel: "referentiels/sales", ReplacedBloc: "B1",
		})), "REFERENTIEL_INVALID at referentiel.replaces[0].replacedReferentiel"},
		refusal{"a revision that was never published is replaced", publish(replaces(&acquispb.Replacement{
			Bloc: "B1", ReplacedReferentiel: unknown, ReplacedBloc: "B1",
		})), "REFERENTIEL_INVALID at referentiel.replaces[0].replacedReferentiel"},
		refusal{"a bloc that no revision has is replaced", publish(replaces(&acquispb.Replacement{
			Bloc: "B1", ReplacedReferentiel: "referentiels/petit", ReplacedBloc: "B9",
		})), "REFERENTIEL_INVALID at referentiel.replaces[0].replacedBloc"},
		refusal{"a bloc that the revision does not have is replaced", publish(replaces(&acquispb.Replacement{
			Bloc: "B1", ReplacedReferentiel: s.marketing().GetRevision(), ReplacedBloc: "B9",
		})), "REFERENTIEL_INVALID at referentiel.replaces[0].replacedBloc"},
		refusal{"only tried, what was never published is replaced", try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{
			ReferentielId: "other", ValidateOnly: true, Referentiel: petit(everything, replaces(&acquispb.Replacement{
				Bloc: "B1", ReplacedReferentiel: "referentiels/sales", ReplacedBloc: "B1",
			})),
		}), "REFERENTIEL_INVALID at referentiel.replaces[0].replacedReferentiel"},
		refusal{"a référentiel that does not exist", try(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/sales"}), "NOT_FOUND referentiels/sales"},
		refusal{"revisions of one that does not exist", try(s.reader, s.ListReferentielRevisions, &acquispb.ListReferentielRevisionsRequest{Parent: "referentiels/sales"}), "NOT_FOUND referentiels/sales"},
		refusal{"a revision that does not exist", get(unknown), "NOT_FOUND " + unknown},
		refusal{"a bloc that does not exist", bloc("referentiels/petit/blocs/B9"), "NOT_FOUND referentiels/petit/blocs/B9"},
		refusal{"a bloc of a revision that does not exist", bloc(unknown + "/blocs/B1"), "NOT_FOUND " + unknown},
		refusal{"a search without words", try(s.reader, s.SearchReferentiels, &acquispb.SearchReferentielsRequest{Query: "?!"}), "INVALID_FIELD at query"},
	)
	tried := ask(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: "other", Referentiel: petit(everything), ValidateOnly: true})
	if tried.GetName() != "referentiels/other" || !tried.GetCurrent() || len(tried.GetBlocs()) != 1 {
		t.Errorf("with validateOnly it is %v", tried)
	}
	if got := try(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/other"}); got != "NOT_FOUND referentiels/other" {
		t.Errorf("what was only validated exists: %q", got)
	}
}

// TestReplacesWhatAnEarlierRevisionHad: a line without a revision needs one that had
// the bloc, though it is not the current one.
func TestReplacesWhatAnEarlierRevisionHad(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit())
	s.publish("petit", petit(func(given *acquispb.Referentiel) { given.Blocs[0].Code = "B2" }))
	s.publish("petit-2", petit(func(given *acquispb.Referentiel) { given.DisplayName = "Un id qui commence pareil" }))
	for bloc, want := range map[string]string{"B1": "", "B2": "", "B3": "REFERENTIEL_INVALID at referentiel.replaces[0].replacedBloc"} {
		got := try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: "other", Referentiel: petit(func(given *acquispb.Referentiel) {
			given.Replaces = []*acquispb.Replacement{{Bloc: "B1", ReplacedReferentiel: "referentiels/petit", ReplacedBloc: bloc}}
		})})
		if got != want {
			t.Errorf("%s: told %q, not %q", bloc, got, want)
		}
	}
}

// TestPublishedField: fields of the content have other names in the request.
func TestPublishedField(t *testing.T) {
	for field, want := range map[string]string{
		"": "referentiel", "id": "referentielId", "display_name": "referentiel.displayName",
		"blocs[0].competences[1].bloc_only_method.title": "referentiel.blocs[0].competences[1].blocOnlyMethod.title",
		"replaces[2].referentiel":                        "referentiel.replaces[2].replacedReferentiel",
		"replaces[2].revision":                           "referentiel.replaces[2].replacedReferentiel",
		"replaces[2].replaced_bloc":                      "referentiel.replaces[2].replacedBloc",
	} {
		if got := publishedField(field); got != want {
			t.Errorf("%q is called %q, not %q", field, got, want)
		}
	}
}

// TestSearch: words are found in all texts of the current revisions, with or
// without accents, page by page over all référentiels.
func TestSearch(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(everything))
	s.publish("second", petit(func(given *acquispb.Referentiel) { given.Blocs[0].Competences[0].Statement = "Savoir faire savoir" }))
	s.publish("third", petit(func(given *acquispb.Referentiel) { given.Blocs[0].Competences[0].Statement = "Savoir" }))
	s.publish("third", petit(func(given *acquispb.Referentiel) { given.Blocs[0].Competences[0].Statement = "Autre chose" }))
	search := func(query string, size int32) (found []*acquispb.SearchReferentielsResponse_SearchResult, pages int) {
		request := &acquispb.SearchReferentielsRequest{Query: query, PageSize: size}
		for {
			page := ask(s.reader, s.SearchReferentiels, request)
			found, pages = append(found, page.GetResults()...), pages+1
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				return found, pages
			}
			if pages > 200 {
				t.Fatalf("%q by %d has no last page", query, size)
			}
		}
	}
	found, _ := search("SAVOIR FAIRE", 0)
	var where []string
	for _, hit := range found {
		if hit.GetReferentiel() != "referentiels/marketing" {
			where = append(where, strings.Join([]string{segment(hit.GetReferentiel(), 1), hit.GetBloc(), hit.GetCompetence(), hit.GetText()}, " "))
		}
	}
	if want := []string{"petit B1 C1.1 Savoir faire", "second B1 C1.1 Savoir faire savoir"}; !slices.Equal(where, want) {
		t.Errorf("found %q, not %q", where, want)
	}
	if hit, _ := search("strategie marketing", 1); len(hit) == 0 || hit[0].GetRevision() != s.marketing().GetRevision() {
		t.Errorf("a word without its accent finds %v", hit)
	}
	for _, size := range []int32{1, 2, 3} {
		paged, pages := search("savoir faire", size)
		if diff := cmp.Diff(found, paged, protocmp.Transform()); diff != "" || pages != (len(found)+int(size)-1)/int(size) {
			t.Errorf("by %d, on %d pages:\n%s", size, pages, diff)
		}
	}
}

// TestDiffRevisions: what changes from one revision to another one, to the current one, to
// one of another référentiel and to itself; and no revision that does not exist.
func TestDiffRevisions(t *testing.T) {
	s := newStage(t)
	first := s.publish("petit", petit()).GetRevision()
	second := s.publish("petit", petit(func(given *acquispb.Referentiel) {
		given.GetBlocs()[0].GetCompetences()[0].Statement = "Savoir mieux"
		given.Replaces = []*acquispb.Replacement{{Bloc: "B1", ReplacedReferentiel: first, ReplacedBloc: "B1"}}
	})).GetRevision()
	old := petit().GetBlocs()[0].GetCompetences()[0].GetStatement()
	want := &acquispb.DiffRevisionsResponse{
		From: first, To: second,
		Held: []*acquispb.DiffRevisionsResponse_HeldBloc{{Bloc: "B1", CountsAs: []string{"B1"}}},
		Changes: []*acquispb.DiffRevisionsResponse_Change{
			{Kind: acquispb.DiffRevisionsResponse_Change_Kind_CHANGED, Where: "B1 C1.1", Field: "statement", Before: old, After: "Savoir mieux"},
			{Kind: acquispb.DiffRevisionsResponse_Change_Kind_ADDED, Field: "replaces",
				After: `bloc "B1", referentiel "petit", revision "` + segment(first, 3) + `", replaced_bloc "B1"`},
		},
	}
	for _, to := range []string{second, "referentiels/petit", ""} {
		got := ask(s.lea, s.DiffRevisions, &acquispb.DiffRevisionsRequest{From: first, To: to})
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("to %q:\n%s", to, diff)
		}
	}
	same := ask(s.reader, s.DiffRevisions, &acquispb.DiffRevisionsRequest{From: second})
	if !same.GetSame() || len(same.GetChanges()) > 0 || len(same.GetMissing()) > 0 || !same.GetHeld()[0].GetIdentical() {
		t.Errorf("to itself: %v", same)
	}
	other := ask(s.reader, s.DiffRevisions, &acquispb.DiffRevisionsRequest{From: first, To: "referentiels/marketing"})
	if len(other.GetHeld()[0].GetCountsAs()) > 0 || len(other.GetMissing()) != 4 || other.GetSame() {
		t.Errorf("to another référentiel: %v", other)
	}
	for _, kind := range []referentiel.ChangeKind{
		referentiel.Added, referentiel.Removed, referentiel.Changed, referentiel.Renumbered, referentiel.Moved, referentiel.Reordered,
	} {
		if acquispb.DiffRevisionsResponse_Change_Kind_Enum_value[string(kind)] == 0 {
			t.Errorf("the contract does not know %s", kind)
		}
	}
	unknown := strings.Repeat("0", 32)
	for request, code := range map[*acquispb.DiffRevisionsRequest]string{
		{From: "referentiels/petit/revisions/" + unknown}:            "NOT_FOUND",
		{From: first, To: "referentiels/petit/revisions/" + unknown}: "NOT_FOUND",
		{From: first, To: "referentiels/none"}:                       "NOT_FOUND",
		{From: "referentiels/petit"}:                                 "INVALID_FIELD at from",
		{From: first, To: "petit"}:                                   "INVALID_FIELD at to",
	} {
		if got := try(s.reader, s.DiffRevisions, request); !strings.HasPrefix(got, code) {
			t.Errorf("%v: %s, not %s", request, got, code)
		}
	}
}
