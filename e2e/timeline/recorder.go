package timeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Source gives the current value of one hop. Read returns false when there is no value now (an empty query result): that is
// neither a zero nor a failure.
type Source interface {
	// Name is the hop the value belongs to.
	Name() string
	// Read returns the value now. It must heed ctx.
	Read(ctx context.Context) (float64, bool, error)
}

// SourceFunc makes a Source of a function.
func SourceFunc(hop Hop, read func(ctx context.Context) (float64, bool, error)) Source {
	return funcSource{hop: hop, read: read}
}

type funcSource struct {
	hop  Hop
	read func(ctx context.Context) (float64, bool, error)
}

// Name implements Source.
func (f funcSource) Name() string { return string(f.hop) }

// Read implements Source.
func (f funcSource) Read(ctx context.Context) (float64, bool, error) { return f.read(ctx) }

// RecorderConfig says how a Recorder works. The zero value is usable.
type RecorderConfig struct {
	// Interval is the time between two reads of a source; default 250 ms.
	Interval time.Duration
	// ReadTimeout ends a read that takes longer; default 5 s.
	ReadTimeout time.Duration
	// Now is the clock that dates what is read; default time.Now.
	Now func() time.Time
}

// Reads counts how the reads of one hop went.
type Reads struct {
	// Absent is the number of reads that succeeded and found no value.
	Absent int `json:"absent,omitempty"`
	// Failed is the number of reads that failed. None of them is in the series.
	Failed int `json:"failed,omitempty"`
	// LastError is the text of the last failure.
	LastError string `json:"lastError,omitempty"`
	// LastErrorAt is when it happened.
	LastErrorAt time.Time `json:"lastErrorAt,omitzero"`
}

// Recorder collects samples and marks. All methods may be called concurrently. It polls the sources given to Start until Stop;
// values may be pushed with Record before, during and after that.
type Recorder struct {
	cfg RecorderConfig

	mu     sync.Mutex
	series map[Hop]Series
	marks  []Mark
	reads  map[Hop]Reads
	counts map[Hop]map[int64]int
	spans  recordedSpans
	cancel context.CancelFunc

	polls sync.WaitGroup
}

// NewRecorder returns a Recorder that polls nothing yet.
func NewRecorder(cfg RecorderConfig) *Recorder {
	if cfg.Interval <= 0 {
		cfg.Interval = 250 * time.Millisecond
	}
	if cfg.ReadTimeout <= 0 {
		cfg.ReadTimeout = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Recorder{cfg: cfg, series: map[Hop]Series{}, reads: map[Hop]Reads{}, counts: map[Hop]map[int64]int{}}
}

// Start reads every source at once and then each Interval, each in a goroutine of its own, so that a slow hop does not hold up
// the others. Call Stop to end and wait for them. It is an error to start twice without a Stop between.
func (r *Recorder) Start(ctx context.Context, sources ...Source) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return errors.New("start the timeline's recorder: it is already running")
	}
	ctx, r.cancel = context.WithCancel(ctx)
	for _, src := range sources {
		r.polls.Go(func() { r.poll(ctx, src) })
	}
	return nil
}

// Stop ends the polling and waits until every source's goroutine has returned.
func (r *Recorder) Stop() {
	r.mu.Lock()
	cancel := r.cancel
	r.cancel = nil
	r.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	r.polls.Wait()
}

func (r *Recorder) poll(ctx context.Context, src Source) {
	tick := time.NewTicker(r.cfg.Interval)
	defer tick.Stop()
	for {
		r.readOnce(ctx, src)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *Recorder) readOnce(ctx context.Context, src Source) {
	readCtx, cancel := context.WithTimeout(ctx, r.cfg.ReadTimeout)
	defer cancel()
	value, ok, err := src.Read(readCtx)
	if ctx.Err() != nil && err != nil {
		return // the recorder was stopped during the read: that says nothing about the hop
	}
	hop, now := Hop(src.Name()), r.cfg.Now()
	switch {
	case err != nil:
		r.fail(hop, now, err)
	case !ok:
		r.mu.Lock()
		n := r.reads[hop]
		n.Absent++
		r.reads[hop] = n
		r.mu.Unlock()
	default:
		r.Record(hop, now, value)
	}
}

func (r *Recorder) fail(hop Hop, at time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.reads[hop]
	n.Failed++
	n.LastError, n.LastErrorAt = err.Error(), at
	r.reads[hop] = n
}

// Record adds a value seen at a hop at an exact instant, for watches. A watch that reports changes only must also be backed by a
// Source or by a last Record: the checks refuse a hop without samples under load, because silence may be deafness. A value that is not a finite number counts as a failed
// read: JSON cannot hold it and no replica count follows from it.
func (r *Recorder) Record(hop Hop, at time.Time, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		r.fail(hop, at, fmt.Errorf("the value was %v", value))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.series[hop]
	s = append(s, Point{At: at, Value: value})
	if n := len(s); n >= 3 && s[n-3].Value == value && s[n-2].Value == value && !s[n-2].At.After(at) && !s[n-3].At.After(s[n-2].At) {
		s[n-2] = s[n-1] // the middle of a stretch of equal values
		s = s[:n-1]
	}
	r.series[hop] = s
}

// Mark adds a named instant.
func (r *Recorder) Mark(name MarkName, at time.Time, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, Mark{At: at, Name: name, Text: text})
}

// MarkNow adds a named instant at the recorder's present and returns that instant.
func (r *Recorder) MarkNow(name MarkName, text string) time.Time {
	now := r.cfg.Now()
	r.Mark(name, now, text)
	return now
}

// SawSample tells the recorder that a sample with the given timestamp, and with a count from after the load step, was read from
// the store at seen. The first such sample whose timestamp is not before the load step gives MarkFirstSample and
// MarkFirstVisible; all others are ignored, so it may be called on every poll. It reports whether the two marks exist now.
func (r *Recorder) SawSample(timestamp, seen time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	step := slices.IndexFunc(r.marks, func(m Mark) bool { return m.Name == MarkLoadStep })
	if slices.ContainsFunc(r.marks, func(m Mark) bool { return m.Name == MarkFirstVisible }) {
		return true
	}
	if step < 0 || timestamp.Before(r.marks[step].At) {
		return false
	}
	r.marks = append(r.marks,
		Mark{At: timestamp, Name: MarkFirstSample, Text: "timestamp of the first sample taken after the load step"},
		Mark{At: seen, Name: MarkFirstVisible, Text: "that sample can be read from the store"})
	return true
}

// Latest returns the newest value of a hop, and false when none was recorded.
func (r *Recorder) Latest(hop Hop) (Point, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last Point
	for i, p := range r.series[hop] {
		if i == 0 || !p.At.Before(last.At) {
			last = p
		}
	}
	return last, len(r.series[hop]) > 0
}

// Fill copies what was recorded so far into run: Series, Marks, Phases, Faults, Conditions and Reads. The copy is the caller's.
func (r *Recorder) Fill(run *Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.Series = make(map[Hop]Series, len(r.series))
	for hop, s := range r.series {
		run.Series[hop] = slices.Clone(s).compact()
	}
	for hop, counts := range r.counts {
		run.Series[hop] = perSecond(counts).compact()
	}
	run.Phases, run.Faults, run.Conditions = slices.Clone(r.spans.phases), slices.Clone(r.spans.faults), slices.Clone(r.spans.conditions)
	run.Marks = slices.Clone(r.marks)
	slices.SortStableFunc(run.Marks, func(a, b Mark) int { return a.At.Compare(b.At) })
	run.Reads = make(map[Hop]Reads, len(r.reads))
	for hop, n := range r.reads {
		run.Reads[hop] = n
	}
}
