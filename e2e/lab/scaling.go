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
	// NoFallback leaves out the recipe's fallback, with which KEDA holds 2 replicas while the scaler fails; Fallback, with the
	// fields of spec.fallback, takes its place.
	NoFallback bool
	Fallback   map[string]any
	// ActivationThreshold is the trigger's, none when empty.
	ActivationThreshold string
	// MinReplicas and MaxReplicas take the place of the recipe's 1 and 10, unless nil.
	MinReplicas, MaxReplicas *int
	// Paused holds the workload at a count, unless nil.
	Paused *int
	// Triggers are further triggers.
	Triggers []ScalingTrigger
	// Manifest is somebody's own ScaledObject in the recipe's place. Its target, namespace, name, addresses and authentication
	// become the lab's; its query, threshold, periods and behavior stay, unless they are set here.
	Manifest *unstructured.Unstructured
}

// ScalingTrigger is a further trigger of a ScaledObject, asked and signed for as the first one.
type ScalingTrigger struct {
	Query, Threshold, ActivationThreshold string
	Metadata                              map[string]string
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
	for i, object := range objects {
		switch {
		case object.GetKind() == "ScaledObject" && s.Manifest != nil:
			objects[i], err = s.adopt(object, address)
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
