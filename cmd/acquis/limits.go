package main

import (
	"fmt"
	"time"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/listen"
	"github.com/acquis-eval/acquis/server/transport"
)

// limitFlags bound what callers may use. Behind a proxy all callers come from one
// network, so the limits per network must be raised.
type limitFlags struct {
	MaxRequestBytes int           `default:"8388608" placeholder:"BYTES" help:"Largest request over REST or gRPC, 1024 to 8388608. Most RPCs accept less."`
	CallTimeout     time.Duration `default:"30s" placeholder:"DURATION" help:"Time limit of a call, at most 55s."`
	ReceiveTimeout  time.Duration `default:"10s" placeholder:"DURATION" help:"Time limit for a request to arrive, at most --call-timeout."`

	MaxConnections        int     `default:"4096" placeholder:"N" help:"Open connections, for REST and gRPC each."`
	MaxConnectionsNetwork int     `default:"256" placeholder:"N" help:"Open connections from one network, which is one IPv4 address or one IPv6 /64. Behind a proxy, raise this and the two rates below."`
	ConnectionRate        int     `default:"200" placeholder:"N" help:"New connections per second from one network. Four times as many may come at once."`
	PublicRate            float64 `default:"20" placeholder:"N" help:"Calls per second from one network that have no key or are refused. Five times as many may come at once. 0: no limit."`

	FailedAttempts        int `default:"10" placeholder:"N" help:"Failed authentications per minute with one key or token from one address. 0: no limit."`
	FailedAttemptsAddress int `default:"100" placeholder:"N" help:"Failed authentications per minute from one address. 0: no limit."`
}

// The bounds of what can be configured.
const (
	minRequestBytes = 1 << 10
	maxCallTimeout  = 55 * time.Second // less than the 60 s after which the REST listener drops an answer
	maxLimit        = 1_000_000
)

func (l *limitFlags) check() error {
	switch {
	case l.MaxRequestBytes < minRequestBytes || l.MaxRequestBytes > contract.MaxBytes:
		return fmt.Errorf("--max-request-bytes must be from %d to %d", minRequestBytes, contract.MaxBytes)
	case l.CallTimeout <= 0 || l.CallTimeout > maxCallTimeout:
		return fmt.Errorf("--call-timeout must be more than 0 and at most %s", maxCallTimeout)
	case l.ReceiveTimeout <= 0 || l.ReceiveTimeout > l.CallTimeout:
		return fmt.Errorf("--receive-timeout must be more than 0 and at most --call-timeout, %s", l.CallTimeout)
	case min(l.FailedAttempts, l.FailedAttemptsAddress) < 0 || max(l.FailedAttempts, l.FailedAttemptsAddress) > maxLimit:
		return fmt.Errorf("--failed-attempts and --failed-attempts-address must be from 0 to %d", maxLimit)
	case min(l.MaxConnections, l.MaxConnectionsNetwork, l.ConnectionRate) < 1 || max(l.MaxConnections, l.MaxConnectionsNetwork, l.ConnectionRate) > maxLimit:
		return fmt.Errorf("--max-connections, --max-connections-network and --connection-rate must be from 1 to %d", maxLimit)
	case !(l.PublicRate >= 0 && l.PublicRate <= maxLimit): // false for NaN too
		return fmt.Errorf("--public-rate must be from 0 to %d", maxLimit)
	}
	return nil
}

func (l *limitFlags) transport(streams time.Duration) transport.Limits {
	connections := listen.DefaultLimits
	connections.Connections, connections.PerNetwork, connections.Openings = l.MaxConnections, l.MaxConnectionsNetwork, l.ConnectionRate
	return transport.Limits{
		MaxRequestBytes: l.MaxRequestBytes, CallTimeout: l.CallTimeout, ReceiveTimeout: l.ReceiveTimeout, StreamTimeout: streams,
		Hold: transport.DefaultLimits().Hold, Listen: connections, Admission: l.admission(),
	}
}

// admission gives networks the configured rate, and proportionally more calls
// at once. The limit for all unknown callers together stays, unless there is no
// limit at all.
func (l *limitFlags) admission() admission.Limits {
	const burst = 5 // in seconds of the rate
	limits := admission.DefaultLimits()
	for _, class := range []admission.Class{admission.Public, admission.Watch, admission.Refused} {
		rule := &limits.Classes[class]
		if times := l.PublicRate / rule.Network.PerSecond; times > 1 {
			rule.Network.AtOnce = int(times * float64(rule.Network.AtOnce))
		}
		if rule.Network.PerSecond, rule.Network.Burst = l.PublicRate, max(1, burst*l.PublicRate); l.PublicRate == 0 {
			rule.Network, rule.All = admission.Share{}, admission.Share{}
		}
	}
	return limits
}

func (l *limitFlags) attempts() authn.AttemptLimits {
	return authn.AttemptLimits{PerCredential: l.FailedAttempts, PerAddress: l.FailedAttemptsAddress}
}
