package transport

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/listen"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A stage is REST and gRPC in front of one service, whose handlers a test writes.
type stage struct {
	*Transport
	t          *testing.T
	store      store.Store
	grpcAddr   string
	url        string
	conn       *grpc.ClientConn
	admin      string // a key with the role ADMIN
	reader     string // a key with the role READER
	registrar  string
	keys       map[acquispb.Role_Enum]string // others, as tests need them
	overREST   *listen.Listener
	overGRPC   *listen.Listener
	onListKeys func(context.Context) error // nil: it just answers

	onCreateKey func(context.Context) error
	onBackup    func(grpc.ServerStreamingServer[acquispb.BackupResponse]) error
}

func newStage(t *testing.T, change ...func(*Options)) *stage {
	t.Helper()
	s := &stage{t: t, keys: make(map[acquispb.Role_Enum]string)}
	st := memstore.New()
	s.store = st
	t.Cleanup(func() { must(t, st.Close()) })
	s.admin, s.reader = newKey(t, st, acquispb.Role_ADMIN), newKey(t, st, acquispb.Role_READER)
	s.registrar = newKey(t, st, acquispb.Role_REGISTRAR)
	a, err := authn.New(authn.Options{Store: st, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	must(t, err)
	read, err := contract.Read()
	must(t, err)
	validate, err := contract.NewValidator()
	must(t, err)
	options := Options{
		Limits: DefaultLimits(), Contract: read, Validate: validate, Authn: a, Log: slog.New(slog.DiscardHandler), Reflection: true,
		Watch: func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			return next(ctx, req)
		},
		Register:  func(r grpc.ServiceRegistrar) { acquispb.RegisterAdminServiceServer(r, keyService{stage: s}) },
		Documents: map[string]Document{"/openapi.json": {Type: "application/json", Body: []byte(`{"openapi":"3.1.0"}`), MaxAge: time.Hour}},
	}
	for _, change := range change {
		change(&options)
	}
	s.Transport, err = New(options)
	must(t, err)
	s.serve()
	return s
}

// secret is the secret of a named key, or the name itself if there is no such
// key.
func (s *stage) secret(name string) string {
	switch name {
	case "admin":
		return s.admin
	case "reader":
		return s.reader
	}
	return name
}

func (s *stage) serve() {
	overGRPC, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	overREST, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	s.overGRPC, s.overREST = s.GuardGRPC(overGRPC), s.GuardREST(overREST)
	served := make(chan error, 2)
	go func() { served <- s.ServeGRPC(s.overGRPC) }()
	go func() { served <- s.ServeREST(s.overREST) }()
	s.grpcAddr, s.url = overGRPC.Addr().String(), "http://"+overREST.Addr().String()
	s.conn, err = grpc.NewClient(s.grpcAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(s.t, err)
	s.t.Cleanup(func() {
		_ = s.conn.Close()
		http.DefaultClient.CloseIdleConnections()
		s.Stop(0)
		must(s.t, <-served)
		must(s.t, <-served)
	})
}

// keyService answers ListKeys as its test wants.
type keyService struct {
	acquispb.UnimplementedAdminServiceServer
	stage *stage
}

func (k keyService) ListKeys(ctx context.Context, _ *acquispb.ListKeysRequest) (*acquispb.ListKeysResponse, error) {
	if k.stage.onListKeys != nil {
		if err := k.stage.onListKeys(ctx); err != nil {
			return nil, err
		}
	}
	return new(acquispb.ListKeysResponse), nil
}

// CreateKey does what its test wants.
func (k keyService) CreateKey(ctx context.Context, _ *acquispb.CreateKeyRequest) (*acquispb.CreateKeyResponse, error) {
	return new(acquispb.CreateKeyResponse), k.stage.onCreateKey(ctx)
}

// Backup does what its test wants.
func (k keyService) Backup(_ *acquispb.BackupRequest, stream grpc.ServerStreamingServer[acquispb.BackupResponse]) error {
	return k.stage.onBackup(stream)
}

func newKey(t *testing.T, st store.Store, role acquispb.Role_Enum) string {
	t.Helper()
	secret := authn.NewSecret()
	digest := secret.Digest()
	must(t, st.Update(t.Context(), store.Act{RPC: "test", Time: time.Now()}, func(w store.Writer) error {
		return store.Keys.Put(w, []byte(secret.ID), &storepb.Key{
			Id: secret.ID, SecretSha256: digest[:], Subject: role.String(), Roles: []acquispb.Role_Enum{role},
		})
	}))
	return secret.String()
}

// listKeys calls over gRPC with a key; none if it is empty.
func (s *stage) listKeys(ctx context.Context, key string) error {
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}
	_, err := acquispb.NewAdminServiceClient(s.conn).ListKeys(ctx, new(acquispb.ListKeysRequest))
	return err
}

// An answer is a complete answer over REST.
type answer struct {
	status int
	header http.Header
	hungUp bool // the connection was closed
	body   string
}

// get calls over REST with a key; none if it is empty.
func (s *stage) get(path, key string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	must(s.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return s.answerTo(req, key)
}

func (s *stage) answerTo(req *http.Request, key string) answer {
	s.t.Helper()
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	must(s.t, err)
	body, err := io.ReadAll(res.Body)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return answer{res.StatusCode, res.Header, res.Close, string(body)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
