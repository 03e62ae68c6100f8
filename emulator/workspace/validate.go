package workspace

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Constraints of the API model [D botocore amp/2020-08-01].
const (
	maxAliasLen    = 100
	maxTags        = 50
	maxTagKeyLen   = 128
	maxTagValueLen = 256
)

// Patterns of the API model, which match the whole value [D]. Those of the ARN
// of a CloudWatch data set and of exporters are not in the model that was read
// [I].
var (
	idPattern         = regexp.MustCompile(`^.*[0-9A-Za-z][-.0-9A-Z_a-z]*.*$`)
	plainPattern      = regexp.MustCompile(`^[0-9A-Za-z][-.0-9A-Z_a-z]*$`)
	detectorIDPattern = regexp.MustCompile(`^ad-[0-9A-Za-z][-.0-9A-Z_a-z]*$`)
	tokenPattern      = regexp.MustCompile(`^[!-~]+$`)
	kmsKeyPattern     = regexp.MustCompile(`^arn:aws[-a-z]*:kms:[-a-z0-9]+:[0-9]{12}:key/[-a-f0-9]+$`)
	logGroupPattern   = regexp.MustCompile(`^arn:aws[a-z0-9-]*:logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9\.\-\_\#/]{1,512}\:\*$`)
	workspacePattern  = regexp.MustCompile(`^arn:aws[-a-z]*:aps:[-a-z0-9]+:[0-9]{12}:workspace/.+$`)
	clusterPattern    = regexp.MustCompile(`^arn:aws[-a-z]*:eks:[-a-z0-9]+:[0-9]{12}:cluster/.+$`)
	rolePattern       = regexp.MustCompile(`^arn:aws[-a-z]*:iam::[0-9]{12}:role/.+$`)
	datasetPattern    = regexp.MustCompile(`^arn:aws[-a-z]*:cloudwatch:[-a-z0-9]+:[0-9]{12}:dataset/.+$`)
	openSearchPattern = regexp.MustCompile(`^arn:aws[-a-z]*:es:[-a-z0-9]+:[0-9]{12}:domain/.+$`)
	kafkaPattern      = regexp.MustCompile(`^arn:aws[-a-z]*:kafka:[-a-z0-9]+:[0-9]{12}:cluster/.+$`)
	subnetPattern     = regexp.MustCompile(`^subnet-[0-9a-z]+$`)
	groupPattern      = regexp.MustCompile(`^sg-[0-9a-z]+$`)
	labelNamePattern  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	metricNamePattern = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	printablePattern  = regexp.MustCompile(`^[ -~]*[!-~][ -~]*$`)
	tagPattern        = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	givenID           = regexp.MustCompile(`^ws-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// rule is what the model demands of a text.
type rule struct {
	low, high int // in characters; high 0 is no bound
	pattern   *regexp.Regexp
}

func workspaceIDRule() rule  { return rule{1, 64, idPattern} }
func namespaceRule() rule    { return rule{1, 128, idPattern} }
func scraperIDRule() rule    { return rule{1, 64, plainPattern} }
func scraperAliasRule() rule { return rule{1, 100, plainPattern} }
func detectorIDRule() rule   { return rule{1, 64, detectorIDPattern} }
func detectorAlias() rule    { return rule{1, 64, plainPattern} }
func tokenRule() rule        { return rule{1, 64, tokenPattern} }
func kmsKeyRule() rule       { return rule{20, 2048, kmsKeyPattern} }
func logGroupRule() rule     { return rule{pattern: logGroupPattern} }

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

// text checks a value that is there.
func (c *checker) text(name, value string, r rule) {
	high := r.high
	if high == 0 {
		high = math.MaxInt
	}
	if c.length(name, value, r.low, high) && r.pattern != nil {
		c.pattern(name, value, r.pattern)
	}
}

// optional checks a value that may be absent.
func (c *checker) optional(name string, value *string, r rule) {
	if value != nil {
		c.text(name, *value, r)
	}
}

// required checks a value that has to be there.
func (c *checker) required(name string, value *string, r rule) {
	if c.present(name, value != nil) {
		c.text(name, *value, r)
	}
}

// present fails a member that is absent and must not be.
func (c *checker) present(name string, is bool) bool {
	if !is {
		c.fail(name, "Member must not be null")
	}
	return is
}

// one fails a union that has not exactly one of its members.
func (c *checker) one(name string, members ...bool) bool {
	n := 0
	for _, there := range members {
		if there {
			n++
		}
	}
	if n != 1 {
		c.fail(name, "Member must have exactly one of its members")
	}
	return n == 1
}

// between checks a number that may be absent.
func (c *checker) between(name string, value *int64, low, high int64) {
	switch {
	case value == nil:
	case *value < low:
		c.fail(name, fmt.Sprintf("Member must have value greater than or equal to %d", low))
	case *value > high:
		c.fail(name, fmt.Sprintf("Member must have value less than or equal to %d", high))
	}
}

// path checks what the path names.
func (c *checker) path(call Call) {
	if call.WorkspaceID != "" {
		c.text("workspaceId", call.WorkspaceID, workspaceIDRule())
	}
	switch {
	case call.Name == "":
	case call.WorkspaceID == "":
		c.text("scraperId", call.Name, scraperIDRule())
	case strings.HasSuffix(string(call.Operation), "AnomalyDetector"):
		c.text("anomalyDetectorId", call.Name, detectorIDRule())
	default:
		c.text("name", call.Name, namespaceRule())
	}
}

// alias returns the alias as it is stored: without blanks at its ends [D].
func (c *checker) alias(alias string) string {
	trimmed := strings.TrimSpace(alias)
	c.length("alias", trimmed, 1, maxAliasLen)
	return trimmed
}

func (c *checker) clientToken(token *string) { c.optional("clientToken", token, tokenRule()) }

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
