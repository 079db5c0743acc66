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

// CertificateFiles name the files of the doors, in PEM.
type CertificateFiles struct {
	Cert, Key string
	ClientCA  string // whose clients are let in; empty: certificates are not asked for
}

// Certificates are those that both doors show and, where there is a ClientCA,
// demand. Each handshake looks whether the files have changed, and reads them
// again if so. Connections that exist go on. A new set that cannot be read, as
// while one of the files is not yet replaced, leaves the old one in use, which is
// logged.
//
// A client's certificate lets its bearer come to the door, and no further: who
// calls and what they may do is told by the key or token alone.
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

// latest returns what the files hold, or held when they could last be used. They
// are small, and reading them costs little beside a handshake; their times would
// not tell two changes in one tick apart.
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

// reload fails once for each state of the files that is no good.
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

// read returns what the files hold; nothing for one that cannot be read.
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
	config.SessionTicketsDisabled = true // a session of before must not skip the check
	return config, nil
}

// Config is that of a listener which speaks these protocols.
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
