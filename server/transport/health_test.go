package transport

import (
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/admission"
)

// TestHealthIsNotUsedUp: a load balancer on the network of unknown callers learns
// that the service is healthy, however often those call.
func TestHealthIsNotUsedUp(t *testing.T) {
	few := admission.DefaultLimits()
	few.Classes[admission.Public].Network = admission.Share{PerSecond: 1e-6, Burst: 1}
	s := newStage(t, func(o *Options) { o.Limits.Admission, o.Limits.Hold = few, time.Millisecond })
	s.SetServing(true)
	for range 10 {
		s.get("/openapi.json", "")
		if _, err := healthpb.NewHealthClient(s.conn).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHealthChecksKeepNobodyOut: checks of health whose message never comes do not
// use up what callers with a key have, as they did when both had one class.
func TestHealthChecksKeepNobodyOut(t *testing.T) {
	few := admission.DefaultLimits()
	for class := range few.Classes {
		few.Classes[class].Network.AtOnce, few.Classes[class].All.AtOnce = 1, 1
	}
	s := newStage(t, func(o *Options) { o.Limits.Admission = few })
	s.rawAt("/"+healthCheck, "", nil, false)
	for s.inside.Load() != 1 {
		if t.Context().Err() != nil {
			t.Fatal("the check did not begin")
		}
		time.Sleep(time.Millisecond)
	}
	must(t, s.listKeys(t.Context(), s.admin))
	if got := s.get("/v1/keys", s.admin); got.status != http.StatusOK {
		t.Errorf("over REST: %d %s", got.status, got.body)
	}
}

// TestCallsWithoutAKeyHaveTheirOwnLimits: no class is for calls with a key and for
// calls without one, so that nobody without a key keeps out somebody with one.
func TestCallsWithoutAKeyHaveTheirOwnLimits(t *testing.T) {
	s := newStage(t, func(o *Options) { o.Register = unimplemented })
	public := make(map[admission.Class]string)
	for _, m := range s.methods {
		if m.public {
			public[m.class] = m.name
		}
	}
	for _, m := range s.methods {
		if other, shared := public[m.class]; shared && !m.public {
			t.Errorf("%s needs a key, %s does not: both are %v", m.name, other, m.class)
		}
	}
	if registered := len(s.methods); registered < len(s.contract.RPCs) {
		t.Errorf("%d methods are known, the contract has %d", registered, len(s.contract.RPCs))
	}
}

// unimplemented registers every service of the contract.
func unimplemented(r grpc.ServiceRegistrar) {
	acquispb.RegisterAdminServiceServer(r, acquispb.UnimplementedAdminServiceServer{})
	acquispb.RegisterAttestationServiceServer(r, acquispb.UnimplementedAttestationServiceServer{})
	acquispb.RegisterAuditServiceServer(r, acquispb.UnimplementedAuditServiceServer{})
	acquispb.RegisterCandidateServiceServer(r, acquispb.UnimplementedCandidateServiceServer{})
	acquispb.RegisterCapitalisationServiceServer(r, acquispb.UnimplementedCapitalisationServiceServer{})
	acquispb.RegisterReferentielServiceServer(r, acquispb.UnimplementedReferentielServiceServer{})
	acquispb.RegisterSessionServiceServer(r, acquispb.UnimplementedSessionServiceServer{})
}
