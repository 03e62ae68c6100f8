// Package kind runs a Kubernetes cluster in Docker containers through kind's Go packages: real kubelet, containers,
// service network and DNS. The kind program is not needed, the person's kubeconfig is never touched, and each cluster has
// a Docker network of its own, so that nothing is left when it is gone.
package kind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/support"
	"sigs.k8s.io/kind/pkg/cluster"
)

// KeepPrefix begins the names of clusters that were kept on purpose. RemoveLeftovers leaves them alone.
const KeepPrefix = "ampersand-keep-"

// removeTimeout bounds a removal that cannot be given a time by its caller, because the caller's has ended.
const removeTimeout = time.Minute

var _ support.E2EClusterProviderWithImageLoader = (*Cluster)(nil)

// Config says how to make a cluster.
type Config struct {
	// Name is the cluster's and its network's name. It has to be unique on the Docker daemon.
	Name string
	// Owner says who removes the cluster when the lab that made it was killed: see RemoveLeftovers. It should name this
	// machine and the folder in which its labs hold their state, as a daemon may serve more than one machine or person.
	Owner string
	// Image is the node image's reference in Docker.
	Image string
	// Version is the Kubernetes version that the image must hold, such as v1.36.3. Empty: whatever it holds.
	Version string
	// Kubeconfig is the file that the administrator's access is written to. Destroy removes it.
	Kubeconfig string
	// HPASyncPeriod is how often the HPA controller looks. Kubernetes' default is 15 s.
	HPASyncPeriod time.Duration
	// FeatureGates are features of Kubernetes that are switched on.
	FeatureGates []string
	// Built is set for our own node image, which brings its network set-up and lets nothing leave the machine. With kind's
	// published image kind's own set-up is used.
	Built *Built
	// Aliases are host names that mean a Service in the cluster: "aps-workspaces.us-east-1.amazonaws.com" to
	// "emulator.amp.svc.cluster.local".
	Aliases map[string]string
	// Logs is the folder that receives the node's logs when the cluster could not be made.
	Logs string
	// Logf prints progress. Logger receives what is of interest when something goes wrong. Both may be nil.
	Logf   func(format string, args ...any)
	Logger *slog.Logger
}

// Built says what kubeadm has to know of our own node image.
type Built struct {
	// Repository is the first part of the control plane's image names: "ampersand" for ampersand/kube-apiserver.
	Repository string
	// Etcd and CoreDNS are the tags of these images. The others have Kubernetes' version.
	Etcd, CoreDNS string
}

// Cluster is a cluster in containers. It implements e2e-framework's provider with image loading.
type Cluster struct {
	config   Config
	log      *logger
	provider *cluster.Provider
	rest     *rest.Config
}

// New returns a cluster that is not yet created.
func New(config Config) *Cluster {
	if config.Logf == nil {
		config.Logf = func(string, ...any) {}
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	log := &logger{logf: config.Logf, detail: config.Logger.With("from", "kind")}
	provider := cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(log))
	return &Cluster{config: config, log: log, provider: provider}
}

// Name is the cluster's name.
func (c *Cluster) Name() string { return c.config.Name }

// WithName implements the provider.
func (c *Cluster) WithName(name string) support.E2EClusterProvider {
	c.config.Name = name
	return c
}

// WithVersion implements the provider.
func (c *Cluster) WithVersion(version string) support.E2EClusterProvider {
	c.config.Version = version
	return c
}

// WithPath implements the provider. There is no kind program whose path could be set.
func (c *Cluster) WithPath(string) support.E2EClusterProvider { return c }

// WithOpts implements the provider.
func (c *Cluster) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// SetDefaults implements the provider.
func (c *Cluster) SetDefaults() support.E2EClusterProvider { return c }

// GetKubeconfig implements the provider: the path of the administrator's kubeconfig.
func (c *Cluster) GetKubeconfig() string { return c.config.Kubeconfig }

// GenerateKubeconfig implements the provider: it writes the kubeconfig again and returns its path.
func (c *Cluster) GenerateKubeconfig(args ...string) (string, error) {
	if len(args) > 0 {
		return "", fmt.Errorf("write the kubeconfig: arguments are not known here: %s", strings.Join(args, " "))
	}
	text, err := c.provider.KubeConfig(c.config.Name, false)
	if err != nil {
		return "", fmt.Errorf("ask for the kubeconfig: %w", err)
	}
	if err := os.WriteFile(c.config.Kubeconfig, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write the kubeconfig: %w", err)
	}
	return c.config.Kubeconfig, nil
}

// GetKubectlContext implements the provider.
func (c *Cluster) GetKubectlContext() string { return "kind-" + c.config.Name }

// KubernetesRestConfig implements the provider: the administrator's access. The lab's own calls are not slowed down on
// the client's side.
func (c *Cluster) KubernetesRestConfig() *rest.Config { return c.rest }

// HowTo says how a person uses and removes a cluster that is kept.
func (c *Cluster) HowTo() string {
	return fmt.Sprintf("use it:    kubectl --kubeconfig %s get pods -A\n"+
		"      or:  docker exec %s kubectl get pods -A\n"+
		"remove it: docker rm -f -v %[2]s && docker network rm %[3]s",
		c.config.Kubeconfig, c.node(), c.config.Name)
}

// node is the name of the only node.
func (c *Cluster) node() string { return c.config.Name + "-control-plane" }

// Destroy implements the provider: it removes containers, volumes, network and kubeconfig, and also what a failed Create
// left. It can be called more than once.
func (c *Cluster) Destroy(ctx context.Context) error {
	err := remove(ctx, c.config.Name)
	if gone := os.Remove(c.config.Kubeconfig); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	c.rest = nil
	if err != nil {
		return fmt.Errorf("remove the cluster %s: %w", c.config.Name, err)
	}
	return nil
}

// ExportLogs implements the provider: journal, container logs and settings of the node, below dest.
func (c *Cluster) ExportLogs(ctx context.Context, dest string) error {
	done := make(chan error, 1)
	go func() { done <- c.provider.CollectLogs(c.config.Name, dest) }()
	select {
	case err := <-done:
		if err != nil && c.config.Built != nil {
			// Our node image has no crictl, which kind asks for a list of images. Everything else is there all the same.
			c.config.Logger.Debug("kind could not collect everything", "error", err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("collect the node's logs: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("collect the node's logs: %w", context.Cause(ctx))
	}
}

// connect reads the kubeconfig.
func (c *Cluster) connect() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.config.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 500, 1000
	c.rest = config
	return nil
}

// WaitForControlPlane implements the provider: it returns when DNS and service network work too.
func (c *Cluster) WaitForControlPlane(ctx context.Context, client klient.Client) error {
	return waitAddons(ctx, client.RESTConfig())
}
