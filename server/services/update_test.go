package services

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// An updating is an RPC that updates a resource, for tests of all such RPCs.
type updating struct {
	at       string // the resource's field of the request
	name     string
	versions []proto.Message // whole resources, as a create takes them
	read     func(*stage) proto.Message
	update   func(*stage, proto.Message, *fieldmaskpb.FieldMask) (proto.Message, error)
}

// updatings are all of them: TestUpdatingsAreAll.
func updatings() []updating {
	return []updating{candidateUpdating(), sessionUpdating()}
}

func candidateUpdating() updating {
	second := &acquispb.Candidate{
		BirthName: "Petit", GivenNames: []string{"Noé", "Jean"}, Sex: acquispb.Candidate_Sex_MALE, BirthDate: &date.Date{Year: 1990},
		BirthPlace:  &acquispb.Candidate_BirthPlace{City: "Tours", Country: "France"},
		ExternalIds: []*acquispb.Candidate_ExternalId{{System: "crm", Id: "B"}},
	}
	return updating{
		at: "candidate", name: "candidates/camille", versions: []proto.Message{whole(), second, someone("x")},
		read: func(s *stage) proto.Message {
			return ask(s.registrar, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
		},
		update: func(s *stage, given proto.Message, mask *fieldmaskpb.FieldMask) (proto.Message, error) {
			candidate, _ := given.(*acquispb.Candidate)
			return s.UpdateCandidate(s.registrar.ctx(), &acquispb.UpdateCandidateRequest{Candidate: candidate, UpdateMask: mask})
		},
	}
}

func sessionUpdating() updating {
	second := aSession()
	second.DisplayName, second.Referentiel, second.Centre = "Jury d'été", "referentiels/petit", &acquispb.Session_Centre{Code: "PARIS"}
	second.Assessors, second.Jury, second.EndDate = assessing("lea"), second.GetJury()[:1], &date.Date{Year: 2026, Month: 7, Day: 1}
	third := aSession()
	third.StartDate, third.EndDate, third.Centre, third.Jury = &date.Date{Year: 2026, Month: 6, Day: 16}, nil, nil, nil
	return updating{
		at: "session", name: "sessions/juin", versions: []proto.Message{aSession(), second, third},
		read: func(s *stage) proto.Message {
			return ask(s.registrar, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"})
		},
		update: func(s *stage, given proto.Message, mask *fieldmaskpb.FieldMask) (proto.Message, error) {
			session, _ := given.(*acquispb.Session)
			return s.UpdateSession(s.registrar.ctx(), &acquispb.UpdateSessionRequest{Session: session, UpdateMask: mask})
		},
	}
}

func updatingStage(t testing.TB) *stage {
	s := newStage(t)
	s.publish("petit", petit())
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: whole()})
	s.session("juin")
	return s
}

// TestUpdatingsAreAll: the tests below know every RPC with an update mask.
func TestUpdatingsAreAll(t *testing.T) {
	known, err := theContract()
	must(t, err)
	count := 0
	for _, rpc := range known.RPCs {
		if len(rpc.Updatable) > 0 {
			count++
		}
	}
	if count != len(updatings()) {
		t.Errorf("%d RPCs update", count)
	}
}

// TestOnlyUpdatableFieldsChange: each field of a resource that no update changes is
// refused by name if it differs from what is stored, in the body and in the mask, and
// taken if it is what was read.
func TestOnlyUpdatableFieldsChange(t *testing.T) {
	for _, u := range updatings() {
		s := updatingStage(t)
		now, fields := u.read(s), u.read(s).ProtoReflect().Descriptor().Fields()
		before := s.written()
		if same, err := u.update(s, u.read(s), nil); err != nil || !proto.Equal(same, now) || s.written() != before {
			t.Errorf("%s as it was read: %v, %v, and %d events", u.name, same, err, s.written()-before)
		}
		for i := range fields.Len() {
			field := fields.Get(i)
			if u.updatable(s, field) || field.Name() == "etag" || field.Name() == "name" {
				continue
			}
			given := proto.Clone(now)
			change(given.ProtoReflect(), field)
			_, err := u.update(s, given, nil)
			_, masked := u.update(s, now, maskOf([]string{string(field.Name())}))
			s.refuses(before,
				refusal{"another " + string(field.Name()), told(err), "INVALID_FIELD at " + u.at + "." + field.JSONName()},
				refusal{"a mask with " + string(field.Name()), told(masked), "INVALID_FIELD at updateMask"},
			)
		}
		for _, name := range []string{"", "x", u.name + "/x", u.name + "/", "/" + u.name, strings.ToUpper(u.name), "x" + u.name} {
			given := proto.Clone(now)
			given.ProtoReflect().Set(fields.ByName("name"), protoreflect.ValueOfString(name))
			_, err := u.update(s, given, nil)
			s.refuses(before, refusal{"the name " + name, told(err), "INVALID_FIELD at " + u.at + ".name"})
		}
	}
}

func (u updating) updatable(s *stage, field protoreflect.FieldDescriptor) bool {
	rpc := map[string]proto.Message{"candidate": new(acquispb.UpdateCandidateRequest), "session": new(acquispb.UpdateSessionRequest)}[u.at]
	for _, name := range s.core.contract.Of(rpc).Updatable {
		if name == string(field.Name()) {
			return true
		}
	}
	return false
}

// change sets a field that only the service sets to what it never is.
func change(message protoreflect.Message, field protoreflect.FieldDescriptor) {
	switch {
	case field.Kind() == protoreflect.EnumKind:
		message.Set(field, protoreflect.ValueOfEnum(3))
	case field.Kind() == protoreflect.MessageKind:
		message.Set(field, protoreflect.ValueOfMessage((&timestamppb.Timestamp{Seconds: 7}).ProtoReflect()))
	default:
		panic("a kind of field that this test does not know: " + field.Kind().String())
	}
}

// TestUpdates: whatever of a resource is sent with whatever mask, exactly what the
// mask names, or without one what is sent, becomes what was sent; and the etag and the
// journal go on if and only if something has changed.
func TestUpdates(t *testing.T) {
	for _, u := range updatings() {
		t.Run(u.at, func(t *testing.T) {
			s := updatingStage(t)
			seen := map[string]bool{etagIn(u.read(s)): true}
			rapid.Check(t, func(rt *rapid.T) { u.random(rt, s, seen) })
		})
	}
}

func (u updating) random(t *rapid.T, s *stage, seen map[string]bool) {
	before, events := u.read(s), s.written()
	given, paths := before.ProtoReflect().New(), []string(nil)
	fields, from := given.Descriptor().Fields(), rapid.SampledFrom(u.versions)
	masked, want := rapid.Bool().Draw(t, "masked"), proto.Clone(before)
	for i := range fields.Len() {
		field := fields.Get(i)
		name := string(field.Name())
		if name == "name" || name == "etag" {
			given.Set(field, before.ProtoReflect().Get(field))
			continue
		}
		source := before
		if u.updatable(s, field) {
			source = from.Draw(t, name)
		}
		if value := source.ProtoReflect(); value.Has(field) && rapid.Bool().Draw(t, "send "+name) {
			given.Set(field, value.Get(field))
		}
		if u.updatable(s, field) && (!masked && given.Has(field) || masked && rapid.IntRange(0, 3).Draw(t, "mask "+name) == 0) {
			paths = append(paths, name)
			copyField(want.ProtoReflect(), given, field)
		}
	}
	var mask *fieldmaskpb.FieldMask
	if masked && len(paths) > 0 {
		mask = maskOf(rapid.Permutation(paths).Draw(t, "mask"))
	} else if masked {
		return // an empty mask is none
	}
	got, err := u.update(s, given.Interface(), mask)
	now := u.read(s)
	if err != nil {
		if !strings.HasPrefix(told(err), "INVALID_FIELD at "+u.at) || !proto.Equal(before, now) || s.written() != events {
			t.Fatalf("%v with %v is told %v, and leaves %v", given, mask, err, now)
		}
		return
	}
	s.spellOut(want, before, paths)
	if diff := cmp.Diff(want, now, protocmp.Transform(), protocmp.IgnoreFields(want, "etag", "update_time")); diff != "" || !proto.Equal(got, now) {
		t.Fatalf("%v with %v:\n%s", given, mask, diff)
	}
	same := cmp.Equal(before, now, protocmp.Transform(), protocmp.IgnoreFields(want, "etag", "update_time"))
	if tag := etagIn(now); same && (!proto.Equal(before, now) || s.written() != events) || !same && (seen[tag] || s.written() != events+1) {
		t.Fatalf("same: %v, but the etag is %s after %s, and there are %d events more", same, tag, etagIn(before), s.written()-events)
	}
	seen[etagIn(now)] = true
}

// copyField is the test's own copyPath.
func copyField(into, from protoreflect.Message, field protoreflect.FieldDescriptor) {
	if into.Clear(field); from.Has(field) {
		into.Set(field, from.Get(field))
	}
}

// spellOut does as the service: a session has an end, and names its revision.
func (s *stage) spellOut(want, before proto.Message, paths []string) {
	session, ok := want.(*acquispb.Session)
	if !ok {
		return
	}
	was := before.(*acquispb.Session)
	if oneDay := proto.Equal(was.GetStartDate(), was.GetEndDate()); session.GetEndDate() == nil || oneDay && !slices.Contains(paths, "end_date") {
		session.EndDate = session.GetStartDate()
	}
	if name := session.GetReferentiel(); !strings.Contains(name, "/revisions/") {
		session.Referentiel = ask(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: name}).GetRevision()
	}
}

func etagIn(m proto.Message) string {
	tagged, _ := m.(interface{ GetEtag() string })
	return tagged.GetEtag()
}
