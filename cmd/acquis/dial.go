package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// keyVariable holds the key that a command calls with; like the first key it is
// no flag.
const keyVariable = "ACQUIS_KEY"

// dialFlags say how a command reaches a running server.
type dialFlags struct {
	Server            string `default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"The server's gRPC address (${default}). Another machine's is called over TLS."`
	CAFile            string `name:"ca-file" placeholder:"FILE" help:"Call over TLS, and take certificates of these authorities, in PEM; left out: those of the machine."`
	CertFile          string `placeholder:"FILE" help:"Certificate to show to the server, in PEM, where it asks for one."`
	KeyFile           string `placeholder:"FILE" help:"Its private key, in PEM."`
	InsecurePlaintext bool   `env:"-" help:"Call another machine without TLS: something on the way encrypts."`
}

func (d *dialFlags) check() error {
	if (d.CertFile == "") != (d.KeyFile == "") {
		return errors.New("--cert-file and --key-file go together")
	}
	if d.InsecurePlaintext && (d.CAFile != "" || d.CertFile != "") {
		return errors.New("--insecure-plaintext does not go with --ca-file and --cert-file")
	}
	if os.Getenv(keyVariable) == "" {
		return fmt.Errorf("%s is not set: it holds the key to call with, which needs the role ADMIN", keyVariable)
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

// transport is TLS, but for a server on this machine of which nothing else was
// said.
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
			return nil, fmt.Errorf("--ca-file: %s holds no certificate", d.CAFile)
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

// isLoopback tells whether what is called lies on this machine, whatever a name
// server says.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// withKey adds the key to the calls of a context.
func withKey(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv(keyVariable))
}
