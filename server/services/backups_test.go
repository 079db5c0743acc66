package services

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"testing"

	"google.golang.org/grpc"

	"github.com/acquis-eval/acquis/backup"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A stream accepts what Backup sends, until it is full.
type stream struct {
	grpc.ServerStream
	ctx      context.Context
	manifest *acquispb.BackupManifest
	content  bytes.Buffer
	pieces   int
	room     int // how many messages it accepts
}

func (s *stream) Context() context.Context { return s.ctx }

var errCutOff = errors.New("the caller is gone")

func (s *stream) Send(answer *acquispb.BackupResponse) error {
	if s.room--; s.room < 0 {
		return errCutOff
	}
	if m := answer.GetManifest(); m != nil {
		s.manifest = m
		return nil
	}
	s.pieces++
	s.content.Write(answer.GetPiece())
	return nil
}

// backedUp is a stage with a store, and a function that makes a backup with room
// for that many messages.
func backedUp(t *testing.T, st store.Store) (s *stage, take func(who person, room int) (*stream, error)) {
	t.Helper()
	s = newStage(t, func(o *Options) { o.Store = st })
	maker := backup.NewMaker(s.store, s.core.notary.Origin(), backup.Settings{Scratch: t.TempDir(), Program: "v1"}, slog.New(slog.DiscardHandler), s.clock.Now)
	s.core.backups = maker
	return s, func(who person, room int) (*stream, error) {
		to := &stream{ctx: who.ctx(), room: room}
		return to, (&adminService{core: s.core}).Backup(&acquispb.BackupRequest{}, to)
	}
}

// TestBackup: an administrator gets everything and a manifest; the journal
// records it.
func TestBackup(t *testing.T) {
	s, take := backedUp(t, memstore.New())
	s.candidate("camille")
	s.checkpoint()
	before := s.written()
	to, err := take(s.admin, 1000)
	must(t, err)
	m := to.manifest
	if m.GetForm() == 0 || m.GetOrigin() != s.core.notary.Origin() || m.GetSequence() != before+1 || len(m.GetRootHash()) != sha256.Size ||
		m.GetProgramVersion() != "v1" || m.GetCreateTime() == nil || m.GetStoreBytes() == 0 || s.opened(m.GetCheckpoint()).Origin != m.GetOrigin() {
		t.Errorf("the manifest is %v", m)
	}
	image := to.content.Bytes()[:m.GetStoreBytes()]
	if sum := sha256.Sum256(image); !bytes.Equal(sum[:], m.GetStoreSha256()) || !bytes.Contains(image, []byte("Camille")) {
		t.Error("what was sent is not what the manifest says")
	}
	if want := (to.content.Len() + pieceBytes - 1) / pieceBytes; to.pieces != want {
		t.Errorf("%d bytes come in %d pieces", to.content.Len(), to.pieces)
	}
	event := ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{After: int64(before)}).GetEvents()[0]
	if event.GetKind() != acquispb.Event_Kind_READ || event.GetActor() != "admin-1" || event.GetRpc() != "acquis.v1.AdminService/Backup" {
		t.Errorf("its event is %v", event)
	}
	reads := ask(s.auditor, s.ListAccesses, &acquispb.ListAccessesRequest{Filter: `rpc = "acquis.v1.AdminService/Backup"`}).GetAccesses()
	if len(reads) != 1 || reads[0].GetSubject() != "admin-1" || len(reads[0].GetCandidates()) != 0 || reads[0].GetHourTime().AsTime().Format("15:04") != "09:00" {
		t.Errorf("the read is %v", reads)
	}
}

// TestBackupInPieces: a backup of any size is sent in pieces that any client
// accepts.
func TestBackupInPieces(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), pieceBytes/4) // 2.5 pieces
	to := &stream{room: 10}
	must(t, sendPieces(to, bytes.NewReader(content)))
	if to.pieces != 3 || !bytes.Equal(to.content.Bytes(), content) {
		t.Errorf("%d pieces of %d bytes", to.pieces, to.content.Len())
	}
	whole := &stream{room: 10}
	must(t, sendPieces(whole, bytes.NewReader(content[:pieceBytes])))
	if whole.pieces != 1 || whole.content.Len() != pieceBytes {
		t.Errorf("one full piece comes as %d", whole.pieces)
	}
}

// TestBackupIsRefused: only one at a time, and not for a key of one centre; an
// interrupted backup does not block the next.
func TestBackupIsRefused(t *testing.T) {
	st := &shutStore{Store: memstore.New()}
	s, take := backedUp(t, st)
	end, _ := s.core.backups.Begin()
	if _, err := take(s.admin, 1000); told(err) != "BACKUP_UNDER_WAY" {
		t.Errorf("while another is made: %v", err)
	}
	end()
	if _, err := take(s.admin.of("LYON"), 1000); told(err) != "OTHER_CENTRE" {
		t.Errorf("by a key of one centre: %v", err)
	}
	for room := range 2 {
		if _, err := take(s.admin, room); !errors.Is(err, errCutOff) {
			t.Errorf("cut off after %d messages: %v", room, err)
		}
	}
	st.shut.Store(true) // like a store whose disk has failed
	if to, err := take(s.admin, 1000); err != nil || to.manifest.GetStoreBytes() == 0 {
		t.Errorf("of a store that accepts no writes: %v", err)
	}
	st.shut.Store(false)
	s.core.backups.Scratch = "/does/not/exist"
	if _, err := take(s.admin, 1000); err == nil {
		t.Error("a backup was made without a place for the copy")
	}
}
