// Package account makes in an AWS account what the chain needs of it, and removes it again: a workspace of AMP, the trust in a
// cluster's service accounts, and two IAM roles. It speaks to whatever endpoints the AWS SDK is configured for.
package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	// Prefix begins the names of all that a run makes: workspace alias and roles.
	Prefix = "ampersand-e2e-"
	// Tag is the tag of all that a run makes. Its value is the run.
	Tag = "ampersand-e2e"
	// rolePath is the path of the roles in IAM, by which they are found again.
	rolePath = "/ampersand-e2e/"
)

// Account is an AWS account as the caller's credentials see it.
type Account struct {
	// ID, Region and Caller are what STS says: the account's number and the ARN of who works with it.
	ID, Region, Caller string
	// STS is the base URL of an STS that is not AWS's own, empty on AWS.
	STS string

	amp *amp.Client
	iam *iam.Client
	sts *sts.Client
}

// Open finds out whose credentials the SDK finds, in the environment, the shared files or wherever else it looks, and for which
// region. It changes nothing.
func Open(ctx context.Context) (*Account, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	return New(ctx, settings)
}

// New is Open with a configuration of the SDK.
func New(ctx context.Context, settings aws.Config) (*Account, error) {
	if settings.Region == "" {
		return nil, errors.New("no AWS region is set (AWS_REGION, or region in the profile)")
	}
	a := &Account{
		Region: settings.Region, STS: cmp.Or(os.Getenv("AWS_ENDPOINT_URL_STS"), aws.ToString(settings.BaseEndpoint)),
		amp: amp.NewFromConfig(settings), iam: iam.NewFromConfig(settings), sts: sts.NewFromConfig(settings),
	}
	who, err := a.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("ask STS who calls (are there AWS credentials?): %w", err)
	}
	a.ID, a.Caller = aws.ToString(who.Account), aws.ToString(who.Arn)
	return a, nil
}

// tags are the tags of what a run makes.
func tags(run string) map[string]string {
	return map[string]string{Tag: run, "created-by": "ampersand"}
}

// pollInterval is how often the account is asked whether something has come about: its control plane allows few requests a second
// (amp-api.md 4 [O]).
const pollInterval = time.Second
