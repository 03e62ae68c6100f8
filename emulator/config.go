package emulator

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// Defaults of Config. The key pair is the one that AWS prints in its
// documentation: everybody knows it, and no account has it.
const (
	DefaultListen           = "127.0.0.1:0"
	DefaultRegion           = "us-east-1"
	DefaultAccountID        = "123456789012"
	DefaultAccessKeyID      = "AKIAIOSFODNN7EXAMPLE"
	DefaultSecretAccessKey  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	DefaultRetention        = 150 * 24 * time.Hour // [D AMP user guide, workspace configuration]
	DefaultOutOfOrderWindow = time.Minute          // [D AMP user guide, since 2026-06-10]
)

// Auth says what becomes of a request that carries no signature.
type Auth string

const (
	// AuthStrict refuses it, as AWS does. It is the default.
	AuthStrict Auth = "strict"
	// AuthOff takes it as the account's root, for tools that cannot sign. A
	// request that carries a signature is verified all the same.
	AuthOff Auth = "off"
)

// WorkspaceSpec names a workspace to create at start if it is absent.
type WorkspaceSpec struct {
	// ID is ws- and a lower-case UUID.
	ID string
	// Alias may be empty.
	Alias string
}

// Config says what Start starts. The zero value listens on a free port of
// loopback and keeps its data in a temporary folder.
type Config struct {
	// Listen is host:port; port 0 picks one. Empty is DefaultListen.
	Listen string
	// DataDir keeps workspaces and samples. Empty is a temporary folder that
	// Close removes.
	DataDir string
	// Region is the only region whose credential scope is accepted.
	Region string
	// AccountID is the twelve-digit account.
	AccountID string
	// AccessKeyID and SecretAccessKey are the account's root key.
	AccessKeyID, SecretAccessKey string
	// IdentityFile names users, roles, policies and OIDC providers besides the
	// root; YAML, read again when it changes (see package identity). Empty is none.
	IdentityFile string
	// Workspaces are created if absent.
	Workspaces []WorkspaceSpec
	// Auth is AuthStrict if empty.
	Auth Auth
	// Retention is how long samples are kept; 0 is DefaultRetention.
	Retention time.Duration
	// OutOfOrderWindow is how far behind the newest sample of a series another
	// may be; 0 is DefaultOutOfOrderWindow, negative switches it off.
	OutOfOrderWindow time.Duration
	// Quotas are the values of quotas that differ from AMP's defaults, by the
	// names of package quota: "active-series": "1000", "sample-age": "unlimited".
	Quotas map[string]string
	// NoRemoteWrite2 refuses remote write 2.0 with 415, as a Cortex does where it
	// is not switched on [C]. What AMP does is not known.
	NoRemoteWrite2 bool
	// NoRangeAlignment evaluates range queries at the very start that was asked
	// for, as Prometheus does. AMP rounds start and end down to multiples of the
	// step [D sample of the query statistics page].
	NoRangeAlignment bool
	// StateDelay is how long resources of the control plane are CREATING and
	// UPDATING. Deletions take as long, but at least workspace.DefaultDeleteTime
	// so that a waiter sees one.
	StateDelay time.Duration
	// TLSCertFile and TLSKeyFile switch HTTPS on; PEM.
	TLSCertFile, TLSKeyFile string
	// Faults are rules of what goes wrong, from the start on; see package fault.
	Faults []fault.Rule
	// ConsoleOpen lets others than loopback use the /_ampersand/ tree.
	ConsoleOpen bool
	// Logger gets one line a request; nil discards.
	Logger *slog.Logger
	// Now is the clock of signatures, workspaces and samples; nil is time.Now.
	Now func() time.Time
	// Version is what the metrics say runs here.
	Version string
	// Revision is the commit that Version was built from, as far as it is known.
	Revision string
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]+)+$`)
)

// withDefaults returns the configuration with nothing left to guess.
func (c Config) withDefaults() Config {
	setDefault(&c.Listen, DefaultListen)
	setDefault(&c.Region, DefaultRegion)
	setDefault(&c.AccountID, DefaultAccountID)
	if c.AccessKeyID == "" && c.SecretAccessKey == "" {
		c.AccessKeyID, c.SecretAccessKey = DefaultAccessKeyID, DefaultSecretAccessKey
	}
	setDefault(&c.Auth, AuthStrict)
	setDefault(&c.Retention, DefaultRetention)
	setDefault(&c.OutOfOrderWindow, DefaultOutOfOrderWindow)
	setDefault(&c.Version, "unknown")
	if c.OutOfOrderWindow < 0 {
		c.OutOfOrderWindow = 0
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate says what is wrong with the configuration, as far as that can be
// said without opening anything.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if !accountPattern.MatchString(c.AccountID) {
		errs = append(errs, fmt.Errorf("account id %q is not twelve digits", c.AccountID))
	}
	if !regionPattern.MatchString(c.Region) {
		errs = append(errs, fmt.Errorf("region %q is not the name of a region such as us-east-1", c.Region))
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		errs = append(errs, errors.New("an access key and a secret key are given together or not at all"))
	}
	if c.Auth != AuthStrict && c.Auth != AuthOff {
		errs = append(errs, fmt.Errorf("auth %q is neither strict nor off", c.Auth))
	}
	if c.Retention < 0 {
		errs = append(errs, fmt.Errorf("retention %s is negative", c.Retention))
	}
	if c.StateDelay < 0 {
		errs = append(errs, fmt.Errorf("state delay %s is negative", c.StateDelay))
	}
	if err := fault.NewSet(fault.Config{}).Replace(c.Faults); err != nil {
		errs = append(errs, fmt.Errorf("faults: %w", err))
	}
	quotas := quota.New()
	if err := quotas.Assign(c.Quotas); err != nil {
		errs = append(errs, err)
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		errs = append(errs, errors.New("a TLS certificate and a TLS key are given together or not at all"))
	}
	if quotas.Exceeded(quota.Workspaces, int64(len(c.Workspaces))) {
		errs = append(errs, fmt.Errorf("%d workspaces are more than the %d an account has", len(c.Workspaces), quotas.Get(quota.Workspaces)))
	}
	for _, ws := range c.Workspaces {
		if err := workspace.CheckGivenID(ws.ID); err != nil {
			errs = append(errs, err)
		}
		if ws.Alias == "" {
			continue
		}
		if err := workspace.CheckAlias(ws.Alias); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
