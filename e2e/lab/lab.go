// Package lab stands the whole system up and takes it down again: a cluster, the emulator, KEDA, the collector and the
// signing proxy. What is measured on it is the suites' business.
package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/existing"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// Component is one part of the lab.
type Component interface {
	// Name is what progress and errors call it.
	Name() string
	// Install starts or deploys it. It need not wait.
	Install(ctx context.Context) error
	// Ready returns nil once it works, and otherwise what is missing. It is asked repeatedly.
	Ready(ctx context.Context) error
	// Remove undoes Install, and also what a failed Install left.
	Remove(ctx context.Context) error
}

// readyTimeout bounds the wait for one component.
const readyTimeout = 2 * time.Minute

// existingReadyTimeout does so on a cluster of others, which has to pull images.
const existingReadyTimeout = 5 * time.Minute

// removeTimeout bounds the removal of one component. A cluster takes a minute to remove a namespace.
const removeTimeout = 3 * time.Minute

// Options say what lab to stand up. See FromEnvironment.
type Options struct {
	// Root is the repository's root.
	Root string
	// Artifacts is the folder for logs and reports.
	Artifacts string
	// Cache is the folder of built programs.
	Cache string
	// Cluster is where the lab stands.
	Cluster Cluster
	// Release says which Kubernetes and KEDA.
	Release components.Release
	// Images says where a kind cluster's images come from.
	Images Images
	// Keep leaves a kind cluster when the lab is taken down.
	Keep bool
	// Roles has collector, proxy and KEDA work with IAM roles for service accounts: the only keys are then those that STS
	// gives for a while.
	Roles bool
	// Sessions is how long what STS gives lasts, zero for AWS's hour. Clients ask for new credentials when it is over.
	Sessions time.Duration
	// Settings are the periods that the lab is set up with.
	Settings Settings
	// Existing is what an existing cluster needs to be told.
	Existing Existing
	// Logf prints progress.
	Logf func(format string, args ...any)
}

// Cluster is a kind of cluster.
type Cluster string

const (
	// ClusterKWOK is a control plane as processes on this machine, with KWOK in the kubelet's place.
	ClusterKWOK Cluster = "kwok"
	// ClusterKind is a cluster in Docker by kind: kubelet, containers, service network.
	ClusterKind Cluster = "kind"
	// ClusterExisting is a cluster that somebody else has made, such as one of EKS. Its AMP is AWS's.
	ClusterExisting Cluster = "existing"
)

// Settings are the periods of the chain that are fixed when the lab is set up.
type Settings struct {
	ScrapeInterval, BatchTimeout, HPASyncPeriod time.Duration
}

// Lab is a system that stands.
type Lab struct {
	// AMP, KEDA and Platform are the parts that the suites talk to.
	AMP      *component.AMP
	KEDA     *component.KEDA
	Platform *component.Platform
	// REST reaches the cluster as its administrator; Kubeconfig is the same as a file.
	REST       *rest.Config
	Kubeconfig string
	// Manifests is the folder of the kustomizations app and load for this cluster; Scaling that of the ScaledObjects.
	Manifests, Scaling string

	options Options
	// images are the images of the run by the names that the manifests have, none where images only name programs.
	images map[string]string
	// cluster is the kind cluster, nil on KWOK.
	cluster *kind.Cluster
	// foreign is the cluster of others that the lab stands on, nil when it has made its own.
	foreign *existing.Cluster
	// forward reaches pods in a cluster with a network of its own.
	forward   *forward.Dialer
	state     string
	release   func()
	log       *os.File
	processes *process.Group
	installed []Component

	down sync.Once
	err  error
}

// Up stands the lab up. After an error everything that was started is removed again.
func Up(ctx context.Context, options Options) (*Lab, error) {
	started := time.Now()
	l := &Lab{options: options, processes: process.NewGroup()}
	if err := l.up(ctx); err != nil {
		err = fmt.Errorf("stand the lab up: %w (logs: %s)", err, filepath.Join(options.Artifacts, "logs"))
		return nil, errors.Join(err, l.explain(), l.Down())
	}
	options.Logf("the lab stands after %s", time.Since(started).Round(100*time.Millisecond))
	return l, nil
}

func (l *Lab) up(ctx context.Context) error {
	logs, logger, err := l.begin()
	if err != nil {
		return err
	}
	switch l.options.Cluster {
	case ClusterKind:
		return l.kind(ctx, logs, logger)
	case ClusterExisting:
		return l.existing(ctx)
	default:
		return l.kwok(ctx, logs, logger)
	}
}

// begin makes the folders of state and logs.
func (l *Lab) begin() (logs string, logger *slog.Logger, err error) {
	if l.state, l.release, err = newState(os.TempDir()); err != nil {
		return "", nil, err
	}
	logs = filepath.Join(l.options.Artifacts, "logs")
	if err := os.RemoveAll(logs); err != nil {
		return "", nil, fmt.Errorf("clear the logs of the last run: %w", err)
	}
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return "", nil, fmt.Errorf("make the artifacts' folder (set E2E_ARTIFACTS to one that can be written): %w", err)
	}
	if l.log, err = os.Create(filepath.Join(logs, "lab.log")); err != nil {
		return "", nil, fmt.Errorf("open the lab's log: %w", err)
	}
	return logs, slog.New(slog.NewTextHandler(l.log, nil)), nil
}

// install installs a component and waits until it is ready.
func (l *Lab) install(ctx context.Context, c Component) error {
	started := time.Now()
	l.installed = append(l.installed, c)
	if err := c.Install(ctx); err != nil {
		return fmt.Errorf("install %s: %w", c.Name(), err)
	}
	timeout := readyTimeout
	if l.options.Cluster == ClusterExisting {
		timeout = existingReadyTimeout
	}
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, timeout, true, func(ctx context.Context) (bool, error) {
		last = c.Ready(ctx)
		if component.Fatal(last) {
			return false, last
		}
		return last == nil, nil
	})
	if wait.Interrupted(err) {
		err = fmt.Errorf("%w; last: %w", err, last)
	}
	if err != nil {
		return fmt.Errorf("wait for %s to be ready: %w", c.Name(), err)
	}
	l.options.Logf("%s ready after %s", c.Name(), time.Since(started).Round(10*time.Millisecond))
	return nil
}

// Artifacts is the folder for what a run leaves behind.
func (l *Lab) Artifacts() string { return l.options.Artifacts }

// explain keeps what tells why the lab does not stand, as far as there is a cluster to ask.
func (l *Lab) explain() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	l.options.Keep = false // half a lab is of no use to anybody
	return l.CollectArtifacts(ctx, filepath.Join(l.options.Artifacts, "failed", "lab"))
}

// Kept says how to reach and to remove a lab that was asked to stay.
func (l *Lab) Kept() string {
	if l.options.Cluster == ClusterKWOK {
		return fmt.Sprintf("the lab stays up; Ctrl-C removes it\n  cluster:  export KUBECONFIG=%s\n  emulator: %s (workspace %s)\n  logs:     %s",
			l.Kubeconfig, l.AMP.URL(), l.AMP.WorkspaceID(), l.options.Artifacts)
	}
	return fmt.Sprintf("the cluster %s stays\n%s\nemulator:  kubectl --kubeconfig %s -n ampersand port-forward svc/ampersand 2677:80 (workspace %s)",
		l.clusterName(), l.cluster.HowTo(), l.Kubeconfig, l.AMP.WorkspaceID())
}

// Down removes everything, in the reverse order of its installation. It can be called more than once, also from a
// signal handler while a run goes on.
func (l *Lab) Down() error {
	l.down.Do(func() {
		var errs []error
		for _, c := range slices.Backward(l.installed) {
			ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
			if err := c.Remove(ctx); err != nil {
				errs = append(errs, fmt.Errorf("remove %s: %w", c.Name(), err))
			}
			cancel()
		}
		l.processes.Close()
		if l.log != nil {
			errs = append(errs, l.log.Close())
		}
		if l.state != "" {
			errs = append(errs, os.RemoveAll(l.state))
			l.release()
		}
		l.err = errors.Join(errs...)
	})
	return l.err
}

// Roles tells whether the programs of the chain work with IAM roles instead of keys.
func (l *Lab) Roles() bool { return l.options.Roles }
