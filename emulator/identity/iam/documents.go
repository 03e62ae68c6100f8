package iam

import (
	"errors"
	"fmt"
	"unicode"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// trustPolicy reads a role's trust policy.
func trustPolicy(document string) (*identity.Policy, error) {
	if size(document) > maxTrustPolicy { // [O kubeflow/kubeflow#6687]
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy))
	}
	p, err := identity.ParseTrustPolicy([]byte(document))
	if err != nil {
		return nil, malformedPolicy(err.Error()) // IAM's own texts say less
	}
	return p, nil
}

// asTrust puts the refusal of a trust policy's principal into IAM's words [O].
func asTrust(err error) error {
	if unknown := (*identity.UnknownPrincipalError)(nil); errors.As(err, &unknown) {
		return malformedPolicy(`Invalid principal in policy: "AWS":"` + unknown.ARN + `"`)
	}
	return err
}

// size is how many characters of a policy count: all but blanks [D IAM quotas].
func size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
