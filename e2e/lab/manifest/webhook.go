package manifest

import (
	"context"
	"fmt"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// RoleAnnotation is the annotation by which a service account names the IAM role of its pods.
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// What EKS's webhook mounts into pods of an annotated account (amp-api.md 6.4 [D, details R]).
const (
	// TokenAudience is whom the token is for; TokenSeconds how long it lasts.
	TokenAudience       = "sts.amazonaws.com"
	TokenSeconds  int64 = 86400

	tokenVolume = "aws-iam-token"
	tokenDir    = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
	tokenName   = "token"
)

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Webhook gives pods of annotated service accounts what the pod identity webhook of EKS gives them: the role, a token of the
// account for STS, and where both are. It does so to rendered workloads, so that the manifests are those for EKS.
type Webhook struct {
	Region string
	// STS is the base URL of an STS that is not at AWS's own address; empty on AWS. EKS's webhook knows no such thing.
	STS string
	// Annotations returns the annotations of a service account that is not among the objects.
	Annotations func(ctx context.Context, namespace, name string) (map[string]string, error)
}

// Variables are the variables of a container with a role and a token in a file.
func (w *Webhook) Variables(role, tokenFile string) []Variable {
	list := []Variable{
		{"AWS_STS_REGIONAL_ENDPOINTS", "regional"},
		{"AWS_DEFAULT_REGION", w.Region},
		{"AWS_REGION", w.Region},
		{"AWS_ROLE_ARN", role},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", tokenFile},
	}
	if w.STS != "" {
		list = append(list, Variable{"AWS_ENDPOINT_URL_STS", w.STS})
	}
	return list
}

// Admit changes the workloads among objects whose service account names a role.
func (w *Webhook) Admit(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if kind := object.GetKind(); kind != "Deployment" && kind != "Job" {
			continue
		}
		role, err := w.role(ctx, objects, object)
		if err == nil && role != "" {
			err = w.admit(object, role)
		}
		if err != nil {
			return fmt.Errorf("give %s an IAM role: %w", describe(object), err)
		}
	}
	return nil
}

// role returns the role of a workload's service account, empty when it names none.
func (w *Webhook) role(ctx context.Context, objects []*unstructured.Unstructured, workload *unstructured.Unstructured) (string, error) {
	name, _, err := unstructured.NestedString(workload.Object, "spec", "template", "spec", "serviceAccountName")
	if err != nil || name == "" {
		return "", err
	}
	if role, found := RoleOf(objects, workload.GetNamespace(), name); found {
		return role, nil
	}
	if w.Annotations == nil {
		return "", nil
	}
	annotations, err := w.Annotations(ctx, workload.GetNamespace(), name)
	return annotations[RoleAnnotation], err
}

// RoleOf returns the role that a service account names, and whether that account is among the objects.
func RoleOf(objects []*unstructured.Unstructured, namespace, name string) (string, bool) {
	i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "ServiceAccount" && o.GetNamespace() == namespace && o.GetName() == name
	})
	if i < 0 {
		return "", false
	}
	return objects[i].GetAnnotations()[RoleAnnotation], true
}

func (w *Webhook) admit(workload *unstructured.Unstructured, role string) error {
	spec := []string{"spec", "template", "spec"}
	containers, _, err := unstructured.NestedSlice(workload.Object, append(spec, "containers")...)
	if err != nil {
		return fmt.Errorf("read the containers: %w", err)
	}
	for _, element := range containers {
		container, ok := element.(map[string]any)
		if !ok {
			return fmt.Errorf("a container is %T", element)
		}
		if err := w.equip(container, role); err != nil {
			return err
		}
	}
	volumes, _, err := unstructured.NestedSlice(workload.Object, append(spec, "volumes")...)
	if err != nil {
		return fmt.Errorf("read the volumes: %w", err)
	}
	volumes = append(volumes, map[string]any{
		"name": tokenVolume,
		"projected": map[string]any{"sources": []any{map[string]any{"serviceAccountToken": map[string]any{
			"audience": TokenAudience, "expirationSeconds": TokenSeconds, "path": tokenName,
		}}}},
	})
	if err := unstructured.SetNestedSlice(workload.Object, volumes, append(spec, "volumes")...); err != nil {
		return err
	}
	return unstructured.SetNestedSlice(workload.Object, containers, append(spec, "containers")...)
}

// equip gives a container variables and token. A variable that the manifest sets is left to it, as EKS does.
func (w *Webhook) equip(container map[string]any, role string) error {
	env, _, err := unstructured.NestedSlice(container, "env")
	if err != nil {
		return fmt.Errorf("read the variables: %w", err)
	}
	set := map[string]bool{}
	for _, element := range env {
		if variable, ok := element.(map[string]any); ok {
			set[fmt.Sprint(variable["name"])] = true
		}
	}
	for _, variable := range w.Variables(role, path.Join(tokenDir, tokenName)) {
		if !set[variable.Name] {
			env = append(env, map[string]any{"name": variable.Name, "value": variable.Value})
		}
	}
	mounts, _, err := unstructured.NestedSlice(container, "volumeMounts")
	if err != nil {
		return fmt.Errorf("read the mounts: %w", err)
	}
	container["env"] = env
	container["volumeMounts"] = append(mounts, map[string]any{"name": tokenVolume, "mountPath": tokenDir, "readOnly": true})
	return nil
}
