package proof

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// span is the time of the samples.
const span = 50 * time.Minute

// TestAgainstPrometheus writes random series to the emulator and to a plain
// Prometheus and asks both the same random requests: the answers, errors and
// annotations included, must be the same. AMPERSAND_SEED gives a seed back,
// AMPERSAND_QUERIES sets the number of requests.
//
// The seed decides all samples. It does not decide the requests, because
// promqlsmith follows the order of maps and a source of randomness of its own;
// so a failure also prints its request, which AMPERSAND_REQUEST gives back.
func TestAgainstPrometheus(t *testing.T) {
	t.Parallel()
	seed := fromEnvironment(t, "AMPERSAND_SEED", time.Now().UnixNano())
	queries := fromEnvironment(t, "AMPERSAND_QUERIES", 500)
	t.Logf("AMPERSAND_SEED=%d AMPERSAND_QUERIES=%d", seed, queries)
	rnd := rand.New(rand.NewSource(seed))

	// A fixed time, or a seed would not give the samples back.
	end := time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)
	ws := start(t, emulator.Config{
		Retention:        century,
		NoRangeAlignment: true, // Prometheus does not align
		Quotas:           map[string]string{"sample-age": "unlimited", "query-tps": "unlimited", "metadata-tps": "unlimited"},
	}).workspace(t)
	prom := startPlain(t)
	data := (&generator{rnd, end, span}).series()
	require.NoError(t, ws.write(t.Context(), data))
	require.NoError(t, prom.write(t.Context(), data))
	require.NoError(t, ws.verifyContent(t.Context(), data))

	d := &differential{ws: ws, prom: prom}
	if given, ok := os.LookupEnv("AMPERSAND_REQUEST"); ok {
		path, form, err := parseRequest(given)
		require.NoError(t, err)
		require.NoError(t, d.compare(t.Context(), path, form))
		return
	}
	q := newQuestions(rnd, end.UnixMilli(), data)
	for range queries {
		path, form := q.next()
		if err := d.compare(t.Context(), path, form); err != nil {
			t.Errorf("AMPERSAND_SEED=%d AMPERSAND_REQUEST='%s?%s' (%v): %v", seed, path, form.Encode(), form, err)
		}
	}
	t.Logf("%d requests: %d refused and %d answered with nothing, by both", queries, d.refused, d.empty)
	require.Less(t, d.refused+d.empty, int(queries)*3/4, "requests that find nothing prove little")
}

func parseRequest(text string) (path string, form url.Values, err error) {
	path, query, _ := strings.Cut(text, "?")
	form, err = url.ParseQuery(query)
	return path, form, err
}

func fromEnvironment(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err, "%s is a whole number", name)
	return n
}

// differential asks both sides.
type differential struct {
	ws      *space
	prom    *plain
	refused int
	empty   int
}

var nothing = regexp.MustCompile(`"(result|data)":\[\]`)

// attempts are for what Prometheus itself answers one way or another: it goes
// through its groups in the order of a map, so that a sum may come out on this
// or that side of a comparison.
const attempts = 10

func (d *differential) compare(ctx context.Context, path string, form url.Values) error {
	got, err := d.ws.ask(ctx, path, form)
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	var want answer
	var difference error
	for range attempts {
		if want, err = ask(ctx, d.prom.http, d.prom.url+path, form); err != nil {
			return fmt.Errorf("plain Prometheus: %w", err)
		}
		if want.status != got.status {
			return fmt.Errorf("want %d %.500s, got %d %.500s", want.status, want.body, got.status, got.body)
		}
		if difference = sameAnswer(want.body, got.body); difference == nil {
			break
		}
	}
	switch {
	case want.status != http.StatusOK:
		d.refused++
	case nothing.Match(want.body):
		d.empty++
	}
	return difference
}
