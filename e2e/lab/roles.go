package lab

import (
	"path/filepath"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// roles is what makes the difference between a lab with keys and one with IAM roles for service accounts.
type roles struct {
	// emulator and platform are folders of kustomizations; keda that of a component, empty where KEDA has no role.
	emulator, platform, keda string
	// identity is the emulator's identity file, empty where it has the root key alone.
	identity string
	// webhook gives pods the roles that their accounts name, nil where none does.
	webhook *manifest.Webhook
}

// roles chooses among the manifests. sts is the base URL of STS as pods reach it.
func (l *Lab) roles(manifests, sts string) roles {
	if !l.options.Roles {
		return roles{emulator: filepath.Join(manifests, "emulator"), platform: filepath.Join(manifests, "platform")}
	}
	irsa := filepath.Join(manifests, "irsa")
	return roles{
		emulator: filepath.Join(irsa, "emulator"), platform: filepath.Join(irsa, "platform"), keda: filepath.Join(irsa, "keda"),
		identity: filepath.Join(irsa, "emulator", "identity.yaml"),
		webhook:  &manifest.Webhook{Region: region, STS: sts},
	}
}

// aliases are AWS's host names that lead to the emulator in a cluster with a DNS server.
func (l *Lab) aliases() map[string]string {
	aliases := map[string]string{component.AMPHost(region): component.EmulatorService}
	if l.options.Roles {
		aliases[component.STSHost(region)] = component.EmulatorService
	}
	return aliases
}
