package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// A visit is one call from its arrival to its answer, over REST or gRPC. The
// order is fixed: authentication, roles, admission; only then is the request
// read. So a caller who may not call learns nothing, and their request is never
// decoded.
type visit struct {
	*Transport
	*method
	ctx   context.Context
	info  *call.Info
	start time.Time

	cancel   context.CancelFunc // releases what was started for the call; nil: nothing
	bound    binding            // over REST: of the path
	body     []byte             // over REST: as it was sent, once it was read
	failed   error              // over REST: why the call failed, as its caller was told
	answered bool               // over REST: the answer or an error was written
	aside    aside              // over REST

	tooMany  bool // an unknown caller calls too often: over REST the connection is closed
	ticket   admission.Ticket
	lender   *admission.Budget // of the request's bytes; nil: nothing was borrowed
	borrowed int64
	lent     *loan // over REST: the bytes of the answer
}

// arrive begins a visit. The context already has the method's deadline.
func (t *Transport) arrive(ctx context.Context, m *method, info *call.Info) *visit {
	v := &visit{Transport: t, method: m, ctx: call.With(ctx, info), info: info, start: time.Now()}
	v.inside.Add(1)
	m.counts.started.Inc()
	return v
}

// enter authenticates the caller, and admits the call if its roles allow it and
// neither its caller nor their network has too many. Refused calls are limited
// too.
func (v *visit) enter(authorization []string) error {
	caller, err := v.identify(authorization)
	if err != nil {
		return v.refuse(err)
	}
	if v.ticket, err = v.gate.Enter(admission.Call{Subject: caller.Subject, From: v.info.From, Class: v.class}); err != nil {
		if v.tooMany = v.public; v.tooMany {
			v.hold()
		}
		return err
	}
	if caller.Subject != "" {
		prove(v.ctx)
	}
	v.info.Slot = &v.ticket
	v.info.Caller = caller
	return nil
}

// refuse returns why a call is refused, or Overloaded if its network was
// refused too often recently.
func (v *visit) refuse(why error) (err error) {
	if v.ticket, err = v.gate.Enter(admission.Call{From: v.info.From, Class: admission.Refused}); err != nil {
		v.tooMany = true
		v.hold()
		return err
	}
	return why
}

// heldAtOnce bounds the memory for held calls: each may have sent a window full
// of a message that nobody reads.
const heldAtOnce = 1024

// hold lets an unknown caller who calls too often wait for the refusal: most
// repeat a call once it is answered, so that fast refusals cost the service more
// than the caller. The time is random, so that calls that came together do not
// come again together.
func (v *visit) hold() {
	defer v.held.Add(-1)
	if v.held.Add(1) > heldAtOnce || v.limits.Hold <= 0 {
		return
	}
	over := time.NewTimer(rand.N(2 * v.limits.Hold))
	defer over.Stop()
	select {
	case <-over.C:
	case <-v.ctx.Done():
	}
}

// identify returns the caller, if they may call, with those of their roles that
// the RPC uses. A public RPC needs no key: its callers have no subject and no
// role.
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

// borrow takes the memory of a request of that size, encoded and decoded, from
// a budget, until the call ends or reads another request.
func (v *visit) borrow(size int) error {
	v.repay()
	b, n := v.budgets.of(v.public, size), int64(bytesOfACall+decodedTimes*size)
	if err := b.Take(v.ctx, v.caller(), n); err != nil {
		return err
	}
	v.lender, v.borrowed = b, n
	return nil
}

// repay returns what was borrowed.
func (v *visit) repay() {
	if v.lender != nil {
		v.lender.Give(v.caller(), v.borrowed)
		v.lender = nil
	}
}

// caller is the borrower of the bytes.
func (v *visit) caller() admission.Caller {
	return admission.CallerOf(call.CallerOf(v.ctx).Subject, v.info.From)
}

// end ends a visit, and returns the error for its caller. p is the value of a
// panic.
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
	if v.ticket.Yield(); !v.info.OverREST { // over REST it ends when the answer was sent
		v.ticket.Done()
	}
	if err != nil && v.breaking.Load() {
		err = apierr.Stopping() // whatever the handler returned
	}
	err = apierr.Outward(v.ctx, v.log, overloaded(err))
	v.counts.ended(v.start, err)
	v.lines.write(v, err)
	return err
}

// overloaded turns a refusal of admission into an error for callers.
func overloaded(err error) error {
	var full *admission.Refusal
	if !errors.As(err, &full) {
		return err
	}
	return apierr.Overloaded(whatIsFull(full), full.RetryAfter)
}

// whatIsFull tells a caller which limit was exceeded: a client with an invalid
// key should not be told that the service is busy.
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

// requestIDHeader has the id that connects a call with its log line. Callers
// may choose it.
const requestIDHeader = "x-request-id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

func requestID(given []string) string {
	if len(given) == 1 && requestIDForm.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}
