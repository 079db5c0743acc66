package callers

import (
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRoles calls every RPC with a key of each role: exactly those that the
// contract admits get past the check of roles, over both transports. A public RPC
// admits everybody.
func TestRoles(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	roles := []string{"ADMIN", "REGISTRAR", "ASSESSOR", "JURY", "DISABILITY_ADVISOR", "READER", "AUDITOR"}
	for _, role := range roles {
		w.NewKey("only-"+role, role)
	}
	target := strings.NewReplacer("(", "", ")", "", "[^/:]+", "none", "^", "", "$", "")
	checked := 0
	for _, r := range w.Routes {
		path := target.Replace(r.Pattern.String())
		body := ""
		if r.Method != "GET" {
			body = "{}"
		}
		for _, role := range roles {
			admitted := r.Public || strings.Contains(" "+strings.Join(r.Roles, " ")+" ", " "+role+" ")
			for name, call := range w.Transports() {
				a := call("only-"+role, r.Method, path, body)
				if refused := world.Get(a.Body, "details", 0, "reason") == "ROLE_MISSING"; refused == admitted {
					t.Errorf("%s over %s as %s: refused %v, admitted by the contract %v", r.FullMethod, name, role, refused, admitted)
				}
				checked++
			}
		}
	}
	t.Logf("%d calls", checked)
}
