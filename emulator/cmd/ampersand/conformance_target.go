package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/spf13/pflag"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/emulator"
)

// nearPatience is how long an emulator on this machine may take to show what was
// written.
const nearPatience = 5 * time.Second

// targetFlags say what is examined.
type targetFlags struct {
	endpoint, dataPlane, sts, region, role string
	emulator                               bool
	pace                                   paceValue
}

func (f *targetFlags) addFlags(s *pflag.FlagSet) {
	s.StringVar(&f.endpoint, "endpoint", "", "URL of the control plane [AWS_ENDPOINT_URL_AMP, AWS_ENDPOINT_URL]")
	s.BoolVar(&f.emulator, "emulator", false, "examine an emulator that is started for this run, as fast as it can")
	s.StringVar(&f.region, "region", "", "region [AWS_REGION, AWS profile]")
	s.StringVar(&f.role, "role", "", "ARN of a role that the credentials may assume and that may do everything of AMP; without it checks of authorization are not run")
	s.StringVar(&f.dataPlane, "data-plane", "", "URL of the data plane, where the target does not know how it is reached from here")
}

// resolve takes from the environment what the flags leave open, and judges it.
func (f *targetFlags) resolve(env lookup) error {
	if f.emulator {
		if f.endpoint != "" || f.role != "" || f.dataPlane != "" {
			return errors.New("--emulator has an endpoint, a data plane and a role of its own")
		}
		return nil
	}
	all, _ := env("AWS_ENDPOINT_URL")
	if f.endpoint == "" {
		f.endpoint, _ = env("AWS_ENDPOINT_URL_AMP")
	}
	if f.endpoint == "" {
		f.endpoint = all
	}
	if f.sts, _ = env("AWS_ENDPOINT_URL_STS"); f.sts == "" {
		f.sts = all
	}
	for name, address := range map[string]string{"--endpoint": f.endpoint, "--data-plane": f.dataPlane, "AWS_ENDPOINT_URL_STS": f.sts} {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return fmt.Errorf("%s: %q is not a URL such as http://127.0.0.1:2677", name, address)
		}
	}
	if f.sts == "" && f.endpoint != "" && !ofAWS(f.endpoint) {
		f.sts = f.endpoint // an emulator answers for both
	}
	return nil
}

// remote reports whether anything of the target is anywhere but on this machine.
// What costs is remote, and what is not known to be near is taken for it.
func (f *targetFlags) remote() bool {
	if f.emulator {
		return false
	}
	for _, address := range []string{f.dataPlane, f.sts} {
		if address != "" && !near(address) {
			return true
		}
	}
	return !near(f.endpoint)
}

// near reports whether a URL is one of this machine.
func near(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func ofAWS(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(u.Hostname(), domain) {
			return true
		}
	}
	return false
}

// bare is the target as far as it is known without asking anybody.
func (f *targetFlags) bare() conformance.Target {
	at := conformance.Target{Name: f.endpoint, Role: f.role, Pace: f.pace.pace}
	switch {
	case f.emulator:
		at.Name, at.Role, at.Pace = "an emulator", conformance.StandInRole, conformance.Unlimited()
	case at.Name == "":
		at.Name = "AMP"
		if f.region != "" {
			at.Name += " in " + f.region
		}
	}
	return at
}

// open finds the region and where credentials are, starts the emulator if there is
// to be one, and returns the target and what ends it. It asks nobody anything.
func (f *targetFlags) open(ctx context.Context, stderr io.Writer) (at conformance.Target, end func() error, err error) {
	if f.emulator {
		return f.start(ctx)
	}
	end = func() error { return nil }
	options := []func(*config.LoadOptions) error{config.WithRegion(f.region)}
	if !f.remote() {
		// A machine that is none of AWS's would wait for an answer from its
		// metadata address.
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return at, end, fmt.Errorf("load the AWS configuration: %w", err)
	}
	at = conformance.Target{
		Endpoint: f.endpoint, DataPlane: f.dataPlane, STS: f.sts, Region: cfg.Region, Role: f.role,
		Credentials: cfg.Credentials, Pace: f.pace.pace, Name: f.endpoint,
	}
	if at.Region == "" {
		if f.remote() {
			return at, end, &wrongUseError{errors.New("no region: give --region, or set AWS_REGION")}
		}
		at.Region = emulator.DefaultRegion
		_, _ = fmt.Fprintf(stderr, "no region is configured: %s, an emulator's default\n", at.Region)
	}
	if at.Name == "" {
		at.Name = "AMP in " + at.Region
	}
	if !f.remote() {
		at.Patience = nearPatience
	}
	return at, end, nil
}

// credentials sees to it that there are some. Where nothing is configured, an
// emulator on this machine is asked with its documented key.
func (f *targetFlags) credentials(ctx context.Context, env lookup, found aws.CredentialsProvider, stderr io.Writer) (aws.CredentialsProvider, error) {
	_, err := found.Retrieve(ctx)
	if err == nil {
		return found, nil
	}
	if _, set := env("AWS_PROFILE"); f.remote() || set || ctx.Err() != nil {
		return nil, fmt.Errorf("find AWS credentials: %w", err)
	}
	_, _ = fmt.Fprintf(stderr, "no AWS credentials are configured: %s, an emulator's documented root key\n", emulator.DefaultAccessKeyID)
	return credentials.NewStaticCredentialsProvider(emulator.DefaultAccessKeyID, emulator.DefaultSecretAccessKey, ""), nil
}

// start starts an emulator for this run.
func (f *targetFlags) start(ctx context.Context) (at conformance.Target, end func() error, err error) {
	dir, err := os.MkdirTemp("", "ampersand-conformance-*")
	if err != nil {
		return at, nil, fmt.Errorf("start an emulator: %w", err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	identity := filepath.Join(dir, "identity.yaml")
	if err := os.WriteFile(identity, conformance.StandInIdentity(), 0o600); err != nil {
		return at, nil, fmt.Errorf("start an emulator: %w", errors.Join(err, remove()))
	}
	region := f.region
	if region == "" {
		region = emulator.DefaultRegion
	}
	srv, err := emulator.Start(context.WithoutCancel(ctx), emulator.Config{ // ends after the clean-up, not with the signal
		Region: region, DataDir: filepath.Join(dir, "data"), IdentityFile: identity, StateDelay: 200 * time.Millisecond,
		Quotas: conformance.StandInQuotas(), Version: version(),
	})
	if err != nil {
		return at, nil, fmt.Errorf("start an emulator: %w", errors.Join(err, remove()))
	}
	at = conformance.Target{
		Name: "emulator " + version(), Endpoint: srv.URL(), STS: srv.URL(), Region: region,
		Credentials: conformance.StandInCredentials(), Role: conformance.StandInRole,
		Pace: conformance.Unlimited(), Patience: nearPatience,
	}
	return at, func() error { return errors.Join(srv.Close(), remove()) }, nil
}

// paceValue is a flag that takes a pace.
type paceValue struct {
	words string
	pace  conformance.Pace
}

func (v *paceValue) String() string { return v.words }

func (v *paceValue) Set(s string) error {
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case s == "quotas":
		v.pace = conformance.Pace{}
	case s == "unlimited":
		v.pace = conformance.Unlimited()
	case err == nil && n > 0 && !math.IsInf(n, 0):
		v.pace = conformance.Pace{Control: n, Write: n, Query: n, Metadata: n, Other: n}
	default:
		return errors.New("not quotas, unlimited or a number above 0")
	}
	v.words = s
	return nil
}

func (v *paceValue) Type() string { return "quotas|unlimited|N" }
