package listen

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleConnectionsMakeRoom: if a network or the listener has the maximum
// number of connections, a new one replaces the oldest one without an
// authenticated call, if that one had time for such a call; a proven one stays.
// Over the rate no connection makes room.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	for _, c := range []struct {
		cause  string
		limits Limits
		from   func(i int) string
	}{
		{refusedAll, Limits{3, 9, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) }},
		{refusedNetwork, Limits{9, 3, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("192.0.2.1:%d", i) }},
	} {
		t.Run(c.cause, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, c.limits)
				defer d.shut()
				dial := func(i int) net.Conn {
					near := d.dial(c.from(i))
					synctest.Wait()
					return near
				}
				var near, far []net.Conn
				for i := range 3 {
					near = append(near, dial(i))
					far = append(far, <-d.accepted)
					defer far[i].Close()
				}
				ended := func(c net.Conn) bool {
					_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
					_, err := c.Read(make([]byte, 1))
					return errors.Is(err, io.EOF)
				}
				far[0].(*conn).Prove()
				if early := dial(3); !ended(early) {
					t.Error("a connection that had no time to prove itself made room")
				}
				time.Sleep(settling)
				if late := dial(4); ended(late) || ended(near[0]) || !ended(near[1]) || ended(near[2]) {
					t.Error("the oldest unproven connection did not make room")
				}
				if n := count(t, d.l, "acquis_connections_cut_total", cutForRoom); n != 1 || d.l.Open() != 3 {
					t.Errorf("%v were cut, %d are open", n, d.l.Open())
				}
				far[2].(*conn).Prove()
				late := <-d.accepted
				defer late.Close()
				late.(*conn).Prove()
				time.Sleep(settling)
				if !ended(dial(5)) {
					t.Error("a connection over the limit is served although all others are proven")
				}
				if d.l.unproven.Len() != 0 {
					t.Errorf("%d are unproven", d.l.unproven.Len())
				}
			})
		})
	}
}

// TestRateMakesNoRoom: a network that opens connections too fast displaces no
// others.
func TestRateMakesNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, Limits{4, 4, 1, time.Hour, time.Hour}) // four at once, then one a second
		defer d.shut()
		for i := range 4 {
			defer d.dial(fmt.Sprintf("192.0.2.1:%d", i)).Close()
		}
		synctest.Wait()
		time.Sleep(settling)
		for i := range 9 {
			defer d.dial(fmt.Sprintf("192.0.2.1:%d", 10+i)).Close()
			synctest.Wait()
		}
		if n := count(t, d.l, "acquis_connections_cut_total", cutForRoom); n != 1 {
			t.Errorf("%v made room", n)
		}
	})
}
