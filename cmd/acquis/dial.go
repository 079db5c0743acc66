package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// dialFlags say how to reach a running server.
type dialFlags struct {
	Server            string `default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"gRPC address of the server. TLS is used unless it is on this machine."`
	CAFile            string `name:"ca-file" placeholder:"FILE" help:"Use TLS, and trust these certificate authorities (PEM). If not set: those of this machine."`
	CertFile          string `placeholder:"FILE" help:"Client certificate (PEM), if the server asks for one."`
	KeyFile           string `placeholder:"FILE" help:"Private key of the client certificate (PEM)."`
	InsecurePlaintext bool   `env:"-" help:"Call another machine without TLS. Only if something on the way encrypts."`
}

func (d *dialFlags) check() error {
	if (d.CertFile == "") != (d.KeyFile == "") {
		return errors.New("set both --cert-file and --key-file, or neither")
	}
	if d.InsecurePlaintext && (d.CAFile != "" || d.CertFile != "") {
		return errors.New("--insecure-plaintext cannot be combined with --ca-file or --cert-file")
	}
	if !strings.HasPrefix(d.Server, "dns:") { // gRPC's own form of addresses
		if err := dialable("--server", d.Server); err != nil {
			return err
		}
	}
	if os.Getenv(keyVariable) == "" {
		return fmt.Errorf("%s is not set. It must hold a key with the role ADMIN", keyVariable)
	}
	return nil
}

// dial returns a connection that makes no call yet.
func (d *dialFlags) dial() (*grpc.ClientConn, error) {
	transport, err := d.transport()
	if err != nil {
		return nil, err
	}
	return grpc.NewClient(d.Server, grpc.WithTransportCredentials(transport), grpc.WithNoProxy())
}

// transport is TLS, except for a server on this machine, unless a flag asks for it.
func (d *dialFlags) transport() (credentials.TransportCredentials, error) {
	secure := d.CAFile != "" || d.CertFile != ""
	if d.InsecurePlaintext || !secure && isLoopback(d.Server) {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.CAFile != "" {
		text, err := os.ReadFile(d.CAFile)
		if err != nil {
			return nil, fmt.Errorf("--ca-file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca-file: there is no certificate in %s", d.CAFile)
		}
	}
	if d.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(d.CertFile, d.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("--cert-file: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

// isLoopback tells whether an address is on this machine, without asking a name
// server.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isThisMachine(host)
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// withKey adds the key to the calls of a context.
func withKey(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv(keyVariable))
}

// unreachable says what to do about a server that gave no answer. The libraries only say
// what a system call or a handshake said.
func unreachable(flag, address, text string) error {
	door, speaks := "the server's "+flag, "HTTP"
	if flag == "--server" {
		door, speaks = "the server's --grpc-addr", "gRPC"
	}
	says := "the connection was lost: try again, and read the log of the server"
	for _, c := range []struct{ theirs, ours string }{
		{`connection refused`, "nothing listens there: start acquis serve, or set " + flag + " to " + door},
		{`no such host|produced zero addresses`, "there is no such host: set " + flag + " to " + door},
		{`no route to host|network is unreachable`, "this machine has no way to it: check the network, and that " + flag + " is " + door},
		{`HTTP/1.1 header|frame too large|malformed HTTP|unexpected HTTP status|unexpected content-type`, "it does not speak " + speaks + ": set " + flag + " to " + door},
		{`does not look like a TLS handshake`, "it speaks no TLS: leave --ca-file and --cert-file out; for another machine set --insecure-plaintext, if something on the way encrypts"},
		{`certificate required`, "it asks for a client certificate: set --cert-file and --key-file"},
		{`remote error: tls`, "it does not accept this client: check --cert-file and --key-file"},
		{`x509|failed to verify`, "its certificate is not trusted: set --ca-file to the authority that issued it, and " + flag + " to a name that it has"},
		{`server preface: EOF|connection reset`, "it hung up: if it expects TLS, set --ca-file; check that " + flag + " is " + door},
		{`deadline exceeded|i/o timeout`, "there was no answer in time: check that " + flag + " is " + door + ", or raise --timeout"},
	} {
		if regexp.MustCompile(c.theirs).MatchString(text) {
			says = c.ours
			break
		}
	}
	return fmt.Errorf("%s cannot be reached: %s", address, says)
}
