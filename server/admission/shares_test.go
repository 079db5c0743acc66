package admission

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestShares: each limit is tested alone, names itself and says when to try
// again; a refused call uses up nothing, and other callers and classes keep
// theirs.
func TestShares(t *testing.T) {
	me := Call{Subject: "me", From: network(1), Class: Read}
	subject, from, class := me, me, me
	subject.Subject, from.From, class.Class = "other", network(2), List
	for _, c := range []struct {
		cause  Cause
		share  func(*Rule) *Share
		free   []Call // are admitted although me is not
		caught Call   // is not admitted
	}{
		{SubjectAtOnce, func(r *Rule) *Share { return &r.Subject }, []Call{subject, class}, from},
		{NetworkAtOnce, func(r *Rule) *Share { return &r.Network }, []Call{from, class}, subject},
		{AllAtOnce, func(r *Rule) *Share { return &r.All }, []Call{class}, Call{Class: Read}},
		{SubjectRate, func(r *Rule) *Share { return &r.Subject }, []Call{subject, class}, from},
		{NetworkRate, func(r *Rule) *Share { return &r.Network }, []Call{from, class}, subject},
		{AllRate, func(r *Rule) *Share { return &r.All }, []Call{class}, Call{Class: Read}},
	} {
		t.Run(c.cause.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := small()
				share := c.share(&limits.Classes[Read])
				rate := c.cause < SubjectAtOnce
				if *share = (Share{AtOnce: 2}); rate {
					*share = Share{PerSecond: 2, Burst: 2}
				}
				g := NewGate(limits)
				var tickets []Ticket
				enter := func(call Call) Cause {
					ticket, err := g.Enter(call)
					tickets = append(tickets, ticket)
					return cause(t, err)
				}
				if a, b := enter(me), enter(me); a != none || b != none {
					t.Fatalf("within the share: %v, %v", a, b)
				}
				for range 100 {
					if got := enter(me); got != c.cause {
						t.Fatalf("over the share: %d", got)
					}
				}
				if got := enter(c.caught); got != c.cause {
					t.Errorf("another of the same share: %d", got)
				}
				for _, call := range c.free {
					if got := enter(call); got != none {
						t.Errorf("%v: %v", call, got)
					}
				}
				time.Sleep(500 * time.Millisecond)
				if got := enter(me); rate != (got == none) {
					t.Errorf("half a second later: %d", got)
				}
				for _, ticket := range tickets {
					ticket.Done()
				}
				checkEmpty(t, g)
			})
		})
	}
}

// TestRetryAfter: a call repeated after the given time is admitted, and not
// before.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.Classes[Public].Network = Share{PerSecond: 4, Burst: 3}
		g := NewGate(limits)
		call := Call{From: network(1), Class: Public}
		for range 3 {
			ticket, err := g.Enter(call)
			if err != nil {
				t.Fatal(err)
			}
			ticket.Done()
		}
		_, err := g.Enter(call)
		var r *Refusal
		if !errors.As(err, &r) || r.RetryAfter != 250*time.Millisecond || r.Class != "public" {
			t.Fatalf("refused: %v", err)
		}
		time.Sleep(r.RetryAfter - 1)
		if _, err := g.Enter(call); err == nil {
			t.Error("admitted too early")
		}
		time.Sleep(time.Nanosecond)
		if _, err := g.Enter(call); err != nil {
			t.Error(err)
		}
	})
}

// TestMemory: after calls of a million networks and subjects only the limited
// number is remembered.
func TestMemory(t *testing.T) {
	g := NewGate(DefaultLimits())
	for i := range 1_000_000 {
		c := Call{From: network(i), Class: Read}
		if i%10 == 0 {
			c.Subject = fmt.Sprint(i)
		}
		ticket := admit(t, g, c)
		ticket.Done()
	}
	if s, n := g.shares.subjects.Len(), g.shares.networks.Len(); s > remembered || n > remembered {
		t.Errorf("%d subjects and %d networks are remembered", s, n)
	}
	checkEmpty(t, g)
}
