package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/existing"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// standInPort is the port of the node at which the emulator answers (fixtures/manifests/standin).
const standInPort = 30277

// StandIn stands in for AWS: a kind cluster for one of EKS, with the images of a run in its node, and an emulator for AMP, IAM and STS.
// Whoever is led there by the variables of kubectl and the AWS SDK knows of no lab.
type StandIn struct {
	// Endpoint is the base URL of the AWS of the stand-in, for pods and for this machine.
	Endpoint string

	lab *Lab
}

// UpStandIn makes a stand-in. After an error nothing is left of it.
func UpStandIn(ctx context.Context, options Options) (*StandIn, error) {
	options.Cluster = ClusterKind
	started := time.Now()
	l := &Lab{options: options, processes: process.NewGroup()}
	s := &StandIn{lab: l}
	if err := s.up(ctx); err != nil {
		err = fmt.Errorf("stand in for AWS: %w (logs: %s)", err, filepath.Join(options.Artifacts, "logs"))
		return nil, errors.Join(err, l.explain(), l.Down())
	}
	options.Logf("kind and the emulator stand in for EKS and AWS at %s after %s", s.Endpoint, time.Since(started).Round(100*time.Millisecond))
	return s, nil
}

func (s *StandIn) up(ctx context.Context) error {
	l := s.lab
	logs, logger, err := l.begin()
	if err != nil {
		return err
	}
	// No alias: a client that went to AWS's own host names would have to fail here.
	if err := l.createKind(ctx, logs, logger, nil); err != nil {
		return err
	}
	l.AMP = component.NewAMP(region, documentationKeys)
	err = l.install(ctx, &component.EmulatorDeployment{
		AMP: l.AMP, REST: l.REST, Manifests: filepath.Join(l.options.Root, "fixtures", "manifests", "standin"),
		Images: l.images, Dial: l.forward.DialContext,
	})
	if err != nil {
		return err
	}
	address, err := s.nodeAddress(ctx)
	if err != nil {
		return err
	}
	s.Endpoint = "http://" + net.JoinHostPort(address, strconv.Itoa(standInPort))
	return nil
}

func (s *StandIn) nodeAddress(ctx context.Context) (string, error) {
	client, err := kubernetes.NewForConfig(s.lab.REST)
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("look for the node's address: %w", err)
	}
	for _, node := range nodes.Items {
		for _, address := range node.Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				return address.Address, nil
			}
		}
	}
	return "", errors.New("the node has no address")
}

// Environment is what leads kubectl, the AWS SDK and a run on an existing cluster to the stand-in.
func (s *StandIn) Environment() []string {
	return []string{
		"KUBECONFIG=" + s.lab.Kubeconfig,
		"AWS_ENDPOINT_URL=" + s.Endpoint, "AWS_REGION=" + region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + documentationKeys.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + documentationKeys.SecretAccessKey,
		"AWS_PROFILE=", "AWS_SESSION_TOKEN=",
		"E2E_CLUSTER=existing", "E2E_AMP=aws", "E2E_IMAGES=" + string(ImagesBuilt), "E2E_REGISTRY=ampersand", "E2E_YES=1",
		"E2E_HPA_SYNC=" + s.lab.options.Settings.HPASyncPeriod.String(),
	}
}

// Untouched returns an error when a run has left something behind, or has taken away what was there before. What was left in the
// cluster it removes.
func (s *StandIn) Untouched(ctx context.Context) error {
	var errs []error
	cluster, err := existing.Of(s.lab.REST)
	if err != nil {
		return err
	}
	left, err := cluster.Sweep(ctx, "")
	errs = append(errs, err)
	if len(left) > 0 {
		errs = append(errs, fmt.Errorf("the run has left in the cluster: %v", left))
	}
	if _, err := cluster.Look(ctx); err != nil {
		errs = append(errs, fmt.Errorf("the cluster is not as it was: %w", err))
	}
	keys := credentials.NewStaticCredentialsProvider(documentationKeys.AccessKeyID, documentationKeys.SecretAccessKey, "")
	cloud, err := account.New(ctx, aws.Config{Region: region, BaseEndpoint: &s.Endpoint, Credentials: keys})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	leftovers, err := cloud.Leftovers(ctx)
	errs = append(errs, err)
	for _, l := range leftovers {
		errs = append(errs, fmt.Errorf("the run has left in the account: %s", l.Name))
	}
	// The account's own workspace is not the run's.
	if _, err := cloud.AwaitWorkspace(ctx, account.Workspace{ID: s.lab.AMP.WorkspaceID()}); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Down removes the stand-in.
func (s *StandIn) Down() error { return s.lab.Down() }
