//go:build clients

package clients

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// witness stands between a client and the emulator. Of every request whose signature is accepted it changes one byte in
// every place that is signed and sends the rest again as it was: all of that must be refused, with the right cause. The
// client waits for its answer meanwhile.
type witness struct {
	t       *testing.T
	url     string // for clients
	explain explain.Client
	sender  sigv4test.Sender

	mu       sync.Mutex
	turn     int // which byte of a place comes next
	changes  int
	total    int // of those accepted
	accepted []sigv4test.Request
	refused  []refusal
}

// refusal is a request whose signature was not accepted.
type refusal struct {
	request sigv4test.Request
	cause   string
	proven  bool
}

// newWitness starts one before the emulator with that URL.
func newWitness(t *testing.T, url string) *witness {
	t.Helper()
	address := strings.TrimPrefix(url, "http://")
	w := &witness{t: t, explain: explain.Client{URL: url}, sender: sigv4test.Sender{Address: address}}
	// The test's own context ends before its clean-up.
	tap, err := sigv4test.NewTap(context.Background(), address, w.see)
	require.NoError(t, err)
	w.url = "http://" + tap.Address()
	t.Cleanup(func() {
		require.NoError(t, tap.Close())
		w.sender.Close()
		t.Logf("%d requests were accepted, %d changed ones refused", w.total, w.changes)
	})
	return w
}

// take returns what was seen since it was last called.
func (w *witness) take() (accepted []sigv4test.Request, refused []refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	accepted, refused = w.accepted, w.refused
	w.accepted, w.refused = nil, nil
	return accepted, refused
}

func (w *witness) see(x sigv4test.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, err := w.find(x.ID)
	switch {
	case err != nil:
		w.t.Errorf("%s %s: %v", x.Request.Method(), x.Request.Target(), err)
	case known.Identity == "":
		r := refusal{request: x.Request}
		if known.Explanation != nil {
			r.cause, r.proven = known.Explanation.Cause, known.Explanation.Proven
		}
		w.refused = append(w.refused, r)
	default:
		w.total++
		w.accepted = append(w.accepted, x.Request)
		for _, spot := range sigv4test.Spots(x.Request) {
			w.turn++
			if err := w.change(spot.Change(w.turn * 7919 % spot.Len())); err != nil {
				w.t.Errorf("after %s %s: %v", x.Request.Method(), x.Request.Target(), err)
			}
		}
	}
}

// change sends a changed request and returns what is wrong with the answer.
func (w *witness) change(c sigv4test.Change) error {
	w.changes++
	answer, err := w.sender.Send(context.Background(), c.Request, c.Half())
	if err != nil {
		return err
	}
	known, err := w.find(answer.Header.Get("X-Amzn-Requestid"))
	if err != nil {
		return err
	}
	skew := 5 * time.Minute
	if path, _, _ := strings.Cut(c.Request.Target(), "?"); path == "/" {
		skew = 15 * time.Minute // STS is more patient [O]
	}
	switch {
	case known.Explanation == nil || known.Identity != "":
		return errors.New("a changed " + string(c.Place) + " was accepted")
	case answer.Status != http.StatusForbidden && answer.Status != http.StatusBadRequest:
		return errors.New("a changed " + string(c.Place) + " was answered with: " + http.StatusText(answer.Status))
	}
	return c.Wrong(known.Explanation.Cause, known.Explanation.Proven, skew, time.Now())
}

// find returns what the emulator says of a request. It is remembered after the answer is sent.
func (w *witness) find(id string) (explain.Request, error) {
	for deadline := time.Now().Add(patience); ; {
		known, err := w.explain.Find(context.Background(), id)
		if err == nil || !errors.Is(err, explain.ErrNotFound) || time.Now().After(deadline) {
			return known, err
		}
	}
}
