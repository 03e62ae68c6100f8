package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// While collector and KEDA work, no key is in the cluster or in what a process was started with. The other variants' keys have
// gone with their namespaces by now.
func noKeyIsLeft() features.Feature {
	const name = "no-key-is-left"
	return identityFeature(name, signedBy(lab.SigningIRSA),
		namedStep{"the collector writes and KEDA asks", all(written, queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
		namedStep{"no object and no process holds a key", func(ctx context.Context, _ *trial.Trial) error {
			return foundKeys(ctx)
		}},
		namedStep{"one that is put there is found", func(ctx context.Context, _ *trial.Trial) error {
			client, err := kubernetes.NewForConfig(the.lab.REST)
			if err != nil {
				return fmt.Errorf("make a client: %w", err)
			}
			namespace := identityNamespace(name)
			secrets := client.CoreV1().Secrets(namespace)
			left := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "left"}, StringData: map[string]string{"note": the.lab.AMP.Keys.SecretAccessKey}}
			if _, err := secrets.Create(ctx, left, metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("leave a key: %w", err)
			}
			if err := foundKeys(ctx, "Secret "+namespace+"/left holds a key of the account"); err != nil {
				return err
			}
			return secrets.Delete(ctx, left.Name, metav1.DeleteOptions{})
		}},
	)
}

// foundKeys searches for keys, and wants these findings and no others.
func foundKeys(ctx context.Context, want ...string) error {
	got, err := the.lab.FindKeys(ctx)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("the search for keys finds [%s], want [%s]", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return err
}
