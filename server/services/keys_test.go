package services

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

func keyFor(subject string, roles ...acquispb.Role_Enum) *acquispb.CreateKeyRequest {
	return &acquispb.CreateKeyRequest{Key: &acquispb.Key{Subject: subject, Roles: roles}}
}

// keys lists the keys, in order of creation.
func (s *stage) keys() (all []*acquispb.Key) {
	s.Helper()
	request := &acquispb.ListKeysRequest{PageSize: 1}
	for {
		page := ask(s.admin, s.ListKeys, request)
		all = append(all, page.GetKeys()...)
		if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
			return all
		}
	}
}

// TestKeyIsMade: a key has what the administrator requested; its secret is shown
// once, authenticates its roles, and is not stored.
func TestKeyIsMade(t *testing.T) {
	s := newStage(t)
	given := &acquispb.Key{
		Subject: "platform", DisplayName: "Plateforme", Roles: []acquispb.Role_Enum{acquispb.Role_ASSESSOR, acquispb.Role_READER}, Delegate: true,
		ExpireTime: timestamppb.New(s.clock.Now().Add(time.Hour)), Centre: "LYON",
	}
	made := ask(s.admin, s.CreateKey, &acquispb.CreateKeyRequest{Key: given})
	key := made.GetKey()
	given.Name, given.Creator, given.CreateTime = key.GetName(), "admin-1", key.GetCreateTime()
	if diff := cmp.Diff(given, key, protocmp.Transform()); diff != "" || key.GetCreateTime() == nil || !strings.HasPrefix(key.GetName(), "keys/") {
		t.Errorf("the key is %v\n%s", key, diff)
	}
	caller, err := s.core.authn.Authenticate(t.Context(), []string{"Bearer " + made.GetSecret()})
	if err != nil || caller.Subject != "platform" || !caller.Delegate || caller.Centre != "LYON" || !slices.Equal(caller.Roles, given.GetRoles()) {
		t.Errorf("its secret authenticates %v: %v", caller, err)
	}
	ask(s.admin, s.CreateKey, keyFor("second", acquispb.Role_READER))
	listed := s.keys()
	if diff := cmp.Diff(given, listed[1], protocmp.Transform()); diff != "" || len(listed) != 3 || listed[0].GetSubject() != FirstSubject || listed[2].GetSubject() != "second" {
		t.Errorf("the keys are %v\n%s", listed, diff)
	}
	secret, err := authn.ParseSecret(made.GetSecret())
	must(t, err)
	var image bytes.Buffer
	must(t, s.store.Snapshot(t.Context(), &image, func(store.Reader) error { return nil }))
	if !bytes.Contains(image.Bytes(), []byte(secret.ID)) || bytes.Contains(image.Bytes(), []byte(secret.Value)) {
		t.Error("the store contains the secret, or no key")
	}
}

// TestKeyIsRefused: for the caller, in the past, or with roles that exclude each
// other.
func TestKeyIsRefused(t *testing.T) {
	s := newStage(t)
	ask(s.admin, s.CreateKey, keyFor("registrar", acquispb.Role_REGISTRAR))
	ended := ask(s.admin, s.CreateKey, keyFor("member", acquispb.Role_REGISTRAR)).GetKey()
	ask(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: ended.GetName()})
	ask(s.admin, s.CreateKey, keyFor("member", acquispb.Role_JURY)) // the other was revoked
	past, impossible := keyFor("x", acquispb.Role_READER), keyFor("x", acquispb.Role_READER)
	past.Key.ExpireTime, impossible.Key.ExpireTime = timestamppb.New(s.clock.Now()), &timestamppb.Timestamp{Nanos: -1}
	s.refuses(s.written(),
		refusal{"for oneself", try(s.admin, s.CreateKey, keyFor("admin-1", acquispb.Role_READER)), "OWN_SUBJECT"},
		refusal{"that has ended", try(s.admin, s.CreateKey, past), "INVALID_FIELD at key.expireTime"},
		refusal{"with an invalid end", try(s.admin, s.CreateKey, impossible), "INVALID_FIELD at key.expireTime"},
		refusal{"with roles that exclude each other", try(s.admin, s.CreateKey, keyFor("x", acquispb.Role_JURY, acquispb.Role_ADMIN)), "ROLES_EXCLUDED"},
		refusal{"of the jury for a registrar", try(s.admin, s.CreateKey, keyFor("registrar", acquispb.Role_JURY)), "ROLES_EXCLUDED"},
		refusal{"that does not exist", try(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: "keys/aaaaaaaaaaaaaaaa"}), "NOT_FOUND keys/aaaaaaaaaaaaaaaa"},
		refusal{"by a registrar", try(s.registrar, s.CreateKey, keyFor("x", acquispb.Role_READER)), "ROLE_MISSING"},
	)
}

// TestKeyIsRevoked: a revoked key no longer authenticates, and is revoked only
// once.
func TestKeyIsRevoked(t *testing.T) {
	s := newStage(t)
	made := ask(s.admin, s.CreateKey, keyFor("reader", acquispb.Role_READER))
	enter := func() error {
		_, err := s.core.authn.Authenticate(t.Context(), []string{"Bearer " + made.GetSecret()})
		return err
	}
	must(t, enter())
	revoked := ask(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: made.GetKey().GetName()})
	if revoked.GetRevokeTime() == nil || enter() == nil {
		t.Errorf("a revoked key still authenticates: %v", revoked)
	}
	before := s.written()
	same := ask(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: made.GetKey().GetName()})
	if diff := cmp.Diff(revoked, same, protocmp.Transform()); diff != "" || s.written() != before {
		t.Errorf("revoked twice:\n%s", diff)
	}
}

// TestLastAdminKeyStays: one key that can create keys remains as long as the
// service runs: without an end, not revoked, of no centre.
func TestLastAdminKeyStays(t *testing.T) {
	s := newStage(t)
	first := s.keys()[0].GetName()
	revoke := func(name string) string { return try(s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: name}) }
	ending := keyFor("ending", acquispb.Role_ADMIN)
	ending.Key.ExpireTime = timestamppb.New(s.clock.Now().Add(time.Hour))
	ask(s.admin, s.CreateKey, ending)
	ask(s.admin, s.CreateKey, keyFor("registrar", acquispb.Role_REGISTRAR))
	if got := revoke(first); got != "LAST_ADMIN_KEY" {
		t.Errorf("the last key without an end: %q", got)
	}
	second := ask(s.admin, s.CreateKey, keyFor("second", acquispb.Role_ADMIN, acquispb.Role_READER)).GetKey().GetName()
	if got := revoke(first); got != "" {
		t.Errorf("while there is a second: %q", got)
	}
	if got := revoke(second); got != "LAST_ADMIN_KEY" {
		t.Errorf("the second, then: %q", got)
	}
	for _, key := range s.keys() {
		if subject := key.GetSubject(); subject == "registrar" {
			if got := revoke(key.GetName()); got != "" {
				t.Errorf("a key of another role: %q", got)
			}
		}
	}
}

// TestLastingAdmin: keys of an earlier version may have properties that no key
// gets today.
func TestLastingAdmin(t *testing.T) {
	admin, jury := acquispb.Role_ADMIN, acquispb.Role_JURY
	some := timestamppb.New(time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC))
	for what, c := range map[string]struct {
		key  *storepb.Key
		want bool
	}{
		"an admin's":                 {&storepb.Key{Roles: []acquispb.Role_Enum{admin}}, true},
		"nobody's":                   {&storepb.Key{}, false},
		"one that was revoked":       {&storepb.Key{Roles: []acquispb.Role_Enum{admin}, RevokeTime: some}, false},
		"one that ends":              {&storepb.Key{Roles: []acquispb.Role_Enum{admin}, ExpireTime: some}, false},
		"one of a centre":            {&storepb.Key{Roles: []acquispb.Role_Enum{admin}, Centre: "LYON"}, false},
		"one whose roles exclude it": {&storepb.Key{Roles: []acquispb.Role_Enum{admin, jury}}, false},
	} {
		if got := lastingAdmin(c.key); got != c.want {
			t.Errorf("%s lasts: %v", what, got)
		}
	}
}

// TestKeyOfAnOperator: somebody who can write the store creates a key without a
// server, by the rules for keys. Each start warns about it, as long as it is
// valid.
func TestKeyOfAnOperator(t *testing.T) {
	now := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	if _, err := MakeKey(t.Context(), memstore.New(), keyFor("rescue", acquispb.Role_ADMIN).GetKey(), now); !errors.Is(err, ErrNoFirstKey) {
		t.Errorf("in an empty store: %v", err)
	}
	s := newStage(t)
	rescue := keyFor("rescue", acquispb.Role_ADMIN).GetKey()
	rescue.ExpireTime = timestamppb.New(now.Add(48 * time.Hour))
	secret, err := MakeKey(t.Context(), s.store, rescue, now.Add(time.Hour))
	must(t, err)
	keys := s.keys()
	made := keys[len(keys)-1]
	if made.GetName() != "keys/"+secret.ID || made.GetSubject() != "rescue" || made.GetCreator() != Operator || !made.GetCreateTime().AsTime().Equal(now.Add(time.Hour)) {
		t.Errorf("the key is %v", made)
	}
	event := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: int64(s.written()) - 1}).GetEvents()[0]
	if event.GetActor() != Operator || event.GetResource() != made.GetName() || event.GetKind() != acquispb.Event_Kind_KEY {
		t.Errorf("its event is %v", event)
	}
	ask(s.admin, s.CreateKey, keyFor("member", acquispb.Role_JURY))
	before := s.written()
	past := keyFor("x", acquispb.Role_READER).GetKey()
	past.ExpireTime = timestamppb.New(now)
	for what, key := range map[string]*acquispb.Key{
		"INVALID_FIELD at key.roles": {Subject: "x"}, "INVALID_FIELD at key.expireTime": past,
		"ROLES_EXCLUDED": keyFor("member", acquispb.Role_REGISTRAR).GetKey(),
	} {
		if _, err := MakeKey(t.Context(), s.store, key, now.Add(time.Hour)); told(err) != what || s.written() != before {
			t.Errorf("%v gets %q, not %q", key, told(err), what)
		}
	}
	warnings := func(after time.Duration) int {
		var lines bytes.Buffer
		s.clock.advance(after)
		newServices(t, s.store, Options{Log: slog.New(slog.NewTextHandler(&lines, nil)), Now: s.clock.Now})
		return strings.Count(lines.String(), "a key was created without a server")
	}
	if got := warnings(0); got != 1 {
		t.Errorf("%d warnings at a start", got)
	}
	if got := warnings(72 * time.Hour); got != 0 {
		t.Errorf("%d warnings of a key that has ended", got)
	}
}
