package contract

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// verdicts is a batch as a learning platform sends it.
func verdicts(lines int) *acquispb.RecordAssessmentsRequest {
	r := &acquispb.RecordAssessmentsRequest{Candidacy: "sessions/s-001/candidacies/k-001", Assessor: "assessor-1"}
	for i := range lines {
		r.Assessments = append(r.Assessments, &acquispb.Assessment{
			Criterion: fmt.Sprintf("C1.%d", i+1), Verdict: acquispb.Verdict_MET, Comment: "Le candidat justifie ses choix.",
		})
	}
	return r
}

// publication is a référentiel about as large as the marketing one.
func publication() *acquispb.PublishReferentielRequest {
	method := &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: "Mise en situation", Instructions: strings.Repeat("À partir d'un cas.", 20)}
	r := &acquispb.Referentiel{DisplayName: "Marketing", Register: &acquispb.Register{Kind: acquispb.Register_Kind_RNCP, Number: "RNCP1234"}}
	for b := range 5 {
		bloc := &acquispb.Bloc{Code: fmt.Sprintf("B%d", b), Title: "Élaborer la stratégie"}
		for c := range 6 {
			k := &acquispb.Competence{Code: fmt.Sprintf("C%d.%d", b, c), Statement: strings.Repeat("Analyser le marché.", 10), Method: method}
			for i := range 4 {
				k.Criteria = append(k.Criteria, &acquispb.Criterion{Code: fmt.Sprintf("C%d.%d.%d", b, c, i+1), Statement: strings.Repeat("Le choix est argumenté.", 5)})
			}
			bloc.Competences = append(bloc.Competences, k)
		}
		r.Blocs = append(r.Blocs, bloc)
	}
	return &acquispb.PublishReferentielRequest{ReferentielId: "marketing", Referentiel: r}
}

// BenchmarkRequests compares the cost of checking with decoding and validating
// the same request.
func BenchmarkRequests(b *testing.B) {
	requests := everyRequest(b)
	v, err := NewValidator()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		message proto.Message
	}{
		{"verdicts-4", verdicts(4)}, {"verdicts-1000", verdicts(1000)}, {"referentiel", publication()},
	} {
		wire, err := proto.Marshal(c.message)
		if err != nil {
			b.Fatal(err)
		}
		text, err := protojson.Marshal(c.message)
		if err != nil {
			b.Fatal(err)
		}
		request, fresh := requests[c.message.ProtoReflect().Descriptor().FullName()], c.message.ProtoReflect().New
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"wire-check", func() error { return passed(request.CheckWire(wire)) }},
			{"wire-decode", func() error { return proto.Unmarshal(wire, fresh().Interface()) }},
			{"json-check", func() error { return passed(request.CheckJSON(text, nil)) }},
			{"json-decode", func() error { return protojson.Unmarshal(text, fresh().Interface()) }},
			{"validate", func() error { return v.Request(b.Context(), c.message) }},
			{"texts", func() error {
				if !v.texts.fine(c.message.ProtoReflect(), "") {
					return errors.New("a text is not accepted")
				}
				return nil
			}},
		} {
			b.Run(c.name+"/"+step.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := step.do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func passed(fault *Fault) error {
	if fault == nil {
		return nil
	}
	return fault
}
