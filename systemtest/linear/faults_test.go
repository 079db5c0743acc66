package linear

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// linFaults is how often the disk of one history fails.
const linFaults = 3

// TestLinearizableOnFullDisk: the same on a real disk that runs full, and has
// room again after a call was refused. Refused callers wait for that, and repeat
// their request.
func TestLinearizableOnFullDisk(t *testing.T) {
	var total linFigures
	for range linRounds(20) {
		disk := rig.NewSmallDisk(t, "tmpfs", 24)
		dir := filepath.Join(disk.Dir, "data")
		w, stop := world.Start(t, dir)
		h := newLinHistory(w, linEach)
		stop()
		child := rig.StartChild(t, dir)
		place := newLinPlace(rig.In(w, child), false)
		done := h.play(t.Context(), place, linHabits{leaves: 0.1, givesUp: 0.1})
		go func() {
			<-done
			place.close()
		}()
		for fault := range linFaults {
			h.reaches((fault + 1) * linGroups * linCallers * linEach * linCalls / (linFaults + 1))
			disk.Fill(t, 0)
			refused := place.waitRefused()
			if refused {
				// Wait for both states: the first may be what health reported
				// before.
				child.WaitHealth(t, healthpb.HealthCheckResponse_NOT_SERVING)
				total.faults++
			}
			disk.Free(t)
			if refused {
				child.WaitHealth(t, healthpb.HealthCheckResponse_SERVING)
				place.move(rig.In(w, child))
			}
		}
		<-done
		h.readLast(place.now())
		child.Kill()
		total.add(h.check(t))
	}
	total.report(t)
	if total.faults == 0 {
		t.Error("the disk was never full")
	}
}

// TestLinearizableAcrossFailedSyncs: the same on a disk on which first a sync
// fails, then a write. The server is then read-only, is killed and restarted.
// Whether the failed write exists afterwards is unknown to its caller.
func TestLinearizableAcrossFailedSyncs(t *testing.T) {
	strace := rig.Strace(t)
	var total linFigures
	for round := range linRounds(40) {
		dir := t.TempDir()
		w, stop := world.Start(t, dir)
		h := newLinHistory(w, linEach)
		stop()
		faults := 0
		next := func() *rig.Child {
			var under []string
			if faults < linFaults {
				under = failing(strace, dir, []string{"fdatasync", "pwrite64"}[(round+faults)%2])
			}
			faults++
			c, err := rig.StartChildUnder(t, dir, under)
			world.Must(t, err)
			return c
		}
		child := next()
		place := newLinPlace(rig.In(w, child), false)
		done := h.play(t.Context(), place, linHabits{leaves: 0.1, givesUp: 0.1})
		go func() {
			<-done
			place.close()
		}()
		for place.waitRefused() {
			child.Kill()
			child = next()
			place.move(rig.In(w, child))
			total.faults++
			total.kills++
		}
		<-done
		child.Kill() // its store may be read-only since the last call
		faults = linFaults
		child = next()
		h.readLast(rig.In(w, child))
		child.Kill()
		total.add(h.check(t))
	}
	total.report(t)
	if total.faults == 0 {
		t.Error("nothing failed")
	}
}

// TestLinearizableAcrossPowerCuts: the same while the server is killed and its
// disk loses any part of what was not synced, before it is restarted.
func TestLinearizableAcrossPowerCuts(t *testing.T) {
	strace := rig.Strace(t)
	var total linFigures
	for range linRounds(20) {
		home := t.TempDir()
		dir, log := filepath.Join(home, "data"), filepath.Join(home, "log")
		w, stop := world.Start(t, dir)
		h := newLinHistory(w, linEach)
		stop()
		disk := rig.NewSimDisk()
		next := func() *rig.Child {
			disk.Load(t, dir)
			c, err := rig.StartChildUnder(t, dir, rig.Recorder(strace, log, filepath.Join(dir, world.StoreFile)))
			world.Must(t, err)
			return c
		}
		child := next()
		place := newLinPlace(rig.In(w, child), false)
		done := h.play(t.Context(), place, linHabits{leaves: 0.1, givesUp: 0.1})
		for kill := range linKills {
			h.reaches((kill + 1) * linGroups * linCallers * linEach * linCalls / (linKills + 1))
			child.Kill()
			if cutPower(disk, t, dir, log, h.seed+uint64(kill)) {
				total.faults++
			}
			child = next()
			place.move(rig.In(w, child))
			total.kills++
		}
		<-done
		h.readLast(place.now())
		child.Kill()
		total.add(h.check(t))
	}
	total.report(t)
}

// cutPower leaves in dir what the disk may have after a power cut, given the
// recording of the ended process. It tells whether anything was not synced.
func cutPower(d *rig.SimDisk, t *testing.T, dir, log string, seed uint64) bool {
	t.Helper()
	ops, err := rig.ReadRecording(log, dir, "")
	world.Must(t, err)
	for _, op := range ops {
		world.Must(t, d.Do(op))
	}
	for _, op := range d.Unfinished(t, dir) {
		world.Must(t, d.Do(op))
	}
	cuts := d.Cuts(seed, 4)
	world.Must(t, cuts[int(seed%uint64(len(cuts)))].Put(dir, world.StoreFile))
	return len(cuts) > 1
}

// failing is a command under which a call of that name, and all that follow,
// fails on the store in dir, some time after the start of a child: an early
// failure would prevent the start. Calls are counted by thread.
func failing(strace, dir, call string) []string {
	return []string{
		strace, "-f", "-o", "/dev/null", "-e", "signal=none", "-e", "trace=" + call, "-P", filepath.Join(dir, world.StoreFile),
		"-e", fmt.Sprintf("inject=%s:error=EIO:when=%d+", call, 4+rand.IntN(8)), "--",
	}
}
