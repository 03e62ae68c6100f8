package identity_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestSwappedKeyIsNotShown puts a secret into every place where an id or a key is
// expected.
func TestSwappedKeyIsNotShown(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG/swapped"
	tests := map[string]string{
		"swapped":         "{id: " + secret + ", secret: AKIAIOSFODNN7COLLECT}",
		"twice the id":    "{id: " + secret + ", secret: " + secret + "}",
		"a text":          secret,
		"a list":          "[" + secret + "]",
		"a list as id":    "{id: [" + secret + "], secret: x}",
		"temporary key":   "{id: ASIAwJalrXUtnFEMI, secret: x}",
		"letters, twice ": "{id: wJalrXUtnFEMI, secret: x}, {id: wJalrXUtnFEMI, secret: x}",
		"letters only":    "{id: wJalrXUtnFEMI, secret: AKIAIOSFODNN7COLLECT}",
	}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			text := "users:\n  - name: a\n    accessKeys: [" + keys + "]\n"
			file := filepath.Join(t.TempDir(), "identity.yaml")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			_, err := identity.Open(config(file))
			require.ErrorContains(t, err, "line 3")
			require.NotContains(t, err.Error(), "wJalr")

			h := fixture(t)
			replace(t, h.file, text)
			require.Error(t, h.Reload())
			_, body := h.call(t, "GET", "", "")
			require.Contains(t, body, "line 3")
			require.NotContains(t, body, "wJalr")
			require.NotContains(t, h.log.String(), "wJalr")
		})
	}
}

func TestIsSecret(t *testing.T) {
	h := open(t, `users:
  - name: a
    accessKeys: [{id: AKIAA, secret: collector-secret}, {id: AKIAB, secret: an-old-secret, status: inactive}]
  - name: b
    accessKeys: [{id: AKIAC, secret: abc}]
roles:
  - name: r
    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: "*", Action: "sts:AssumeRole"}}
`)
	session := h.assume(t, "arn:aws:iam::123456789012:role/r", "s").SecretAccessKey
	tests := map[string]struct {
		text string
		want bool
	}{
		"a key's":                 {"collector-secret", true},
		"an inactive key's":       {"an-old-secret", true},
		"the root's":              {"root-secret", true},
		"a session's":             {session, true},
		"more than it":            {"collector-secret/20261124", true},
		"more than a session's":   {session + "x", true},
		"its beginning":           {"coll", true},
		"a session's beginning":   {session[:4], true},
		"too little of it":        {"col", false},
		"its end":                 {"secret", false},
		"a short one":             {"abc", true},
		"more than a short one":   {"abcdef", false},
		"the beginning of it":     {"ab", false},
		"nothing":                 {"", false},
		"an id":                   {"AKIAA", false},
		"a secret in other case ": {"COLLECTOR-SECRET", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, h.IsSecret(tc.text)) })
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { h.IsSecret("collector-secret") }))
}
