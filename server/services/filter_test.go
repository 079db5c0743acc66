package services

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// filtered are the lists that have a filter, by their requests.
func filtered() map[protoreflect.MessageDescriptor]string {
	of := func(m interface{ ProtoReflect() protoreflect.Message }) protoreflect.MessageDescriptor {
		return m.ProtoReflect().Descriptor()
	}
	return map[protoreflect.MessageDescriptor]string{
		of(new(acquispb.ListSessionsRequest)):    sessionFields().Contract(),
		of(new(acquispb.ListCandidaciesRequest)): candidacyFields().Contract(),
		of(new(acquispb.ListDecisionsRequest)):   decisionFields().Contract(),
		of(new(acquispb.ListAccessesRequest)):    accessFields().Contract(),
	}
}

// TestFiltersAreInTheContract: the comment on each filter in the proto files begins
// with the fields and operators that the list takes.
func TestFiltersAreInTheContract(t *testing.T) {
	files, err := filepath.Glob("../../proto/acquis/v1/*.proto")
	must(t, err)
	comments := make(map[string]string) // by message
	filters := regexp.MustCompile(`(?m)((?:^ +//.*\n)+) +string filter = `)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, message := range strings.Split(string(text), "\nmessage ")[1:] {
			if found := filters.FindStringSubmatch(message); found != nil {
				comment := regexp.MustCompile(`\n? +// `).ReplaceAllString(found[1], " ")
				comments[message[:strings.IndexByte(message, ' ')]] = strings.TrimSpace(comment)
			}
		}
	}
	for message, contract := range filtered() {
		name := string(message.Name())
		if comment := comments[name]; !strings.HasPrefix(comment, contract) {
			t.Errorf("%s: the comment on filter is\n%s\nand must begin with\n%s", name, comment, contract)
		}
		delete(comments, name)
	}
	for name := range comments {
		t.Errorf("%s has a filter whose fields no test knows", name)
	}
}
