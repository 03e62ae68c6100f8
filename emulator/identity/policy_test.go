package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

const (
	account   = "123456789012"
	workspace = "arn:aws:aps:us-east-1:123456789012:workspace/ws-1"
)

func user() identity.Principal {
	return identity.Principal{
		Kind: identity.KindUser, ARN: "arn:aws:iam::123456789012:user/anna", AccountID: account,
		UserID: "AIDAANNA", UserName: "anna", Tags: map[string]string{"team": "blue"},
	}
}

func session() identity.Principal {
	return identity.Principal{
		Kind: identity.KindAssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/amp-query/keda", AccountID: account,
		UserID: "AROAX:keda", RoleARN: "arn:aws:iam::123456789012:role/path/amp-query", SessionName: "keda",
	}
}

func TestEvaluate(t *testing.T) {
	const allow, deny, none = identity.Allow, identity.Deny, identity.NoEffect
	write := identity.Request{
		Action: "aps:RemoteWrite", Resource: workspace, Context: map[string][]string{"aws:SecureTransport": {"true"}},
	}
	tests := map[string]struct {
		statements string
		want       identity.Effect
	}{
		"exact":                            {`{"Effect":"Allow","Action":"aps:RemoteWrite","Resource":"` + workspace + `"}`, allow},
		"star":                             {`{"Effect":"Allow","Action":"*","Resource":"*"}`, allow},
		"action's case does not matter":    {`{"Effect":"Allow","Action":"APS:remotewrite","Resource":"*"}`, allow},
		"action's wildcards":               {`{"Effect":"Allow","Action":"aps:R?mote*","Resource":"*"}`, allow},
		"another action":                   {`{"Effect":"Allow","Action":["aps:Query*","aps:Get*"],"Resource":"*"}`, none},
		"another service":                  {`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, none},
		"not action":                       {`{"Effect":"Allow","NotAction":"aps:Delete*","Resource":"*"}`, allow},
		"not this action":                  {`{"Effect":"Allow","NotAction":["aps:remote*"],"Resource":"*"}`, none},
		"workspace pattern":                {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps:*:*:workspace/ws-?"}`, allow},
		"star at a segment's end goes on":  {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps:*"}`, allow},
		"star and colon go on":             {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps:*:workspace/ws-1"}`, allow},
		"star within a segment stays":      {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:a*-1"}`, none},
		"question mark is no colon":        {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps?us-east-1:123456789012:workspace/ws-1"}`, none},
		"resource's case matters":          {`{"Effect":"Allow","Action":"aps:*","Resource":"arn:aws:aps:us-east-1:123456789012:workspace/WS-1"}`, none},
		"other resource":                   {`{"Effect":"Allow","Action":"aps:*","Resource":["arn:aws:aps:*:*:workspace/ws-2"]}`, none},
		"not resource":                     {`{"Effect":"Allow","Action":"aps:*","NotResource":"arn:aws:aps:*:*:workspace/ws-2"}`, allow},
		"not this resource":                {`{"Effect":"Allow","Action":"aps:*","NotResource":"arn:aws:aps:*:*:workspace/*"}`, none},
		"deny wins, be it the last":        {`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"aps:*","Resource":"*"}`, deny},
		"deny wins, be it the first":       {`{"Effect":"Deny","Action":"aps:*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}`, deny},
		"deny of something else":           {`{"Effect":"Deny","Action":"aps:Delete*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}`, allow},
		"variable":                         {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/${aws:username}"}}}`, allow},
		"variable with another value":      {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:aps:*:*:workspace/${aws:username}"}`, none},
		"variable without value":           {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:aps:*:*:workspace/${aws:PrincipalTag/none}*"}`, none},
		"variable with default":            {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:aps:*:*:workspace/${aws:PrincipalTag/none, 'ws-1'}"}`, allow},
		"a star from ${*} is none":         {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:aps:*:*:workspace/${*}"}`, none},
		"two conditions, both hold":        {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"anna"},"StringLike":{"aws:userid":"AIDA*"}}}`, allow},
		"two conditions, one fails":        {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"anna","aws:userid":"x"}}}`, none},
		"deny whose condition fails":       {`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Effect":"Allow","Action":"*","Resource":"*"}`, allow},
		"deny whose condition holds":       {`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Allow","Action":"*","Resource":"*"}`, deny},
		"unanchored patterns do not match": {`{"Effect":"Allow","Action":"aps:Remote","Resource":"*"}`, none},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + tc.statements + `]}`))
			require.NoError(t, err)
			require.Equal(t, tc.want, p.Evaluate(write, user()).Effect)
		})
	}

	t.Run("the old version knows no variables", func(t *testing.T) {
		p, err := identity.ParsePolicy([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
			"Condition":{"StringEquals":{"aws:username":"${aws:username}"}}}}`))
		require.NoError(t, err)
		require.Equal(t, none, p.Evaluate(write, user()).Effect)
	})
}

func TestEvaluatePrincipal(t *testing.T) {
	issuer := identity.Principal{Kind: identity.KindFederated, ARN: "arn:aws:iam::123456789012:oidc-provider/issuer"}
	tests := map[string]struct {
		principal string
		who       identity.Principal
		want      identity.Effect
		named     bool
	}{
		"everyone":                  {`"*"`, user(), identity.Allow, true},
		"everyone of AWS":           {`{"AWS":"*"}`, session(), identity.Allow, true},
		"account by id":             {`{"AWS":"123456789012"}`, user(), identity.Allow, false},
		"account by ARN":            {`{"AWS":["arn:aws:iam::123456789012:root"]}`, session(), identity.Allow, false},
		"another account":           {`{"AWS":"210987654321"}`, user(), identity.NoEffect, false},
		"user":                      {`{"AWS":"arn:aws:iam::123456789012:user/anna"}`, user(), identity.Allow, true},
		"another user":              {`{"AWS":"arn:aws:iam::123456789012:user/ann"}`, user(), identity.NoEffect, false},
		"role of the session":       {`{"AWS":"arn:aws:iam::123456789012:role/path/amp-query"}`, session(), identity.Allow, true},
		"session":                   {`{"AWS":"arn:aws:sts::123456789012:assumed-role/amp-query/keda"}`, session(), identity.Allow, true},
		"another session":           {`{"AWS":"arn:aws:sts::123456789012:assumed-role/amp-query/x"}`, session(), identity.NoEffect, false},
		"account and user":          {`{"AWS":["123456789012","arn:aws:iam::123456789012:user/anna"]}`, user(), identity.Allow, true},
		"issuer":                    {`{"Federated":"arn:aws:iam::123456789012:oidc-provider/issuer"}`, issuer, identity.Allow, true},
		"another issuer":            {`{"Federated":"arn:aws:iam::123456789012:oidc-provider/other"}`, issuer, identity.NoEffect, false},
		"an issuer is no account":   {`{"AWS":"123456789012"}`, issuer, identity.NoEffect, false},
		"a service is nobody":       {`{"Service":"ec2.amazonaws.com"}`, user(), identity.NoEffect, false},
		"a user is not the issuer ": {`{"Federated":"arn:aws:iam::123456789012:oidc-provider/issuer"}`, user(), identity.NoEffect, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := identity.ParseTrustPolicy([]byte(`{"Version":"2012-10-17","Statement":
				{"Effect":"Allow","Action":"sts:*","Principal":` + tc.principal + `}}`))
			require.NoError(t, err)
			v := p.Evaluate(identity.Request{Action: "sts:AssumeRole"}, tc.who)
			require.Equal(t, tc.want, v.Effect)
			require.Equal(t, tc.named, v.Named)
		})
	}

	p, err := identity.ParseResourcePolicy([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Principal":"*"},
		{"Sid":"OnlyAnna","Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/anna"}}]}`))
	require.NoError(t, err)
	require.Equal(t, identity.Allow, p.Evaluate(identity.Request{Action: "aps:RemoteWrite"}, user()).Effect)
	denied := p.Evaluate(identity.Request{Action: "aps:RemoteWrite"}, session())
	require.Equal(t, identity.Deny, denied.Effect)
	require.Equal(t, `"OnlyAnna"`, denied.Statement)
}

func TestParsePolicyRefuses(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	tests := map[string]struct{ document, want string }{
		"nothing":             {``, "unexpected end of JSON input"},
		"no JSON":             {`Version`, "invalid character"},
		"no statement":        {`{"Version":"2012-10-17"}`, "no Statement"},
		"empty statement":     {statement(""), "no Statement"},
		"version":             {`{"Version":"2012-10-18","Statement":{}}`, `version "2012-10-18"`},
		"unknown member":      {`{"Statements":[]}`, `unknown field "Statements"`},
		"member twice":        {`{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, `duplicate field "Version"`},
		"member's case":       {statement(`{"effect":"Allow","Action":"*","Resource":"*"}`), `unknown field`},
		"unknown in it":       {statement(`{"Effect":"Allow","Actions":"*","Resource":"*"}`), `unknown field "[0].Actions"`},
		"effect":              {statement(`{"Effect":"allow","Action":"*","Resource":"*"}`), `Effect "allow"`},
		"no action":           {statement(`{"Effect":"Allow","Resource":"*"}`), "number 1: no Action"},
		"empty actions":       {statement(`{"Effect":"Allow","Action":[],"Resource":"*"}`), "no Action"},
		"both actions":        {statement(`{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`), "both Action and NotAction"},
		"action without":      {statement(`{"Effect":"Allow","Action":"RemoteWrite","Resource":"*"}`), `action "RemoteWrite"`},
		"action is an object": {statement(`{"Effect":"Allow","Action":{},"Resource":"*"}`), "is no text"},
		"no resource":         {statement(`{"Sid":"A","Effect":"Allow","Action":"*"}`), `"A": no Resource`},
		"resource":            {statement(`{"Effect":"Allow","Action":"*","Resource":"ws-1"}`), `resource "ws-1"`},
		"principal":           {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}`), "has no Principal"},
		"sid":                 {statement(`{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}`), "letters and digits"},
		"sid twice": {statement(`{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},
			{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}`), "another one has this Sid"},
		"operator":    {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"aws:a":"b"}}}`), `unknown condition operator "StringEqual"`},
		"null if":     {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"aws:a":"true"}}}`), "unknown condition operator"},
		"no key":      {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{}}}`), "has no key"},
		"key":         {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":"true"}}}`), `key "a" has no prefix`},
		"no value":    {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:a":[]}}}`), "has no value"},
		"bool":        {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:a":"yes"}}}`), "neither true nor false"},
		"address":     {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0"}}}`), "no IP address"},
		"number":      {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"aws:a":"NaN"}}}`), "no number"},
		"date":        {statement(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateEquals":{"aws:a":"today"}}}`), "no ISO 8601 date"},
		"open":        {statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:${aws:username"}`), "without its }"},
		"variable":    {statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:${}"}`), "names no condition key"},
		"default":     {statement(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:${aws:username, x}"}`), "single quotes"},
		"control":     {statement(`{"Effect":"Allow","Action":"*","Resource":"arn:\u0000"}`), "control character"},
		"many people": {`{"Statement":"` + string(make([]byte, 20000)) + `"}`, "more than 10240"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := identity.ParsePolicy([]byte(tc.document))
			require.ErrorContains(t, err, tc.want)
		})
	}

	trust := map[string]struct{ statement, want string }{
		"resource":         {`{"Effect":"Allow","Action":"*","Principal":"*","Resource":"*"}`, "trust policy has no Resource"},
		"nobody":           {`{"Effect":"Allow","Action":"*"}`, "no Principal"},
		"empty":            {`{"Effect":"Allow","Action":"*","Principal":{}}`, "names nobody"},
		"text":             {`{"Effect":"Allow","Action":"*","Principal":"anna"}`, `neither "*" nor`},
		"unknown":          {`{"Effect":"Allow","Action":"*","Principal":{"Aws":"*"}}`, "unknown field"},
		"wildcard":         {`{"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::123456789012:role/*"}}`, "nor * alone"},
		"short account":    {`{"Effect":"Allow","Action":"*","Principal":{"AWS":"12345"}}`, "neither an account"},
		"allow all others": {`{"Effect":"Allow","Action":"*","NotPrincipal":{"AWS":"123456789012"}}`, "Deny only"},
	}
	for name, tc := range trust {
		t.Run("trust: "+name, func(t *testing.T) {
			_, err := identity.ParseTrustPolicy([]byte(statement(tc.statement)))
			require.ErrorContains(t, err, tc.want)
		})
	}
}
