package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func TestRootPrincipal(t *testing.T) {
	tests := map[string]string{
		"us-east-1":     "arn:aws:iam::123456789012:root",
		"eu-central-1":  "arn:aws:iam::123456789012:root",
		"cn-north-1":    "arn:aws-cn:iam::123456789012:root",
		"us-gov-west-1": "arn:aws-us-gov:iam::123456789012:root",
	}
	for region, arn := range tests {
		t.Run(region, func(t *testing.T) {
			require.Equal(t, identity.Principal{ARN: arn, AccountID: "123456789012"},
				identity.RootPrincipal(region, "123456789012"))
		})
	}
}

func TestKeys(t *testing.T) {
	root := identity.RootPrincipal("us-east-1", "123456789012")
	keys := identity.NewKeys("AKIDEXAMPLE", "secret", root)

	key, ok := keys.LookupKey("AKIDEXAMPLE")
	require.True(t, ok)
	require.Equal(t, "AKIDEXAMPLE", key.AccessKeyID)
	require.Equal(t, "secret", key.SecretAccessKey)
	require.Empty(t, key.SessionToken)
	require.True(t, key.Expires.IsZero())
	require.Equal(t, root, key.Principal)

	for _, id := range []string{"", "akidexample", "AKIDEXAMPLE2"} {
		_, ok := keys.LookupKey(id)
		require.False(t, ok, id)
	}
}
