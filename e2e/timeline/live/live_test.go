package live_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
	"github.com/ampersand-amp/ampersand/e2e/timeline/live"
)

// terminal is a terminal's screen: it does what the control sequences say, and fails on any other.
type terminal struct {
	t             *testing.T
	width, height int

	mu     sync.Mutex
	cells  [][]rune
	x, y   int
	writes int
}

func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	term := &terminal{t: t, width: width, height: height}
	for range height {
		term.cells = append(term.cells, []rune(strings.Repeat("~", width))) // what was there before
	}
	return term
}

func (s *terminal) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	text := []rune(string(p))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\x1b':
			end := i + 2
			for text[end] >= '0' && text[end] <= '9' {
				end++
			}
			s.control(string(text[i+1 : end+1]))
			i = end
		case '\r':
			s.x = 0
		case '\n':
			s.y++
			if s.y >= s.height {
				s.t.Errorf("the screen scrolls")
				s.y = s.height - 1
			}
		default:
			if s.x >= s.width {
				s.t.Errorf("a line of more than %s columns", strconv.Itoa(s.width))
				continue
			}
			s.cells[s.y][s.x] = c
			s.x++
		}
	}
	return len(p), nil
}

func (s *terminal) control(sequence string) {
	blank := func(y, from int) {
		for x := from; x < s.width; x++ {
			s.cells[y][x] = ' '
		}
	}
	switch sequence {
	case "[H":
		s.x, s.y = 0, 0
	case "[K":
		blank(s.y, s.x)
	case "[J":
		blank(s.y, s.x)
		for y := s.y + 1; y < s.height; y++ {
			blank(y, 0)
		}
	default:
		s.t.Errorf("control sequence %q", sequence)
	}
}

func (s *terminal) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, row := range s.cells {
		out = append(out, strings.TrimRight(string(row), " "))
	}
	return out
}

// start runs a view in the background; the function that it returns ends it.
func start(t *testing.T, v live.View) func() {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	return func() {
		cancel()
		assert.NoError(t, <-done)
	}
}

func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the clock of a synctest bubble: no time is spent
	synctest.Wait()
}

func TestScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := newTerminal(t, 60, 24)
		rec := timeline.NewRecorder(timeline.RecorderConfig{})
		stop := start(t, live.View{Title: "outage / native", Settings: timeline.Settings{Load: 200, Target: 10, MaxReplicas: 10}, Recorder: rec, Out: screen, Terminal: true,
			Size: func() (int, int) { return 60, 24 }})
		pass(time.Millisecond)
		assert.Equal(t, "outage / native", screen.lines()[0])
		assert.Equal(t, "nothing was seen yet", screen.lines()[1])
		assert.NotContains(t, strings.Join(screen.lines(), ""), "~", "what was there before is gone")

		rec.Record(timeline.HopReady, time.Now(), 1)
		rec.Phase("busy", "198/s", time.Now())
		rec.MarkNow(timeline.MarkLoadStep, "198/s")
		rec.Record(timeline.HopLoad, time.Now(), 100)
		rec.Record(timeline.HopDesired, time.Now(), 10)
		rec.MarkNow(timeline.MarkEvent, "New size: 10\x1b[2J\n"+strings.Repeat("long ", 30))
		rec.FaultBegins("slow", "2 s", time.Now())
		pass(2 * time.Second)
		lines := screen.lines()
		assert.Equal(t, "+2.0 s from the load step  phase busy 198/s", lines[1])
		assert.Equal(t, "offered        100/s  "+strings.Repeat("█", 16)+strings.Repeat("·", 16), lines[3])
		assert.Equal(t, "metric             -  "+strings.Repeat("·", 32), lines[5])
		assert.Equal(t, "desired           10  "+strings.Repeat("█", 32), lines[7])
		assert.Equal(t, "ready              1  ███"+strings.Repeat("·", 29), lines[8])
		assert.Equal(t, "fault in force: slow 2 s", lines[10])
		assert.Equal(t, "    +0.0 s  load step: 198/s", lines[11])
		assert.Contains(t, lines[12], "+0.0 s  event: New size: 10 [2J long")
		rec.FaultEnds("slow", time.Now())
		pass(time.Second)
		assert.NotContains(t, strings.Join(screen.lines(), "\n"), "fault in force", "nothing stays of a longer screen")
		stop()
		assert.LessOrEqual(t, screen.writes, 14, "four drawings a second")
	})
}

func TestSmallScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := newTerminal(t, 12, 5)
		rec := timeline.NewRecorder(timeline.RecorderConfig{})
		stop := start(t, live.View{Title: strings.Repeat("x", 50), Recorder: rec, Out: screen, Terminal: true, Size: func() (int, int) { return 12, 6 - 1 }})
		pass(time.Second)
		assert.Equal(t, strings.Repeat("x", 12), screen.lines()[0])
		synctest.Wait()
		screen.height++
		screen.cells = append(screen.cells, []rune(strings.Repeat(" ", 12))) // the last drawing ends with a line of its own
		stop()
	})
}

func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		rec := timeline.NewRecorder(timeline.RecorderConfig{})
		stop := start(t, live.View{Recorder: rec, Out: &out})
		rec.Phase("busy", "", time.Now())
		rec.MarkNow(timeline.MarkLoadStep, "")
		for i := range 40 { // ten seconds in which everything moves
			rec.Record(timeline.HopDesired, time.Now(), float64(i))
			rec.Record(timeline.HopStored, time.Now(), float64(i)/3)
			pass(250 * time.Millisecond)
		}
		moving := strings.Count(out.String(), "\n")
		assert.LessOrEqual(t, moving, 6, "one line each 2 s at most")
		assert.GreaterOrEqual(t, moving, 5)
		for range 40 { // and ten in which only the metric does
			rec.Record(timeline.HopStored, time.Now(), float64(time.Now().UnixNano()))
			pass(250 * time.Millisecond)
		}
		assert.LessOrEqual(t, strings.Count(out.String(), "\n"), moving+1, "no change, no line")
		rec.FaultBegins("slow", "2 s", time.Now())
		rec.MarkNow(timeline.MarkEvent, "New size: 7")
		stop()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		assert.Contains(t, lines[len(lines)-1], "desired 39  ready -  phase busy  fault slow  New size: 7", "the end tells what is new")
		assert.NotContains(t, out.String(), "\x1b")
	})
}

func TestAFileIsNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	v := live.View{Recorder: timeline.NewRecorder(timeline.RecorderConfig{})}.On(file, func(string) string { return "" })
	assert.False(t, v.Terminal)
	width, height := v.Size()
	assert.Equal(t, []int{80, 24}, []int{width, height})
	v.Out = broken{}
	v.Terminal = true
	assert.ErrorIs(t, v.Run(t.Context()), errBroken)
}

var errBroken = errors.New("broken pipe")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
