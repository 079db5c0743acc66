package authn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// CertificateFiles name the files of the listeners, in PEM.
type CertificateFiles struct {
	Cert, Key string
	ClientCA  string // whose clients are accepted; empty: no certificates are required
}

// Certificates are those that REST and gRPC present and, with a ClientCA,
// require. Each handshake checks whether the files have changed, and loads them
// again if so. Open connections stay. If a new set cannot be used, for instance
// because one of the files is not replaced yet, the old one stays in use, and
// this is logged.
//
// A client certificate only allows the connection: caller and roles come from
// the key or token alone.
type Certificates struct {
	files CertificateFiles
	log   *slog.Logger

	mu      sync.Mutex
	current *tls.Config
	seen    [3]string // what the files held when current was made, or could not be
}

// LoadCertificates reads the files.
func LoadCertificates(files CertificateFiles, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{files: files, log: log}
	return c, c.reload()
}

// latest returns the certificates in the files, or the last usable ones. The
// files are small, and reading them costs little compared with a handshake;
// their modification times would miss a second change within one tick.
func (c *Certificates) latest() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.current
	if err := c.reload(); err != nil {
		c.log.Error("the new certificates cannot be used; the old ones stay in use", "error", err.Error())
	} else if c.current != before {
		c.log.Info("loaded new certificates", "until", c.current.Certificates[0].Leaf.NotAfter)
	}
	return c.current
}

// reload fails once for each unusable state of the files.
func (c *Certificates) reload() error {
	texts, unread := c.files.read()
	if texts == c.seen && c.current != nil {
		return nil
	}
	c.seen = texts
	if unread != nil {
		return unread
	}
	config, err := c.files.configOf(texts)
	if err == nil {
		c.current = config
	}
	return err
}

// read returns the content of the files; nothing for one that cannot be read.
func (f CertificateFiles) read() (texts [3]string, unread error) {
	for i, name := range []string{f.Cert, f.Key, f.ClientCA} {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(name)
		texts[i], unread = string(text), errors.Join(unread, err)
	}
	return texts, unread
}

func (f CertificateFiles) configOf(texts [3]string) (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(texts[0]), []byte(texts[1]))
	if err != nil {
		return nil, fmt.Errorf("the certificate %s with the key %s: %w", f.Cert, f.Key, err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if f.ClientCA == "" {
		return config, nil
	}
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM([]byte(texts[2])) {
		return nil, fmt.Errorf("the client authorities: there is no certificate in %s", f.ClientCA)
	}
	config.SessionTicketsDisabled = true // a resumed session must not skip the check
	return config, nil
}

// Config is that of a listener with these protocols.
func (c *Certificates) Config(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			config := c.latest().Clone()
			config.NextProtos = protocols
			return config, nil
		},
	}
}
