package scenario_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/scenario"
)

// TestFailuresDocumented wants the scenarios that docs/failures.md names to exist, and a row for every failure mode of KEDA.
func TestFailuresDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "failures.md"))
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^\| K\d\d .*\| ([^|]*) \|$`).FindAllStringSubmatch(string(page), -1)
	require.Len(t, rows, 12)
	scenarios := 0
	for _, row := range rows {
		if regexp.MustCompile(`^Test`).MatchString(row[1]) {
			continue // a suite of its own
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			require.Contains(t, scenario.Names(), name[1])
			scenarios++
		}
	}
	require.GreaterOrEqual(t, scenarios, 12)
}
