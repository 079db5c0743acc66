package admission

import (
	"testing"
	"testing/synctest"
)

// TestSlotsOfOneCaller: a caller has no more slots than one may have, a subject by
// whatever networks, a stranger by theirs; others pass those who wait for their own, and
// who waits goes on when a slot of theirs comes back.
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
					t.Fatal("one caller has two slots")
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

// TestQueueBehindOneCaller: who waits for a slot of the class is served before those who
// wait for their own, whoever came first.
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
