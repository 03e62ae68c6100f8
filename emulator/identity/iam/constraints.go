package iam

import (
	"regexp"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
)

// rules are those of the parameters.
type rules struct {
	roleName, userName, newUserName, policyName     awsquery.Constraint
	path, pathPrefix, description, document, marker awsquery.Constraint
	arn, keyID, tagKey, tagValue                    awsquery.Constraint
	issuer, clientID, thumbprint                    awsquery.Constraint
}

func newRules() *rules {
	names := func(most int) awsquery.Constraint {
		return awsquery.Constraint{Min: 1, Max: most, Pattern: regexp.MustCompile(`^[\w+=,.@-]*$`), Shown: `[\w+=,.@-]+`, Words: "It must contain only alphanumeric characters and/or the following: +=,.@_-"} // [O]
	}
	tags := func(least, most int) awsquery.Constraint {
		return awsquery.Constraint{Min: least, Max: most, Pattern: regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`), Shown: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`}
	}
	return &rules{
		roleName: names(64), userName: names(128), newUserName: names(64), policyName: names(128),
		path:        awsquery.Constraint{Min: 1, Max: 512, Pattern: regexp.MustCompile(`^/([!-~]+/)?$`), Shown: `(/)|(/[!-~]+/)`, Words: "It must begin and end with / and contain only alphanumeric characters and/or / characters."}, // [O]
		pathPrefix:  awsquery.Constraint{Min: 1, Max: 512, Pattern: regexp.MustCompile(`^/[!-\x7f]*$`), Shown: `\u002F[\u0021-\u007F]*`},
		description: awsquery.Constraint{Min: 0, Max: 1000, Pattern: regexp.MustCompile(`^[\t\n\r -~\x{a1}-\x{ff}]*$`), Shown: `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`},
		document:    awsquery.Constraint{Min: 1, Max: 131072, Pattern: regexp.MustCompile(`^[\t\n\r -\x{ff}]*$`), Shown: `[\u0009\u000A\u000D\u0020-\u00FF]+`},
		marker:      awsquery.Constraint{Min: 1, Max: 320},
		arn:         awsquery.Constraint{Min: 20, Max: 2048},
		keyID:       awsquery.Constraint{Min: 16, Max: 128, Pattern: regexp.MustCompile(`^\w*$`), Shown: `[\w]+`},
		tagKey:      tags(1, 128), tagValue: tags(0, 256),
		issuer: awsquery.Constraint{Min: 1, Max: 255}, clientID: awsquery.Constraint{Min: 1, Max: 255},
		thumbprint: awsquery.Constraint{Min: 40, Max: 40, Pattern: regexp.MustCompile(`^[0-9A-Fa-f]*$`), Shown: `[0-9A-Fa-f]{40}`}, // the pattern [I]
	}
}
