package e2e

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/timeline/live"
)

// screen is the one that the live view of a run is drawn on. There is room for one run; what else is said meanwhile comes after it
// on a terminal, and between its lines elsewhere.
type screen struct {
	mu       sync.Mutex
	taken    bool
	terminal bool
	held     []string
}

// linesEvery is the time between two plain lines of the live view.
const linesEvery = 5 * time.Second

// show draws a run while it goes on, unless another is being drawn. stop ends it.
func (s *suite) show(ctx context.Context, title string, recorder *timeline.Recorder, settings timeline.Settings) (stop func()) {
	view := live.View{Title: title, Settings: settings, Recorder: recorder, Lines: linesEvery}.On(os.Stdout, os.Getenv)
	if !s.screen.take(view.Terminal) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var drawing sync.WaitGroup
	drawing.Go(func() { _ = view.Run(ctx) }) // a terminal that is gone is no reason to fail
	return func() {
		cancel()
		drawing.Wait()
		s.screen.give()
	}
}

func (s *screen) take(terminal bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return false
	}
	s.taken, s.terminal = true, terminal
	return true
}

func (s *screen) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.held {
		fmt.Println(line)
	}
	s.taken, s.held = false, nil
}

// say prints a line, now or when the screen is free.
func (s *screen) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken && s.terminal {
		s.held = append(s.held, line)
		return
	}
	fmt.Println(line)
}
