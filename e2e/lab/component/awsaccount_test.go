package component

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
	"github.com/ampersand-amp/ampersand/emulator"
)

// clumsy is a user for whom one action is refused, and ACTION stands for it.
const clumsy = `
users:
  - name: clumsy
    accessKeys: [{id: AKIACLUMSYCLUMSYCLUM, secret: clumsy-secret}]
    policies:
      - arn: arn:aws:iam::aws:policy/AdministratorAccess
      - name: refused
        document: {Version: 2012-10-17, Statement: {Effect: Deny, Action: "ACTION", Resource: "*"}}
`

// TestAWSAccount makes what a run needs and removes it, also when it is refused on the way.
func TestAWSAccount(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ action, failure string }{
		"all that is needed":     {"aps:TagResource-not-needed", ""},
		"no workspace":           {"aps:CreateWorkspace", "create the workspace"},
		"no provider":            {"iam:CreateOpenIDConnectProvider", "create the OpenID Connect provider"},
		"no role":                {"iam:CreateRole", "create the role"},
		"a role without policy":  {"iam:AttachRolePolicy", "attach"},
		"nobody may look at it":  {"aps:DescribeWorkspace", "wait for the workspace"},
		"no list of what is not": {"iam:ListOpenIDConnectProviders", "list the OpenID Connect providers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identities := filepath.Join(t.TempDir(), "identity.yaml")
			require.NoError(t, os.WriteFile(identities, []byte(strings.Replace(clumsy, "ACTION", tc.action, 1)), 0o600))
			server, err := emulator.Start(t.Context(), emulator.Config{IdentityFile: identities})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Close()) })
			settings := server.AWSConfig()
			root, err := account.New(t.Context(), settings)
			require.NoError(t, err)
			settings.Credentials = credentials.NewStaticCredentialsProvider("AKIACLUMSYCLUMSYCLUM", "clumsy-secret", "")
			caller, err := account.New(t.Context(), settings)
			require.NoError(t, err)
			issuer := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(issuer.Close)

			a := &AWSAccount{Account: caller, Run: "42", Issuer: issuer.URL, Logf: t.Logf}
			err = a.Install(t.Context())
			if err == nil {
				err = a.Ready(t.Context())
			}
			if tc.failure != "" {
				require.ErrorContains(t, err, tc.failure)
				require.ErrorContains(t, err, tc.action)
			} else {
				require.NoError(t, err)
				require.Equal(t, map[string]string{
					WriteRole: "arn:aws:iam::123456789012:role/ampersand-e2e/ampersand-e2e-42-write",
					QueryRole: "arn:aws:iam::123456789012:role/ampersand-e2e/ampersand-e2e-42-query",
				}, a.Roles())
				require.Equal(t, aws.ToString(settings.BaseEndpoint), a.AMP().URL())
				require.False(t, a.AMP().Inspectable())
				leftovers, err := root.Leftovers(t.Context())
				require.NoError(t, err)
				require.Len(t, leftovers, 4)
			}
			require.NoError(t, a.Remove(t.Context()))
			leftovers, err := root.Leftovers(t.Context())
			require.NoError(t, err)
			require.Empty(t, leftovers)
			require.NoError(t, a.Remove(t.Context()), "it can be removed twice")
		})
	}
}

// TestPlatformOnAWS has roles and no keys, and speaks TLS where AMP does.
func TestPlatformOnAWS(t *testing.T) {
	t.Parallel()
	p := &Platform{
		Manifests: "../../../fixtures/manifests/eks/platform", Labels: map[string]string{"ampersand-e2e": "42"},
		Roles: map[string]string{WriteRole: "arn:aws:iam::1:role/w", QueryRole: "arn:aws:iam::1:role/q"},
		AMP:   NewAWSAMP("eu-west-1", "ws-1", "https://aps-workspaces.eu-west-1.amazonaws.com"),
	}
	objects, err := p.render()
	require.NoError(t, err)
	roles := map[string]string{}
	for _, object := range objects {
		require.NotEqual(t, "Secret", object.GetKind())
		require.Equal(t, "42", object.GetLabels()["ampersand-e2e"], "%s %s", object.GetKind(), object.GetName())
		data, _, err := unstructured.NestedStringMap(object.Object, "data")
		require.NoError(t, err)
		switch object.GetName() {
		case "sigv4proxy-settings":
			require.Equal(t, "https", data["AMP_SCHEME"])
			require.Equal(t, "aps-workspaces.eu-west-1.amazonaws.com", data["AMP_HOST"])
		case "adot-settings":
			require.Equal(t, "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write", data["AMP_REMOTE_WRITE_URL"])
		}
		if object.GetKind() == "ServiceAccount" {
			roles[object.GetName()] = object.GetAnnotations()[manifest.RoleAnnotation]
		}
		if object.GetKind() == "Deployment" {
			labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "labels")
			require.NoError(t, err)
			require.NotContains(t, labels, "ampersand-e2e", "the pods are their Deployment's")
		}
	}
	require.Equal(t, map[string]string{"adot-collector": "arn:aws:iam::1:role/w", "keda-sigv4": "arn:aws:iam::1:role/q"}, roles)
	delete(p.Roles, QueryRole)
	_, err = p.render()
	require.ErrorContains(t, err, "names the role amp-query, which the account does not have")
}
