package services

import (
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

var aName = regexp.MustCompile(`^(candidates|sessions|referentiels|keys|events)/`)

// TestNamesHaveOneSpelling: a resource in any request that has a name for it is found by
// that name only: not by another spelling of its number, not in capitals, and not by
// the name of something below it.
func TestNamesHaveOneSpelling(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "", "90d"))
	tried := 0
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		s.eachName(request, func(field string, name string, with func(string) proto.Message) {
			tried++
			before := s.written()
			for _, other := range spellings(name) {
				_, err := call(with(other))
				if got := told(err); !strings.HasPrefix(got, "INVALID_FIELD at ") && !strings.HasPrefix(got, "NOT_FOUND ") {
					t.Errorf("%T takes %s %q for %q: %q", request, field, other, name, got)
				}
			}
			if after := s.written(); after != before {
				t.Errorf("%T wrote %d events for other spellings of %s", request, after-before, name)
			}
		})
		_, err := call(request)
		must(t, err)
	})
	if tried < 50 {
		t.Errorf("only %d names", tried)
	}
}

var number = regexp.MustCompile(`/([0-9]+)(/|$)`)

func spellings(name string) []string {
	all := []string{
		name + "/", "/" + name, name + "/x", strings.Replace(name, "/", "//", 1), strings.ToUpper(name), name + " ", name + "\n",
		strings.Replace(name, "/", "%2F", 1), "//acquis.eval/" + name,
	}
	if number.MatchString(name) {
		for _, form := range []string{"/0$1$2", "/000$1$2", "/+$1$2", "/$1.0$2", "/0x$1$2", "/$1_$2", "/18446744073709551616$1$2"} {
			all = append(all, number.ReplaceAllString(name, form))
		}
	}
	return all
}

// eachName visits the names in a request, also in the resource that it updates.
func (s *stage) eachName(request proto.Message, visit func(field, name string, with func(string) proto.Message)) {
	top := request.ProtoReflect().Descriptor().Fields()
	for i := range top.Len() {
		path := []protoreflect.FieldDescriptor{top.Get(i)}
		if path[0].Kind() == protoreflect.MessageKind && !path[0].IsList() {
			below := path[0].Message().Fields()
			for j := range below.Len() {
				visitName(request, []protoreflect.FieldDescriptor{path[0], below.Get(j)}, visit)
			}
		}
		visitName(request, path, visit)
	}
}

func visitName(request proto.Message, path []protoreflect.FieldDescriptor, visit func(field, name string, with func(string) proto.Message)) {
	last := path[len(path)-1]
	if last.Kind() != protoreflect.StringKind || last.IsList() {
		return
	}
	holder := request.ProtoReflect()
	for _, field := range path[:len(path)-1] {
		holder = holder.Get(field).Message()
	}
	if name := holder.Get(last).String(); aName.MatchString(name) {
		visit(string(last.FullName()), name, func(other string) proto.Message {
			changed := proto.Clone(request)
			holder := changed.ProtoReflect()
			for _, field := range path[:len(path)-1] {
				holder = holder.Mutable(field).Message()
			}
			holder.Set(last, protoreflect.ValueOfString(other))
			return changed
		})
	}
}

// TestWhatIsSetByTheServiceIsNotGiven: what was read of one resource does not make
// another: no create takes another name, an etag, or what only the service sets.
func TestWhatIsSetByTheServiceIsNotGiven(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "", "90d"))
	creates := map[protoreflect.Name]bool{}
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		message := request.ProtoReflect()
		for _, at := range []protoreflect.Name{"candidate", "session", "candidacy", "key", "referentiel"} {
			field := message.Descriptor().Fields().ByName(at)
			if field == nil || field.Kind() != protoreflect.MessageKind || message.Descriptor().Fields().ByName("update_mask") != nil {
				continue
			}
			creates[at] = true
			before, below := s.written(), field.Message().Fields()
			for name, value := range map[protoreflect.Name]protoreflect.Value{
				"name": protoreflect.ValueOfString("candidates/other"), "etag": protoreflect.ValueOfString("x"),
				"state": protoreflect.ValueOfEnum(1), "revoke_time": {}, "create_time": {},
			} {
				if below.ByName(name) == nil || at == "referentiel" && name != "name" {
					continue
				}
				other := proto.Clone(request)
				resource := other.ProtoReflect().Mutable(field).Message()
				if !value.IsValid() {
					value = resource.NewField(below.ByName(name))
				}
				resource.Set(below.ByName(name), value)
				_, err := call(other)
				s.refuses(before, refusal{string(at) + "." + string(name), told(err), "INVALID_FIELD at " + string(at) + "." + below.ByName(name).JSONName()})
			}
		}
		_, err := call(request)
		must(t, err)
	})
	if len(creates) != 5 {
		t.Errorf("it creates %v", creates)
	}
}

// TestOwnNameIsTaken: a create may name what it makes, if it does so rightly; and a
// revision may be published again by what was read of it.
func TestOwnNameIsTaken(t *testing.T) {
	s := newStage(t)
	given := someone("camille")
	given.Name = "candidates/camille"
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: given})
	session := aSession()
	session.Name = "sessions/juin"
	ask(s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{SessionId: "juin", Session: session})
	enrol := enrolment("juin", "camille")
	enrol.Candidacy.Name = "sessions/juin/candidacies/camille"
	ask(s.registrar, s.CreateCandidacy, enrol)
	before := s.written()
	enrol.Candidacy.Name = "sessions/mai/candidacies/camille"
	nameless := &acquispb.CreateCandidateRequest{Candidate: given}
	current := s.marketing()
	publish := func(id, name string) string {
		content := proto.CloneOf(current)
		content.Name = name
		return try(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: id, Referentiel: content})
	}
	s.refuses(before,
		refusal{"a candidacy of another session", try(s.registrar, s.CreateCandidacy, enrol), "INVALID_FIELD at candidacy.name"},
		refusal{"a name where the service chooses", try(s.registrar, s.CreateCandidate, nameless), "INVALID_FIELD at candidate.name"},
		refusal{"another référentiel", publish("sales", current.GetName()), "INVALID_FIELD at referentiel.name"},
		refusal{"a revision of another", publish("sales", current.GetRevision()), "INVALID_FIELD at referentiel.name"},
		refusal{"one whose id begins alike", publish("marketing", "referentiels/marketing-2"), "INVALID_FIELD at referentiel.name"},
	)
	for _, name := range []string{"", current.GetName(), current.GetRevision()} {
		if got := publish("marketing", name); got != "" {
			t.Errorf("published again as %q: %q", name, got)
		}
	}
	if after := s.written(); after != before+1 { // the first says that it was published over the API
		t.Errorf("publishing what is current wrote %d events", after-before)
	}
}

// TestEtagsAreOfOneResource: resources at the same version have different etags, and
// each refuses those of the others.
func TestEtagsAreOfOneResource(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	s.candidate("sacha")
	s.session("juin")
	s.session("mai")
	names := []string{
		"candidates/camille", "candidates/sacha", "sessions/juin", "sessions/mai", s.enrol("juin", "camille", "B1"), s.enrol("mai", "sacha", "B1"),
	}
	act := map[string]func(name, etag string) string{
		"candidates/": func(name, etag string) string {
			return try(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: &acquispb.Candidate{Name: name, Etag: etag, UsageName: "x"}})
		},
		"sessions/": func(name, etag string) string {
			if strings.Contains(name, "/candidacies/") {
				return try(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: name, Etag: etag})
			}
			return try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{Name: name, Etag: etag, DisplayName: "x"}})
		},
	}
	first, later := timestamppb.New(s.clock.Now()), timestamppb.New(s.clock.Now())
	of := make(map[string]bool)
	for _, record := range []*storepb.Session{
		{Uid: 1, Version: 1, UpdateTime: first}, {Uid: 2, Version: 1, UpdateTime: first},
		{Uid: 1, Version: 2, UpdateTime: first}, {Uid: 1, Version: 1, UpdateTime: later}, {Uid: 11, UpdateTime: first}, {Version: 11, UpdateTime: first},
	} {
		of[etag(record)] = true
	}
	if len(of) != 6 {
		t.Errorf("six states have %d etags", len(of))
	}
	before := s.written()
	for _, name := range names {
		for _, other := range append(names, "") {
			etag := "1"
			if other != "" {
				etag = s.etag(other)
			}
			if other != name {
				got := act[name[:strings.Index(name, "/")+1]](name, etag)
				s.refuses(before, refusal{name + " by the etag of " + other, got, "ETAG_STALE"})
			}
		}
	}
	for _, name := range names {
		if got := act[name[:strings.Index(name, "/")+1]](name, s.etag(name)); got != "" {
			t.Errorf("%s by its own etag: %q", name, got)
		}
	}
}
