package proto_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// switches are the booleans of requests that mean false if they are left out, each
// with the reason why no caller is misled by it. Any other decides something, and
// must be said.
var switches = map[protoreflect.FullName]string{
	"acquis.v1.Key.delegate":                            "without it a key may do less",
	"acquis.v1.IssueAttestationRequest.include_name":    "without it a credential tells less",
	"acquis.v1.PurgeCandidatesRequest.validate_only":    "the name of the RPC says what it does",
	"acquis.v1.PublishReferentielRequest.validate_only": "the name of the RPC says what it does",
	"acquis.v1.Gate.in_percent":                         "a référentiel states what is special about a gate",
	"acquis.v1.Validity.unlimited":                      "a référentiel states it, or a period",
	"acquis.v1.Criterion.eliminatory":                   "a référentiel states what is special about a criterion",
	"acquis.v1.Epreuve.eliminatory":                     "a référentiel states what is special about an épreuve",
	"acquis.v1.Variant.When.single_bloc":                "a référentiel states what a variant asks for",
	"acquis.v1.JuryRule.College.parity":                 "a référentiel states what is special about a college",
	"acquis.v1.JuryRule.casting_vote":                   "a référentiel states what is special about a jury",
	"acquis.v1.JuryMember.external":                     "a member counts as external only if that is said",
	"acquis.v1.JuryMember.chair":                        "a member may chair only if that is said",
}

// defaulted are the booleans of requests that differ from both answers if they are left
// out, each with who says then what is the default.
var defaulted = map[protoreflect.FullName]string{
	"acquis.v1.Register.divisible": "a refusal says that it is the default of the register",
}

// TestBooleansThatDecideAreRequired: a boolean of a request that is left out decides
// nothing about a person.
func TestBooleansThatDecideAreRequired(t *testing.T) {
	seen, found := make(map[protoreflect.FullName]bool), make(map[protoreflect.FullName]bool)
	var walk func(m protoreflect.MessageDescriptor)
	walk = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] {
			return
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			switch {
			case behaves(field, annotations.FieldBehavior_OUTPUT_ONLY): // refused or ignored
			case field.Message() != nil:
				walk(field.Message())
			case field.Kind() == protoreflect.BoolKind:
				found[field.FullName()] = true
			}
			if field.Kind() != protoreflect.BoolKind || !found[field.FullName()] {
				continue
			}
			rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
			required := field.HasPresence() && rules.GetRequired() && behaves(field, annotations.FieldBehavior_REQUIRED)
			if _, listed := defaulted[field.FullName()]; listed && field.HasPresence() && !required {
				continue
			}
			if _, listed := switches[field.FullName()]; listed == required {
				t.Errorf("%s must be either optional, required and REQUIRED, or a switch with a reason", field.FullName())
			}
		}
	}
	eachMethod(t, func(_ *testing.T, m protoreflect.MethodDescriptor) { walk(m.Input()) })
	for name := range switches {
		if !found[name] {
			t.Errorf("no request has %s", name)
		}
	}
	for name := range defaulted {
		if !found[name] {
			t.Errorf("no request has %s", name)
		}
	}
}

// TestSwitchesSayWhatTheirAbsenceMeans: the comment of each switch says it. Comments
// are not in the descriptors, so the source is read.
func TestSwitchesSayWhatTheirAbsenceMeans(t *testing.T) {
	field := regexp.MustCompile(`(?m)((?:^ *//.*\n)*)^ *bool (\w+) = \d+ \[\(google\.api\.field_behavior\) = OPTIONAL\]`)
	found := 0
	for _, file := range files() {
		source, err := os.ReadFile(file.Path())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range field.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(m[1], "Left out: false") {
				t.Errorf("%s: the comment of %s does not say what its absence means", file.Path(), m[2])
			}
		}
	}
	if found != len(switches) {
		t.Errorf("found %d switches in the source, want %d", found, len(switches))
	}
}
