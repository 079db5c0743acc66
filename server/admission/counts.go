package admission

import "github.com/prometheus/client_golang/prometheus"

// counts are the metrics of a gate. Counters are looked up once, because refusing
// a call must cost less than making it.
type counts struct {
	vector  *prometheus.CounterVec
	refused [classes][causes]prometheus.Counter
	now     []prometheus.Collector // what runs and waits
}

func newCounts(g *Gate) counts {
	c := counts{vector: newRefused()}
	for class := range classes {
		for cause := range causes {
			c.refused[class][cause] = c.vector.WithLabelValues(class.String(), cause.String())
		}
		labels := prometheus.Labels{"class": class.String()}
		c.now = append(c.now,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "acquis_calls_running", Help: "Calls being processed.", ConstLabels: labels,
			}, g.look(func() int { return g.running[class] })),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "acquis_calls_waiting", Help: "Calls waiting to be processed.", ConstLabels: labels,
			}, g.look(func() int { return g.queues[class].length })))
	}
	return c
}

func newRefused() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "acquis_calls_shed_total",
		Help: "Calls refused before they were processed, by class and by the limit that refused them.",
	}, []string{"class", "cause"})
}

func (g *Gate) look(at func() int) func() float64 {
	return func() float64 {
		g.mu.Lock()
		defer g.mu.Unlock()
		return float64(at())
	}
}

func (c counts) collectors() []prometheus.Collector {
	return append([]prometheus.Collector{c.vector}, c.now...)
}
