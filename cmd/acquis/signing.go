package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/acquis-eval/acquis/backup"
)

// signingFile is the default file of the signing key, next to the store and not
// in it: a copy of the store alone cannot sign.
const signingFile = "signing.key"

// pemType is the type of PKCS #8, which openssl writes: openssl genpkey
// -algorithm ed25519.
const pemType = "PRIVATE KEY"

// signingKey returns the key that signs: that of file or of the environment,
// otherwise that of the data directory, which is created if there is none.
func signingKey(file, dataDir string, log *slog.Logger) (ed25519.PrivateKey, error) {
	key, given, err := givenSigningKey(file)
	if err != nil || given {
		return key, err
	}
	file = filepath.Join(dataDir, signingFile)
	key, err = readSigningKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		log.Info("created a signing key; back it up apart from the store", "file", file)
		return makeSigningKey(file)
	}
	if info, statErr := os.Stat(file); statErr == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("other users can read the signing key", "file", file, "mode", info.Mode().Perm().String())
	}
	return key, err
}

// givenSigningKey returns the key of file, if one is named, or of the
// environment, if it has one.
func givenSigningKey(file string) (key ed25519.PrivateKey, given bool, err error) {
	text := os.Getenv(signingVariable)
	switch {
	case file != "" && text != "":
		return nil, true, fmt.Errorf("--signing-key-file and %s are both set; set only one", signingVariable)
	case file != "":
		if key, err = readSigningKey(file); err != nil {
			err = fmt.Errorf("--signing-key-file: %w", err)
		}
		return key, true, err
	case text != "":
		// Many environments allow only one line, so the armour is optional.
		if !strings.Contains(text, "-----BEGIN") {
			text = "-----BEGIN " + pemType + "-----\n" + strings.TrimSpace(text) + "\n-----END " + pemType + "-----\n"
		}
		key, err = parseSigningKey([]byte(text))
		if err != nil {
			err = fmt.Errorf("%s: %w", signingVariable, err)
		}
		return key, true, err
	}
	return nil, false, nil
}

func readSigningKey(file string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := parseSigningKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// parseSigningKey reads a PEM block. Its error never repeats the input.
func parseSigningKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, errors.New("not a PEM private key (PKCS #8)")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return key, nil
}

// makeSigningKey creates a key and its file, which appears completely or not at
// all: with half a key the service could never start again.
func makeSigningKey(file string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	made := file + ".new"
	if err := writeSynced(made, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})); err != nil {
		return nil, fmt.Errorf("the signing key: %w", err)
	}
	if err := os.Rename(made, file); err != nil {
		return nil, err
	}
	return key, backup.SyncDir(filepath.Dir(file)) // before the store names it as its own
}

func writeSynced(file string, content []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
