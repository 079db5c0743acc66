package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/store"
)

// keyCreateCommand creates a key without a server, and so without another key.
// Subject and roles come from flags only, not from a forgotten variable.
type keyCreateCommand struct {
	DataDir     directory `default:"./data" placeholder:"DIR" help:"Directory of the store, which no server may be using. acquis serve must have run there once."`
	Subject     string    `required:"" env:"-" placeholder:"SUBJECT" help:"Pseudonym of the caller. It stays in the journal permanently."`
	Role        []string  `required:"" env:"-" placeholder:"ROLE" enum:"ADMIN,REGISTRAR,ASSESSOR,JURY,DISABILITY_ADVISOR,READER,AUDITOR" help:"One of ${enum}. Repeatable."`
	DisplayName string    `env:"-" placeholder:"TEXT" help:"What the key is for."`
	ExpireTime  time.Time `env:"-" placeholder:"TIME" help:"When the key expires, such as 2030-01-31T12:00:00Z. If not set: never."`
}

// flagOfField names a field of the API's key as this command does.
var flagOfField = strings.NewReplacer("key.subject:", "--subject:", "key.displayName:", "--display-name:", "key.expireTime:", "--expire-time:")

// Run creates the key and prints its secret, which is not shown again.
func (k *keyCreateCommand) Run(ctx context.Context, engine store.Engine, c console) error {
	s, err := engine.Open(string(k.DataDir), store.Opening{Existing: true})
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if errors.Is(err, store.ErrNoStore) {
		return fmt.Errorf("%w: run acquis serve there once, which creates the store and its first key", err)
	}
	if err != nil {
		return err
	}
	secret, err := services.MakeKey(ctx, s, k.key(), time.Now())
	if errors.Is(err, services.ErrNoFirstKey) {
		err = fmt.Errorf("%w (%s): run acquis serve there once", err, k.DataDir)
	}
	if told, ok := status.FromError(err); ok && err != nil {
		err = errors.New(flagOfField.Replace(told.Message()))
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, `keys/%s for %s: %s. Save it now: it is not shown again.

    export ACQUIS_KEY=%s

The journal records that it was created without a server. The log warns of it at every start, until it is revoked or expires.
`, secret.ID, k.Subject, strings.Join(k.Role, ", "), secret)
	if err != nil {
		return fmt.Errorf("keys/%s was created but could not be printed (%w), so nobody has it: revoke it", secret.ID, err)
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
