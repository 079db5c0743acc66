package transport

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// A visit is one call from its arrival to its answer, through either door. The
// order is fixed: who calls, what they may, whether there is room; only then is
// the request read. So who may not call learns nothing, and what a stranger sends
// is never decoded.
type visit struct {
	*Transport
	*method
	ctx    context.Context
	cancel context.CancelFunc
	info   *call.Info
	start  time.Time

	failed   error // over REST: why the call failed, as its caller was told
	answered bool  // over REST: the answer, or what was wrong, was written

	leave func() // gives back the place that admission gave; nil: none
	lent  func() // gives back the bytes that the budget lent; nil: none
}

// arrive begins a visit: the call gets a deadline.
func (t *Transport) arrive(ctx context.Context, m *method, info *call.Info) *visit {
	v := &visit{Transport: t, method: m, info: info, start: time.Now()}
	v.ctx, v.cancel = context.WithTimeout(context.WithValue(call.With(ctx, info), visitKey{}, v), m.timeout)
	v.inside.Add(1)
	m.counts.started.Inc()
	return v
}

type visitKey struct{}

// visitOf returns the visit that a context belongs to, or nil.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// enter finds out who calls, and lets the call in if its roles admit it and
// there is room for it. A public RPC asks for no key: who calls it has no subject
// and no role.
func (v *visit) enter(authorization []string) error {
	caller := new(call.Caller)
	if !v.public {
		var err error
		if caller, err = v.authn.Authenticate(v.ctx, authorization); err != nil {
			return err
		}
		if v.rpc == nil {
			return apierr.NoSuchMethod()
		}
		if err := v.rpc.Admit(caller); err != nil {
			return err
		}
		caller = v.rpc.Within(caller)
	}
	v.ctx = call.WithCaller(v.ctx, caller)
	return nil
}

// end ends a visit, and returns what its caller is told. What a handler panicked
// with is p.
func (v *visit) end(err error, p any) error {
	defer v.inside.Add(-1)
	defer v.cancel()
	if p != nil {
		err = apierr.Panicked(v.ctx, v.log, p)
	}
	for _, giveBack := range []func(){v.lent, v.leave} {
		if giveBack != nil {
			giveBack()
		}
	}
	err = apierr.Outward(v.ctx, v.log, err)
	v.counts.ended(v.start, err)
	v.lines.write(v, err)
	return err
}

// requestIDHeader carries the id that ties a call to its log line. Callers may
// give one.
const requestIDHeader = "x-request-id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

func requestID(given []string) string {
	if len(given) == 1 && requestIDForm.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}
