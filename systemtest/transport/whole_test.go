package transport

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestOneMessage: a call that takes one message refuses a second, whether its
// answer is one message or a stream, as REST refuses a second JSON value. A call
// that takes many is not affected: TestOpenToAll.
func TestOneMessage(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	for method, request := range map[string]proto.Message{
		acquispb.ReferentielService_GetReferentiel_FullMethodName: &acquispb.GetReferentielRequest{Name: "referentiels/marketing"},
		acquispb.AdminService_ListKeys_FullMethodName:             new(acquispb.ListKeysRequest),
		acquispb.AdminService_Backup_FullMethodName:               new(acquispb.BackupRequest),
	} {
		for messages, want := range map[int]codes.Code{1: codes.OK, 2: codes.InvalidArgument, 3: codes.InvalidArgument} {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.Secret("admin"))
			stream, err := w.Conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodec(world.RawCodec{}))
			world.Must(t, err)
			encoded, err := proto.Marshal(request)
			world.Must(t, err)
			for range messages {
				_ = stream.SendMsg(world.RawMessage(encoded)) // it fails once the call has been answered
			}
			world.Must(t, stream.CloseSend())
			answer := world.RawMessage("")
			err = stream.RecvMsg(&answer)
			if status.Code(err) != want || want != codes.OK && world.ReasonOf(err) != "MALFORMED_BODY" {
				t.Errorf("%s with %d messages: %v", method, messages, err)
			}
		}
	}
}

// TestSlowRequests: a request that does not arrive in time is ended, of any kind:
// also a GET, which has no body, and a message after which the client does not
// end the call.
func TestSlowRequests(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { o.Limits.ReceiveTimeout = 50 * time.Millisecond })
	base, err := url.Parse(w.Base)
	world.Must(t, err)
	for _, begin := range []string{"GET /v1/keys", "POST /v1/keys"} {
		conn, err := net.Dial("tcp", base.Host)
		world.Must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 9\r\n\r\n ", begin, w.Secret("admin"))
		world.Must(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		world.Must(t, err)
		world.Must(t, answer.Body.Close())
		if answer.StatusCode != http.StatusRequestTimeout {
			t.Errorf("%s: %s", begin, answer.Status)
		}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.Secret("admin"))
	for sent := range 2 {
		stream, err := w.Conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, acquispb.AdminService_ListKeys_FullMethodName)
		world.Must(t, err)
		if sent > 0 {
			world.Must(t, stream.SendMsg(new(acquispb.ListKeysRequest)))
		}
		err = stream.RecvMsg(new(acquispb.ListKeysResponse))
		if world.ReasonOf(err) != "REQUEST_TIMEOUT" {
			t.Errorf("%d messages and no end: %v", sent, err)
		}
	}
}
