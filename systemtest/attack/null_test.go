package attack

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A nullOrder is the order for a null server.
type nullOrder struct {
	Dir         string
	Bystander   string       // the key of the caller for whom it writes to the disk
	Certificate *certificate // nil: plain text
}

// answers are what a null server answers with; they are in a file, because they
// are long.
type answers struct {
	Canned map[string]string // by method, or by method followed by others, in base64
	Pages  map[string]string // by path; "/" is for any other path
}

const answersFile = "answers.json"

// serveNull gives the answers of Acquis without keys, and with only the
// libraries' limits. It prints its addresses.
func serveNull(ctx context.Context, o nullOrder) error {
	text, err := os.ReadFile(filepath.Join(o.Dir, answersFile))
	if err != nil {
		return err
	}
	var a answers
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	disk, err := os.Create(filepath.Join(o.Dir, "disk"))
	if err != nil {
		return err
	}
	n := &null{bystander: "Bearer " + o.Bystander, disk: disk, pages: a.Pages, canned: make(map[string]proto.Message)}
	rpcs, err := n.grpcServer(a.Canned, o.Certificate)
	if err != nil {
		return err
	}
	l1, err1 := net.Listen("tcp", "127.0.0.1:0")
	l2, err2 := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- rpcs.Serve(l1) }()
	go func() { failed <- serveHTTP(l2, n, o.Certificate) }()
	fmt.Println(l1.Addr(), l2.Addr())
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func serveHTTP(l net.Listener, h http.Handler, c *certificate) error {
	s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	if c == nil {
		return s.Serve(l)
	}
	return s.ServeTLS(l, c.Cert, c.Key)
}

// A null is the null server.
type null struct {
	bystander string
	pages     map[string]string
	canned    map[string]proto.Message

	mu   sync.Mutex
	disk *os.File
}

// grpcServer serves every RPC of the contract.
func (n *null) grpcServer(canned map[string]string, c *certificate) (*grpc.Server, error) {
	var options []grpc.ServerOption
	if c != nil {
		creds, err := credentials.NewServerTLSFromFile(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.Creds(creds))
	}
	s := grpc.NewServer(options...)
	var failed error
	protoregistry.GlobalFiles.RangeFilesByPackage("acquis.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			failed = errors.Join(failed, n.register(s, file.Services().Get(i), canned))
		}
		return true
	})
	healthpb.RegisterHealthServer(s, health.NewServer())
	reflection.Register(s)
	return s, failed
}

func (n *null) register(s *grpc.Server, service protoreflect.ServiceDescriptor, canned map[string]string) error {
	desc := grpc.ServiceDesc{ServiceName: string(service.FullName()), HandlerType: (*any)(nil)}
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		if m.IsStreamingServer() {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: string(m.Name()), ServerStreams: true, Handler: n.stream})
			continue
		}
		in, err := protoregistry.GlobalTypes.FindMessageByName(m.Input().FullName())
		if err != nil {
			return err
		}
		method := fmt.Sprintf("/%s/%s", service.FullName(), m.Name())
		if n.canned[method], err = uncan(m, canned[method]); err != nil {
			return err
		}
		if large, ok := canned[method+others]; ok {
			if n.canned[method+others], err = uncan(m, large); err != nil {
				return err
			}
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: string(m.Name()),
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				if err := decode(in.New().Interface()); err != nil {
					return nil, err
				}
				return n.answer(ctx, method)
			}})
	}
	s.RegisterService(&desc, n)
	return nil
}

// uncan decodes the answer of a method; an empty one if none is recorded.
func uncan(m protoreflect.MethodDescriptor, text string) (proto.Message, error) {
	raw, err1 := base64.StdEncoding.DecodeString(text)
	out, err2 := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	answer := out.New().Interface()
	return answer, proto.Unmarshal(raw, answer)
}

// answer writes to the disk for the bystander only, because Acquis refuses the
// attacker earlier.
func (n *null) answer(ctx context.Context, method string) (any, error) {
	key := metadata.ValueFromIncomingContext(ctx, "authorization")
	if method == recordAssessments && slices.Equal(key, []string{n.bystander}) {
		if err := n.commit(); err != nil {
			return nil, err
		}
	}
	if large, ok := n.canned[method+others]; ok && !slices.Equal(key, []string{n.bystander}) {
		return large, nil
	}
	return n.canned[method], nil
}

// others marks the answer for callers other than the bystander.
const others = " of others"

// commit does to the disk what a commit of the store does: it writes and syncs
// pages, then a header.
func (n *null) commit() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, pages := range []int{8, 1} {
		if _, err := n.disk.WriteAt(make([]byte, pages*4096), 0); err != nil {
			return err
		}
		if err := n.disk.Sync(); err != nil {
			return err
		}
	}
	return nil
}

// stream sends as many bytes as a backup of the seeded store.
func (n *null) stream(_ any, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(new(acquispb.BackupRequest)); err != nil {
		return err
	}
	piece := &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{Piece: make([]byte, 1<<20)}}
	for range 16 {
		if err := stream.SendMsg(piece); err != nil {
			return err
		}
	}
	return nil
}

// ServeHTTP reads the request, and gives the recorded answer, as over gRPC.
func (n *null) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	drain(r.Body)
	page, ok := n.pages[r.URL.Path]
	if !ok {
		page = n.pages["/"]
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(page)) // a caller who has left needs no answer
}

// startNull starts a null server as a child.
func startNull(t *testing.T, o nullOrder, keys map[string]string) (*process, door) {
	t.Helper()
	p := startChild(t, order{Null: &o})
	d := door{Keys: keys, TLS: o.Certificate != nil}
	_, err := fmt.Fscanln(p.out, &d.GRPC, &d.REST)
	must(t, err)
	return p, d
}

// A certificate is that of a server, and its key, as two files.
type certificate struct{ Cert, Key string }

func newCertificate(t *testing.T) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	c := &certificate{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	must(t, os.WriteFile(c.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	must(t, os.WriteFile(c.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return c
}
