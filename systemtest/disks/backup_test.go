package disks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/acquis-eval/acquis/backup"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestBackupWhileWriting makes backups while 64 callers write. The copy has every
// write that was acknowledged before the call, and a journal without gaps; it can
// be written to.
func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	populateForCrash(w)
	admin, keys := w.Keys["admin"], w.Keys
	stop()
	child := rig.StartChild(t, dir)
	ctx := t.Context()
	writing, stopWriting := context.WithCancel(ctx)
	defer stopWriting()
	client := acquispb.NewSessionServiceClient(child.Conn)
	var mu sync.Mutex
	var acknowledged []write
	var writers sync.WaitGroup
	enough := make(chan struct{})
	for n := range 64 {
		writers.Go(func() {
			as := metadata.AppendToOutgoingContext(writing, "authorization", "Bearer "+keys["platform"])
			for i := 0; ; i++ {
				request := crashRequest(0, n, i)
				if _, err := client.RecordAssessments(as, request); err != nil {
					return // enough writes
				}
				mu.Lock()
				if acknowledged = append(acknowledged, write{request}); len(acknowledged) == 500 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	var rounds int
	var before []write
	var file string
	for rounds = range 3 {
		mu.Lock()
		before = append([]write(nil), acknowledged...)
		mu.Unlock()
		m, got, err := takeBackup(ctx, child.Conn, admin)
		world.Must(t, err)
		file = filepath.Join(t.TempDir(), "b")
		world.Must(t, os.WriteFile(file, got, 0o600))
		checkManifest(t, file, m)
	}
	stopWriting()
	writers.Wait()
	child.Kill()
	var m backup.Manifest
	copied := t.TempDir()
	world.Must(t, world.Engine().Restore(copied, func(w io.Writer) (err error) { m, err = backup.Extract(ctx, file, w); return err }))
	checkCrash(t, copied, keys, before)
	t.Logf("%d backups; the last, of event %d, holds all %d writes acknowledged before it, of %d", rounds+1, m.Sequence, len(before), len(acknowledged))
}

func checkManifest(t *testing.T, file string, sent *acquispb.BackupManifest) {
	t.Helper()
	m, err := backup.ReadManifest(file)
	world.Must(t, err)
	if m.Sequence != sent.GetSequence() || m.Size != sent.GetStoreBytes() || m.Origin == "" || m.Origin != sent.GetOrigin() ||
		!bytes.Equal(m.Root, sent.GetRootHash()) || !bytes.Equal(m.SHA256, sent.GetStoreSha256()) || !m.Time.Equal(sent.GetCreateTime().AsTime()) {
		t.Errorf("the file says %+v, the call %v", m, sent)
	}
	if _, err := backup.Extract(t.Context(), file, io.Discard); err != nil {
		t.Error(err)
	}
}

// takeBackup reads a backup to its end.
func takeBackup(ctx context.Context, conn *grpc.ClientConn, secret string) (m *acquispb.BackupManifest, file []byte, err error) {
	stream, err := acquispb.NewAdminServiceClient(conn).Backup(
		metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+secret), new(acquispb.BackupRequest))
	if err != nil {
		return nil, nil, err
	}
	for n := 0; ; n++ {
		part, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return m, file, nil
		case err != nil:
			return m, file, err
		case n == 0:
			m = part.GetManifest()
		}
		file = append(file, part.GetPiece()...)
	}
}

// TestBackupIsTold: a backup is journaled, also in the copy itself, logged and
// measured; the name of an unknown RPC is never a metric label.
func TestBackupIsTold(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("auditor", "AUDITOR")
	w.NewKey("reader", "READER")
	m, _, err := takeBackup(t.Context(), w.Conn, w.Keys["admin"])
	world.Must(t, err)
	events := w.Journal()
	last := events[len(events)-1]
	if last["kind"] != "READ" || last["rpc"] != "acquis.v1.AdminService/Backup" || last["actor"] != "admin" || fmt.Sprint(m.GetSequence()) != last["sequence"] {
		t.Errorf("a backup of event %d, and the last event is %v", m.GetSequence(), last)
	}
	w.Stream("reader", "", acquispb.AdminService_Backup_FullMethodName, "")
	w.Stream("reader", "", "/acquis.v1.AdminService/Secret", "")
	logged, measured := w.Logs.String(), world.OpsGet(t, w.Ops+"/metrics")
	for _, want := range []string{
		`"rpc":"acquis.v1.AdminService/Backup","code":"OK"`,
		`"rpc":"acquis.v1.AdminService/Backup","code":"PermissionDenied","reason":"ROLE_MISSING"`,
		`"rpc":"unknown","code":"Unimplemented"`,
	} {
		if !strings.Contains(logged, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if want := `grpc_server_handled_total{grpc_code="PermissionDenied",grpc_method="Backup",grpc_service="acquis.v1.AdminService",grpc_type="server_stream"} 1`; !strings.Contains(measured, want) {
		t.Errorf("the metrics lack %s", want)
	}
	if strings.Contains(measured+logged, "Secret") {
		t.Error("a method name made up by a caller is measured or logged")
	}
}

// snapshots is a store whose snapshots fail as configured.
type snapshots struct {
	store.Store
	err error
}

func (s *snapshots) Snapshot(ctx context.Context, w io.Writer, look func(store.Reader) error) error {
	if s.err != nil {
		return s.err
	}
	return s.Store.Snapshot(ctx, w, look)
}

// TestBackupRefused: every refusal of a backup has its own reason.
func TestBackupRefused(t *testing.T) {
	failing := new(snapshots)
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) {
		failing.Store, o.Store = o.Store, failing
		o.Backups.Scratch = t.TempDir()
	})
	failing.err = fmt.Errorf("scratch: %w", backup.ErrNoRoom)
	refusedBackup(w, "admin", codes.ResourceExhausted, "NO_ROOM_FOR_BACKUP")
	failing.err = store.ErrClosed
	refusedBackup(w, "admin", codes.Unavailable, "SHUTTING_DOWN")
	failing.err = nil
	putLarge(w)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	beginBackup(w, ctx)
	refusedBackup(w, "admin", codes.Unavailable, "BACKUP_UNDER_WAY")
	leave()
	backUpAfter(w)
}

// TestBackupThatIsNotRead: a caller who does not read keeps others from making
// backups for as long as a call may take, and no longer.
func TestBackupThatIsNotRead(t *testing.T) {
	limit := 100 * time.Millisecond
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { o.Limits.StreamTimeout = limit })
	putLarge(w)
	slow := beginBackup(w, t.Context())
	const ended = `grpc_server_handled_total{grpc_code="DeadlineExceeded",grpc_method="Backup",grpc_service="acquis.v1.AdminService",grpc_type="server_stream"} 1`
	for !strings.Contains(world.OpsGet(t, w.Ops+"/metrics"), ended) {
		runtime.Gosched()
	}
	var err error
	for err == nil {
		_, err = slow.Recv()
	}
	if status.Code(err) != codes.DeadlineExceeded || world.ReasonOf(err) != "DEADLINE_EXCEEDED" {
		t.Errorf("the slow caller got %v", err)
	}
}

// putLarge makes the store larger than what a connection buffers.
func putLarge(w *world.World) {
	w.T.Helper()
	world.Must(w.T, w.Store.Update(w.T.Context(), store.Act{}, func(w store.Writer) error {
		return w.Put(store.KindIdempotency, []byte("large"), make([]byte, 8<<20))
	}))
}

// beginBackup begins a backup, and reads only its first message: then it is in
// progress, unless it took too long already.
func beginBackup(w *world.World, ctx context.Context) grpc.ServerStreamingClient[acquispb.BackupResponse] {
	w.T.Helper()
	slow, err := acquispb.NewAdminServiceClient(w.Conn).Backup(w.Bearing(ctx, "admin"), new(acquispb.BackupRequest))
	world.Must(w.T, err)
	if _, err = slow.Recv(); world.ReasonOf(err) != "DEADLINE_EXCEEDED" {
		world.Must(w.T, err)
	}
	return slow
}

// backUpAfter makes a backup once the running one has ended.
func backUpAfter(w *world.World) {
	w.T.Helper()
	_, _, err := takeBackup(w.T.Context(), w.Conn, w.Keys["admin"])
	for world.ReasonOf(err) == "BACKUP_UNDER_WAY" {
		_, _, err = takeBackup(w.T.Context(), w.Conn, w.Keys["admin"])
	}
	world.Must(w.T, err)
}

func refusedBackup(w *world.World, key string, code codes.Code, reason string) {
	w.T.Helper()
	a := w.Stream(key, "", acquispb.AdminService_Backup_FullMethodName, "")
	if a.Code != world.CodeName(int(code)) || world.Get(a.Body, "details", 0, "reason") != reason {
		w.T.Errorf("%s: %s %s, want %v %s", key, a.Code, a.Raw, code, reason)
	}
}

// TestStreamRequests: the request of a stream is checked like any other.
func TestStreamRequests(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("reader", "READER")
	unknown := new(acquispb.BackupRequest)
	unknown.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
	large := new(acquispb.BackupRequest)
	large.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 99, protowire.BytesType), make([]byte, 1<<20)))
	for _, c := range []struct {
		key, reason string
		request     any
		options     []grpc.CallOption
	}{
		{"admin", "INVALID_FIELD", unknown, nil},
		{"admin", "REQUEST_TOO_LARGE", large, nil},
		{"admin", "MALFORMED_BODY", world.RawMessage("\xff\xff"), []grpc.CallOption{grpc.ForceCodec(world.RawCodec{})}},
		{"reader", "ROLE_MISSING", unknown, nil},
		{"nonsense", "CREDENTIALS_INVALID", unknown, nil},
		{"admin", "", new(acquispb.BackupRequest), nil},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.Secret(c.key))
		stream, err := w.Conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, acquispb.AdminService_Backup_FullMethodName, c.options...)
		world.Must(t, err)
		err = errors.Join(stream.SendMsg(c.request), stream.CloseSend())
		for err == nil || errors.Is(err, io.EOF) && c.reason != "" {
			if err = stream.RecvMsg(new(emptypb.Empty)); errors.Is(err, io.EOF) {
				break
			}
		}
		if got := world.ReasonOf(err); got != c.reason {
			t.Errorf("%s as %s: %v, want %s", got, c.key, err, c.reason)
		}
	}
}
