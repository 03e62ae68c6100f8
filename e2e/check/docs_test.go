package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

func TestDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "check.md"))
	require.NoError(t, err)
	for _, r := range check.Rules() {
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %s | %s %s | %s |\n", r.ID, r.Level, r.Why, r.Do, r.Source))
	}
}
