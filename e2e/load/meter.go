package load

import (
	"context"
	"sync"
	"time"
)

// Meter turns a growing count into a rate over a sliding window. It is a source for a timeline: each Read takes a reading.
type Meter struct {
	name   string
	count  func(context.Context) (uint64, error)
	window time.Duration
	now    func() time.Time

	mu       sync.Mutex
	readings []reading
}

type reading struct {
	at time.Time
	n  uint64
}

// NewMeter returns a meter of that name over count. window is how far back a rate reaches (default 1 s), now the clock that dates
// a count once it was read (default time.Now).
func NewMeter(name string, count func(context.Context) (uint64, error), window time.Duration, now func() time.Time) *Meter {
	if window <= 0 {
		window = time.Second
	}
	if now == nil {
		now = time.Now
	}
	return &Meter{name: name, count: count, window: window, now: now}
}

// Name returns the meter's name.
func (m *Meter) Name() string { return m.name }

// Read returns the rate per second since the newest reading that is at least a window old, or since the first reading. The first
// Read gives none. A count that cannot be read is no reading: the next rate reaches over the gap.
func (m *Meter) Read(ctx context.Context) (float64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.count(ctx)
	if err != nil {
		return 0, false, err
	}
	cur := reading{m.now(), n}
	m.readings = append(m.readings, cur)
	for len(m.readings) > 2 && cur.at.Sub(m.readings[1].at) >= m.window {
		m.readings = m.readings[1:]
	}
	old := m.readings[0]
	if elapsed := cur.at.Sub(old.at).Seconds(); elapsed > 0 && cur.n >= old.n {
		return float64(cur.n-old.n) / elapsed, true, nil
	}
	return 0, false, nil
}
