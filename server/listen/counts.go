package listen

import "github.com/prometheus/client_golang/prometheus"

// Why a connection is refused or closed: the values of a label.
const (
	refusedAll     = "connections"
	refusedNetwork = "network"
	refusedRate    = "rate"

	cutHandshake = "handshake"
	cutOpening   = "opening"
	cutStalled   = "stalled"
	cutUnread    = "unread"
	cutForRoom   = "room"
)

// cutFloods are the causes of floods, by kind of frame.
var cutFloods = [kinds]string{
	resetFrame:        "flood_reset",
	settingsFrame:     "flood_settings",
	pingFrame:         "flood_ping",
	pongFrame:         "flood_pong",
	windowFrame:       "flood_window_update",
	priorityFrame:     "flood_priority",
	continuationFrame: "flood_continuation",
	smallDataFrame:    "flood_data",
	headersFrame:      "flood_headers",
	otherFrame:        "flood_other",
}

// counts are for operators, instead of log lines, with which unknown peers could
// fill a disk.
type counts struct {
	open    prometheus.Gauge
	refused *prometheus.CounterVec // by cause
	cut     *prometheus.CounterVec // by cause
}

func newCounts(door string) counts {
	labels := prometheus.Labels{"door": door}
	return counts{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "acquis_connections", Help: "Open connections.", ConstLabels: labels,
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "acquis_connections_refused_total", ConstLabels: labels,
			Help: "Connections closed on arrival, by the limit that they exceeded.",
		}, []string{"cause"}),
		cut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "acquis_connections_cut_total", ConstLabels: labels,
			Help: "Connections closed for misbehaving, by cause.",
		}, []string{"cause"}),
	}
}

func (c counts) collectors() []prometheus.Collector {
	return []prometheus.Collector{c.open, c.refused, c.cut}
}
