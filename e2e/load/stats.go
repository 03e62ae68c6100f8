package load

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Class says why a request failed.
type Class string

// The classes of failures.
const (
	// ClassTimeout: no answer within Config.Timeout.
	ClassTimeout Class = "timeout"
	// ClassRefused: nobody listens at the target.
	ClassRefused Class = "refused"
	// ClassReset: the target closed the connection before it had answered.
	ClassReset Class = "reset"
	// Class4xx and Class5xx: an answer with such a status.
	Class4xx Class = "4xx"
	Class5xx Class = "5xx"
	// ClassInvalid: the target is not a URL.
	ClassInvalid Class = "invalid"
	// ClassCanceled: Close cut the request off.
	ClassCanceled Class = "canceled"
	// ClassOther: any other failure of the connection.
	ClassOther Class = "other"
)

// Stats counts requests. Offered = Answered + all Failed + InFlight + Unsent + Dropped + Skipped.
type Stats struct {
	// Offered is what the schedule asked for.
	Offered uint64 `json:"offered"`
	// Answered is what came back with a status below 400.
	Answered uint64 `json:"answered"`
	// Failed counts what was sent and failed, by class.
	Failed map[Class]uint64 `json:"failed,omitempty"`
	// Codes counts what ended by its status ("200", "503"), or by the class of a failure without one ("timeout").
	Codes map[string]uint64 `json:"codes,omitempty"`
	// Latency counts what was answered by the time that it took, cumulatively.
	Latency []Bucket `json:"latency,omitempty"`
	// InFlight is what is under way.
	InFlight uint64 `json:"inFlight"`
	// Unsent is what was due while there was no target.
	Unsent uint64 `json:"unsent"`
	// Dropped is what was due while MaxInFlight requests were under way.
	Dropped uint64 `json:"dropped"`
	// Skipped is what was overdue by more than MaxCatchUp.
	Skipped uint64 `json:"skipped"`
}

// FailedTotal is the sum over all classes.
func (s Stats) FailedTotal() uint64 {
	var n uint64
	for _, v := range s.Failed {
		n += v
	}
	return n
}

// Stats returns the counts so far.
func (g *Generator) Stats() Stats {
	g.stats.mu.Lock()
	defer g.stats.mu.Unlock()
	s := g.stats.s
	s.Failed = maps.Clone(s.Failed)
	s.Codes = maps.Clone(s.Codes)
	s.Latency = slices.Clone(s.Latency)
	return s
}

type counters struct {
	mu sync.Mutex
	s  Stats
}

func (c *counters) update(f func(s *Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

func (c *counters) skip(n int) {
	c.update(func(s *Stats) { s.Offered += uint64(n); s.Skipped += uint64(n) })
}
func (c *counters) unsentOne() { c.update(func(s *Stats) { s.Offered++; s.Unsent++ }) }
func (c *counters) dropOne()   { c.update(func(s *Stats) { s.Offered++; s.Dropped++ }) }
func (c *counters) sent()      { c.update(func(s *Stats) { s.Offered++; s.InFlight++ }) }

func (c *counters) done(class Class, code int, took time.Duration) {
	name := string(class)
	if code > 0 {
		name = strconv.Itoa(code)
	}
	c.update(func(s *Stats) {
		s.InFlight--
		if s.Codes == nil {
			s.Codes = map[string]uint64{}
		}
		s.Codes[name]++
		if class == "" {
			s.Answered++
			s.took(took)
			return
		}
		if s.Failed == nil {
			s.Failed = map[Class]uint64{}
		}
		s.Failed[class]++
	})
}

// drain reads an answer to its end, so that its connection can be used again.
func drain(resp *http.Response) error {
	_, err := io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

func classify(err error) Class {
	var netErr net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return ClassTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ClassReset
	}
	return ClassOther
}
