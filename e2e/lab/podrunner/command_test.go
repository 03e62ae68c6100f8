package podrunner_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// TestContainerBecomesAProcess starts a container that uses all that is translated.
func TestContainerBecomesAProcess(t *testing.T) {
	t.Setenv("AMPERSAND_TEST_LEAK", "of the person's shell")
	r := newRig(t,
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings", Namespace: "ns"}, Data: map[string]string{"REGION": "us-east-1", "BOTH": "config map"}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "files", Namespace: "ns"}, Data: map[string]string{"config.yaml": "replacement: $$1 $(REGION)", "b": "2"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "aws", Namespace: "ns"}, Data: map[string][]byte{"key": []byte("a$(REGION)$$"), "ID": []byte("AKIA")}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "aws", Namespace: "other"}, Data: map[string][]byte{"key": []byte("of another namespace")}},
	)
	pod := r.pod(t, "a")
	container := &pod.Spec.Containers[0]
	named := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	field := func(name, path string) corev1.EnvVar {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
	}
	container.EnvFrom = []corev1.EnvFromSource{
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: named("settings")}},
		{Prefix: "AWS_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: named("aws")}},
	}
	container.Env = append(container.Env,
		corev1.EnvVar{Name: "LITERAL", Value: "plain"},
		corev1.EnvVar{Name: "BOTH", Value: "literal"},
		field("IP", "status.podIP"), field("POD", "metadata.name"), field("NAMESPACE", "metadata.namespace"), field("NODE", "spec.nodeName"),
		corev1.EnvVar{Name: "SECRET", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: named("aws"), Key: "key"}}},
		corev1.EnvVar{Name: "SETTING", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: named("settings"), Key: "REGION"}}},
		corev1.EnvVar{Name: "EXPANDED", Value: "$(IP):$(REGION):$(LITERAL):$(LATER):$(NOWHERE):$$(IP):$IP:$"},
		corev1.EnvVar{Name: "LATER", Value: "too late"},
	)
	pod.Spec.Volumes = []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("files")}}},
		{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
	}
	container.VolumeMounts = []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}, {Name: "token", MountPath: "/var/run/secrets"}}
	container.Args = []string{"--config=/etc/app/config.yaml", "--listen=$(IP):$(REGION)", "$(NOWHERE)", "/etc/other"}
	r.create(t, pod)

	got := r.accept(t)
	config := filepath.Join(r.dir, "volumes", "uid-of-a", "config", "config.yaml")
	require.Equal(t, []string{"--config=" + config, "--listen=127.0.0.1:us-east-1", "$(NOWHERE)", "/etc/other"}, got.Args)
	require.Equal(t, map[string]string{config: "replacement: $$1 $(REGION)"}, got.Files, "files are not expanded")
	require.FileExists(t, filepath.Join(filepath.Dir(config), "b"))
	require.Equal(t, map[string]string{
		envLifeline: r.listener.Addr().String(), "HOSTNAME": "a", "AWS_EC2_METADATA_DISABLED": "true",
		"REGION": "us-east-1", "BOTH": "literal", "AWS_key": "a$(REGION)$$", "AWS_ID": "AKIA",
		"LITERAL": "plain", "IP": "127.0.0.1", "POD": "a", "NAMESPACE": "ns", "NODE": "kwok-0",
		"SECRET": "a$(REGION)$$", "SETTING": "us-east-1", "LATER": "too late",
		"EXPANDED": "127.0.0.1:us-east-1:plain:$(LATER):$(NOWHERE):$(IP):$IP:$",
	}, got.Env, "and nothing else")
}

// TestServiceAccount: a pod with a token finds it in a kubeconfig, one for all pods of the account.
func TestServiceAccount(t *testing.T) {
	r := newRig(t)
	yes := true
	var paths []string
	for name, token := range map[string]*bool{"by-default": nil, "asked-for": &yes} {
		pod := r.pod(t, name)
		pod.Spec.AutomountServiceAccountToken = token
		pod.Spec.ServiceAccountName = "collector"
		r.create(t, pod)
		path := r.accept(t).Env["KUBECONFIG"]
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "ns/collector", string(text))
		paths = append(paths, path)
	}
	require.Equal(t, paths[0], paths[1])
	r.create(t, r.pod(t, "without"))
	require.NotContains(t, r.accept(t).Env, "KUBECONFIG")
}

// TestToken: a token for somebody else than the API server is a file, at the path that the container's variables name. What
// the API server mounts for itself is not.
func TestToken(t *testing.T) {
	r := newRig(t)
	requests := make(chan authenticationv1.TokenRequestSpec, 10)
	r.client.PrependReactor("create", "serviceaccounts", func(action clienttesting.Action) (bool, runtime.Object, error) {
		request := action.(clienttesting.CreateAction).GetObject().(*authenticationv1.TokenRequest)
		requests <- request.Spec
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
			Token: "signed", ExpirationTimestamp: metav1.NewTime(time.Now().Add(time.Hour)),
		}}, nil
	})
	pod := r.pod(t, "a")
	pod.Spec.ServiceAccountName = "collector"
	hour := int64(3600)
	projected := func(name, audience string) corev1.Volume {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: audience, ExpirationSeconds: &hour, Path: "token"}},
		}}}}
	}
	pod.Spec.Volumes = []corev1.Volume{projected("kube-api-access", ""), projected("aws-iam-token", "sts.amazonaws.com")}
	container := &pod.Spec.Containers[0]
	container.VolumeMounts = []corev1.VolumeMount{
		{Name: "kube-api-access", MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"},
		{Name: "aws-iam-token", MountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount"},
	}
	const mounted = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
	container.Env = append(container.Env,
		corev1.EnvVar{Name: "AWS_WEB_IDENTITY_TOKEN_FILE", Value: mounted + "/token"},
		corev1.EnvVar{Name: "OTHER", Value: mounted + "2"}, corev1.EnvVar{Name: "URL", Value: "http://host" + mounted},
	)
	r.create(t, pod)
	env := r.accept(t).Env
	text, err := os.ReadFile(env["AWS_WEB_IDENTITY_TOKEN_FILE"])
	require.NoError(t, err)
	require.Equal(t, "signed", string(text))
	require.Equal(t, mounted+"2", env["OTHER"])
	require.Equal(t, "http://host"+mounted, env["URL"])
	require.Len(t, requests, 1)
	require.Equal(t, authenticationv1.TokenRequestSpec{
		Audiences: []string{"sts.amazonaws.com"}, ExpirationSeconds: &hour,
		BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "a", UID: "uid-of-a"},
	}, <-requests)
}
