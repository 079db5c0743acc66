package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Scheduled backups are in their own directory, named by their time. Nothing
// else is remembered about them, so after a restart the schedule continues.

const (
	suffix = ".backup"
	// partialSuffix ends the name of a backup that was not checked yet.
	partialSuffix = suffix + ".partial"
	nameForm      = "acquis-20060102T150405.000Z" // a time, as package time writes it
	// retryAfter is how soon a failed backup is tried again, if the next one is
	// not due earlier.
	retryAfter = 10 * time.Minute
)

// metrics tell operators whether backups are made.
type metrics struct {
	last     prometheus.Gauge
	bytes    prometheus.Gauge
	failures prometheus.Counter
}

func newMetrics() metrics {
	return metrics{
		last: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "acquis_backup_last_timestamp_seconds", Help: "Time of the last scheduled backup that was found sound; 0 if there is none yet.",
		}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "acquis_backup_last_bytes", Help: "Size of the last scheduled backup.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "acquis_backup_failures_total", Help: "Scheduled backups that could not be made, or were not sound.",
		}),
	}
}

// Collectors are the metrics of scheduled backups, if there are any.
func (b *Maker) Collectors() []prometheus.Collector {
	if b.Dir == "" {
		return nil
	}
	return []prometheus.Collector{b.told.last, b.told.bytes, b.told.failures}
}

// A kept backup is one in the directory.
type kept struct {
	name     string
	manifest Manifest
}

// Run makes scheduled backups until ctx ends.
func (b *Maker) Run(ctx context.Context) {
	if b.Dir == "" {
		return
	}
	b.removePartial()
	timer := time.NewTimer(b.due())
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		next := b.Interval
		if err := b.scheduled(ctx); ctx.Err() == nil && err != nil {
			b.log.Error("a backup failed", "error", err.Error())
			b.told.failures.Inc()
			next = min(b.Interval, retryAfter)
		}
		timer.Reset(next)
	}
}

// due is the time until the next backup. A backup from the future, made before the
// clock was set back, does not count.
func (b *Maker) due() time.Duration {
	last := b.list()
	if len(last) == 0 {
		return 0
	}
	b.note(last[0].manifest)
	age := b.now().Sub(last[0].manifest.Time)
	if age < 0 {
		return 0
	}
	return max(0, b.Interval-age)
}

func (b *Maker) note(m Manifest) {
	b.told.last.Set(float64(m.Time.UnixMilli()) / 1000)
	b.told.bytes.Set(float64(m.Size + BlockSize))
}

// scheduled makes a backup, checks it, gives it its name, and only then removes
// old ones. A backup that is not sound is removed.
func (b *Maker) scheduled(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	base := filepath.Join(b.Dir, b.now().Format(nameForm))
	made, name := base+partialSuffix, base+suffix
	m, err := b.checked(ctx, made)
	if err == nil {
		err = Publish(made, name)
	}
	if err != nil {
		_ = os.Remove(made) // it may not exist any more
		return err
	}
	b.log.Info("made a backup", "file", name, "bytes", m.Size, "sequence", m.Sequence)
	b.note(m)
	return b.prune(name)
}

// checked makes a backup under that name, and checks it.
func (b *Maker) checked(ctx context.Context, name string) (m Manifest, err error) {
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return m, err
	}
	w, err := Create(name)
	if err != nil {
		return m, err
	}
	m, err = b.Copy(ctx, w)
	err = errors.Join(err, w.Close())
	if err == nil && b.Check != nil {
		err = b.Check(ctx, name)
	}
	return m, err
}

// list returns the backups of this journal in the directory, the newest first.
// It ignores other files.
func (b *Maker) list() []kept {
	names, _ := filepath.Glob(filepath.Join(b.Dir, "acquis-*"+suffix)) // it fails for bad patterns only
	var all []kept
	for _, name := range names {
		m, err := ReadManifest(name)
		if err == nil && m.Origin == b.origin {
			all = append(all, kept{name, m})
		}
	}
	slices.SortFunc(all, func(x, y kept) int {
		return cmp.Or(y.manifest.Time.Compare(x.manifest.Time), cmp.Compare(y.name, x.name))
	})
	return all
}

// prune removes all but the newest. The one just made always stays: if the
// clock was set back, it may seem old.
func (b *Maker) prune(made string) error {
	others := slices.DeleteFunc(b.list(), func(k kept) bool { return k.name == made })
	var errs []error
	for _, k := range others[min(len(others), max(0, b.Keep-1)):] {
		if err := os.Remove(k.name); err != nil {
			errs = append(errs, err)
			continue
		}
		b.log.Info("removed an old backup", "file", k.name)
	}
	if len(errs) > 0 {
		return fmt.Errorf("old backups: %w", errors.Join(errs...))
	}
	return nil
}

// removePartial removes unfinished backups of killed processes.
func (b *Maker) removePartial() {
	names, _ := filepath.Glob(filepath.Join(b.Dir, "acquis-*"+partialSuffix)) // as in list
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			b.log.Warn("could not remove an unfinished backup", "error", err.Error())
		}
	}
}
