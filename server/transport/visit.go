package transport

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/acquis-eval/acquis/server/admission"
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
	ctx   context.Context
	info  *call.Info
	start time.Time

	cancel   context.CancelFunc // ends what was begun for the call; nil: there is nothing
	failed   error              // over REST: why the call failed, as its caller was told
	answered bool               // over REST: the answer, or what was wrong, was written

	tooMany  bool // a stranger calls too often: over REST the connection is closed
	ticket   admission.Ticket
	lender   *admission.Budget // of the request's bytes; nil: nothing was borrowed
	borrowed int64
	lent     *loan // over REST: the bytes of the answer
}

// arrive begins a visit. The door has given the context the method's deadline.
func (t *Transport) arrive(ctx context.Context, m *method, info *call.Info) *visit {
	v := &visit{Transport: t, method: m, ctx: call.With(ctx, info), info: info, start: time.Now()}
	v.inside.Add(1)
	m.counts.started.Inc()
	return v
}

// enter finds out who calls, and lets the call in if its roles admit it and
// neither its caller nor their network has too many. What is refused counts too:
// there is a limit to it as to anything else.
func (v *visit) enter(authorization []string) error {
	caller, err := v.identify(authorization)
	if err != nil {
		return v.refuse(err)
	}
	if v.ticket, err = v.gate.Enter(admission.Call{Subject: caller.Subject, From: v.info.From, Class: v.class}); err != nil {
		v.tooMany = v.public
		return err
	}
	if caller.Subject != "" {
		prove(v.ctx)
	}
	v.info.Slot = &v.ticket
	v.info.Caller = caller
	return nil
}

// refuse returns why a call is refused, unless its network has been refused too
// often of late.
func (v *visit) refuse(why error) (err error) {
	if v.ticket, err = v.gate.Enter(admission.Call{From: v.info.From, Class: admission.Refused}); err != nil {
		v.tooMany = true
		return err
	}
	return why
}

// identify returns who calls, if they may, with those of their roles that the RPC
// knows. A public RPC asks for no key: who calls it has no subject and no role.
func (v *visit) identify(authorization []string) (*call.Caller, error) {
	if v.public {
		return new(call.Caller), nil
	}
	caller, err := v.authn.Authenticate(v.ctx, authorization)
	switch {
	case err != nil:
		return new(call.Caller), err
	case v.rpc == nil:
		return caller, apierr.NoSuchMethod()
	}
	return v.rpc.Within(caller), v.rpc.Admit(caller)
}

// borrow takes from a budget what a request of that many bytes needs, decoded and
// on the wire, until the call ends or reads another.
func (v *visit) borrow(size int) error {
	v.repay()
	b, n := v.budgets.of(v.public, size), int64(bytesOfACall+decodedTimes*size)
	if err := b.Take(v.ctx, v.caller(), n); err != nil {
		return err
	}
	v.lender, v.borrowed = b, n
	return nil
}

// repay gives back what was borrowed.
func (v *visit) repay() {
	if v.lender != nil {
		v.lender.Give(v.caller(), v.borrowed)
		v.lender = nil
	}
}

// caller is who bytes are lent to.
func (v *visit) caller() admission.Caller {
	return admission.CallerOf(call.CallerOf(v.ctx).Subject, v.info.From)
}

// end ends a visit, and returns what its caller is told. What a handler panicked
// with is p.
func (v *visit) end(err error, p any) error {
	defer v.inside.Add(-1)
	if v.cancel != nil {
		defer v.cancel()
	}
	if p != nil {
		err = apierr.Panicked(v.ctx, v.log, p)
	}
	v.repay()
	if v.lent != nil {
		v.lent.end()
	}
	v.ticket.Done()
	if err != nil && v.breaking.Load() {
		err = apierr.Stopping() // whatever it looked like from within
	}
	err = apierr.Outward(v.ctx, v.log, overloaded(err))
	v.counts.ended(v.start, err)
	v.lines.write(v, err)
	return err
}

// overloaded makes of a refusal of admission what callers are told.
func overloaded(err error) error {
	var full *admission.Refusal
	if !errors.As(err, &full) {
		return err
	}
	return apierr.Overloaded(whatIsFull(full), full.RetryAfter)
}

// whatIsFull tells a caller which limit a call met: a client with a bad key must not
// be told that the service is busy.
func whatIsFull(r *admission.Refusal) string {
	switch r.Cause {
	case admission.NetworkRate, admission.NetworkAtOnce:
		if r.Class == admission.Public.String() {
			return "too many calls without a key from this network: wait before you repeat the call, and send fewer"
		}
		if r.Class == admission.Refused.String() {
			return "too many refused calls from this network: check key, roles and path before you repeat the call"
		}
	case admission.SubjectRate, admission.SubjectAtOnce:
		return "too many calls of this caller at once: wait before you repeat the call, and send fewer at once"
	}
	return "the service is too busy for this call: wait before you repeat it, and send fewer at once"
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
