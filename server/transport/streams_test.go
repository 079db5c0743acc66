package transport

import (
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// TestStreamsThatLastTooLong: a stream that has reached its time limit ends with
// its reason, whatever its handler is waiting for.
func TestStreamsThatLastTooLong(t *testing.T) {
	type stream = grpc.ServerStreamingServer[acquispb.BackupResponse]
	large := &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{Piece: make([]byte, 64<<10)}}
	for name, handler := range map[string]func(stream) error{
		"for the caller to read": func(s stream) error {
			for {
				if err := s.Send(large); err != nil {
					return err
				}
			}
		},
		"for something else": func(s stream) error {
			<-s.Context().Done()
			return s.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, func(o *Options) { o.Limits.StreamTimeout = 200 * time.Millisecond })
			ended := make(chan error, 1)
			s.onBackup = func(to stream) error {
				err := handler(to)
				ended <- err
				return err
			}
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.admin)
			got, err := acquispb.NewAdminServiceClient(s.conn).Backup(ctx, new(acquispb.BackupRequest))
			must(t, err)
			if <-ended == nil { // nothing is read before
				t.Error("its handler was not interrupted")
			}
			for err == nil {
				_, err = got.Recv()
			}
			if status.Code(err) != codes.DeadlineExceeded || apierr.ReasonOf(err) != "DEADLINE_EXCEEDED" {
				t.Errorf("its caller got %v", err)
			}
		})
	}
}
