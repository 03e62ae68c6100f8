package traffic

import (
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// Window is how far back Recent looks, the second that has just begun included.
const Window = time.Minute

const seconds = int(Window / time.Second)

// Groups are the quotas that the requests of a workspace count against.
func Groups() []quota.ID {
	return []quota.ID{quota.RemoteWriteTPS, quota.QueryTPS, quota.MetadataTPS, quota.OtherTPS}
}

const groups = 4 // of Groups

// Book holds the counts. Its methods are safe for concurrent use.
type Book struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]*[seconds]second
}

// second is what happened in one second.
type second struct {
	at                int64 // Unix seconds; what is older than the window is void
	stored, discarded int
	refused           int
	requests          [groups]int
}

// New returns an empty Book that goes by the clock given.
func New(now func() time.Time) *Book {
	return &Book{now: now, byID: map[string]*[seconds]second{}}
}

// Samples counts what became of the samples of a remote write request.
func (b *Book) Samples(workspaceID string, stored, discarded int) {
	b.count(workspaceID, func(s *second) {
		s.stored += stored
		s.discarded += discarded
	})
}

// Request counts a request to the data plane, by the quota that it counts against.
func (b *Book) Request(workspaceID string, group quota.ID, accepted bool) {
	b.count(workspaceID, func(s *second) {
		for i, id := range Groups() {
			if id == group {
				s.requests[i]++
			}
		}
		if !accepted {
			s.refused++
		}
	})
}

func (b *Book) count(workspaceID string, add func(*second)) {
	at := b.now().Unix()
	b.mu.Lock()
	defer b.mu.Unlock()
	ring := b.byID[workspaceID]
	if ring == nil {
		ring = new([seconds]second)
		b.byID[workspaceID] = ring
	}
	s := &ring[int(uint64(at)%uint64(seconds))]
	if s.at != at {
		*s = second{at: at}
	}
	add(s)
}

// Forget drops the counts of a workspace.
func (b *Book) Forget(workspaceID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byID, workspaceID)
}

// Rate is how often something happened within the window.
type Rate struct {
	// Total is the number within the window, Busiest the number in its busiest second.
	Total, Busiest int
}

// PerSecond is the mean over the whole window.
func (r Rate) PerSecond() float64 { return float64(r.Total) / Window.Seconds() }

func (r *Rate) add(n int) {
	r.Total += n
	r.Busiest = max(r.Busiest, n)
}

// Recent is what happened to a workspace within the window.
type Recent struct {
	// Stored and Discarded are samples that came by remote write.
	Stored, Discarded Rate
	// Requests are all of the data plane, Refused those that were not accepted.
	Requests, Refused Rate
	// Groups are the requests by the quota that they count against.
	Groups map[quota.ID]Rate
}

// Recent returns what happened to a workspace within the window.
func (b *Book) Recent(workspaceID string) Recent {
	r := Recent{Groups: map[quota.ID]Rate{}}
	now := b.now().Unix()
	b.mu.Lock()
	defer b.mu.Unlock()
	ring := b.byID[workspaceID]
	if ring == nil {
		return r
	}
	for _, s := range ring {
		if s.at > now || s.at <= now-int64(seconds) {
			continue
		}
		r.Stored.add(s.stored)
		r.Discarded.add(s.discarded)
		r.Refused.add(s.refused)
		all := 0
		for i, id := range Groups() {
			group := r.Groups[id]
			group.add(s.requests[i])
			r.Groups[id] = group
			all += s.requests[i]
		}
		r.Requests.add(all)
	}
	return r
}
