package systemtest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
)

// TestOneMessage: a call that takes one message refuses a second, whether it answers
// with one or with a stream, as REST refuses a second JSON value. One that may send many
// is not cut short: TestOpenToAll.
func TestOneMessage(t *testing.T) {
	w, _ := start(t, t.TempDir())
	for method, request := range map[string]proto.Message{
		acquispb.ReferentielService_GetReferentiel_FullMethodName: &acquispb.GetReferentielRequest{Name: "referentiels/marketing"},
		acquispb.AdminService_ListKeys_FullMethodName:             new(acquispb.ListKeysRequest),
		acquispb.AdminService_Backup_FullMethodName:               new(acquispb.BackupRequest),
	} {
		for messages, want := range map[int]codes.Code{1: codes.OK, 2: codes.InvalidArgument, 3: codes.InvalidArgument} {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.secret("admin"))
			stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodec(rawCodec{}))
			must(t, err)
			encoded, err := proto.Marshal(request)
			must(t, err)
			for range messages {
				_ = stream.SendMsg(rawMessage(encoded)) // it fails once the call has been answered
			}
			must(t, stream.CloseSend())
			answer := rawMessage("")
			err = stream.RecvMsg(&answer)
			if status.Code(err) != want || want != codes.OK && reasonOf(err) != "MALFORMED_BODY" {
				t.Errorf("%s with %d messages: %v", method, messages, err)
			}
		}
	}
}

// TestSlowRequests: a request that does not arrive in time is given up, whatever it is:
// also a GET, which has no body, and a message after which nothing ends the call.
func TestSlowRequests(t *testing.T) {
	w, _ := start(t, t.TempDir(), func(o *server.Options) { o.Limits.ReceiveTimeout = 50 * time.Millisecond })
	base, err := url.Parse(w.base)
	must(t, err)
	for _, begin := range []string{"GET /v1/keys", "POST /v1/keys"} {
		conn, err := net.Dial("tcp", base.Host)
		must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 9\r\n\r\n ", begin, w.secret("admin"))
		must(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusGatewayTimeout {
			t.Errorf("%s: %s", begin, answer.Status)
		}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.secret("admin"))
	for sent := range 2 {
		stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, acquispb.AdminService_ListKeys_FullMethodName)
		must(t, err)
		if sent > 0 {
			must(t, stream.SendMsg(new(acquispb.ListKeysRequest)))
		}
		err = stream.RecvMsg(new(acquispb.ListKeysResponse))
		if reasonOf(err) != "DEADLINE_EXCEEDED" || !strings.Contains(err.Error(), "did not arrive") {
			t.Errorf("%d messages and no end: %v", sent, err)
		}
	}
}
