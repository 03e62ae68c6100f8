package lab

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// Signing says who signs KEDA's queries.
type Signing string

const (
	// SigningProxy sends queries through the signing proxy, as the recipe does.
	SigningProxy Signing = "proxy"
	// SigningNative has KEDA sign by itself.
	SigningNative Signing = "native"
	// SigningIRSA has KEDA sign with the IAM role of its operator's service account. The lab needs Options.Roles for it.
	SigningIRSA Signing = "irsa"
)

// ScaledObjectName is the name of the recipe's ScaledObject; its HPA is called keda-hpa- and this.
const ScaledObjectName = "ho11y-hpa"

// Scaling says what a ScaledObject of the recipe is to be.
type Scaling struct {
	// Namespace is where it lives, with the workload that it scales.
	Namespace string
	Signing   Signing
	// Query is the PromQL that the trigger asks for; Threshold its target per replica.
	Query     string
	Threshold string
	// PollingSeconds and CooldownSeconds are KEDA's periods.
	PollingSeconds, CooldownSeconds int64
	// Behavior is the HPA's, empty for Kubernetes' defaults.
	Behavior map[string]any
	// Keys are what KEDA signs with in the native variant. The zero value means the emulator's own.
	Keys component.Keys
	// Role is the ARN of the role that KEDA is to assume in the irsa variant, empty for the operator's own.
	Role string
	// NoSecret leaves out the Secret that the native variant's TriggerAuthentication names.
	NoSecret bool
	// Metadata are further fields of the trigger; one without a value is taken out.
	Metadata map[string]string
	// NoFallback leaves out the recipe's fallback, with which KEDA holds 2 replicas while the scaler fails.
	NoFallback bool
}

// ScaledObject renders the ScaledObject of the recipe, and what it needs, with the settings of s.
func (l *Lab) ScaledObject(ctx context.Context, s Scaling) ([]*unstructured.Unstructured, error) {
	options := manifest.Options{Namespace: s.Namespace}
	var address string
	if s.Signing != SigningProxy && s.Metadata["awsRegion"] == "" && l.AMP.Region != region {
		s.Metadata = maps.Clone(s.Metadata)
		if s.Metadata == nil {
			s.Metadata = map[string]string{}
		}
		s.Metadata["awsRegion"] = l.AMP.Region
	}
	switch s.Signing {
	case SigningProxy:
		proxy, err := l.Platform.ProxyAddress(ctx)
		if err != nil {
			return nil, err
		}
		address = "http://" + proxy + "/workspaces/" + l.AMP.WorkspaceID()
	case SigningNative:
		address = l.AMP.WorkspaceURL()
		keys := s.Keys
		if keys == (component.Keys{}) {
			keys = l.AMP.Keys
		}
		options.Secrets = map[string]map[string]string{"keda-aws": {
			"AWS_ACCESS_KEY_ID": keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY": keys.SecretAccessKey,
		}}
		options.Namespaces = map[string]string{"keda-aws": "ho11y"}
	case SigningIRSA:
		address = l.AMP.WorkspaceURL()
	default:
		return nil, fmt.Errorf("nobody is known to sign by the name of %q", s.Signing)
	}
	objects, err := manifest.Render(filepath.Join(l.Scaling, string(s.Signing)), options)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		switch {
		case object.GetKind() == "ScaledObject":
			err = s.settle(object, address)
		case object.GetKind() == "TriggerAuthentication" && s.Role != "":
			err = unstructured.SetNestedField(object.Object, s.Role, "spec", "podIdentity", "roleArn")
		}
		if err != nil {
			return nil, fmt.Errorf("set up the %s: %w", object.GetKind(), err)
		}
	}
	if s.NoSecret {
		objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Secret" })
	}
	return objects, nil
}

// settle writes the settings into a rendered ScaledObject.
func (s Scaling) settle(object *unstructured.Unstructured, address string) error {
	triggers, _, err := unstructured.NestedSlice(object.Object, "spec", "triggers")
	if err != nil {
		return err
	}
	if len(triggers) != 1 {
		return fmt.Errorf("it has %d triggers, not one", len(triggers))
	}
	trigger := triggers[0].(map[string]any)
	metadata := trigger["metadata"].(map[string]any)
	metadata["serverAddress"] = address
	metadata["query"] = s.Query
	metadata["threshold"] = s.Threshold
	for name, value := range s.Metadata {
		if value == "" {
			delete(metadata, name)
			continue
		}
		metadata[name] = value
	}
	for path, value := range map[string]int64{"pollingInterval": s.PollingSeconds, "cooldownPeriod": s.CooldownSeconds} {
		if err := unstructured.SetNestedField(object.Object, value, "spec", path); err != nil {
			return err
		}
	}
	if s.NoFallback {
		unstructured.RemoveNestedField(object.Object, "spec", "fallback")
	}
	if len(s.Behavior) != 0 {
		err := unstructured.SetNestedMap(object.Object, s.Behavior, "spec", "advanced", "horizontalPodAutoscalerConfig", "behavior")
		if err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(object.Object, triggers, "spec", "triggers")
}
