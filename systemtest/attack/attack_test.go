package attack

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limits on the effects of an attack.
const (
	maxMemory = 200 << 20 // increase of RssAnon
	maxRatio  = 3         // of the bystander's p99 to its p99 on the null server
	maxLog    = 256 << 10 // bytes per second; the first second may have as many
	rounds    = 3         // attempts, if a condition that depends on time fails

	// "As before" allows this much more, which the libraries keep in reserve.
	spareGoroutines = 64
	spareFiles      = 16

	// backWithin is how long the server has to return to its earlier state. It
	// should take a second; the table shows how long it took.
	backWithin = 10 * time.Second
)

// An attack is a named way to harm a server.
type attack struct {
	name     string
	run      func(ctx context.Context, t *target) // runs until ctx ends, in the attacker's process
	tls      bool                                 // the listeners use TLS
	admitted bool                                 // its calls are allowed, and each may be logged
	sibling  bool                                 // of the same kind as another: runs in the long form only
	heavy    bool                                 // it sends a lot
}

func attackNamed(name string) (attack, bool) {
	all := attacks()
	i := slices.IndexFunc(all, func(a attack) bool { return a.name == name })
	if i < 0 {
		return attack{}, false
	}
	return all[i], true
}

// lasts is how long the attack on one server takes, in the i-th round. A repeated
// round takes longer, so that its result depends less on chance.
func (a attack) lasts(i int) time.Duration {
	switch {
	case long():
		return 10 * time.Second
	case a.heavy || i > 0:
		return 1200 * time.Millisecond
	}
	return 300 * time.Millisecond
}

// grain is the resolution of a p99 on a machine whose cores are shared by
// attacker, server and bystander: shorter ones count as one grain. In the short
// form a p99 is the slowest of a few calls, and only a very large one means
// something.
func grain() time.Duration {
	if long() {
		return 4 * time.Millisecond
	}
	return 20 * time.Millisecond
}

// TestAttack makes every attack on Acquis and on the null server.
func TestAttack(t *testing.T) {
	needsMemory(t)
	s := newSeed(t)
	table := new(table)
	t.Cleanup(table.print)
	for _, a := range attacks() {
		if a.sibling && !long() && !asked(a.name) {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			attackInRounds(t, s, a, table)
		})
	}
}

// compared tells whether the null server is attacked too. The short form does not
// judge by times, so one attack is enough there, to show that the comparison
// works.
func (a attack) compared() bool {
	return long() || asked(a.name) || a.name == attacks()[0].name
}

// attackInRounds repeats an attack until it does no harm, up to a maximum.
func attackInRounds(t *testing.T, s *seed, a attack, table *table) {
	var failed []string
	var sure bool
	var slowest time.Duration // p99 on the null server
	for i := range tries() {
		r := round{acquis: attackAcquis(t, s, a, a.lasts(i))}
		if a.compared() {
			r.null = attackNull(t, s, a, a.lasts(i))
		}
		slowest = max(slowest, r.null.p99)
		var harm []string
		harm, sure = r.harm(a, slowest)
		table.add(a.name, r, harm)
		if len(harm) == 0 {
			return
		}
		failed = append(failed, fmt.Sprintf("round %d: %s", i+1, strings.Join(harm, "; ")))
		if sure {
			break
		}
	}
	for _, f := range failed {
		judge(t, sure, f)
	}
}

// judge fails for harm that is certain. Harm that depends on time fails only the
// long form, which has the machine to itself; otherwise it is only logged.
func judge(t *testing.T, sure bool, harm string) {
	t.Helper()
	if sure || long() {
		t.Error(harm)
		return
	}
	t.Log("perhaps because the machine is busy: " + harm)
}

// tries is how often an attack is repeated if a condition that depends on time
// fails.
func tries() int {
	if long() {
		return rounds
	}
	return 1
}

// A round is one attack on both servers.
type round struct {
	acquis, null side
}

// A side is the effect of an attack on one server.
type side struct {
	tally
	p50, p99    time.Duration
	calls       int
	errors      int
	commonError string

	// Of Acquis only.
	before, after state
	most          int64         // most memory
	back          time.Duration // until it was as before
	missing       string        // what was still not as before at the end
	log           int64         // bytes
	ended         string        // why the server has ended, if it has
}

func attackAcquis(t *testing.T, s *seed, a attack, lasts time.Duration) (got side) {
	dir := t.TempDir()
	must(t, s.copyTo(dir))
	server := startAcquis(t, dir, s.keys, s.certificate(a.tls))
	defer server.kill()
	b := newBystander(server.door)
	defer b.conn.Close()
	must(t, b.warm(t.Context()))
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	pid := server.cmd.Process.Pid
	var err error
	_, err = stateOf(t.Context(), client, server.Ops, pid) // creates what the next call counts
	must(t, err)
	got.before, err = stateOf(t.Context(), client, server.Ops, pid)
	must(t, err)
	logged, stopMemory := server.log.count(), watchMemory(pid)
	underAttack(t, attackOrder{a.name, server.door, lasts, long()}, b, &got)
	got.log = server.log.count() - logged
	got.waitBack(t.Context(), client, server)
	got.most = stopMemory()
	if server.cmd.Process.Signal(syscall.Signal(0)) != nil {
		got.ended = fmt.Sprintf("the server has ended: %v\n%s", server.end(), server.log.tail)
	}
	return got
}

func attackNull(t *testing.T, s *seed, a attack, lasts time.Duration) (got side) {
	p, d := startNull(t, s.nullOrder(t, a.tls), s.keys)
	defer p.kill()
	b := newBystander(d)
	defer b.conn.Close()
	must(t, b.warm(t.Context()))
	underAttack(t, attackOrder{a.name, d, lasts, long()}, b, &got)
	return got
}

// underAttack runs the bystander during the attack.
func underAttack(t *testing.T, o attackOrder, b *bystander, got *side) {
	attacker := startAttacker(t, o)
	must(t, attacker.underWay())
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan struct{})
	go func() {
		b.work(ctx)
		close(worked)
	}()
	var err error
	got.tally, err = attacker.result(o)
	stop()
	<-worked
	if err != nil {
		t.Fatalf("the attacker failed: %v", err)
	}
	got.p50, got.p99, got.calls = b.quantile(0.5), b.quantile(0.99), len(b.times)
	got.errors, got.commonError = b.failures()
}

// waitBack waits until goroutines, files and memory are as before, and a new
// connection is served. Memory need not shrink to what it was, because the
// collector returns it only when necessary, but it must stay within the limit.
func (s *side) waitBack(ctx context.Context, client *http.Client, server *acquis) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, backWithin)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	defer func() { s.back = time.Since(start) }()
	s.missing = "the operations listener never answered"
	for {
		missing := s.notBack(ctx, client, server)
		if ctx.Err() != nil {
			return // the last measurement was interrupted, and says nothing
		}
		if s.missing = missing; missing == "" {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *side) notBack(ctx context.Context, client *http.Client, server *acquis) string {
	now, err := stateOf(ctx, client, server.Ops, server.cmd.Process.Pid)
	if err != nil {
		return fmt.Sprintf("%s, last; now of operations: %v", s.after, err)
	}
	s.after = now
	switch {
	case now.goroutines > s.before.goroutines+spareGoroutines,
		now.files > s.before.files+spareFiles,
		now.memory > s.before.memory+maxMemory:
		return fmt.Sprintf("%s; before: %s", now, s.before)
	}
	anew := newBystander(server.door)
	defer anew.conn.Close()
	if err := anew.call(ctx, 1); err != nil {
		return fmt.Sprintf("a new connection: %v", err)
	}
	return ""
}

// ratio compares the bystander's p99 on Acquis with that on the null server.
func (r round) ratio() float64 { return float64(r.acquis.p99) / float64(max(r.null.p99, 1)) }

// harm lists violations, and tells whether they are certain, that is, do not
// depend on time. The p99 is compared with the slowest on the null server so far.
func (r round) harm(a attack, slowest time.Duration) (harm []string, sure bool) {
	got := r.acquis
	if got.ended != "" {
		return []string{got.ended}, true
	}
	if more := got.most - got.before.memory; more > maxMemory {
		harm, sure = append(harm, fmt.Sprintf("memory: %d MiB more", more>>20)), true
	}
	if got.errors > 0 {
		harm = append(harm, fmt.Sprintf("bystander: %d of %d calls failed: %s", got.errors, got.calls, got.commonError))
	}
	if got.p99 > maxRatio*max(slowest, grain()) {
		harm = append(harm, fmt.Sprintf("p99: %s, %.1f times that on the null server", got.p99.Round(time.Microsecond), r.ratio()))
	}
	if got.missing != "" {
		harm = append(harm, "not as before: "+got.missing)
	}
	if rate := float64(got.log) / max(1, got.Took.Seconds()); rate > maxLog && !a.admitted {
		harm, sure = append(harm, fmt.Sprintf("log: %.0f KiB a second", rate/1024)), true
	}
	return harm, sure
}

// asked tells whether -run names this attack, which then runs in the short form
// too.
func asked(name string) bool {
	run := flag.Lookup("test.run").Value.String()
	_, named, _ := strings.Cut(run, "/")
	ok, err := regexp.MatchString(named, name)
	return named != "" && err == nil && ok
}
