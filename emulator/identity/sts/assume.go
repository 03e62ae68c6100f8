package sts

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// What the API model asks of the parameters of both ways to assume a role [D].
var (
	roleARN          = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+$`)
	arnConstraint    = awsquery.Constraint{Min: 20, Max: 2048}
	nameConstraint   = awsquery.Constraint{Min: 2, Max: 64, Pattern: regexp.MustCompile(`^[\w+=,.@-]*$`), Shown: `[\w+=,.@-]*`}
	policyConstraint = awsquery.Constraint{Min: 1}
)

const (
	mostRoleSession    = 12 * time.Hour // [D]
	defaultRoleSession = time.Hour      // [D]
	// mostChained is the longest session of a role that another role's session assumed [D].
	mostChained = time.Hour
	// packedLimit stands in for the quota of session policies and tags in AWS's packed
	// form, whose packing is not published: here it is their plain characters together
	// ([D] 2,048 characters for the policies; how tags weigh is [I]).
	packedLimit    = 2048
	mostPolicyARNs = 10 // [D]
)

// assumption is what both ways to assume a role ask for.
type assumption struct {
	roleARN, name string
	duration      time.Duration // 0: not given
	policy        *identity.Policy
	policyARNs    []string
	packed        int // characters of session policies and tags
	// provider is the ARN of that of the web identity that assumes the role, if one does.
	provider string
}

// assumption reads the common parameters. What is wrong with them is found by err.
func (c *call) assumption() assumption {
	a := assumption{
		roleARN:  c.Required("RoleArn", arnConstraint),
		name:     c.Required("RoleSessionName", nameConstraint),
		duration: c.duration(mostRoleSession),
	}
	c.outcome.Role = a.roleARN
	for i, one := range c.List("PolicyArns", "arn") {
		c.Check("policyArns."+strconv.Itoa(i+1)+".member.arn", one[0], arnConstraint)
		a.policyARNs = append(a.policyARNs, one[0])
		a.packed += len(one[0])
	}
	if n := len(a.policyARNs); n > mostPolicyARNs {
		c.Fail("Value", "policyArns", "Member must have length less than or equal to "+strconv.Itoa(mostPolicyARNs))
	}
	a.packed += len(c.Optional("Policy", policyConstraint))
	return a
}

// check judges the common parameters, once they are read, and parses the session
// policy.
func (a *assumption) check(c *call) error {
	if err := c.Err(); err != nil {
		return err
	}
	if !roleARN.MatchString(a.roleARN) {
		return awsquery.Validation(a.roleARN + " is invalid") // [O LocalStack's snapshots of AWS]
	}
	if err := c.unsupported(); err != nil {
		return err
	}
	if a.packed > packedLimit {
		return &awsquery.Error{
			Status: http.StatusBadRequest, Code: CodePackedPolicyTooLarge,
			Message: "Packed size of session policy and tags consumes " + strconv.Itoa(a.percent()) + "% of allotted space.", // [O]
		}
	}
	if document := c.Values.Get("Policy"); document != "" {
		policy, err := identity.ParsePolicy([]byte(document))
		if err != nil {
			return malformedPolicy(err.Error())
		}
		a.policy = policy
	}
	return nil
}

// malformedPolicy refuses a session policy. AWS says what is wrong with it [D]; the
// words are ours.
func malformedPolicy(what string) error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: CodeMalformedPolicyDocument, Message: what}
}

// percent is how much of the space for session policies and tags is used, rounded up.
func (a *assumption) percent() int { return (100*a.packed + packedLimit - 1) / packedLimit }

// packedSize is percent for an answer, which has it only where there was something to
// pack [D].
func (a *assumption) packedSize() *int {
	if a.packed == 0 {
		return nil
	}
	percent := a.percent()
	return &percent
}

// life is how long the session may live at most, and the refusal of a longer one [O].
func (a *assumption) life(role identity.Role, chained bool) (time.Duration, error) {
	most := role.MaxSessionDuration
	if most == 0 {
		most = defaultRoleSession // [D]
	}
	switch {
	case a.duration == 0:
		return min(defaultRoleSession, most), nil
	case chained && a.duration > mostChained:
		return 0, awsquery.Validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case a.duration > most:
		e := awsquery.Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
		e.Reason = "the role's sessions live " + most.String() + " at most"
		return 0, e
	}
	return a.duration, nil
}

// open opens the session, all else being decided.
func (s *Service) open(c *call, a assumption, role identity.Role, duration time.Duration) (credentials, assumedRoleUser, error) {
	session, err := s.store.NewSession(identity.SessionInput{
		Role: &role, Name: a.name, Duration: duration, Policy: a.policy, PolicyARNs: a.policyARNs,
		FederatedProvider: a.provider,
	})
	if errors.Is(err, identity.ErrUnknown) { // [I] AWS's answer to an unknown policy is not known
		return credentials{}, assumedRoleUser{}, malformedPolicy(err.Error())
	}
	if err != nil {
		return credentials{}, assumedRoleUser{}, err
	}
	return s.opened(c, session), assumedRoleUser{AssumedRoleID: session.Principal.UserID, ARN: session.Principal.ARN}, nil
}

// context is what the conditions of a trust policy can ask about in both ways.
func (a *assumption) context(c *call) map[string][]string {
	keys := map[string][]string{"sts:RoleSessionName": {a.name}}
	if ip := sourceIP(c.request); ip != nil {
		keys["aws:SourceIp"] = ip
	}
	return keys
}
