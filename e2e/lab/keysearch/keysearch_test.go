package keysearch_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/keysearch"
)

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func search() keysearch.Search {
	return keysearch.Search{Known: []string{"AKIAIOSFODNN7EXAMPLE", secret, ""}}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	const id, own = "what looks like the id of a key", "a key of the account"
	tests := map[string]struct {
		texts []string
		want  []string
	}{
		"nothing":                     {nil, nil},
		"what pods with a role get":   {[]string{"AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/amp-query", "AWS_WEB_IDENTITY_TOKEN_FILE=/token", "AWS_REGION"}, nil},
		"a variable":                  {[]string{"AWS_ACCESS_KEY_ID=x"}, []string{"the name AWS_ACCESS_KEY_ID"}},
		"the secret's variable":       {[]string{"AWS_SECRET_ACCESS_KEY"}, []string{"the name AWS_SECRET_ACCESS_KEY"}},
		"a session's variable":        {[]string{"AWS_SESSION_TOKEN"}, []string{"the name AWS_SESSION_TOKEN"}},
		"a parameter of KEDA":         {[]string{"awsAccessKeyID"}, []string{"the name awsAccessKeyID"}},
		"another parameter of KEDA":   {[]string{"awsSecretAccessKey"}, []string{"the name awsSecretAccessKey"}},
		"an id":                       {[]string{"key AKIAABCDEFGHIJKLMNOP."}, []string{id}},
		"a session's id":              {[]string{"ASIAABCDEFGHIJKLMNOP"}, []string{id}},
		"no id, one letter too long":  {[]string{"AKIAABCDEFGHIJKLMNOPQ"}, nil},
		"no id, inside another word":  {[]string{"XAKIAABCDEFGHIJKLMNOP"}, nil},
		"the account's secret":        {[]string{"--password=" + secret}, []string{own}},
		"the account's id":            {[]string{"AKIAIOSFODNN7EXAMPLE"}, []string{id, own}},
		"each kind of thing but once": {[]string{secret, "x", secret + secret}, []string{own}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, search().Texts(tc.texts...))
		})
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		object string
		want   []string
	}{
		"an object without": {`{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: ns}, data: {AWS_REGION: us-east-1}}`, nil},
		"a config map": {
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: ns}, data: {file: "key: ` + secret + `"}}`,
			[]string{"ConfigMap ns/x holds a key of the account"},
		},
		"a secret's value, which is encoded": {
			`{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: ns}, data: {note: d0phbHJYVXRuRkVNSS9LN01ERU5HL2JQeFJmaUNZRVhBTVBMRUtFWQ==}}`,
			[]string{"Secret ns/x holds a key of the account"},
		},
		"a secret's name": {
			`{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: ns}, data: {AWS_SECRET_ACCESS_KEY: eA==}}`,
			[]string{"Secret ns/x holds the name AWS_SECRET_ACCESS_KEY"},
		},
		"a pod's variable": {
			`{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: ns}, spec: {containers: [{name: c, env: [{name: AWS_ACCESS_KEY_ID}]}]}}`,
			[]string{"Pod ns/x holds the name AWS_ACCESS_KEY_ID"},
		},
		"a pod's argument": {
			`{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: ns}, spec: {containers: [{name: c, args: [--id=AKIAABCDEFGHIJKLMNOP]}]}}`,
			[]string{"Pod ns/x holds what looks like the id of a key"},
		},
		"a trigger's authentication": {
			`{apiVersion: keda.sh/v1alpha1, kind: TriggerAuthentication, metadata: {name: x, namespace: ns}, spec: {secretTargetRef: [{parameter: awsAccessKeyID}]}}`,
			[]string{"TriggerAuthentication ns/x holds the name awsAccessKeyID"},
		},
		"who once set a variable": {
			`{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: ns, managedFields: [{fieldsV1: {"f:AWS_ACCESS_KEY_ID": {}}}]}}`, nil,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := search().Cluster(t.Context(), cluster(t, tc.object))
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestClusterUnreadable: what cannot be read is not taken for clean, and its text is not shown.
func TestClusterUnreadable(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: ns}, data: {a: "` + secret + `!"}}`: "search Secret ns/x for keys: its data a is not in base64",
		`{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: ns}, data: {a: 1}}`:                 "search Secret ns/x for keys: its data a is float64",
		`{apiVersion: v1, kind: Secret, metadata: {name: x, namespace: ns}, data: [a]}`:                    "search Secret ns/x for keys: its data is []interface {}",
	} {
		_, err := search().Cluster(t.Context(), cluster(t, object))
		require.EqualError(t, err, want)
	}
}

// cluster is a cluster with one object.
func cluster(t *testing.T, object string) *fake.FakeDynamicClient {
	t.Helper()
	var u unstructured.Unstructured
	require.NoError(t, yaml.Unmarshal([]byte(object), &u.Object))
	lists := map[schema.GroupVersionResource]string{}
	for kind, group := range map[string]string{
		"Secret": "", "ConfigMap": "", "Pod": "", "ServiceAccount": "", "Deployment": "apps", "DaemonSet": "apps", "StatefulSet": "apps",
		"Job": "batch", "ScaledObject": "keda.sh", "TriggerAuthentication": "keda.sh", "ClusterTriggerAuthentication": "keda.sh",
	} {
		version := "v1"
		if group == "keda.sh" {
			version = "v1alpha1"
		}
		lists[schema.GroupVersionResource{Group: group, Version: version, Resource: strings.ToLower(kind) + "s"}] = kind + "List"
	}
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, &u)
}
