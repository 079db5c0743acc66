package services

import (
	"context"
	"errors"
	"io"
	"time"

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

// pieceBytes is the size of a message: large enough that the overhead does not
// matter, small enough for any client.
const pieceBytes = 256 << 10

// Backup sends a copy of the store. It goes to a file first, so that a slow
// caller holds only that file, not the pages of the store, and only for the time
// limit of the call.
func (s *adminService) Backup(_ *acquispb.BackupRequest, stream grpc.ServerStreamingServer[acquispb.BackupResponse]) error {
	if err := allCentres(call.CallerOf(stream.Context())); err != nil {
		return err
	}
	end, ok := s.backups.Begin()
	if !ok {
		return apierr.New(codes.Unavailable, acquispb.ErrorReason_BACKUP_UNDER_WAY, "another backup is being made or sent")
	}
	defer end()
	return s.sendBackup(stream)
}

func (c *core) sendBackup(stream grpc.ServerStreamingServer[acquispb.BackupResponse]) (err error) {
	ctx := stream.Context()
	if err := c.journalBackup(ctx); err != nil {
		return err
	}
	w, err := backup.CreateNameless(c.backups.Scratch)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	m, err := c.backups.Copy(ctx, w)
	if errors.Is(err, backup.ErrNoRoom) {
		c.log.WarnContext(ctx, "no room for the copy that a backup call sends", "error", err.Error())
		return apierr.New(codes.ResourceExhausted, acquispb.ErrorReason_NO_ROOM_FOR_BACKUP, "the server's disk has no room for the copy")
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

// journalBackup records that somebody takes a copy of everything, before they do,
// so that the backup has the event too. A store that accepts no writes can be
// backed up anyway, because that may be the reason for the backup; then only the
// log shows it.
func (c *core) journalBackup(ctx context.Context) error {
	const rpc = acquispb.AdminService_Backup_FullMethodName
	caller, now := call.CallerOf(ctx), c.now()
	act := store.Act{Actor: caller.Subject, RPC: rpc[1:], Kind: storepb.EventBody_Kind_READ, Time: now}
	err := c.store.Update(ctx, act, func(w store.Writer) error {
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		return store.Accesses.Put(w, store.Key(uid), &storepb.Access{
			Uid: uid, Subject: caller.Subject, Rpc: rpc[1:], HourTime: timestamppb.New(now.Truncate(time.Hour)),
		})
	})
	if errors.Is(err, store.ErrReadOnly) {
		c.log.WarnContext(ctx, "could not journal a backup", "error", err.Error())
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
