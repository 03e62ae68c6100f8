package emulator

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// identitiesFile is the name in the data folder of the file of who was made at run time.
const identitiesFile = "identity.json"

// identityStateFile is where users, roles and providers that were made over IAM's API
// outlive the emulator; empty if they do not, as the data does not.
func (c Config) identityStateFile() string {
	if c.DataDir == "" {
		return ""
	}
	return filepath.Join(c.DataDir, identitiesFile)
}

// iamFront is IAM with those who verify the signatures of its requests.
type iamFront struct {
	service *iam.Service
	// global is for the one region that IAM has in a partition [D]. SDKs that are given an
	// endpoint for IAM sign for the region that they are configured with [M aws-sdk-go-v2
	// service/iam 1.64.8, botocore 1.43.11], so that of the emulator is taken as well, by
	// regional.
	global, regional verifier
	region           string
}

func newIAMFront(cfg Config, identities *identity.Store) *iamFront {
	partition := identity.Partition(cfg.Region)
	verifier := func(region string) verifier {
		return newVerifier(sigv4.Config{
			Region: region, Service: iam.Name, Now: cfg.Now, Keys: identities,
			MaxSkew: stsMaxSkew, // IAM's own is not known; other services of this protocol have it [I]
		})
	}
	return &iamFront{
		service: iam.New(iam.Config{
			Store: identities, Partition: partition, AccountID: cfg.AccountID, Now: cfg.Now, Logger: cfg.Logger,
		}),
		global: verifier(iam.GlobalRegion(partition)), regional: verifier(cfg.Region), region: cfg.Region,
	}
}

// verifier is who judges the signature of a request.
func (f *iamFront) verifier(r *http.Request) verifier {
	if iam.SignedRegion(r) == f.region {
		return f.regional
	}
	return f.global
}

// serveIAM answers a request to IAM.
func (s *Server) serveIAM(x *exchange, body []byte) {
	x.route.name = "iam"
	who, ok := s.iamCaller(x, body)
	if !ok {
		return
	}
	if who != nil {
		x.caller, x.identity = *who, who.ARN
	}
	s.passFaults(x, body, x.caller, func() {
		outcome := s.iam.service.ServeHTTP(x.w, x.r, body, who)
		if outcome.Err != nil {
			x.reason = "iam-" + strings.ToLower(outcome.Err.Code)
			x.why = outcome.Err.Reason
			if outcome.Err.Status >= http.StatusInternalServerError {
				x.err = outcome.Err
			}
		}
	})
}

// iamCaller finds out who signed; nobody did if it is nil. It answers a request whose
// signature is wrong, and returns false.
func (s *Server) iamCaller(x *exchange, body []byte) (*identity.Principal, bool) {
	if !carriesSignature(x.r) {
		if s.cfg.Auth == AuthOff {
			root := s.identities.Root()
			return &root, true
		}
		return nil, true
	}
	signed, err := s.verify(x, s.iam.verifier(x.r), body)
	if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
		x.refusal, x.reason = refusal, refusal.Reason
		e := sts.FromSignature(refusal) // the fronts of both say the same [O]
		_ = iam.WriteError(x.w, x.r, &awsquery.Error{Status: e.Status, Code: e.Code, Message: e.Message})
		return nil, false
	}
	who, ok := signed.Key.Principal.(identity.Principal)
	if !ok {
		x.err = errors.New("the key belongs to nobody")
		awsapi.Write(x.w, awsapi.Internal(x.err))
		return nil, false
	}
	return &who, true
}
