package listen

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A pipes is a listener whose connections are pipes from addresses that the test
// chooses, so that it can use the time of synctest.
type pipes struct {
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func newPipes() *pipes {
	return &pipes{waiting: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(from string) net.Conn {
	near, far := net.Pipe()
	p.waiting <- pipeEnd{far, net.TCPAddrFromAddrPort(addrPort(from))}
	return near
}

type pipeEnd struct {
	net.Conn
	from net.Addr
}

func (e pipeEnd) RemoteAddr() net.Addr { return e.from }

// A door is a listener over pipes that accepts all connections.
type door struct {
	*pipes
	l        *Listener
	accepted chan net.Conn
}

func open(t *testing.T, limits Limits) *door {
	t.Helper()
	d := &door{pipes: newPipes(), accepted: make(chan net.Conn, 100_000)}
	d.l = New(d.pipes, "test", limits, nil)
	go func() {
		for {
			c, err := d.l.Accept()
			if err != nil {
				return
			}
			d.accepted <- c
		}
	}()
	return d
}

// shut closes the listener and all connections that it has accepted.
func (d *door) shut() {
	d.l.Close()
	for len(d.accepted) > 0 {
		(<-d.accepted).Close()
	}
}

// TestConnectionsBounded: a connection over a limit is closed at once; one that
// ends makes room.
func TestConnectionsBounded(t *testing.T) {
	for _, c := range []struct {
		cause  string
		limits Limits
		from   func(i int) string
	}{
		{refusedAll, Limits{3, 9, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) }},
		{refusedNetwork, Limits{9, 3, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("192.0.2.1:%d", i) }},
		{refusedNetwork, Limits{9, 3, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("[2001:db8::%d]:1", i) }},
		{refusedNetwork, Limits{9, 3, 9, time.Hour, time.Hour}, func(i int) string { return fmt.Sprintf("[::ffff:192.0.2.1]:%d", i) }},
	} {
		t.Run(c.cause+" "+c.from(0), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, c.limits)
				defer d.shut()
				for i := range 3 {
					defer d.dial(c.from(i)).Close()
				}
				synctest.Wait()
				over := d.dial(c.from(3))
				if _, err := over.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
					t.Errorf("the fourth reads %v", err)
				}
				if n := count(t, d.l, "acquis_connections_refused_total", c.cause); n != 1 {
					t.Errorf("%v refusals were counted", n)
				}
				first := <-d.accepted
				first.Close()
				first.Close()
				defer d.dial(c.from(4)).Close()
				synctest.Wait()
				if n := count(t, d.l, "acquis_connections", ""); n != 3 {
					t.Errorf("%v connections were counted as open", n)
				}
				if n := len(d.accepted); n != 3 {
					t.Errorf("%d connections are open after one made room", n)
				}
			})
		})
	}
}

// TestOpeningsBounded: the number of connections that a network opens per second
// is limited, even if they are short.
func TestOpeningsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, Limits{100, 100, 5, time.Hour, time.Hour})
		defer d.shut()
		openings := func() (n int) {
			for range 100 {
				d.dial("192.0.2.1:1").Close()
				synctest.Wait()
				for ; len(d.accepted) > 0; n++ {
					(<-d.accepted).Close()
				}
			}
			return n
		}
		if n := openings(); n != burstSeconds*5 {
			t.Errorf("%d at once", n)
		}
		time.Sleep(time.Second)
		if n := openings(); n != 5 {
			t.Errorf("%d after a second", n)
		}
		if n := count(t, d.l, "acquis_connections_refused_total", refusedRate); n != 200-25 {
			t.Errorf("%v refusals were counted", n)
		}
	})
}

// TestSilenceIsCutOff: a peer that sends nothing, or half a preface, is
// disconnected in time; after that the library decides.
func TestSilenceIsCutOff(t *testing.T) {
	for sent, cut := range map[string]bool{
		"": true, preface[:20]: true,
		preface: false, "G": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, Limits{9, 9, 9, 10 * time.Second, time.Hour})
			defer d.shut()
			client := d.dial("192.0.2.1:1")
			defer client.Close()
			server := <-d.accepted
			defer server.Close()
			ended := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, server)
				ended <- err
			}()
			_, _ = io.WriteString(client, sent)
			time.Sleep(8 * time.Second)
			synctest.Wait()
			if len(ended) > 0 {
				t.Errorf("after %q: cut off early", sent)
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if (len(ended) > 0) != cut {
				t.Errorf("after %q: cut off: %v", sent, len(ended) > 0)
			}
			if n := count(t, d.l, "acquis_connections_cut_total", cutOpening); (n == 1) != cut {
				t.Errorf("after %q: counted %v", sent, n)
			}
			client.Close()
			synctest.Wait()
		})
	}
}

// TestStall: a peer that reads nothing is disconnected; one that reads a piece at
// intervals is served to the end, even if it takes long.
func TestStall(t *testing.T) {
	const size = 20 * piece
	for _, c := range []struct {
		name string
		rest time.Duration // of the reader, after each piece
		cut  bool
	}{
		{"slow reader", 20 * time.Second, false},
		{"no reader", time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, Limits{9, 9, 9, time.Hour, 30 * time.Second})
				defer d.shut()
				client := d.dial("192.0.2.1:1")
				server := <-d.accepted
				defer server.Close()
				ended := make(chan struct{})
				defer func() {
					client.Close()
					<-ended
				}()
				go func() {
					defer close(ended)
					for {
						if _, err := io.CopyN(io.Discard, client, piece); err != nil {
							return
						}
						time.Sleep(c.rest)
					}
				}()
				began := time.Now()
				n, err := server.Write(make([]byte, size))
				took := time.Since(began)
				if c.cut && (err == nil || took > 40*time.Second) || !c.cut && (err != nil || n != size) {
					t.Errorf("%d bytes, %v, after %v", n, err, took)
				}
				if n := count(t, d.l, "acquis_connections_cut_total", cutStalled); (n == 1) != c.cut {
					t.Errorf("counted %v", n)
				}
			})
		})
	}
}

// TestClosedListener: connections outlive the listener, and are still watched.
func TestClosedListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, Limits{9, 9, 9, 10 * time.Second, time.Hour})
		client := d.dial("192.0.2.1:1")
		server := <-d.accepted
		d.l.Close()
		d.l.Close()
		if _, err := d.l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept: %v", err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the silent client reads %v", err)
		}
		server.Close()
		<-d.l.done
	})
}

// TestNetworksForgotten: after a million networks only the limited number is
// remembered.
func TestNetworksForgotten(t *testing.T) {
	n := newNetworks(Limits{PerNetwork: 1, Openings: 1})
	for i := range 5 * rememberedNetworks {
		from := networkOf(v4(i))
		if cause := n.enter(from, still()); cause != "" {
			t.Fatal(cause)
		}
		n.leave(from)
	}
	if len(n.open) != 0 || n.spent.Len() > rememberedNetworks {
		t.Errorf("%d open, %d remembered", len(n.open), n.spent.Len())
	}
}
