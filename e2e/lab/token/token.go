// Package token keeps the token of a service account in a file, as a kubelet does for the pods of its node: the API server
// issues it for an audience, and it is renewed long before it expires. Where a kubelet runs, none of this is needed.
package token

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// retryDelay is the pause after a renewal that failed. There is a fifth of the token's life for it to succeed.
const retryDelay = 10 * time.Second

// Request says what token is wanted.
type Request struct {
	Namespace, ServiceAccount string
	// Audience is whom the token is for, the API server itself when empty.
	Audience string
	// Seconds is how long it lasts; the API server may give more or less.
	Seconds int64
	// Pod is the pod that the token is bound to; nil for a process that is none.
	Pod *corev1.Pod
}

// File is a token in a file.
type File struct {
	client  kubernetes.Interface
	path    string
	request Request
	logger  *slog.Logger
	renew   time.Time
}

// Write requests a token and writes it to path. Renew keeps it fresh.
func Write(ctx context.Context, client kubernetes.Interface, path string, request Request, logger *slog.Logger) (*File, error) {
	f := &File{client: client, path: path, request: request, logger: logger}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the token's folder: %w", err)
	}
	return f, f.write(ctx)
}

// Renew writes new tokens in time until ctx ends.
func (f *File) Renew(ctx context.Context) {
	for {
		select {
		case <-time.After(time.Until(f.renew)):
		case <-ctx.Done():
			return
		}
		if err := f.write(ctx); err != nil && ctx.Err() == nil {
			f.logger.Error("a token is not renewed", "path", f.path, "error", err)
			f.renew = time.Now().Add(retryDelay)
		}
	}
}

func (f *File) write(ctx context.Context) error {
	r := f.request
	spec := authenticationv1.TokenRequestSpec{ExpirationSeconds: &r.Seconds}
	if r.Audience != "" {
		spec.Audiences = []string{r.Audience}
	}
	if r.Pod != nil {
		spec.BoundObjectRef = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: r.Pod.Name, UID: r.Pod.UID}
	}
	requested := time.Now()
	answer, err := f.client.CoreV1().ServiceAccounts(r.Namespace).
		CreateToken(ctx, r.ServiceAccount, &authenticationv1.TokenRequest{Spec: spec}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("request a token for service account %s/%s: %w", r.Namespace, r.ServiceAccount, err)
	}
	// A reader sees the old token or the new one, never half of it.
	next := f.path + ".next"
	if err := os.WriteFile(next, []byte(answer.Status.Token), 0o600); err != nil {
		return fmt.Errorf("write the token of service account %s/%s: %w", r.Namespace, r.ServiceAccount, err)
	}
	if err := os.Rename(next, f.path); err != nil {
		return fmt.Errorf("put the token of service account %s/%s in place: %w", r.Namespace, r.ServiceAccount, err)
	}
	// As a kubelet: at four fifths of its life.
	f.renew = requested.Add(answer.Status.ExpirationTimestamp.Sub(requested) / 5 * 4)
	return nil
}
