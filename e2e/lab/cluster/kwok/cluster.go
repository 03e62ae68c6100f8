// Package kwok runs a Kubernetes cluster as ordinary processes on loopback addresses: real etcd, kube-apiserver,
// kube-controller-manager (with the real HPA controller) and kube-scheduler, and KWOK in the kubelet's place. It needs
// neither Docker nor root.
//
// KWOK gives each pod an address and calls it running. Whether a pod is ready is decided by package podrunner, which
// runs the pod's containers as processes on that address.
package kwok

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

//go:embed stages/*.yaml
var stages embed.FS

// startTimeout bounds the wait for each process to answer. A cold start on two busy cores takes some seconds.
const startTimeout = 2 * time.Minute

// Config says how to make a cluster.
type Config struct {
	// Programs are the paths of etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok by name.
	Programs map[string]string
	// Stages are files of KWOK stages besides ours: those of its own module for nodes and for deleted pods.
	Stages []string
	// Dir is an empty folder for the cluster's state and certificates. It is removed by Destroy.
	Dir string
	// Logs is the folder for a log file a process.
	Logs string
	// HPASyncPeriod is how often the HPA controller looks. Kubernetes' default is 15 s.
	HPASyncPeriod time.Duration
	// FeatureGates are features of Kubernetes that are switched on.
	FeatureGates []string
	// Processes starts the children.
	Processes *process.Group
	// Logger receives what is of interest when something goes wrong.
	Logger *slog.Logger
}

// Cluster is a running cluster.
type Cluster struct {
	config  Config
	ports   ports
	pods    *podNetwork
	rest    *rest.Config
	running []*named // in the order of their start
}

type named struct {
	name    string
	process *process.Process
}

// New returns a cluster that is not yet created.
func New(config Config) *Cluster { return &Cluster{config: config} }

// PKI is the folder of the cluster's certificates.
func (c *Cluster) PKI() string { return filepath.Join(c.config.Dir, "pki") }

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.config.Dir, "admin.kubeconfig") }

// Server is the API server's URL.
func (c *Cluster) Server() string { return fmt.Sprintf("https://127.0.0.1:%d", c.ports.apiserver) }

// REST is the administrator's client configuration. The lab's own calls are not slowed down on the client's side.
func (c *Cluster) REST() *rest.Config { return c.rest }

// PodCIDR is the network that pods' addresses come from.
func (c *Cluster) PodCIDR() string { return c.pods.CIDR }

// Create starts the control plane and the node, and returns when the node is ready. After an error, Destroy removes
// what was started.
func (c *Cluster) Create(ctx context.Context) error {
	var err error
	if c.ports, err = choosePorts(ctx); err != nil {
		return err
	}
	if c.pods, err = claimPodNetwork(ctx); err != nil {
		return err
	}
	if err := writePKI(c.PKI()); err != nil {
		return err
	}
	for path, user := range map[string]string{
		c.Kubeconfig():                          "admin",
		c.path("controller-manager.kubeconfig"): "kube-controller-manager",
		c.path("scheduler.kubeconfig"):          "kube-scheduler",
	} {
		if err := writeKubeconfig(path, c.Server(), filepath.Join(c.PKI(), "ca.crt"), certificateUser(c.PKI(), user)); err != nil {
			return err
		}
	}
	if c.rest, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig()); err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	c.rest.QPS, c.rest.Burst = 500, 1000

	if err := c.start("etcd", c.etcdArgs()); err != nil {
		return err
	}
	if err := c.start("kube-apiserver", c.apiserverArgs()); err != nil {
		return err
	}
	if err := c.waitAPIServer(ctx); err != nil {
		return err
	}
	if err := c.startNode(ctx); err != nil {
		return err
	}
	if err := c.start("kube-controller-manager", c.controllerManagerArgs()); err != nil {
		return err
	}
	if err := c.start("kube-scheduler", c.schedulerArgs()); err != nil {
		return err
	}
	return c.waitNode(ctx)
}

// Destroy stops everything in the reverse order of its start - the API server before etcd, without which it would not
// end - and removes the cluster's folder.
func (c *Cluster) Destroy(ctx context.Context) error {
	var errs []error
	for i := len(c.running) - 1; i >= 0; i-- {
		errs = append(errs, c.running[i].process.Stop(ctx))
	}
	c.running = nil
	if c.pods != nil {
		errs = append(errs, c.pods.claim.Close())
		c.pods = nil
	}
	errs = append(errs, os.RemoveAll(c.config.Dir))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the cluster: %w", err)
	}
	return nil
}

// Failed returns an error that names a process of the cluster that has ended by itself, or nil.
func (c *Cluster) Failed() error {
	for _, n := range c.running {
		select {
		case <-n.process.Exited():
			return n.process.Failure()
		default:
		}
	}
	return nil
}

func (c *Cluster) path(name string) string { return filepath.Join(c.config.Dir, name) }

func (c *Cluster) start(name string, args []string) error {
	p, err := c.config.Processes.Start(process.Spec{
		Name: name, Path: c.config.Programs[name], Args: args,
		Env:     []string{"HOME=" + c.config.Dir, "AWS_EC2_METADATA_DISABLED=true"},
		Dir:     c.config.Dir,
		LogPath: filepath.Join(c.config.Logs, name+".log"),
	})
	if err != nil {
		return err
	}
	c.running = append(c.running, &named{name, p})
	return nil
}

func (c *Cluster) waitAPIServer(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return c.poll(ctx, "the API server to be ready", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

func (c *Cluster) startNode(ctx context.Context) error {
	text, err := stages.ReadFile("stages/node.yaml")
	if err != nil {
		return fmt.Errorf("read the node's manifest: %w", err)
	}
	var node corev1.Node
	if err := yaml.UnmarshalStrict(text, &node); err != nil {
		return fmt.Errorf("decode the node's manifest: %w", err)
	}
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	if _, err := client.CoreV1().Nodes().Create(ctx, &node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the node: %w", err)
	}
	stage, err := stages.ReadFile("stages/pod-start.yaml")
	if err != nil {
		return fmt.Errorf("read the pod stage: %w", err)
	}
	if err := os.WriteFile(c.path("pod-start.yaml"), stage, 0o600); err != nil {
		return fmt.Errorf("write the pod stage: %w", err)
	}
	return c.start("kwok", c.kwokArgs())
}

func (c *Cluster) waitNode(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return c.poll(ctx, "the node to be ready", func(ctx context.Context) error {
		node, err := client.CoreV1().Nodes().Get(ctx, "kwok-0", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("the node is not ready")
	})
}

// poll waits until check succeeds, and gives up early when a process of the cluster has ended.
func (c *Cluster) poll(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		if err := c.Failed(); err != nil {
			return false, err
		}
		last = check(ctx)
		return last == nil, nil
	})
	if wait.Interrupted(err) {
		return fmt.Errorf("wait for %s: %w; last answer: %w", what, err, last)
	}
	if err != nil {
		return fmt.Errorf("wait for %s: %w", what, err)
	}
	return nil
}
