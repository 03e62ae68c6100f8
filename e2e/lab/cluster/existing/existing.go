// Package existing works on a cluster that somebody else has made and that others may use: it looks before it is touched, and
// removes from it by label what a run has put there, and nothing else.
package existing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Label is the label of what a run puts into the cluster. Its value is the run.
const Label = "ampersand-e2e"

// KEDANamespace is where KEDA is installed, and where one that is there is looked for.
const KEDANamespace = "keda"

// platformNamespace is the namespace that the platform brings along (fixtures/manifests/platform).
const platformNamespace = "ho11y"

// Cluster is a cluster that was there before.
type Cluster struct {
	// REST reaches it as the person whose kubeconfig it is.
	REST *rest.Config
	// Context is the kubeconfig's context; Server the API server's URL.
	Context, Server string

	client  kubernetes.Interface
	dynamic dynamic.Interface
}

// Connect reads the person's kubeconfig by kubectl's rules (KUBECONFIG, then the home folder) and writes what it uses of it to path.
// name is the context, empty for the current one.
func Connect(name, path string) (*Cluster, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{CurrentContext: name}).RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.CurrentContext = cmp.Or(name, config.CurrentContext)
	if _, found := config.Contexts[config.CurrentContext]; !found {
		return nil, fmt.Errorf("the kubeconfig has no context %q (KUBECONFIG names the file, E2E_CONTEXT the context)", config.CurrentContext)
	}
	if err := errors.Join(api.MinifyConfig(&config), api.FlattenConfig(&config)); err != nil {
		return nil, fmt.Errorf("take context %s out of the kubeconfig: %w", config.CurrentContext, err)
	}
	if err := clientcmd.WriteToFile(config, path); err != nil {
		return nil, fmt.Errorf("write the kubeconfig of context %s: %w", config.CurrentContext, err)
	}
	access, err := clientcmd.NewDefaultClientConfig(config, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read context %s: %w", config.CurrentContext, err)
	}
	// More than kubectl's: several features are watched at once.
	access.QPS, access.Burst = 100, 200
	c, err := Of(access)
	if err != nil {
		return nil, err
	}
	c.Context = config.CurrentContext
	return c, os.Chmod(path, 0o600)
}

// Of is the cluster that is reached by config.
func Of(config *rest.Config) (*Cluster, error) {
	c := &Cluster{REST: config, Server: config.Host}
	var err error
	if c.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return c, nil
}

// Facts are what there is to know of a cluster before anything is deployed.
type Facts struct {
	// Version is Kubernetes'; Nodes the count of nodes.
	Version string
	Nodes   int
	// Issuer is the URL of who issues the tokens of service accounts.
	Issuer string
	// PodIdentity tells whether the cluster gives pods the roles that their service accounts name, as EKS does.
	PodIdentity bool
	// KEDA tells whether KEDA is there, in its namespace.
	KEDA bool
}

// podIdentityWebhook is the name of EKS's webhook [R].
const podIdentityWebhook = "pod-identity-webhook"

// Look finds out what there is. What stands in the way of a deployment is an error.
func (c *Cluster) Look(ctx context.Context) (Facts, error) {
	var f Facts
	version, err := c.client.Discovery().ServerVersion()
	if err != nil {
		return f, fmt.Errorf("ask the API server %s for its version: %w", c.Server, err)
	}
	f.Version = version.GitVersion
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return f, fmt.Errorf("list the nodes: %w", err)
	}
	f.Nodes = len(nodes.Items)
	if f.Issuer, err = c.issuer(ctx); err != nil {
		return f, err
	}
	_, err = c.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, podIdentityWebhook, metav1.GetOptions{})
	if f.PodIdentity = err == nil; err != nil && !apierrors.IsNotFound(err) {
		return f, fmt.Errorf("look for EKS's pod identity webhook: %w", err)
	}
	if f.KEDA, err = c.keda(ctx); err != nil {
		return f, err
	}
	return f, c.occupied(ctx, f.KEDA)
}

// issuer asks the API server who issues the tokens of service accounts.
func (c *Cluster) issuer(ctx context.Context) (string, error) {
	body, err := c.client.Discovery().RESTClient().Get().AbsPath("/.well-known/openid-configuration").DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the API server for the issuer of its service accounts' tokens: %w", err)
	}
	var document struct{ Issuer string }
	if err := json.Unmarshal(body, &document); err != nil || document.Issuer == "" {
		return "", fmt.Errorf("the API server's OpenID configuration names no issuer: %.200s", body)
	}
	return document.Issuer, nil
}

// keda tells whether KEDA is there. One in another namespace is refused: there can only be one in a cluster.
func (c *Cluster) keda(ctx context.Context) (bool, error) {
	list, err := c.client.AppsV1().Deployments(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=keda-operator"})
	if err != nil {
		return false, fmt.Errorf("look for KEDA: %w", err)
	}
	for _, d := range list.Items {
		if d.Labels[Label] != "" {
			return false, leftover("Deployment", d.Namespace+"/"+d.Name, d.Labels[Label])
		}
		if d.Namespace != KEDANamespace {
			return false, fmt.Errorf("KEDA is in namespace %s: the lab can use one in namespace %s, or installs its own where there is none", d.Namespace, KEDANamespace)
		}
	}
	return len(list.Items) > 0, nil
}

// occupied refuses a cluster in which something has the names that are going to be used.
func (c *Cluster) occupied(ctx context.Context, keda bool) error {
	names := []string{platformNamespace}
	if !keda {
		names = append(names, KEDANamespace)
	}
	for _, name := range names {
		ns, err := c.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return fmt.Errorf("look for namespace %s: %w", name, err)
		case ns.Labels[Label] != "":
			return leftover("Namespace", name, ns.Labels[Label])
		default:
			return fmt.Errorf("namespace %s is there already, and not by a run of this lab: nothing is touched that the lab has not made", name)
		}
	}
	if keda {
		return nil
	}
	_, err := c.dynamic.Resource(definitions()).Get(ctx, "scaledobjects.keda.sh", metav1.GetOptions{})
	if err == nil {
		return errors.New("KEDA's resource definitions are there without its operator: remove them, or install KEDA in namespace " + KEDANamespace)
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("look for KEDA's resource definitions: %w", err)
	}
	return nil
}

func leftover(kind, name, run string) error {
	return fmt.Errorf("%s %s belongs to run %s of this lab, which goes on or was killed: E2E_CLEANUP=1 removes what is left of it", kind, name, run)
}
