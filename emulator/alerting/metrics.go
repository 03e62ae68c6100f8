package alerting

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of notifications. Alertmanager's own stay with each alert
// manager and are not shown: a few hundred series for every workspace.
type metrics struct {
	notifications *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{notifications: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ampersand_notifications_total",
		Help: "Notifications that an alert manager recorded instead of sending, by workspace, kind of receiver and outcome.",
	}, []string{"workspace", "kind", "outcome"})}
}

func (m *metrics) notified(workspaceID string, n Notification) {
	outcome := "recorded"
	if n.Error != "" {
		outcome = "failed"
	}
	m.notifications.WithLabelValues(workspaceID, string(n.Kind), outcome).Inc()
}

func (m *metrics) forget(workspaceID string) {
	m.notifications.DeletePartialMatch(prometheus.Labels{"workspace": workspaceID})
}

// guests is a Registerer that can take back what was registered through it.
type guests struct {
	prometheus.Registerer

	mu   sync.Mutex
	here []prometheus.Collector
}

// newGuests labels metrics with the workspace. It returns nil for no registry.
func newGuests(r prometheus.Registerer, workspaceID string) *guests {
	if r == nil {
		return nil
	}
	return &guests{Registerer: prometheus.WrapRegistererWith(prometheus.Labels{"workspace": workspaceID}, r)}
}

// Register implements prometheus.Registerer.
func (g *guests) Register(c prometheus.Collector) error {
	if err := g.Registerer.Register(c); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.here = append(g.here, c)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (g *guests) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := g.Register(c); err != nil {
			panic(err) // as the interface says
		}
	}
}

func (g *guests) leave() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.here {
		g.Unregister(c)
	}
	g.here = nil
}
