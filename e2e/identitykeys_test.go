package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// K12: two ScaledObjects have two keys. Each is asked for as its own user, and what befalls one key is no matter of the other's.
func twoKeys() features.Feature {
	const name = "two-keys"
	var first component.Keys
	own := func(ctx context.Context) (lab.Scaling, error) {
		var err error
		first, err = the.lab.AMP.IAM().CreateRootKey(ctx)
		return lab.Scaling{Signing: lab.SigningNative, Keys: first}, err
	}
	return identityFeature(name, own,
		namedStep{"each works as its own user, and one does when the other's key is gone", func(ctx context.Context, tr *trial.Trial) (err error) {
			keys, err := the.lab.AMP.Observer(ctx)
			if err != nil {
				return err
			}
			other, err := deployIdentity(ctx, name+"-other", lab.Scaling{Signing: lab.SigningNative, Keys: keys})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, other.Remove(context.WithoutCancel(ctx))) }()
			if err := all(queried(component.ObserverARN()), shownReady("True"))(ctx, other); err != nil {
				return err
			}
			if err := all(queried(component.ChainPrincipal(false)), shownReady("True"))(ctx, tr); err != nil {
				return err
			}
			gone := time.Now()
			if err := the.lab.AMP.IAM().DeleteKey(ctx, first.AccessKeyID); err != nil {
				return err
			}
			return all(refused(reasonUnknownKey), shownReady("False"), acceptedSince(gone, other, component.ObserverARN()))(ctx, tr)
		}},
	)
}

// acceptedSince waits until KEDA has asked for a trial since a time, and wants all that it asked to be accepted, as somebody.
func acceptedSince(since time.Time, tr *trial.Trial, as string) step {
	return func(ctx context.Context, _ *trial.Trial) error {
		return eventually(ctx, "KEDA's queries with the other key are accepted", func(ctx context.Context) error {
			asked, err := tr.Asked(ctx)
			if err != nil {
				return err
			}
			asked = slices.DeleteFunc(asked, func(r component.Request) bool { return !r.Time.After(since) })
			if len(asked) == 0 {
				return errors.New("it has asked nothing since")
			}
			for _, r := range asked {
				if !r.Accepted() || r.Identity != as {
					return fmt.Errorf("one is %s with %d (%s), asked as %q", r.Verdict, r.Status, r.Reason, r.Identity)
				}
			}
			return nil
		})
	}
}

// foundKeys searches for keys, and wants these findings and no others.
func foundKeys(ctx context.Context, want ...string) error {
	got, err := the.lab.FindKeys(ctx)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("the search for keys finds [%s], want [%s]", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return err
}
