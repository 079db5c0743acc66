package services

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/backup"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// Backups say how a server copies its store. The zero value answers Backup calls,
// and makes none by itself.
type Backups struct {
	Scratch string // directory for the copy that a Backup call sends; empty: that of temporary files
	Program string // version of the program, for manifests

	Dir      string        // where backups are made by the clock; empty: none are
	Interval time.Duration // from one to the next
	Keep     int           // how many of them are kept
	// Check opens a backup and finds it sound, before it gets its name.
	Check func(ctx context.Context, name string) error
}

// backups makes one copy at a time, so that the room it takes is bounded.
type backups struct {
	Backups
	core *core
	turn chan struct{} // holds one value: whoever makes or sends a copy puts it in
	told backupMetrics
}

func newBackups(c *core, o Backups) *backups {
	return &backups{Backups: o, core: c, turn: make(chan struct{}, 1), told: newBackupMetrics()}
}

// copyTo writes a copy of the store, and ends it with its manifest.
func (b *backups) copyTo(ctx context.Context, w *backup.Writer) (backup.Manifest, error) {
	m := backup.Manifest{Time: b.core.now(), Program: b.Program, Origin: b.core.notary.signer.origin}
	err := b.core.store.Snapshot(ctx, w, func(r store.Reader) error { return describe(r, &m) })
	if err != nil {
		return m, err
	}
	return w.Seal(m)
}

// describe says which state of the journal it is; also of one that is in doubt,
// so that its last checkpoint may be of more events than there are.
func describe(r store.Reader, m *backup.Manifest) error {
	last, err := store.Checkpoints.Get(r, store.LatestCheckpoint())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	m.Checkpoint = last.GetNote()
	if m.Sequence, err = store.LastSequence(r, 0); err != nil {
		return err
	}
	root, err := tlog.TreeHash(int64(m.Sequence), store.Tree(r))
	m.Root = root[:]
	return err
}

// pieceBytes is the size of a message: large enough that what surrounds it costs
// nothing, small enough for any client.
const pieceBytes = 256 << 10

// Backup implements the RPC.
//
// The copy goes to a file first. A caller who is slow keeps that file, not the
// pages of the store; and not for longer than the call may take.
func (s *adminService) Backup(_ *acquispb.BackupRequest, stream grpc.ServerStreamingServer[acquispb.BackupResponse]) error {
	ctx, b := stream.Context(), s.backups
	if err := allCentres(call.CallerOf(ctx)); err != nil {
		return err
	}
	select {
	case b.turn <- struct{}{}:
	default:
		return apierr.New(codes.Unavailable, acquispb.ErrorReason_BACKUP_UNDER_WAY, "another backup is being made or sent")
	}
	defer func() { <-b.turn }()
	return b.send(stream)
}

func (b *backups) send(stream grpc.ServerStreamingServer[acquispb.BackupResponse]) (err error) {
	ctx := stream.Context()
	if err := b.journal(ctx); err != nil {
		return err
	}
	w, err := backup.CreateNameless(b.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	m, err := b.copyTo(ctx, w)
	if errors.Is(err, backup.ErrNoRoom) {
		b.core.log.WarnContext(ctx, "no room for the copy that a backup sends", "error", err.Error())
		return apierr.New(codes.ResourceExhausted, acquispb.ErrorReason_NO_ROOM_FOR_BACKUP, "the server's disk has no room for the copy that is sent")
	}
	if err != nil {
		return err
	}
	if err := stream.Send(&acquispb.BackupResponse{Part: &acquispb.BackupResponse_Manifest{Manifest: manifestFrom(m)}}); err != nil {
		return err
	}
	return sendPieces(stream, w.Reader())
}

func sendPieces(stream grpc.ServerStreamingServer[acquispb.BackupResponse], from io.Reader) error {
	piece := make([]byte, pieceBytes) // each is encoded before Send returns
	for {
		n, err := io.ReadFull(from, piece)
		if n > 0 {
			if err := stream.Send(&acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{Piece: piece[:n]}}); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// journal writes down that somebody took all there is, before they do: the backup
// holds it too. A store that takes no writes is backed up all the same, since that
// may be what the backup is for; then only the log tells.
func (b *backups) journal(ctx context.Context) error {
	const rpc = acquispb.AdminService_Backup_FullMethodName
	caller, now := call.CallerOf(ctx), b.core.now()
	act := store.Act{Actor: caller.Subject, RPC: rpc[1:], Kind: storepb.EventBody_Kind_READ, Time: now}
	err := b.core.store.Update(ctx, act, func(w store.Writer) error {
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		return store.Accesses.Put(w, store.Key(uid), &storepb.Access{
			Uid: uid, Subject: caller.Subject, Rpc: rpc[1:], HourTime: timestamppb.New(now.Truncate(time.Hour)),
		})
	})
	if errors.Is(err, store.ErrReadOnly) {
		b.core.log.WarnContext(ctx, "a backup is not journaled", "error", err.Error())
		return nil
	}
	return err
}

func manifestFrom(m backup.Manifest) *acquispb.BackupManifest {
	return &acquispb.BackupManifest{
		Form: int32(m.Form), Origin: m.Origin, Sequence: m.Sequence, RootHash: m.Root, Checkpoint: m.Checkpoint,
		StoreBytes: m.Size, StoreSha256: m.SHA256, CreateTime: timestamppb.New(m.Time), ProgramVersion: m.Program,
	}
}
