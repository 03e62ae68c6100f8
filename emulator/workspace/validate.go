package workspace

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Constraints of the API model [D botocore amp/2020-08-01].
const (
	maxIDLen       = 64
	maxAliasLen    = 100
	maxTokenLen    = 64
	minKMSKeyLen   = 20
	maxKMSKeyLen   = 2048
	maxTags        = 50
	maxTagKeyLen   = 128
	maxTagValueLen = 256
	maxPageSize    = 1000
	maxPageToken   = 1000
)

// Patterns of the API model, which match the whole value [D].
var (
	idPattern     = regexp.MustCompile(`^.*[0-9A-Za-z][-.0-9A-Z_a-z]*.*$`)
	tokenPattern  = regexp.MustCompile(`^[!-~]+$`)
	kmsKeyPattern = regexp.MustCompile(`^arn:aws[-a-z]*:kms:[-a-z0-9]+:[0-9]{12}:key/[-a-f0-9]+$`)
	tagPattern    = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	givenID       = regexp.MustCompile(`^ws-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// CheckGivenID says what is wrong with an id that a user chose for a workspace
// to be created at start: it must look as AWS writes them, ws- and a UUID.
func CheckGivenID(id string) error {
	if !givenID.MatchString(id) {
		return fmt.Errorf("workspace id %q is not ws- followed by a lower-case UUID", id)
	}
	return nil
}

// CheckAlias says what is wrong with an alias: 1 to 100 characters, blanks at
// the ends not counted [D].
func CheckAlias(alias string) error {
	var c checker
	c.alias(alias)
	if len(c.fields) > 0 {
		return fmt.Errorf("workspace alias %q: %s", alias, c.fields[0].Message)
	}
	return nil
}

// checker collects what is wrong with a request, all of it, as the model's
// fieldList does.
type checker struct {
	fields []awsapi.Field
}

func (c *checker) fail(name, message string) {
	c.fields = append(c.fields, awsapi.Field{Name: name, Message: message})
}

// err returns the ValidationException for what was collected, or nil. The
// wording is that of other AWS services [R].
func (c *checker) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	plural := ""
	if len(c.fields) > 1 {
		plural = "s"
	}
	parts := make([]string, len(c.fields))
	for i, f := range c.fields {
		parts[i] = fmt.Sprintf("Value at '%s' failed to satisfy constraint: %s", f.Name, f.Message)
	}
	return awsapi.Validation(awsapi.ReasonFieldValidationFailed,
		fmt.Sprintf("%d validation error%s detected: %s", len(c.fields), plural, strings.Join(parts, "; ")),
		c.fields...)
}

func (c *checker) length(name, value string, low, high int) bool {
	switch n := utf8.RuneCountInString(value); {
	case n < low:
		c.fail(name, fmt.Sprintf("Member must have length greater than or equal to %d", low))
	case n > high:
		c.fail(name, fmt.Sprintf("Member must have length less than or equal to %d", high))
	default:
		return true
	}
	return false
}

func (c *checker) pattern(name, value string, p *regexp.Regexp) {
	if !p.MatchString(value) {
		pattern := strings.TrimSuffix(strings.TrimPrefix(p.String(), "^"), "$")
		c.fail(name, "Member must satisfy regular expression pattern: "+pattern)
	}
}

func (c *checker) id(id string) {
	if c.length("workspaceId", id, 1, maxIDLen) {
		c.pattern("workspaceId", id, idPattern)
	}
}

// alias returns the alias as it is stored: without blanks at its ends [D].
func (c *checker) alias(alias string) string {
	trimmed := strings.TrimSpace(alias)
	c.length("alias", trimmed, 1, maxAliasLen)
	return trimmed
}

func (c *checker) clientToken(token *string) {
	if token != nil && c.length("clientToken", *token, 1, maxTokenLen) {
		c.pattern("clientToken", *token, tokenPattern)
	}
}

func (c *checker) kmsKey(arn string) {
	if c.length("kmsKeyArn", arn, minKMSKeyLen, maxKMSKeyLen) {
		c.pattern("kmsKeyArn", arn, kmsKeyPattern)
	}
}

func (c *checker) tags(tags map[string]string) {
	if len(tags) > maxTags {
		c.fail("tags", fmt.Sprintf("Member must have length less than or equal to %d", maxTags))
	}
	keys := make([]string, 0, len(tags))
	for k := range tags {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same request gives the same message
	for _, k := range keys {
		c.tagKey("tags", k)
		if c.length("tags."+k, tags[k], 0, maxTagValueLen) {
			c.pattern("tags."+k, tags[k], tagPattern)
		}
	}
}

func (c *checker) tagKey(name, key string) {
	if !c.length(name, key, 1, maxTagKeyLen) {
		return
	}
	c.pattern(name, key, tagPattern)
	// Reserved for AWS itself [I general rule of AWS tags].
	if strings.HasPrefix(strings.ToLower(key), "aws:") {
		c.fail(name, "Tag keys must not start with aws:")
	}
}
