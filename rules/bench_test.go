package rules

import (
	"fmt"
	"testing"
)

// BenchmarkAssess computes a grid as large as that of the marketing référentiel:
// 4 blocs, 16 compétences, 64 criteria, one verdict on each; the last is not met.
func BenchmarkAssess(b *testing.B) {
	var spec Spec
	var acts Acts
	for bloc := range 4 {
		spec.Blocs = append(spec.Blocs, Bloc{Code: fmt.Sprint("B", bloc)})
		for c := range 4 {
			competence := Unit{Code: fmt.Sprintf("C%d.%d", bloc, c)}
			for k := range 4 {
				code := fmt.Sprintf("%s.%d", competence.Code, k)
				competence.Criteria = append(competence.Criteria, Criterion{Code: code})
				acts.Assessments = append(acts.Assessments, Assessment{Criterion: code, Assessor: "eve", Verdict: Met, Seq: uint64(bloc*4 + c)})
			}
			spec.Blocs[bloc].Units = append(spec.Blocs[bloc].Units, competence)
		}
	}
	acts.Assessments[len(acts.Assessments)-1].Verdict = NotMet
	scheme, err := NewScheme(spec)
	if err != nil {
		b.Fatal(err)
	}
	candidacy := Candidacy{Enrolled: scheme.BlocCodes()}
	b.ReportAllocs()
	for b.Loop() {
		Assess(scheme, candidacy, acts)
	}
}
