package component

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// observerName is the user as which the suites read the store.
const observerName = "ampersand-observer"

// ChainPrincipal is a pattern of the ARNs that the programs of the chain work as, at an emulator: the account's root with keys, or
// roles.
func ChainPrincipal(roles bool) string {
	if roles {
		return "arn:aws:iam::" + accountID + ":role/*"
	}
	return "arn:aws:iam::" + accountID + ":root"
}

// ObserverARN is the ARN of the user whose keys AMP.Observer returns.
func ObserverARN() string { return "arn:aws:iam::" + accountID + ":user/" + observerName }

// Observer returns keys of a user of the emulator's account who may only query: what befalls the programs of the chain by their
// principal does not befall him.
func (a *AMP) Observer(ctx context.Context) (Keys, error) {
	client := iam.New(iam.Options{
		Region: a.Region, BaseEndpoint: aws.String(a.base), HTTPClient: a.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider(a.Keys.AccessKeyID, a.Keys.SecretAccessKey, ""),
	})
	keys, err := observer(ctx, client)
	if err != nil {
		return Keys{}, fmt.Errorf("make a user who observes: %w", err)
	}
	return keys, nil
}

func observer(ctx context.Context, client *iam.Client) (Keys, error) {
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(observerName)})
	if _, exists := errors.AsType[*types.EntityAlreadyExistsException](err); err != nil && !exists {
		return Keys{}, err
	}
	_, err = client.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String(observerName), PolicyArn: aws.String(QueryPolicy)})
	if err != nil {
		return Keys{}, err
	}
	// A user has two keys at most [D]: those of features that have ended go.
	list, err := client.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String(observerName)})
	if err != nil {
		return Keys{}, err
	}
	if len(list.AccessKeyMetadata) > 1 {
		oldest := list.AccessKeyMetadata[0]
		_, err := client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: oldest.UserName, AccessKeyId: oldest.AccessKeyId})
		if err != nil {
			return Keys{}, err
		}
	}
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(observerName)})
	if err != nil {
		return Keys{}, err
	}
	return Keys{aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey)}, nil
}

// Console returns a client of the pages that are the emulator's own. They are for loopback only; a port-forward ends there whatever
// the URL says.
func (a *AMP) Console() *http.Client {
	client := *a.HTTPClient()
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = localHost{next}
	return &client
}

type localHost struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l localHost) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = "localhost"
	return l.next.RoundTrip(r)
}
