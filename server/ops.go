package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newOps returns the handler of the operations listener: metrics, and whether the
// process runs and accepts calls. It reveals nothing that is stored, and is meant
// for loopback or a private network.
func newOps(s *Server, registry *prometheus.Registry, more ...prometheus.Collector) http.Handler {
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "acquis_store_writable",
			Help: "1 if the store accepts writes, otherwise 0.",
		}, func() float64 {
			if s.store.Health() != nil {
				return 0
			}
			return 1
		}))
	registry.MustRegister(more...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answerOps(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answerOps(w, s.ready()) })
	return mux
}

// answerOps says ok, or why not: operators get the reason, because they must act.
func answerOps(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(err.Error() + "\n")) // a caller who has left needs no answer
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
