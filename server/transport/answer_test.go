package transport

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// aVisit is a call of a class whose handler has finished: it has the only slot.
func aVisit(t *testing.T, class admission.Class, subject string) *visit {
	t.Helper()
	limits := admission.DefaultLimits()
	limits.Slots = 1
	return anotherVisit(t, &Transport{gate: admission.NewGate(limits), budgets: newBudgets(), codec: NewCodec()}, class, subject)
}

func anotherVisit(t *testing.T, doors *Transport, class admission.Class, subject string) *visit {
	t.Helper()
	v := &visit{Transport: doors, method: &method{class: class}, info: &call.Info{Caller: &call.Caller{Subject: subject}}}
	v.ctx = context.WithValue(call.With(t.Context(), v.info), visitKey{}, v)
	var err error
	if v.ticket, err = v.gate.Enter(admission.Call{Subject: subject, Class: class}); err != nil {
		t.Fatal(err)
	}
	if err := v.ticket.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// taken reads how many bytes a budget has lent.
func (t *Transport) taken(test *testing.T, budget string) (bytes float64) {
	test.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(t.budgets.collectors()...)
	families, err := registry.Gather()
	if err != nil {
		test.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "acquis_bytes_taken" && m.GetLabel()[0].GetValue() == budget {
				bytes += m.GetGauge().GetValue()
			}
		}
	}
	return bytes
}

func answerOf(size int) *acquispb.Assessment {
	return &acquispb.Assessment{Comment: strings.Repeat("x", size)}
}

// TestUnreadAnswersAreLent: an answer over gRPC counts until the library releases
// it, with its stream, but keeps its slot no longer than the handler; also an answer
// that the handler encoded, one of a write, a small one, and one that all share. The caller is unknown, another, or the
// answer is too large for any budget.
func TestUnreadAnswersAreLent(t *testing.T) {
	encoded := func(size int) mem.BufferSlice {
		data := make([]byte, size)
		return mem.BufferSlice{mem.NewBuffer(&data, mem.NopBufferPool{})}
	}
	shared := new(call.Info)
	call.Prepare(answerOf(1 << 20)).Serve(call.With(t.Context(), shared))
	for name, c := range map[string]struct {
		class  admission.Class
		answer any
		public bool
		want   float64
	}{
		"read":          {class: admission.Read, answer: answerOf(1 << 20), want: bytesOfAStream + 1<<20 + 4},
		"write":         {class: admission.Record, answer: answerOf(1 << 20), want: bytesOfAStream + 1<<20 + 4},
		"encoded":       {class: admission.Read, answer: encoded(1 << 20), want: bytesOfAStream + 1<<20},
		"small":         {class: admission.Read, answer: answerOf(10), want: bytesOfAStream + 12},
		"empty":         {class: admission.Read, answer: answerOf(0), want: bytesOfAStream},
		"shared":        {class: admission.Read, answer: shared.Encoded, want: bytesOfAStream},
		"health":        {class: admission.Check, answer: answerOf(10), public: true, want: bytesOfAStream + 12},
		"stranger":      {class: admission.Public, answer: answerOf(1 << 16), public: true, want: bytesOfAStream + 1<<16 + 4},
		"larger":        {class: admission.Read, answer: answerOf(30 << 20), want: float64(admission.AnswersBudget.PerCaller)},
		"larger, write": {class: admission.Record, answer: answerOf(30 << 20), want: bytesOfAStream + 30<<20 + 5},
	} {
		t.Run(name, func(t *testing.T) {
			v := aVisit(t, c.class, "s")
			v.public = c.public
			budget := "answers"
			switch {
			case c.class == admission.Check:
				budget = "check_answers"
			case c.public:
				budget = "public_answers"
			}
			got, err := v.pack(c.answer)
			if err != nil {
				t.Fatal(err)
			}
			if other := anotherVisit(t, v.Transport, c.class, "other"); other != nil { // or Admit has failed
				other.ticket.Done()
			}
			if taken := v.taken(t, budget); taken != c.want {
				t.Errorf("%v bytes are lent, want %v", taken, c.want)
			}
			got.(mem.BufferSlice).Free()
			if taken := v.taken(t, budget); taken != 0 {
				t.Errorf("%v bytes were not returned", taken)
			}
		})
	}
}

// TestWhoReadsNothingIsRefused: reads of a caller who reads no answers are
// refused, writes that have happened are not; others are served; and bytes that
// are never released come back after a time.
func TestWhoReadsNothingIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := aVisit(t, admission.Read, "s")
		for range admission.AnswersBudget.PerCaller >> 20 {
			if _, err := v.pack(answerOf(1<<20 - 4 - bytesOfAStream)); err != nil {
				t.Fatal(err)
			}
		}
		_, err := v.pack(answerOf(1 << 20))
		if err = apierr.Outward(t.Context(), nil, overloaded(err)); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("one more: %v", err)
		}
		for class, subject := range map[admission.Class]string{admission.Record: "s", admission.Read: "other"} {
			other := anotherVisit(t, v.Transport, class, subject)
			if _, err := other.pack(answerOf(1 << 20)); err != nil {
				t.Errorf("%v of %s: %v", class, subject, err)
			}
		}
		time.Sleep(takenWithin)
		synctest.Wait()
		if taken := v.taken(t, "answers"); taken != 0 {
			t.Errorf("%v bytes never came back", taken)
		}
	})
}

// TestSlowReaderHoldsNoSlot: over REST the slot is returned before the answer is
// written, in any form; its bytes when the call ends.
func TestSlowReaderHoldsNoSlot(t *testing.T) {
	for name, note := range map[string]func(*call.Info){
		"made anew":    func(i *call.Info) { i.Answer = answerOf(1 << 20) },
		"shared":       func(i *call.Info) { call.Prepare(answerOf(1 << 20)).Serve(call.With(t.Context(), i)) },
		"shared, gzip": func(i *call.Info) { call.Prepare(answerOf(1 << 20)).Serve(call.With(t.Context(), i)); i.Gzip = true },
	} {
		t.Run(name, func(t *testing.T) {
			v := aVisit(t, admission.List, "s")
			note(v.info)
			if _, err := newMarshaler().rewrite(v.ctx, nil); err != nil {
				t.Fatal(err)
			}
			anotherVisit(t, v.Transport, admission.List, "other") // fails if there is no slot
			if v.lent != nil {
				v.lent.end()
			}
			if taken := v.taken(t, "answers"); taken != 0 {
				t.Errorf("%v bytes were not returned", taken)
			}
		})
	}
}
