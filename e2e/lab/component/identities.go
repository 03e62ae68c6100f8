package component

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
	"github.com/ampersand-amp/ampersand/e2e/lab/token"
)

// STSHost is the host name of STS in a region.
func STSHost(region string) string { return "sts." + region + ".amazonaws.com" }

// Identities are the account's roles, and its trust in a cluster's tokens, for an emulator that is a process beside that
// cluster: what a pod would find mounted - its identities, the API server's authority and a token for it - is in files here.
type Identities struct {
	REST *rest.Config
	// Manifests is the folder of the kustomization with the emulator's account in the cluster; Source the identity file for
	// an emulator in a pod.
	Manifests, Source string
	// Server is the API server's URL; CA the file of its authority; Dir a folder for what is written.
	Server, CA, Dir string
	// Sessions is how long the roles' sessions last, zero for AWS's hour.
	Sessions time.Duration
	Logger   *slog.Logger

	renewing sync.WaitGroup
	stop     context.CancelFunc
}

// apiTokenSeconds is how long a token for the API server lasts: a kubelet asks for the same.
const apiTokenSeconds = 3607

// File is the path of the identity file. It is there after Install.
func (i *Identities) File() string { return filepath.Join(i.Dir, "identity.yaml") }

// Name implements lab.Component.
func (i *Identities) Name() string { return "identities" }

// Install implements lab.Component.
func (i *Identities) Install(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(i.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	objects, err := manifest.Render(i.Manifests, manifest.Options{})
	if err != nil {
		return err
	}
	applier, err := manifest.NewApplier(i.REST)
	if err != nil {
		return err
	}
	if err := applier.Apply(ctx, objects); err != nil {
		return err
	}
	bearer := filepath.Join(i.Dir, "api", "token")
	file, err := token.Write(ctx, client, bearer, token.Request{
		Namespace: "ampersand", ServiceAccount: "ampersand", Seconds: apiTokenSeconds,
	}, i.Logger)
	if err != nil {
		return err
	}
	ctx, i.stop = context.WithCancel(context.WithoutCancel(ctx))
	i.renewing.Go(func() { file.Renew(ctx) })
	return i.write(bearer)
}

// write writes the identity file: the one of the manifests, with this cluster's keys where they are reached from outside.
func (i *Identities) write(bearer string) error {
	identities, err := readIdentities(i.Source, i.Sessions)
	if err != nil {
		return err
	}
	providers, _ := identities["oidcProviders"].([]any)
	if len(providers) != 1 {
		return fmt.Errorf("the identities of %s know %d issuers of tokens, not one", i.Source, len(providers))
	}
	provider, ok := providers[0].(map[string]any)
	if !ok {
		return fmt.Errorf("the issuer of %s is %T", i.Source, providers[0])
	}
	for name, value := range map[string]string{"jwksURL": i.Server + "/openid/v1/jwks", "caFile": i.CA, "bearerTokenFile": bearer} {
		if _, found := provider[name]; !found {
			return fmt.Errorf("the issuer of %s has no %s to be replaced", i.Source, name)
		}
		provider[name] = value
	}
	text, err := yaml.Marshal(identities)
	if err != nil {
		return fmt.Errorf("write the identities: %w", err)
	}
	if err := os.WriteFile(i.File(), text, 0o600); err != nil {
		return fmt.Errorf("write the identities: %w", err)
	}
	return nil
}

// readIdentities reads an identity file. Its roles' sessions last as long as sessions says, unless that is zero.
func readIdentities(path string, sessions time.Duration) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the identities: %w", err)
	}
	var identities map[string]any
	if err := yaml.UnmarshalStrict(text, &identities); err != nil {
		return nil, fmt.Errorf("read the identities of %s: %w", path, err)
	}
	if sessions == 0 {
		return identities, nil
	}
	roles, _ := identities["roles"].([]any)
	for _, element := range roles {
		role, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a role of %s is %T", path, element)
		}
		// Clients that ask for no duration, as all of the chain, get this one.
		role["maxSessionDuration"] = sessions.String()
	}
	return identities, nil
}

// Ready implements lab.Component.
func (i *Identities) Ready(context.Context) error { return nil }

// Remove implements lab.Component.
func (i *Identities) Remove(context.Context) error {
	if i.stop != nil {
		i.stop()
	}
	i.renewing.Wait()
	return nil
}
