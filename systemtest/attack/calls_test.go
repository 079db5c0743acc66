package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
)

// Attacks by complete calls, through the client libraries.

// emptyItems is a RecordAssessmentsRequest with n empty verdicts of two bytes
// each.
func emptyItems(n int) []byte { return bytes.Repeat([]byte{2<<3 | 2, 0}, n) }

// emptyItemsJSON is the same over REST.
func emptyItemsJSON(n int) string {
	return `{"assessments":[` + strings.Repeat("{},", max(n-1, 0)) + `{}]}`
}

// mostItems fill the 16 MiB that a message could have when this attack was found.
const mostItems = 8<<20 - 8

const recordPath = "/v1/sessions/s/candidacies/k-0:recordAssessments"

// itemBomb sends messages with millions of empty items, with the key of a role, a
// wrong one ("wrong"), or none.
func itemBomb(role string) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		t.tried(enough - 1) // one such call is already an attack
		conn := connect(t.GRPC, t.TLS)
		defer conn.Close()
		request := emptyItems(mostItems)
		t.rush(ctx, 2, func(ctx context.Context, _ int) string {
			return invoke(ctx, conn, t.keyOf(role), recordAssessments, request)
		})
	}
}

// keyOf returns the key of a role; for "wrong", a different wrong key each time.
func (t *target) keyOf(role string) string {
	if role == "wrong" {
		return authn.NewSecret().String()
	}
	return t.Keys[role]
}

func itemBombREST(role string) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		t.tried(enough - 1)
		client, done := browser(2)
		defer done()
		body := emptyItemsJSON(8<<20/3 - 16)
		t.rush(ctx, 2, func(ctx context.Context, _ int) string {
			return t.rest(ctx, client, t.keyOf(role), http.MethodPost, recordPath, body)
		})
	}
}

// rungs are the steps of the ladder of violations.
func (t *target) rungs() []int {
	if t.long {
		return []int{60, 600, 6_000, 60_000, 600_000}
	}
	return []int{60, 600, 6_000, 60_000}
}

// ladder sends more and more invalid items, with a key that may call.
func ladder(ctx context.Context, t *target) {
	conn := connect(t.GRPC, t.TLS)
	defer conn.Close()
	t.tried(enough - 1)
	rungs := t.rungs()
	t.rush(ctx, 1, func(ctx context.Context, i int) string {
		n := rungs[i%len(rungs)]
		return fmt.Sprintf("%d: %s", n, invoke(ctx, conn, t.Keys["assessor"], recordAssessments, emptyItems(n)))
	})
}

// summit repeatedly sends the largest number of invalid items that fits into 8
// MiB.
func summit(ctx context.Context, t *target) {
	conn := connect(t.GRPC, t.TLS)
	defer conn.Close()
	t.tried(enough - 1)
	request := emptyItems(4 << 20)
	t.rush(ctx, 2, func(ctx context.Context, _ int) string {
		return invoke(ctx, conn, t.Keys["assessor"], recordAssessments, request)
	})
}

func ladderREST(ctx context.Context, t *target) {
	client, done := browser(1)
	defer done()
	t.tried(enough - 1)
	rungs := t.rungs()
	t.rush(ctx, 1, func(ctx context.Context, i int) string {
		n := rungs[i%len(rungs)]
		return fmt.Sprintf("%d: %s", n, t.rest(ctx, client, t.Keys["assessor"], http.MethodPost, recordPath, emptyItemsJSON(n)))
	})
}

// callers makes one small call again and again, with several workers.
func callers(workers int, key func(t *target) string, method string, request proto.Message) func(context.Context, *target) {
	raw, err := proto.Marshal(request)
	if err != nil {
		panic(err) // the request is ours
	}
	return func(ctx context.Context, t *target) {
		conn := connect(t.GRPC, t.TLS)
		defer conn.Close()
		t.rush(ctx, workers, func(ctx context.Context, _ int) string {
			return invoke(ctx, conn, key(t), method, raw)
		})
	}
}

func callersREST(workers int, key func(t *target) string, method, path, body string) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		client, done := browser(workers)
		defer done()
		t.rush(ctx, workers, func(ctx context.Context, _ int) string {
			return t.rest(ctx, client, key(t), method, path, body)
		})
	}
}

func nobody(*target) string { return "" }

func as(role string) func(*target) string {
	return func(t *target) string { return t.Keys[role] }
}

// wrongKey has the form of a key, but does not exist.
func wrongKey(*target) string { return authn.NewSecret().String() }

// wrongSecret has the id of an existing key and another secret.
func wrongSecret(t *target) string {
	key := t.Keys["reader"]
	return key[:len(key)-8] + "aaaaaaaa"
}

// garbageToken has the form of a token, and 8 KB.
func garbageToken(*target) string {
	return "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ." + strings.Repeat("QUFB", 2000) + ".QUFB"
}

var (
	aVerdict = &acquispb.RecordAssessmentsRequest{
		Candidacy:   "sessions/s/candidacies/k-0",
		Assessments: []*acquispb.Assessment{{Criterion: "C1.1.1", Verdict: acquispb.Verdict_MET}},
	}
	aList = &acquispb.ListCandidaciesRequest{Parent: "sessions/s", PageSize: 1000}
)

// bodies sends large anonymous requests to the RPC that anybody may call. In the
// second kind the field does not exist, and the library keeps unknown fields.
func bodies(size int, field byte) func(context.Context, *target) {
	var request []byte
	for item := append([]byte{field<<3 | 2, 64}, bytes.Repeat([]byte("A"), 64)...); len(request) < size; {
		request = append(request, item...)
	}
	return func(ctx context.Context, t *target) {
		conn := connect(t.GRPC, t.TLS)
		defer conn.Close()
		t.rush(ctx, 4, func(ctx context.Context, _ int) string {
			return invoke(ctx, conn, "", verifyAttestation, request)
		})
	}
}

// garbageCredential is a credential that VerifyAttestation has to parse.
func garbageCredential() string {
	return `{"credential":` + quoted("eyJhbGciOiJFZERTQSJ9."+strings.Repeat("QUFB", 16_000)+".QUFB") + `}`
}

// hold opens many streams and keeps them open: each sends one message, and reads.
func hold(role, method string, request []byte, streams, perConnection int) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(streams/perConnection, func(int) {
			conn := connect(t.GRPC, t.TLS)
			defer conn.Close()
			crowd(perConnection, func(int) {
				for ctx.Err() == nil {
					t.tried(1)
					t.cameBefore(ctx, holdOne(withKey(ctx, t.Keys[role]), conn, method, request))
					pause(ctx, 100*time.Millisecond)
				}
			})
		})
	}
}

var bothWays = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

func holdOne(ctx context.Context, conn *grpc.ClientConn, method string, request []byte) string {
	stream, err := conn.NewStream(ctx, bothWays, method)
	if err == nil {
		err = stream.SendMsg(request)
	}
	for err == nil || errors.Is(err, io.EOF) && stream != nil {
		var answer []byte
		if err = stream.RecvMsg(&answer); err != nil {
			return status.Code(err).String()
		}
	}
	return status.Code(err).String()
}

// asking sends endless requests on streams, each on its own stream.
func asking(method string, request []byte, streams int) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		conn := connect(t.GRPC, t.TLS)
		defer conn.Close()
		t.rush(ctx, streams, func(ctx context.Context, _ int) string {
			stream, err := conn.NewStream(ctx, bothWays, method)
			var answer []byte
			for n := 0; err == nil; n++ {
				if err = stream.SendMsg(request); err == nil {
					err = stream.RecvMsg(&answer)
				}
				t.tried(1)
			}
			return status.Code(err).String()
		})
	}
}

// backups requests whole backups, a hundred at once, and reads them or not.
func backups(read bool) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(10, func(int) {
			conn := connect(t.GRPC, t.TLS)
			defer conn.Close()
			t.rush(ctx, 10, func(ctx context.Context, _ int) string { return aBackup(ctx, conn, t.Keys["admin"], read) })
		})
	}
}

func aBackup(ctx context.Context, conn *grpc.ClientConn, key string, read bool) string {
	stream, err := conn.NewStream(withKey(ctx, key), &grpc.StreamDesc{ServerStreams: true}, backup)
	if err == nil {
		err = errors.Join(stream.SendMsg([]byte{}), stream.CloseSend())
	}
	for err == nil {
		var piece []byte
		if err = stream.RecvMsg(&piece); !read && err == nil {
			<-ctx.Done()
		}
	}
	if errors.Is(err, io.EOF) {
		return "OK"
	}
	return status.Code(err).String()
}
