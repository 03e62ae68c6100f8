package component

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// EmulatorDeployment runs the emulator inside a cluster, behind AMP's own host name.
type EmulatorDeployment struct {
	// AMP is what it serves. Its address is known after Install.
	AMP  *AMP
	REST *rest.Config
	// Manifests is the folder of the kustomization.
	Manifests string
	// Identity is the path of the identity file, empty for the root key alone; with it the pod is given no key: the root's is
	// the one that the emulator has by itself. Sessions is how long the roles' sessions last, zero for AWS's hour.
	Identity string
	Sessions time.Duration
	// Images are the images of the run by the names that the manifests use.
	Images map[string]string
	// Dial opens a connection to a port of a pod.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	client kubernetes.Interface
	http   *http.Client
}

// EmulatorService is the host under which the emulator's Service is known in its cluster.
const EmulatorService = "ampersand.ampersand.svc.cluster.local"

// AMPHost is the host name of AMP's data plane in a region (amp-api.md 1.1 [D]).
func AMPHost(region string) string { return "aps-workspaces." + region + ".amazonaws.com" }

// Name implements lab.Component.
func (e *EmulatorDeployment) Name() string { return "emulator" }

// Install implements lab.Component.
func (e *EmulatorDeployment) Install(ctx context.Context) error {
	var err error
	if e.client, err = kubernetes.NewForConfig(e.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	options := manifest.Options{
		Images: e.Images,
		ConfigMaps: map[string]map[string]string{"ampersand-settings": {
			"AWS_REGION": e.AMP.Region, "AMPERSAND_WORKSPACE": e.AMP.WorkspaceID() + "=" + WorkspaceAlias,
		}},
		Namespaces: map[string]string{"ampersand-settings": "ampersand", "ampersand-aws": "ampersand", "ampersand-identity": "ampersand"},
	}
	if e.Identity == "" {
		options.Secrets = map[string]map[string]string{"ampersand-aws": e.AMP.Keys.Map()}
	} else {
		identities, err := readIdentities(e.Identity, e.Sessions)
		if err != nil {
			return err
		}
		text, err := yaml.Marshal(identities)
		if err != nil {
			return fmt.Errorf("write the identities: %w", err)
		}
		options.ConfigMaps["ampersand-identity"] = map[string]string{"identity.yaml": string(text)}
	}
	objects, err := manifest.Render(e.Manifests, options)
	if err != nil {
		return err
	}
	applier, err := manifest.NewApplier(e.REST)
	if err != nil {
		return err
	}
	e.http = inside(e.client, e.Dial, "ampersand", "ampersand", 2677)
	e.AMP.serve("http://"+AMPHost(e.AMP.Region), e.http)
	return applier.Apply(ctx, objects)
}

// Ready implements lab.Component.
func (e *EmulatorDeployment) Ready(ctx context.Context) error {
	if err := DeploymentReady(ctx, e.client, "ampersand", "ampersand"); err != nil {
		return err
	}
	return httpOK(ctx, e.http, e.AMP.URL()+"/-/ready")
}

// Remove implements lab.Component: the cluster's end is the end of what was deployed on it.
func (e *EmulatorDeployment) Remove(context.Context) error {
	if e.http != nil {
		e.http.CloseIdleConnections()
	}
	return nil
}
