package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// SetRoles has the service accounts among objects name other roles: those of a run's own account in the place of those that the
// manifests have, by the names that these have there. A role without another is an error: pods would ask for one that is not theirs.
func SetRoles(objects []*unstructured.Unstructured, arns map[string]string) error {
	for _, object := range objects {
		annotations := object.GetAnnotations()
		role := annotations[RoleAnnotation]
		if role == "" {
			continue
		}
		name := role[strings.LastIndex(role, "/")+1:]
		arn, known := arns[name]
		if !known {
			return fmt.Errorf("%s names the role %s, which the account does not have", describe(object), name)
		}
		annotations[RoleAnnotation] = arn
		object.SetAnnotations(annotations)
	}
	return nil
}
