package conformance_test

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/emulator"
)

// mutation is a deliberate fault of the emulator as the suite sees it. What is
// not set is as it should be.
type mutation struct {
	name string
	// config makes it another emulator.
	config func(*emulator.Config)
	// layer makes a layer between suite and emulator, one for each trial.
	layer func() layer
	// in are the checks that are tried, as Selection.IDs has them, besides those
	// that it kills.
	in []string
	// also are areas that the fault may reach as well and of which no check is
	// tried. Of all areas that are named nowhere a sample has to pass.
	also []conformance.Area
	// kills are the checks that have to fail, likewise.
	kills []string
	// coarse faults break so much that to notice them shows little.
	coarse bool
}

// mutations are all faults. Each is another way in which an emulator, or what is
// known of AMP, can be wrong.
func mutations() []mutation {
	return slices.Concat(
		coarseMutations(),
		configMutations(),
		frontMutations(),
		answeredMutations(),
		canonicalMutations(),
		headerMutations(),
		policyMutations(),
		rightsMutations(),
		storedMutations(),
		writeMutations(),
		readMutations(),
		answerMutations(),
		controlMutations(),
		alertingMutations(),
	)
}

// envMutations is the environment variable that has TestMutations try faults on
// all that they may reach.
const envMutations = "MUTATIONS"

// TestMutations breaks the emulator in many ways and demands that the right
// checks notice, and that every check that judges is seen to fail.
//
// Which check notices which fault is in a table; only that is tried, and that a
// few checks the fault should not reach pass. With MUTATIONS=all the table is
// made, from what all checks within reach of each fault do. That takes minutes.
// With any other text the faults with it in their names are tried like that, and
// what comes of it is shown.
func TestMutations(t *testing.T) {
	all, faults := judging(conformance.All()), mutations()
	lab, err := newLab(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, lab.close()) }()
	switch how := os.Getenv(envMutations); how {
	case "all":
		makeTable(t, lab, faults, all)
	case "":
		known := readTable(t, faults, all)
		verdicts := lab.tryAll(t.Context(), faults, func(m mutation) trial { return known[m.name] })
		for i, m := range faults {
			t.Run(m.name, func(t *testing.T) { verdicts[i].holds(t, known[m.name]) })
		}
	default:
		faults = slices.DeleteFunc(faults, func(m mutation) bool { return !strings.Contains(m.name, how) })
		require.NotEmpty(t, faults, "no fault has %s=%s in its name, and it is not all", envMutations, how)
		lab.tryReach(t, faults, all)
	}
}

// holds demands that all came as the table has it.
func (v verdict) holds(t *testing.T, known trial) {
	t.Helper()
	require.NoError(t, v.err)
	for _, id := range known.fails {
		if v.failed[id] == "" {
			t.Errorf("%s does not notice: sharpen it, or %s if other checks do", id, remedy)
		}
	}
	for _, id := range known.passes {
		if why := v.spoiled[id]; why != "" {
			t.Errorf("%s fails though the fault should not reach it: %s", id, why)
		}
	}
	t.Logf("%d checks fail and %d pass, in %s", len(v.failed), len(known.passes)-len(v.spoiled), v.took.Round(time.Millisecond))
}

// judging are the checks that can fail.
func judging(checks []conformance.Check) []conformance.Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c conformance.Check) bool { return c.Level == conformance.Unknown })
}

// chosen reports whether an id is one of the chosen, in the manner of
// conformance.Selection.
func chosen(patterns []string, id string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, id)
		return err == nil && ok || strings.HasPrefix(id, p+".")
	})
}

// slow reports whether one of the checks waits for rules to be evaluated, which
// is every ten seconds; all else is there at once.
func slow(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, "rules.evaluated.") })
}
