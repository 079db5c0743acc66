package attack

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// grace is how long running calls may continue after SIGTERM, in TestStop.
const grace = time.Second

// A stopping is the result of stopping a server under attack.
type stopping struct {
	took time.Duration
	line string // of the log, about the end
	err  error  // how the process ended, if it did not end by itself
}

// TestStop stops the server under the attacks that hold the most resources. It
// ends within its grace period and two seconds; if it cut off calls, the log
// says how many.
func TestStop(t *testing.T) {
	s := newSeed(t)
	for i, under := range []struct {
		attack string
		held   bool // its calls are admitted and never end
	}{
		{"unfinished-admitted", true}, {"slow-bodies-rest", true}, {"slow-bodies", true}, {"backups-unread", true},
		{"unfinished", false}, {"reflection-streams", false}, {"health-watch", false}, {"unread-answers", false},
		{"unread-answers-rest", false}, {"idle-grpc", false}, {"rapid-reset", false}, {"violations-most", false}, {"lists", false},
	} {
		if i >= 2 && !long() && !asked(under.attack) {
			continue
		}
		t.Run(under.attack, func(t *testing.T) {
			for i := range tries() {
				got := stopUnder(t, s, under.attack, under.held)
				harm, sure := got.harm(under.held)
				t.Logf("ended after %.1f s: %v, %s", got.took.Seconds(), got.err, got.line)
				if harm == "" {
					return
				}
				if sure || i == tries()-1 {
					judge(t, sure, harm)
					return
				}
			}
		})
	}
}

func stopUnder(t *testing.T, s *seed, name string, held bool) (got stopping) {
	dir := t.TempDir()
	must(t, s.copyTo(dir))
	server := startAcquis(t, dir, s.keys, nil, "--shutdown-grace", grace.String())
	defer server.kill()
	b := newBystander(server.door)
	defer b.conn.Close()
	must(t, b.warm(t.Context()))
	attacker := startAttacker(t, attackOrder{Name: name, Target: server.door, For: time.Minute, Long: long()})
	defer attacker.kill()
	must(t, attacker.underWay())
	later := 1 // call of the bystander, after which the attack has arrived
	if held {
		later = 2 * candidacies
	}
	for i := range later {
		must(t, b.call(t.Context(), i))
	}
	start := time.Now()
	hung := time.AfterFunc(time.Minute, server.kill)
	defer hung.Stop()
	got.err = server.stop()
	got.took = time.Since(start)
	got.line = server.log.last(`"msg":"stopped"`)
	return got
}

// harm returns what was wrong, and whether that is certain, that is, does not
// depend on time. The words of the line are the server's; a number other than 0
// counts what was cut off.
func (s stopping) harm(held bool) (harm string, sure bool) {
	var said map[string]any
	if err := json.Unmarshal([]byte(s.line), &said); err != nil {
		return fmt.Sprintf("the log does not say that it stopped: %q", s.line), true
	}
	if s.took > grace+2*time.Second {
		return fmt.Sprintf("ended after %.1f s, with a grace of %s", s.took.Seconds(), grace), false
	}
	if !held {
		return "", true
	}
	if said["clean"] != false {
		// If it ended within its grace period, perhaps no call had arrived yet.
		return "calls were cut off, but the log says that it ended cleanly: " + s.line, s.took >= grace
	}
	for _, value := range said {
		if n, ok := value.(float64); ok && n > 0 {
			return "", true
		}
	}
	return "the log does not say how much was cut off: " + s.line, true
}
