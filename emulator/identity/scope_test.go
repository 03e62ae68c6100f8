package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// effect is what a policy with one condition says.
func effect(t *testing.T, kind, condition string, req identity.Request, who identity.Principal) identity.Effect {
	t.Helper()
	p, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":
		{"Effect":"` + kind + `","Action":"*","Resource":"*","Condition":{` + condition + `}}}`))
	require.NoError(t, err)
	return p.Evaluate(req, who).Effect
}

func TestKeysOfEveryRequest(t *testing.T) {
	temporary := session()
	temporary.SessionKey = "ASIAX"
	web := temporary
	web.FederatedProvider = "arn:aws:iam::123456789012:oidc-provider/issuer"
	federated := identity.Principal{Kind: identity.KindFederated, ARN: web.FederatedProvider}
	tests := map[string]struct {
		condition string
		who       identity.Principal
		want      bool
	}{
		"no service calls":         {`"Bool":{"aws:ViaAWSService":"false"}`, user(), true},
		"via a service":            {`"Bool":{"aws:viaawsservice":"true"}`, user(), false},
		"no service itself":        {`"Bool":{"aws:PrincipalIsAWSService":"false"}`, temporary, true},
		"unsigned":                 {`"Null":{"aws:PrincipalIsAWSService":"true"}`, federated, true},
		"MFA, long-lived key":      {`"Null":{"aws:MultiFactorAuthPresent":"true"}`, user(), true},
		"MFA, false or absent":     {`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`, user(), true},
		"MFA, session":             {`"Bool":{"aws:MultiFactorAuthPresent":"false"}`, temporary, true},
		"MFA wanted":               {`"Bool":{"aws:MultiFactorAuthPresent":"true"}`, temporary, false},
		"provider":                 {`"StringEquals":{"aws:FederatedProvider":"` + web.FederatedProvider + `"}`, web, true},
		"provider of the trust":    {`"Null":{"aws:FederatedProvider":"true"}`, federated, true},
		"provider of a plain role": {`"Null":{"aws:FederatedProvider":"true"}`, temporary, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := effect(t, "Allow", tc.condition, identity.Request{Action: "aps:RemoteWrite", Resource: workspace}, tc.who)
			require.Equal(t, tc.want, got == identity.Allow)
		})
	}
}

// TestTagsThatDifferInCase asks often, since the order of a map decides by chance.
func TestTagsThatDifferInCase(t *testing.T) {
	who := user()
	who.Tags = map[string]string{"team": "blue", "Team": "red", "Stage": "prod", "stage": "prod"}
	req := identity.Request{Action: "aps:RemoteWrite", Resource: workspace, Context: map[string][]string{
		"aws:ResourceTag/team": {"blue"}, "aws:ResourceTag/TEAM": {"red"},
		"aws:ResourceTag/stage": {"prod"}, "aws:ResourceTag/Stage": {"prod"},
	}}
	const allow, deny, none = identity.Allow, identity.Deny, identity.NoEffect
	tests := map[string]struct {
		kind, condition string
		want            identity.Effect
	}{
		"allow, one value fits":       {"Allow", `"StringEquals":{"aws:ResourceTag/team":"blue"}`, none},
		"allow, the other one":        {"Allow", `"StringEquals":{"aws:ResourceTag/TEAM":"red"}`, none},
		"allow, both fit":             {"Allow", `"StringEquals":{"aws:ResourceTag/Team":["red","blue"]}`, allow},
		"allow, same value":           {"Allow", `"StringEquals":{"aws:ResourceTag/stage":"prod"}`, allow},
		"allow, none may be it":       {"Allow", `"StringNotEquals":{"aws:ResourceTag/team":"blue"}`, none},
		"deny, one fits":              {"Deny", `"StringEquals":{"aws:ResourceTag/team":"blue"}`, deny},
		"deny, one is not it":         {"Deny", `"StringNotEquals":{"aws:ResourceTag/team":"blue"}`, deny},
		"deny, neither":               {"Deny", `"StringEquals":{"aws:ResourceTag/team":"green"}`, none},
		"principal, allow, one fits":  {"Allow", `"StringEquals":{"aws:PrincipalTag/team":"blue"}`, none},
		"principal, allow, both fit":  {"Allow", `"StringLike":{"aws:PrincipalTag/team":["r*","b*"]}`, allow},
		"principal, same value":       {"Allow", `"StringEquals":{"aws:PrincipalTag/STAGE":"prod"}`, allow},
		"principal, deny, one fits":   {"Deny", `"StringEquals":{"aws:PrincipalTag/team":"red"}`, deny},
		"principal, any of them":      {"Allow", `"ForAnyValue:StringEquals":{"aws:PrincipalTag/team":"red"}`, allow},
		"variable of several is none": {"Allow", `"StringEquals":{"aws:ResourceTag/stage":"${aws:PrincipalTag/team}"}`, none},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				require.Equal(t, tc.want, effect(t, tc.kind, tc.condition, req, who))
			}
		})
	}
}
