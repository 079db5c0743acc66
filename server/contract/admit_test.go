package contract

import (
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
)

// TestRoleMissing: who may not make a call reads which roles it needs and which they
// have, and a program finds both in the metadata.
func TestRoleMissing(t *testing.T) {
	c, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, rpc := range c.RPCs {
		if rpc.Public {
			continue
		}
		needed := list(rpc.roles)
		for _, held := range [][]acquispb.Role_Enum{nil, {99}} {
			err := rpc.Admit(&call.Caller{Roles: held})
			text := status.Convert(err).Message()
			metadata := status.Convert(err).Details()[0].(*errdetails.ErrorInfo).GetMetadata()
			if !strings.Contains(text, "needs one of the roles "+strings.Join(needed, ", ")+"; the key or token has "+map[bool]string{true: "no role", false: "99"}[held == nil]) {
				t.Errorf("%s: %s", rpc.Name, text)
			}
			if metadata["neededRoles"] != strings.Join(needed, ",") || metadata["heldRoles"] != strings.Join(list(held), ",") {
				t.Errorf("%s: %v", rpc.Name, metadata)
			}
		}
	}
}

func list(roles []acquispb.Role_Enum) (names []string) {
	for _, role := range roles {
		names = append(names, role.String())
	}
	return names
}
