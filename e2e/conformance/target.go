package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// DefaultPatience is how long what was written may take to be seen.
const DefaultPatience = 30 * time.Second

// Target is what is examined.
type Target struct {
	// Name is for reports; empty is the endpoint.
	Name string
	// Endpoint is the control plane's URL; empty is AWS's of Region.
	Endpoint string
	// DataPlane replaces scheme and host of what DescribeWorkspace calls
	// prometheusEndpoint, for targets that do not know how they are reached.
	DataPlane string
	// STS is the security token service's URL; empty is AWS's of Region. An
	// emulator answers at its Endpoint.
	STS string
	// Region is that of the endpoint; it cannot be guessed.
	Region string
	// Credentials may do everything of aps, and assume Role.
	Credentials aws.CredentialsProvider
	// Role is the ARN of a role that Credentials may assume and that may do what
	// Credentials may; checks narrow it by session policies. Empty leaves out the
	// checks that need one.
	Role string
	// Pace is how fast requests are sent; zero is a little below AMP's quotas.
	Pace Pace
	// Patience is how long what was written may take to be seen; zero is
	// DefaultPatience.
	Patience time.Duration
	// HTTP sends the requests; nil is a client of the run's own. Its transport
	// sees every request as it is sent, and CheckID tells whose it is: the place
	// for a recorder.
	HTTP *http.Client
}

// withDefaults fills in what follows from the rest, or says what is missing.
func (t Target) withDefaults(ctx context.Context) (Target, error) {
	var errs []error
	if t.Region == "" {
		errs = append(errs, errors.New("target: no region"))
	}
	if t.Credentials == nil {
		errs = append(errs, errors.New("target: no credentials"))
	}
	if err := errors.Join(errs...); err != nil {
		return t, err
	}
	if t.Endpoint == "" {
		e, err := amp.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx,
			amp.EndpointParameters{Region: &t.Region, UseDualStack: aws.Bool(false), UseFIPS: aws.Bool(false)})
		if err != nil {
			return t, fmt.Errorf("target: find AMP's endpoint of %s: %w", t.Region, err)
		}
		t.Endpoint = e.URI.String()
	}
	if t.STS == "" {
		e, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, sts.EndpointParameters{
			Region: &t.Region, UseDualStack: aws.Bool(false), UseFIPS: aws.Bool(false), UseGlobalEndpoint: aws.Bool(false),
		})
		if err != nil {
			return t, fmt.Errorf("target: find STS's endpoint of %s: %w", t.Region, err)
		}
		t.STS = e.URI.String()
	}
	for name, address := range map[string]*string{"endpoint": &t.Endpoint, "data plane": &t.DataPlane, "STS": &t.STS} {
		if *address == "" {
			continue
		}
		u, err := url.Parse(*address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return t, fmt.Errorf("target: %s %q is no http or https URL", name, *address)
		}
		*address = strings.TrimRight(*address, "/")
	}
	if t.Name == "" {
		t.Name = t.Endpoint
	}
	if t.Patience <= 0 {
		t.Patience = DefaultPatience
	}
	if t.HTTP == nil {
		tr := http.DefaultTransport.(*http.Transport).Clone()
		tr.MaxIdleConnsPerHost = 16
		t.HTTP = &http.Client{Transport: tr}
	}
	t.Pace = t.Pace.withDefaults()
	return t, nil
}

// transport is where the requests go.
func (t Target) transport() http.RoundTripper {
	if t.HTTP.Transport == nil {
		return http.DefaultTransport
	}
	return t.HTTP.Transport
}
