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
			require.Equal(t, identity.Principal{Kind: identity.KindRoot, ARN: arn, AccountID: "123456789012", UserID: "123456789012"},
				identity.RootPrincipal(region, "123456789012"))
		})
	}
}
