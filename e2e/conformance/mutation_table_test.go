package conformance_test

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// remedy is what to do about a table that does not fit.
const remedy = "make the table anew (" + envMutations + "=all go test ./e2e/conformance -run TestMutations -timeout=30m)"

func tableFile() string { return filepath.Join("testdata", "mutations.txt") }

const tableHead = `# Which checks notice which fault; written by TestMutations with MUTATIONS=all.
# A line is a fault's name, the checks that fail under it and those that pass.
# Every check that judges stands with the fault that shows the most of those it
# notices: the one that the fewest checks notice.
`

// readTable reads the table, and demands that it is about the faults and checks
// that there are.
func readTable(t *testing.T, faults []mutation, all []conformance.Check) map[string]trial {
	t.Helper()
	raw, err := os.ReadFile(tableFile())
	require.NoError(t, err, remedy)
	known, seen := make(map[string]trial), make(map[string]bool)
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, ids, isFault := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
		fails, passes, hasPasses := strings.Cut(ids, "; not ")
		require.True(t, isFault && hasPasses, "no line of a fault: %s", line)
		require.NotContains(t, known, name, "two lines of one fault; %s", remedy)
		known[name] = trial{fails: strings.Fields(fails), passes: strings.Fields(passes)}
		for _, id := range known[name].fails {
			seen[id] = true
		}
	}
	judge := make(map[string]bool, len(all))
	var wrong []string
	for _, c := range all {
		judge[c.ID] = true
		if !seen[c.ID] {
			wrong = append(wrong, "nothing shows that check "+c.ID+" can fail")
		}
	}
	for _, m := range faults {
		if len(known[m.name].fails) == 0 {
			wrong = append(wrong, "nobody notices the fault "+m.name)
		}
		if len(known[m.name].passes) == 0 {
			wrong = append(wrong, "nothing works any more with the fault "+m.name)
		}
	}
	for name, k := range known {
		if !slices.ContainsFunc(faults, func(m mutation) bool { return m.name == name }) {
			wrong = append(wrong, "there is no fault "+name)
		}
		for _, id := range slices.Concat(k.fails, k.passes) {
			if !judge[id] {
				wrong = append(wrong, "there is no check that judges called "+id)
			}
		}
	}
	slices.Sort(wrong)
	require.Empty(t, wrong, "%s does not fit: %s", tableFile(), remedy)
	return known
}

func writeTable(t *testing.T, faults []mutation, known map[string]trial) {
	t.Helper()
	var out strings.Builder
	out.WriteString(tableHead)
	for _, m := range faults {
		k := known[m.name]
		fmt.Fprintf(&out, "%s => %s; not %s\n", m.name, strings.Join(k.fails, " "), strings.Join(k.passes, " "))
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(tableFile()), 0o755))
	require.NoError(t, os.WriteFile(tableFile(), []byte(out.String()), 0o644))
}

// share is the part of the suite that a fault may make fail which is not coarse.
// One that breaks more than that shows nothing about the checks it breaks.
const share = 0.25

// spared is how many checks out of reach stand in the table with each fault.
const spared = 2

// makeTable tries each fault on all that it may reach, judges the faults, and
// writes the table of what has come the same way again and again.
func makeTable(t *testing.T, l *lab, faults []mutation, all []conformance.Check) {
	t.Helper()
	reach, seen := l.tryReach(t, faults, all)
	known := assign(faults, reach, seen)
	const rounds, enough = 8, 2
	for round, same := 1, 0; same < enough; round++ {
		require.LessOrEqual(t, round, rounds, "what fails is another thing each time")
		same++
		for i, v := range l.tryAll(t.Context(), faults, func(m mutation) trial { return known[m.name] }) {
			name := faults[i].name
			for _, id := range known[name].fails {
				if v.failed[id] == "" {
					t.Logf("%s: %s fails sometimes", name, id)
					delete(seen[name].failed, id)
					same = 0
				}
			}
			for id, why := range v.spoiled {
				t.Logf("%s: %s fails sometimes: %s", name, id, why)
				seen[name].spoiled[id] = why
				same = 0
			}
		}
		known = assign(faults, reach, seen)
	}
	writeTable(t, faults, known)
	readTable(t, faults, all)
}

// tryReach tries each fault on all that it may reach, and judges it.
func (l *lab) tryReach(t *testing.T, faults []mutation, all []conformance.Check) (reach map[string]trial, seen map[string]verdict) {
	t.Helper()
	reach, seen = make(map[string]trial), make(map[string]verdict)
	for _, m := range faults {
		require.NotContains(t, reach, m.name, "two faults of one name")
		reach[m.name] = m.reach(all)
	}
	for i, v := range l.tryAll(t.Context(), faults, func(m mutation) trial { return reach[m.name] }) {
		seen[faults[i].name] = v
		t.Run(faults[i].name, func(t *testing.T) { v.judge(t, faults[i], all) })
	}
	return reach, seen
}

// assign gives each check that failed to the fault that made the fewest fail, and
// one to each fault.
func assign(faults []mutation, reach map[string]trial, seen map[string]verdict) map[string]trial {
	weight := func(m mutation) int {
		if m.coarse {
			return 10_000 + len(seen[m.name].failed)
		}
		return len(seen[m.name].failed)
	}
	best, killers := make(map[string]mutation), make(map[string]int)
	for _, m := range faults {
		for id := range seen[m.name].failed {
			killers[id]++
			if other, ok := best[id]; !ok || weight(m) < weight(other) {
				best[id] = m
			}
		}
	}
	known := make(map[string]trial)
	for _, m := range faults {
		var k trial
		failed := slices.Sorted(maps.Keys(seen[m.name].failed))
		for _, id := range failed {
			if best[id].name == m.name {
				k.fails = append(k.fails, id)
			}
		}
		if len(k.fails) == 0 && len(failed) > 0 {
			// The one that is most about it: meant for it, or seldom noticing others.
			k.fails = []string{slices.MinFunc(failed, func(a, b string) int {
				rank := func(id string) int {
					switch {
					case slow([]string{id}):
						return 2000
					case chosen(m.kills, id):
						return 0
					default:
						return killers[id]
					}
				}
				return cmp.Compare(rank(a), rank(b))
			})}
		}
		for _, id := range reach[m.name].passes {
			if seen[m.name].spoiled[id] == "" && len(k.passes) < spared {
				k.passes = append(k.passes, id)
			}
		}
		known[m.name] = k
	}
	return known
}

// reach returns the checks that the fault may make fail, and a sample of others,
// another one for each fault: first of the areas that it should not reach, two of
// each, then of the others.
func (m mutation) reach(all []conformance.Check) trial {
	var out trial
	rest := make(map[conformance.Area][]string)
	for _, c := range all {
		if chosen(m.in, c.ID) || chosen(m.kills, c.ID) {
			out.fails = append(out.fails, c.ID)
		} else if c.Needs&conformance.NeedsSlow == 0 {
			rest[c.Area] = append(rest[c.Area], c.ID)
		}
	}
	sum := func(text string) uint32 {
		h := fnv.New32a()
		h.Write([]byte(m.name + text))
		return h.Sum32()
	}
	var near []string
	areas := slices.SortedFunc(maps.Keys(rest), func(a, b conformance.Area) int {
		return cmp.Compare(sum(string(a)), sum(string(b)))
	})
	for _, area := range areas {
		ids := rest[area]
		first := int(sum(string(area)) % uint32(len(ids)))
		two := []string{ids[first]}
		if len(ids) > 1 {
			two = append(two, ids[(first+len(ids)/2)%len(ids)])
		}
		if m.touches(area, all) {
			near = append(near, two...)
		} else {
			out.passes = append(out.passes, two...)
		}
	}
	out.passes = append(out.passes, near[:min(len(near), 3*spared)]...)
	return out
}

// touches reports whether the fault may reach checks of an area.
func (m mutation) touches(area conformance.Area, all []conformance.Check) bool {
	return slices.Contains(m.also, area) || slices.ContainsFunc(all, func(c conformance.Check) bool {
		return c.Area == area && (chosen(m.in, c.ID) || chosen(m.kills, c.ID))
	})
}

// judge says what is wrong with the suite, or the fault, given what came of it.
func (v verdict) judge(t *testing.T, m mutation, all []conformance.Check) {
	t.Helper()
	require.NoError(t, v.err)
	t.Logf("%d checks fail, in %s", len(v.failed), v.took)
	for _, id := range slices.Sorted(maps.Keys(v.failed)) {
		t.Logf("%s: %.200s", id, v.failed[id])
	}
	if len(v.failed) == 0 {
		t.Error("nobody notices")
	}
	for _, pattern := range m.kills {
		n := 0
		for _, c := range all {
			if chosen([]string{pattern}, c.ID) {
				n++
				if v.failed[c.ID] == "" {
					t.Errorf("%s should notice and does not", c.ID)
				}
			}
		}
		if n == 0 {
			t.Errorf("no check is %s", pattern)
		}
	}
	for id, why := range v.spoiled {
		if area, _, _ := strings.Cut(id, "."); !m.touches(conformance.Area(area), all) {
			t.Errorf("%s fails though the fault should not reach it: %s", id, why)
		}
	}
	if !m.coarse && float64(len(v.failed)) > share*float64(len(all)) {
		t.Errorf("%d of %d checks fail: a fault that breaks so much shows little", len(v.failed), len(all))
	}
}
