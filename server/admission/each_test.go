package admission

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSlotsOfOneCaller: a caller has at most the slots of one caller, a subject
// over all networks, an unknown caller by network; others overtake calls that
// wait for their own caller's slots, and those continue when such a slot is free.
func TestSlotsOfOneCaller(t *testing.T) {
	for name, c := range map[string]struct{ first, second, other Call }{
		"subject": {Call{"a", network(1), Read}, Call{"a", network(2), Read}, Call{"b", network(1), Read}},
		"network": {Call{"", network(1), Read}, Call{"", network(1), Read}, Call{"", network(2), Read}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := small()
				limits.Slots, limits.Classes[Read].Running, limits.Classes[Read].Each = 3, 3, 1
				g := NewGate(limits)
				first := admit(t, g, c.first)
				waiting := make(chan *Ticket)
				go func() { waiting <- admit(t, g, c.second) }()
				synctest.Wait()
				select {
				case <-waiting:
					t.Fatal("one caller got two slots")
				default:
				}
				admit(t, g, c.other).Done()
				first.Yield()
				(<-waiting).Done()
				first.Done()
				if g.slots != 0 || g.running[Read] != 0 || g.queues[Read].length != 0 {
					t.Errorf("%d slots are taken", g.slots)
				}
				for _, u := range []*usage{first.usage(), g.shares.all} {
					if u.running[Read] != 0 || u.atOnce[Read] != 0 {
						t.Errorf("a caller still has %+v", u)
					}
				}
			})
		})
	}
}

// TestQueueBehindOneCaller: calls that wait for a slot of the class are served
// before calls that wait for their own caller's slots, in any order of arrival.
func TestQueueBehindOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.Classes[Read].Each = 1
		g := NewGate(limits)
		a, b := admit(t, g, by("a", Read)), admit(t, g, by("b", Read)) // all slots
		served := make(chan string, 2)
		for _, subject := range []string{"a", "c"} {
			go func() {
				ticket := admit(t, g, by(subject, Read))
				served <- subject
				ticket.Done()
			}()
			synctest.Wait()
		}
		b.Done()
		if got := <-served; got != "c" {
			t.Errorf("%s was served first", got)
		}
		a.Done()
		if got := <-served; got != "a" {
			t.Errorf("then %s", got)
		}
	})
}

// TestLongCalls: a caller whose calls keep their slots for longer than those of others
// gets fewer, down to one; many short calls do not make up for a few long ones. A caller
// who is alone, or whose calls are as long as those of all, gets no fewer.
func TestLongCalls(t *testing.T) {
	const most = 8
	for name, c := range map[string]struct {
		calls       []time.Duration // again and again
		others      time.Duration   // how long theirs are; negative: there are none
		least, most int
	}{
		"short":                {[]time.Duration{time.Millisecond}, 0, most, most},
		"four times long":      {[]time.Duration{4 * time.Millisecond}, time.Microsecond, 2, 2},
		"very long":            {[]time.Duration{time.Second}, time.Millisecond, 1, 1},
		"few long":             {[]time.Duration{0, 0, 0, 0, 0, 0, 0, 20 * time.Millisecond}, time.Millisecond, 1, 2},
		"long by chance":       {append(make([]time.Duration, 499), 2*time.Millisecond), 0, most, most},
		"alone":                {[]time.Duration{time.Second}, -1, most, most},
		"all are long":         {[]time.Duration{time.Second}, time.Second, most, most},
		"twice that of others": {[]time.Duration{20 * time.Millisecond}, 10 * time.Millisecond, 4, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := small()
				limits.Slots, limits.Classes[Read] = 20, Rule{Running: 20, Each: most, Short: time.Millisecond, Waiting: 9, Patience: time.Second}
				g := NewGate(limits)
				call := func(subject string, lasts time.Duration) {
					ticket := admit(t, g, by(subject, Read))
					time.Sleep(lasts)
					ticket.Done()
				}
				for i := range 2000 {
					call("a", c.calls[i%len(c.calls)])
					if c.others >= 0 {
						call("b", c.others)
					}
				}
				if n := slotsOf(t, g, "a"); n < c.least || n > c.most {
					t.Errorf("they have %d slots", n)
				}
				if n := slotsOf(t, g, "c"); n != most {
					t.Errorf("a newcomer has %d slots", n)
				}
			})
		})
	}
}

// slotsOf returns how many slots a subject can have at once.
func slotsOf(t *testing.T, g *Gate, subject string) (n int) {
	var tickets []*Ticket
	for {
		ticket, err := g.Enter(by(subject, Read))
		if err != nil {
			t.Fatal(err)
		}
		if w, _, _ := g.start(&ticket); w != nil {
			g.leave(Read, w)
			ticket.Done()
			break
		}
		ticket.running, ticket.since = true, time.Now()
		tickets = append(tickets, &ticket)
	}
	for _, ticket := range tickets {
		ticket.Done()
	}
	return len(tickets)
}
