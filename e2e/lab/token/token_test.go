package token_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ampersand-amp/ampersand/e2e/lab/token"
)

// issuer is an API server that issues numbered tokens and says no while fail is set.
type issuer struct {
	*fake.Clientset

	mu    sync.Mutex
	asked []authenticationv1.TokenRequestSpec
	fail  error
}

// say sets what the API server refuses with; nil has it issue.
func (i *issuer) say(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail = err
}

func (i *issuer) requests() []authenticationv1.TokenRequestSpec {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.asked)
}

func newIssuer() *issuer {
	i := &issuer{Clientset: fake.NewClientset()}
	i.PrependReactor("create", "serviceaccounts", func(action clienttesting.Action) (bool, runtime.Object, error) {
		request := action.(clienttesting.CreateAction).GetObject().(*authenticationv1.TokenRequest)
		i.mu.Lock()
		defer i.mu.Unlock()
		i.asked = append(i.asked, request.Spec)
		if i.fail != nil {
			return true, nil, i.fail
		}
		expires := time.Now().Add(time.Duration(*request.Spec.ExpirationSeconds) * time.Second)
		return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
			Token: fmt.Sprintf("token %d of %s", len(i.asked), action.GetNamespace()), ExpirationTimestamp: metav1.NewTime(expires),
		}}, nil
	})
	return i
}

func TestFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newIssuer()
		path := filepath.Join(t.TempDir(), "below", "token")
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "adot-1", UID: "uid"}}
		ctx, cancel := context.WithCancel(t.Context())
		file, err := token.Write(ctx, client, path, token.Request{
			Namespace: "ho11y", ServiceAccount: "adot-collector", Audience: "sts.amazonaws.com", Seconds: 1000, Pod: pod,
		}, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		seconds := int64(1000)
		require.Equal(t, []authenticationv1.TokenRequestSpec{{
			Audiences: []string{"sts.amazonaws.com"}, ExpirationSeconds: &seconds,
			BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "adot-1", UID: "uid"},
		}}, client.requests())
		holds := func(want string) {
			t.Helper()
			synctest.Wait()
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, want, string(text))
		}
		pass := func(d time.Duration) { <-time.After(d) }

		ended := make(chan struct{})
		go func() { defer close(ended); file.Renew(ctx) }()
		holds("token 1 of ho11y")
		pass(799 * time.Second)
		holds("token 1 of ho11y")
		pass(2 * time.Second)
		holds("token 2 of ho11y")

		// An API server that does not answer is asked again, and the old token stays.
		client.say(errors.New("busy"))
		pass(805 * time.Second)
		holds("token 2 of ho11y")
		client.say(nil)
		pass(10 * time.Second)
		holds("token 4 of ho11y")
		cancel()
		<-ended
		require.Len(t, client.requests(), 4)
	})
}

func TestFileFails(t *testing.T) {
	t.Parallel()
	client := newIssuer()
	client.say(errors.New("no such account"))
	request := token.Request{Namespace: "keda", ServiceAccount: "keda-operator", Seconds: 600}
	_, err := token.Write(t.Context(), client, filepath.Join(t.TempDir(), "token"), request, slog.New(slog.DiscardHandler))
	require.EqualError(t, err, "request a token for service account keda/keda-operator: no such account")
	require.Empty(t, client.requests()[0].Audiences, "the API server's own")
	require.Nil(t, client.requests()[0].BoundObjectRef)

	client.say(nil)
	blocked := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	_, err = token.Write(t.Context(), client, filepath.Join(blocked, "token"), request, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "make the token's folder")
}
