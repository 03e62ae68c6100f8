package proof

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// exception is an eval of the suite whose expected result the emulator, set up
// as AMP, does not have.
type exception struct {
	file, expr string
	why        string
	needed     bool // seen to differ
}

// eval is one eval of the suite.
type eval struct {
	expr         string
	experimental bool
	exception    *exception
}

// ledger follows the suite. promqltest does not say which eval a query belongs
// to, but its evals come in the order of GetBuiltInExprs, and the first query
// of each is its expression as it stands there.
type ledger struct {
	evals      []eval
	exceptions []*exception
	current    int
	queries    int
}

func newLedger(exprs []string, exceptions []*exception) *ledger {
	l := &ledger{current: -1, exceptions: exceptions}
	for _, expr := range exprs {
		l.evals = append(l.evals, eval{expr: expr})
	}
	return l
}

// at returns the eval that a query belongs to. Evals of the same expression
// that follow one another cannot be told apart, and are one here.
func (l *ledger) at(file, query string) *eval {
	l.queries++
	if next := l.current + 1; next < len(l.evals) && l.evals[next].expr == query && (l.current < 0 || l.evals[l.current].expr != query) {
		l.current = next
		for l.current+1 < len(l.evals) && l.evals[l.current+1].expr == query {
			l.current++
		}
		for _, e := range l.exceptions {
			if e.file == file && e.expr == query {
				l.evals[l.current].exception = e
			}
		}
	}
	return &l.evals[max(l.current, 0)]
}

// check counts the evals and asks whether the exceptions are still some.
func (l *ledger) check(t *testing.T) {
	t.Helper()
	assert.Equal(t, len(l.evals)-1, l.current, "evals that were asked, counted from 0")
	experimental, excepted := 0, 0
	for i := range l.evals {
		first := i
		for first+1 < len(l.evals) && l.evals[first+1].expr == l.evals[i].expr {
			first++ // what is known of a row of equal evals is in the last
		}
		switch {
		case l.evals[first].experimental:
			experimental++
		case l.evals[first].exception != nil:
			excepted++
		}
	}
	offered := len(l.evals) - experimental
	run := offered - excepted
	t.Logf("%d evals, %d queries: %d need what is experimental and were refused; of the other %d the emulator answered %d as expected, %d are exceptions",
		len(l.evals), l.queries, experimental, offered, run, excepted)
	assert.GreaterOrEqual(t, float64(run), atLeast*float64(offered), "evals answered as expected")
	for _, e := range l.exceptions {
		assert.True(t, e.needed, "%s: %s: is listed as an exception (%s), but holds", e.file, e.expr, e.why)
	}
}
