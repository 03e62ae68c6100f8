package conformance

import (
	_ "embed"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// StandInRole is the role of StandInIdentity.
const StandInRole = "arn:aws:iam::123456789012:role/conformance"

//go:embed standin.yaml
var standInIdentity []byte

// StandInIdentity returns an identity file for an emulator that stands in for
// AWS: a user that may do everything, as whom the suite is carried out, and a
// role that the user may assume.
func StandInIdentity() []byte { return append([]byte(nil), standInIdentity...) }

// StandInCredentials are those of the user in StandInIdentity.
func StandInCredentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider("AKIAEXAMPLECONFORM00", "conformance-secret", "")
}

// StandInQuotas are the quotas of an emulator that stands in for AWS and is to be
// examined as fast as it can: without request rates, and with room for every
// workspace of a run.
func StandInQuotas() map[string]string {
	return map[string]string{
		"control-plane-tps": "unlimited", "remote-write-tps": "unlimited", "query-tps": "unlimited",
		"metadata-tps": "unlimited", "other-tps": "unlimited", "workspaces": "100",
	}
}
