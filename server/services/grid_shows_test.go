package services

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestGridShows: for any acts in a candidacy and any caller, its grid is the
// message that is built here field by field, from the contract; together the
// grids fill every field that the contract has.
func TestGridShows(t *testing.T) {
	revisions := []*revision{gridRevision(t, 1), gridRevision(t, 2)}
	st, texts := storedTexts(t)
	filled := map[protoreflect.FullName]bool{ // what only ledgers and decisions say
		"acquis.v1.Reason.option": true, "acquis.v1.Reason.any_of": true, "acquis.v1.Reason.requirement": true,
		"acquis.v1.Grid.requirements": true, // TestRequirements
	}
	descriptor := new(acquispb.Grid).ProtoReflect().Descriptor()
	check := func(rt *rapid.T) {
		f, caller := genFile(rt, rapid.SampledFrom(revisions).Draw(rt, "revision"))
		grid := f.judged.Grid()
		var got *acquispb.Grid
		err := st.View(t.Context(), func(r store.Reader) (err error) {
			got, err = f.showGrid(grid.Seen(f.view), "candidates/c", r)
			return err
		})
		must(t, err)
		if diff := cmp.Diff(wantedGrid(f, caller, grid, texts), got, protocmp.Transform()); diff != "" {
			rt.Fatalf("%v: %s", caller.Roles, diff)
		}
		noteFields(filled, got.ProtoReflect())
	}
	missing := []protoreflect.FullName{""}
	for range 50 { // a field may be missing by chance for a while
		if rapid.Check(t, check); t.Failed() {
			return
		}
		if missing = unfilled(filled, descriptor, make(map[protoreflect.FullName]bool)); len(missing) == 0 {
			return
		}
	}
	t.Errorf("no grid has one of %v", missing)
}

// gridRevision is a référentiel of two blocs with everything that a grid shows.
func gridRevision(t *testing.T, minAssessors int32) *revision {
	t.Helper()
	method := func(title string) *storepb.AssessmentMethod {
		return &storepb.AssessmentMethod{
			Kind: 1, Title: title, Instructions: "Épreuve", Deliverables: []string{"un dossier", "une soutenance"}, AccommodationFramework: "cadre",
		}
	}
	content := &storepb.Referentiel{Id: "r", Rules: &storepb.Rules{MinAssessors: &minAssessors, CompetenceThresholdPercent: proto.Int32(60)}}
	for _, b := range []string{"1", "2"} {
		bloc := &storepb.Bloc{Code: "B" + b, Title: "Bloc n° " + b}
		for _, c := range []string{".1", ".2"} {
			competence := &storepb.Competence{Code: "C" + b + c, Statement: "Compétence", Method: method("normale"), BlocOnlyMethod: method("seule")}
			for _, k := range []string{".1", ".2", ".3"} {
				competence.Criteria = append(competence.Criteria, &storepb.Criterion{
					Code: "C" + b + c + k, Statement: "Critère " + k, Eliminatory: c+k == ".1.1",
				})
			}
			bloc.Competences = append(bloc.Competences, competence)
		}
		content.Blocs = append(content.Blocs, bloc)
	}
	if minAssessors > 1 { // points that need not be whole
		content.Rules.CompetenceThresholdPercent = nil
		content.Rules.CompetenceGate = &storepb.Gate{Mean: &storepb.Gate_Mean{Threshold: "60"}, InPercent: true}
		content.Scales = []*storepb.Scale{
			{Code: "note", Marks: &storepb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"}},
			{Code: "abc", Levels: []*storepb.Scale_Level{{Code: "A", Points: proto.Int32(100)}, {Code: "B", Points: proto.Int32(0)}}},
		}
		criteria := content.GetBlocs()[0].GetCompetences()[0].GetCriteria()
		criteria[1].Scale, criteria[2].Scale = "note", "abc"
		content.Rules.Agreement = &storepb.Agreement{Kind: acquispb.Agreement_Kind_MEAN}
		content.GetBlocs()[0].GetCompetences()[1].Agreement = &storepb.Agreement{Kind: acquispb.Agreement_Kind_JOINT} // C1.2
		assessByEpreuves(content.GetBlocs()[1], method("épreuve"))
	}
	made, err := compileRevision(1, &storepb.ReferentielRevision{Content: content, CreateTime: timestamppb.Now()})
	must(t, err)
	return made
}

// assessByEpreuves makes the first compétence of a bloc an épreuve with the same criteria, and
// adds one that is assessed as a whole.
func assessByEpreuves(b *storepb.Bloc, method *storepb.AssessmentMethod) {
	first := b.GetCompetences()[0]
	for _, k := range first.GetCriteria() {
		k.Code, k.Competences = strings.Replace(k.GetCode(), "C", "E", 1), []string{first.GetCode()}
	}
	b.Epreuves = []*storepb.Epreuve{
		{Code: "E2.1", Title: "Écrit", Method: method, Competences: []string{first.GetCode()}, Criteria: first.GetCriteria()},
		{Code: "E2.2", Title: "Oral", Method: method, Competences: []string{first.GetCode()}},
	}
	b.Competences = []*storepb.Competence{{Code: first.GetCode(), Statement: "Compétence"}}
}

const maxTexts = 8

// storedTexts is a store with texts 1 to maxTexts, the last of which was erased.
func storedTexts(t *testing.T) (store.Store, map[uint64][]string) {
	t.Helper()
	st := memstore.New()
	t.Cleanup(func() { must(t, st.Close()) })
	texts := make(map[uint64][]string)
	must(t, st.Update(t.Context(), store.Act{RPC: "test", Time: time.Now()}, func(w store.Writer) error {
		for uid := uint64(1); uid < maxTexts; uid++ {
			for range uid {
				texts[uid] = append(texts[uid], []string{"", "É", strings.Repeat("mot ", 300)}[len(texts[uid])%3])
			}
			content, err := proto.Marshal(&storepb.Texts{Texts: texts[uid]})
			if err != nil {
				return err
			}
			if err := store.Personals.Put(w, store.Key(uid), &storepb.Personal{Content: content}); err != nil {
				return err
			}
		}
		return nil
	}))
	return st, texts
}

// genFile is a candidacy in which several assessors gave, retracted and repeated
// verdicts, the jury settled and exempted, with any caller.
func genFile(t *rapid.T, revision *revision) (*file, *call.Caller) {
	f := &file{
		revision: revision,
		session:  &storepb.Session{Uid: 1, Label: "s", Referentiel: "r", Revision: revision.id.ID, State: acquispb.Session_State_OPEN},
		candidacy: &storepb.Candidacy{
			Uid: 2, Label: "k", SessionUid: 1, State: rapid.SampledFrom([]acquispb.Candidacy_State_Enum{1, 2, 3}).Draw(t, "state"),
			EnrolledBlocs: rapid.SampledFrom([][]string{{"B1", "B2"}, {"B1"}, {"B2"}}).Draw(t, "enrolled"),
		},
	}
	caller := &call.Caller{Subject: rapid.SampledFrom([]string{"eve", "paul", "chair"}).Draw(t, "caller")}
	caller.Roles = rapid.SampledFrom([][]acquispb.Role_Enum{
		{acquispb.Role_JURY}, {acquispb.Role_REGISTRAR}, {acquispb.Role_ASSESSOR}, {acquispb.Role_DISABILITY_ADVISOR},
		{acquispb.Role_ASSESSOR, acquispb.Role_JURY},
	}).Draw(t, "roles")
	if rapid.IntRange(0, 4).Draw(t, "left") == 0 {
		f.candidacy.DepartedBlocs = []*storepb.DepartedBloc{{Bloc: f.candidacy.GetEnrolledBlocs()[0], Cause: 1}}
	}
	for range rapid.IntRange(0, 12).Draw(t, "records") {
		f.add(t, genVerdicts(t, revision.compiled.Scheme()))
	}
	for range rapid.IntRange(0, 2).Draw(t, "exemptions") {
		f.entries = append(f.entries, &storepb.CaseFile{Uid: uint64(len(f.entries) + 1), Author: "chair", Entry: &storepb.CaseFile_Exemption{Exemption: &storepb.ExemptionDecision{
			Criterion: rapid.SampledFrom(revision.compiled.Scheme().Criteria()).Draw(t, "exempted"), Granted: rapid.Bool().Draw(t, "granted"),
		}}})
	}
	for range rapid.IntRange(0, 2).Draw(t, "settlements") { // the second confirms
		f.judge(t)
		f.add(t, genSettlements(t, revision.compiled.Scheme(), f.judged.Grid()))
	}
	f.judge(t)
	f.view = viewOf(caller)
	return f, caller
}

// add adds a record, usually with texts.
func (f *file) add(t *rapid.T, a *storepb.Assessment) {
	a.Uid = uint64(len(f.assessments)*3 + 10)
	a.RecordTime = &timestamppb.Timestamp{Seconds: int64(a.GetUid()) * 1e6, Nanos: int32(a.GetUid())}
	if uid := rapid.Uint64Range(0, maxTexts).Draw(t, "texts"); uid > 0 {
		a.Texts = &storepb.PersonalRef{Uid: uid}
	}
	f.assessments = append(f.assessments, a)
}

func (f *file) judge(t *rapid.T) {
	var err error
	if f.judged, err = judgedCase(f.revision, f.session, f.candidacy); err != nil {
		t.Fatal(err)
	}
	if f.judged.Acts, err = casefile.Acts(f.assessments, f.entries); err != nil {
		t.Fatal(err)
	}
}

func genVerdicts(t *rapid.T, scheme *rules.Scheme) *storepb.Assessment {
	a := &storepb.Assessment{Author: rapid.SampledFrom([]string{"eve", "paul"}).Draw(t, "author")}
	a.Quality = rapid.SampledFrom([]string{"", "tuteur"}).Draw(t, "quality")
	a.Recorder = rapid.SampledFrom([]string{"", "platform"}).Draw(t, "recorder")
	for _, code := range scheme.Criteria() {
		if rapid.IntRange(0, 1).Draw(t, "spoken") == 0 {
			line := &storepb.VerdictLine{Criterion: code}
			switch place, _ := scheme.Place(code); place.Finding {
			case rules.ByMark:
				line.Mark = rapid.SampledFrom([]string{"", "0", "12.5", "20"}).Draw(t, code)
			case rules.ByLevel:
				line.Level = rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, code)
			default:
				line.Verdict = acquispb.Verdict_Enum(rapid.Int32Range(0, 3).Draw(t, code))
			}
			a.Verdicts = append(a.Verdicts, line)
		}
	}
	return a
}

// genSettlements settles everything contested, so that some settlements are in
// force.
func genSettlements(t *rapid.T, scheme *rules.Scheme, grid rules.Grid) *storepb.Assessment {
	a := &storepb.Assessment{Author: rapid.SampledFrom([]string{"chair", "member"}).Draw(t, "juror")}
	verdict := rapid.SampledFrom([]rules.Verdict{rules.Met, rules.NotMet}).Draw(t, "settled")
	for _, b := range grid.Blocs {
		for _, c := range b.Units {
			for _, k := range c.Criteria {
				if len(k.Opinions) == 2 && k.Opinions[0].Verdict != k.Opinions[1].Verdict {
					settled := rules.Settlement{Criterion: k.Code, Verdict: verdict, On: k.Opinions}
					place, _ := scheme.Place(k.Code)
					if place.Finding != rules.ByVerdict {
						settled.Verdict = k.Opinions[0].Verdict
					}
					a.Settlements = append(a.Settlements, settlementLine(settled, place.Finding))
				}
			}
		}
	}
	return a
}

// wantedGrid is the grid as the contract describes it, field by field: somebody
// who is only an assessor sees no standings.
func wantedGrid(f *file, caller *call.Caller, grid rules.Grid, texts map[uint64][]string) *acquispb.Grid {
	standing := caller.Has(acquispb.Role_JURY) || caller.Has(acquispb.Role_REGISTRAR) || caller.Has(acquispb.Role_DISABILITY_ADVISOR)
	want := &acquispb.Grid{
		Name: "sessions/s/candidacies/k/grid", Etag: f.etag(), Candidate: "candidates/c",
		Referentiel: "referentiels/r/revisions/" + f.revision.id.ID, State: f.candidacy.GetState(), RulesVersion: rules.Version,
	}
	for _, b := range grid.Blocs {
		bloc := &acquispb.Grid_GridBloc{Code: b.Code, Title: f.revision.compiled.Bloc(b.Code).GetTitle()}
		if standing {
			bloc.Outcome, bloc.Reasons = acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(b.Outcome)]), wantedReasons(b.Reasons)
		}
		for _, c := range b.Units {
			if f.revision.compiled.Epreuve(c.Code) == nil {
				bloc.Competences = append(bloc.Competences, wantedCompetence(f, caller, c, standing, texts))
			} else {
				bloc.Epreuves = append(bloc.Epreuves, wantedEpreuve(f, caller, c, standing, texts))
			}
		}
		want.Blocs = append(want.Blocs, bloc)
	}
	return want
}

func wantedCompetence(f *file, caller *call.Caller, c rules.GridUnit, standing bool, texts map[uint64][]string) *acquispb.Grid_GridCompetence {
	known := f.revision.compiled.Competence(c.Code)
	want := &acquispb.Grid_GridCompetence{Code: c.Code, Statement: known.GetStatement(), Method: methodFrom(known.GetMethod())}
	if len(f.candidacy.GetEnrolledBlocs()) == 1 {
		want.Method = methodFrom(known.GetBlocOnlyMethod())
	}
	if standing {
		want.Outcome, want.Reasons = acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(c.Outcome)]), wantedReasons(c.Reasons)
	}
	want.Criteria = wantedCriteria(f, caller, c, known.GetCriteria(), standing, texts)
	return want
}

func wantedEpreuve(f *file, caller *call.Caller, c rules.GridUnit, standing bool, texts map[uint64][]string) *acquispb.Grid_GridEpreuve {
	known := f.revision.compiled.Epreuve(c.Code)
	want := &acquispb.Grid_GridEpreuve{Code: c.Code, Title: known.GetTitle(), Method: methodFrom(known.GetMethod()), Competences: known.GetCompetences()}
	if standing {
		want.Outcome, want.Reasons = acquispb.Outcome_Enum(acquispb.Outcome_Enum_value[string(c.Outcome)]), wantedReasons(c.Reasons)
	}
	criteria := known.GetCriteria()
	if len(criteria) == 0 {
		criteria = []*storepb.Criterion{{Code: known.GetCode(), Statement: known.GetTitle(), Competences: known.GetCompetences()}}
	}
	want.Criteria = wantedCriteria(f, caller, c, criteria, standing, texts)
	return want
}

func wantedCriteria(f *file, caller *call.Caller, c rules.GridUnit, known []*storepb.Criterion, standing bool, texts map[uint64][]string) (want []*acquispb.Grid_GridCriterion) {
	for i, k := range c.Criteria {
		criterion := &acquispb.Grid_GridCriterion{Code: k.Code, Statement: known[i].GetStatement(), Eliminatory: k.Eliminatory, Competences: known[i].GetCompetences()}
		if standing {
			criterion.Status = acquispb.CriterionStatus_Enum(acquispb.CriterionStatus_Enum_value[string(k.Status)])
			criterion.Reasons = wantedReasons([]words.Reason{k.Reason})
			criterion.Level, criterion.Mark = levelOrMark(k.Found)
			if k.Points != nil {
				criterion.Points = k.Points.String()
			}
		}
		for _, o := range k.Opinions {
			criterion.Assessments = append(criterion.Assessments, wantedAssessment(f, caller, k.Code, o, texts)...)
		}
		if k.Settlement != nil && (caller.Has(acquispb.Role_JURY) || caller.Has(acquispb.Role_REGISTRAR)) {
			criterion.Settlement = wantedSettlement(f, k.Settlement, texts)
		}
		want = append(want, criterion)
	}
	return want
}

// levelOrMark tells them apart: levels are letters here.
func levelOrMark(found rules.Verdict) (level, mark string) {
	if found == "A" || found == "B" {
		return string(found), ""
	}
	return "", string(found)
}

func wantedReasons(reasons []words.Reason) (want []*acquispb.Reason) {
	for _, r := range reasons {
		reason := &acquispb.Reason{
			Rule: string(r.Rule), Bloc: r.Bloc, Competence: r.Competence, Epreuve: r.Epreuve, Criterion: r.Criterion, FromDefault: r.FromDefault,
			Reached: int32(r.Points), Required: int32(r.Required), Counted: int32(r.Counted), Text: r.String(),
		}
		if a := r.Amount; a != nil {
			reason.Amount = &acquispb.Reason_Amount{Reached: a.Reached, Exact: a.Exact, Limit: a.Limit, Weights: int32(a.Weights), Percent: a.Percent}
		}
		want = append(want, reason)
	}
	return want
}

// wantedAssessment is the latest one, if the caller may see it.
func wantedAssessment(f *file, caller *call.Caller, criterion string, o rules.Opinion, texts map[uint64][]string) []*acquispb.Assessment {
	all := caller.Has(acquispb.Role_JURY) || caller.Has(acquispb.Role_REGISTRAR)
	together := f.revision.compiled.Scheme().MinAssessors().Value > 1 && strings.HasPrefix(criterion, "C1.2.")
	if !all && (!caller.Has(acquispb.Role_ASSESSOR) || o.Assessor != caller.Subject && !together) {
		return nil
	}
	for _, a := range slices.Backward(f.assessments) {
		i := slices.IndexFunc(a.GetVerdicts(), func(l *storepb.VerdictLine) bool { return l.GetCriterion() == criterion })
		if i < 0 || a.GetAuthor() != o.Assessor {
			continue
		}
		recorder := a.GetRecorder()
		if recorder == "" {
			recorder = o.Assessor
		}
		return []*acquispb.Assessment{{
			Criterion: criterion, Verdict: acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(o.Verdict)]), Comment: textOf(texts, a, i),
			Level: a.GetVerdicts()[i].GetLevel(), Mark: a.GetVerdicts()[i].GetMark(),
			Assessor: o.Assessor, Quality: o.Quality, Recorder: recorder, RecordTime: a.GetRecordTime(),
		}}
	}
	return nil
}

func wantedSettlement(f *file, s *rules.Settlement, texts map[uint64][]string) *acquispb.Settlement {
	for _, a := range f.assessments {
		for i, line := range a.GetSettlements() {
			if a.GetUid() == s.Seq && line.GetCriterion() == s.Criterion {
				return &acquispb.Settlement{
					Criterion: s.Criterion, Verdict: acquispb.Verdict_Enum(acquispb.Verdict_Enum_value[string(s.Verdict)]),
					Motive: textOf(texts, a, i), Authors: s.Authors, SettleTime: a.GetRecordTime(), Level: line.GetLevel(), Mark: line.GetMark(),
				}
			}
		}
	}
	return nil
}

func textOf(texts map[uint64][]string, a *storepb.Assessment, line int) string {
	if of := texts[a.GetTexts().GetUid()]; line < len(of) {
		return of[line]
	}
	return ""
}

// noteFields records which fields are set in a message and below it.
func noteFields(filled map[protoreflect.FullName]bool, m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		filled[field.FullName()] = true
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				noteFields(filled, value.List().Get(i).Message())
			}
		default:
			noteFields(filled, value.Message())
		}
		return true
	})
}

// unfilled lists the fields of a message, and of those below it, that are never
// set.
func unfilled(filled map[protoreflect.FullName]bool, m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) (missing []protoreflect.FullName) {
	if seen[m.FullName()] {
		return nil
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		if slices.Contains([]protoreflect.FullName{"acquis.v1.Reason.last_valid_date", "acquis.v1.Reason.path"}, field.FullName()) {
			continue // of decisions and ledgers
		}
		if !filled[field.FullName()] {
			missing = append(missing, field.FullName())
		}
		if field.Message() != nil {
			missing = append(missing, unfilled(filled, field.Message(), seen)...)
		}
	}
	return missing
}
