package identity

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// checkPolicyName judges the name of an inline policy, in the file and at run time
// [D IAM API, PutUserPolicy and PutRolePolicy].
func checkPolicyName(name string) error {
	if !regexp.MustCompile(`^[\w+=,.@-]{1,128}$`).MatchString(name) {
		return fmt.Errorf("%q is no name of letters, digits and +=,.@-_", name)
	}
	return nil
}

// looksLikeKeyID reports whether a text has the form of AWS's own access key ids, as no
// secret has.
func looksLikeKeyID(text string) bool {
	return regexp.MustCompile(`^A(?:KIA|SIA)[A-Z0-9]{16}$`).MatchString(text)
}

// withoutValues takes out of an error of the decoder what stood in the file: it may be a
// secret in the wrong place.
func withoutValues(err error) error {
	var mismatch *yaml.TypeError
	if !errors.As(err, &mismatch) {
		return err
	}
	quoted := regexp.MustCompile("(?s) `.*`")
	lines := make([]error, 0, len(mismatch.Errors))
	for _, text := range mismatch.Errors {
		lines = append(lines, errors.New(quoted.ReplaceAllString(text, "")))
	}
	return errors.Join(lines...)
}
