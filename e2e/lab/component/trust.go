package component

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// Trust waits until service accounts can become their roles. IAM tells the rest of AWS of a new role in its own time [D], and a
// collector that asks too early ends.
type Trust struct {
	REST     *rest.Config
	Account  *account.Account
	Platform *Platform
	// Roles are the ARNs of the roles, by their names in the manifests.
	Roles map[string]string

	client kubernetes.Interface
}

// Name implements lab.Component.
func (t *Trust) Name() string { return "service accounts and their roles" }

// Install implements lab.Component: it deploys the accounts.
func (t *Trust) Install(ctx context.Context) error {
	var err error
	if t.client, err = kubernetes.NewForConfig(t.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return t.Platform.InstallAccounts(ctx)
}

// trustTimeout bounds the wait for roles to be known; between two questions is trustInterval. IAM speaks of seconds, rarely more [D].
const (
	trustTimeout  = 3 * time.Minute
	trustInterval = 2 * time.Second
)

// Ready implements lab.Component: with a token of each account STS gives credentials.
func (t *Trust) Ready(ctx context.Context) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, trustInterval, trustTimeout, true, func(ctx context.Context) (bool, error) {
		last = t.assume(ctx)
		return last == nil, nil
	})
	if err != nil {
		return &fatal{fmt.Errorf("%w; last: %w", err, last)}
	}
	return nil
}

// assume has every account become its role.
func (t *Trust) assume(ctx context.Context) error {
	var errs []error
	for name, subjects := range Subjects() {
		for _, subject := range subjects {
			token, err := t.token(ctx, subject)
			if err == nil {
				err = t.Account.Assume(ctx, t.Roles[name], token)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", subject, err))
			}
		}
	}
	return errors.Join(errs...)
}

// token asks the API server for a token as a pod of the account gets one.
func (t *Trust) token(ctx context.Context, subject string) (string, error) {
	namespace, name, _ := strings.Cut(strings.TrimPrefix(subject, "system:serviceaccount:"), ":")
	seconds := int64(600) // the API server gives no shorter ones
	got, err := t.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{Audiences: []string{manifest.TokenAudience}, ExpirationSeconds: &seconds},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	return got.Status.Token, nil
}

// Remove implements lab.Component: the accounts go with everything else.
func (t *Trust) Remove(context.Context) error { return nil }
