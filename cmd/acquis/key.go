package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/store/bolt"
)

// keyCreateCommand makes a key without a server, and so without another key. What it
// says of the key is no environment variable: none should be made by accident.
type keyCreateCommand struct {
	DataDir     string    `default:"./data" placeholder:"DIR" help:"Directory of the store (${default}); no server may hold it."`
	Subject     string    `required:"" env:"-" placeholder:"SUBJECT" help:"Who calls with it: a pseudonym that stands in the journal for ever."`
	Role        []string  `required:"" env:"-" placeholder:"ROLE" enum:"ADMIN,REGISTRAR,ASSESSOR,JURY,DISABILITY_ADVISOR,READER,AUDITOR" help:"What it may do: ${enum}; repeatable."`
	DisplayName string    `env:"-" placeholder:"TEXT" help:"What it is for."`
	ExpireTime  time.Time `env:"-" placeholder:"TIME" help:"It is refused from this time on, such as 2030-01-31T12:00:00Z; left out: it never expires."`
}

// Run makes the key and prints its secret, this once.
func (k *keyCreateCommand) Run(ctx context.Context, c console) error {
	if _, err := os.Stat(filepath.Join(k.DataDir, bolt.FileName)); err != nil {
		return fmt.Errorf("%w (%s)", bolt.ErrNoStore, k.DataDir) // one that would be made gets its first key from serve
	}
	s, err := bolt.Open(k.DataDir, bolt.Options{})
	if errors.Is(err, bolt.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return err
	}
	secret, err := services.MakeKey(ctx, s, k.key(), time.Now())
	if told, ok := status.FromError(err); ok && err != nil {
		err = errors.New(told.Message())
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, `keys/%s for %s: %s. Keep it: it is shown once only.

    export ACQUIS_KEY=%s

The journal notes that it was made at rest, and the log says so at every start until it is revoked or has ended.
`, secret.ID, k.Subject, strings.Join(k.Role, ", "), secret)
	if err != nil {
		return fmt.Errorf("keys/%s was made but could not be shown (%w), and nobody has it: revoke it", secret.ID, err)
	}
	return nil
}

func (k *keyCreateCommand) key() *acquispb.Key {
	key := &acquispb.Key{Subject: k.Subject, DisplayName: k.DisplayName}
	for _, role := range k.Role {
		key.Roles = append(key.Roles, acquispb.Role_Enum(acquispb.Role_Enum_value[role]))
	}
	if !k.ExpireTime.IsZero() {
		key.ExpireTime = timestamppb.New(k.ExpireTime)
	}
	return key
}
