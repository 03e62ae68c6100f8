package alerting

import (
	"fmt"
	"sync"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// limiter keeps the number and size of alerts within their quotas. What is over
// is dropped with a line in the log; who posted it is told nothing, as in
// Cortex. [C] alertmanager.go alertsLimiter, with its texts
type limiter struct {
	*silence.Silencer // forgets what it knows of alerts that are gone

	quotas *quota.Set

	mu    sync.Mutex
	sizes map[model.Fingerprint]int
	total int
}

func newLimiter(q *quota.Set, s *silence.Silencer) *limiter {
	return &limiter{Silencer: s, quotas: q, sizes: make(map[model.Fingerprint]int)}
}

// PreStore implements mem.AlertStoreCallback.
func (l *limiter) PreStore(a *alert.Alert, existing bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !existing && l.quotas.Exceeded(quota.Alerts, int64(len(l.sizes))+1) {
		return fmt.Errorf("too many alerts, limit: %d, alert name: %s", l.quotas.Get(quota.Alerts), a.Name())
	}
	if total := l.total - l.sizes[a.Fingerprint()] + alertSize(a); l.quotas.Exceeded(quota.AlertPayload, int64(total)) {
		return fmt.Errorf("alerts too big, total size limit: %d bytes", l.quotas.Get(quota.AlertPayload))
	}
	return nil
}

// PostStore implements mem.AlertStoreCallback.
func (l *limiter) PostStore(a *alert.Alert, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fp, size := a.Fingerprint(), alertSize(a)
	l.total += size - l.sizes[fp]
	l.sizes[fp] = size
}

// PostDelete implements mem.AlertStoreCallback.
func (l *limiter) PostDelete(a *alert.Alert) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fp := a.Fingerprint()
	l.total -= l.sizes[fp]
	delete(l.sizes, fp)
}

func alertSize(a *alert.Alert) int {
	size := len(a.GeneratorURL)
	for _, ls := range []model.LabelSet{a.Labels, a.Annotations} {
		for k, v := range ls {
			size += len(k) + len(v)
		}
	}
	return size
}

// groupLimit is the quota of aggregation groups. An alert that needs one more
// is not notified, with a line in the log. [C]
type groupLimit struct{ quotas *quota.Set }

// MaxNumberOfAggregationGroups implements dispatch.Limits.
func (g groupLimit) MaxNumberOfAggregationGroups() int { return g.quotas.Int(quota.AggregationGroups) }
