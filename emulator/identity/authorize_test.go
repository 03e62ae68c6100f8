package identity_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

const (
	queryRole = "arn:aws:iam::123456789012:role/amp-query"
	collector = "arn:aws:iam::123456789012:user/workloads/collector"
)

func TestAuthorize(t *testing.T) {
	h := fixture(t)
	keda := h.assume(t, queryRole, "keda").Principal
	team := map[string][]string{"aws:ResourceTag/team": {"observability"}}
	who := map[string]identity.Principal{
		"root": h.Root(), "collector": h.principal(t, "AKIAIOSFODNN7COLLECT"), "nobody": h.principal(t, "AKIAIOSFODNN7NOBODYX"),
		"keda": keda, "partner": h.principal(t, "AKIAIOSFODNN7PARTNER"),
	}
	tests := map[string]struct {
		who, action string
		context     map[string][]string
		shared      string // the resource policy's statement
		allowed     bool
		explicit    bool
		policy      string
		reason      string
	}{
		"root":                   {who: "root", action: "aps:CreateWorkspace", allowed: true, reason: "root may do everything"},
		"collector writes":       {who: "collector", action: "aps:RemoteWrite", allowed: true, policy: "AmazonPrometheusRemoteWriteAccess"},
		"own policy with a tag":  {who: "collector", action: "aps:QueryMetrics", context: team, allowed: true, policy: "OwnWorkspaceOnly"},
		"keda queries":           {who: "keda", action: "aps:QueryMetrics", allowed: true, policy: "AmazonPrometheusQueryAccess"},
		"keda may not write":     {who: "keda", action: "aps:RemoteWrite", reason: "no policy of role/amp-query allows aps:RemoteWrite (AmazonPrometheusQueryAccess allows aps:GetLabels, aps:GetMetricMetadata, aps:GetSeries, aps:QueryMetrics)"},
		"query is not rules":     {who: "keda", action: "aps:ListRules", reason: "no policy of role/amp-query allows aps:ListRules"},
		"nobody":                 {who: "nobody", action: "aps:RemoteWrite", reason: "user/nobody has no policy, so nothing allows aps:RemoteWrite"},
		"explicit deny":          {who: "collector", action: "aps:GetMetricMetadata", explicit: true, policy: "NoMetadata", reason: `statement "NoMetadata" of NoMetadata denies aps:GetMetricMetadata`},
		"without the tag":        {who: "collector", action: "aps:GetSeries", reason: "OwnWorkspaceOnly allows it only under the condition StringEquals aws:ResourceTag/team ${aws:PrincipalTag/team}"},
		"partner, not shared":    {who: "partner", action: "aps:QueryMetrics", reason: "account 210987654321 is not the resource's (123456789012): there is no resource policy"},
		"partner, shared":        {who: "partner", action: "aps:QueryMetrics", shared: `{"Effect":"Allow","Action":"aps:*","Principal":{"AWS":"210987654321"}}`, allowed: true, policy: "AmazonPrometheusQueryAccess"},
		"partner, not its own":   {who: "partner", action: "aps:RemoteWrite", shared: `{"Effect":"Allow","Action":"aps:*","Principal":{"AWS":"210987654321"}}`, reason: "no policy of user/partner allows aps:RemoteWrite"},
		"shared with another":    {who: "partner", action: "aps:QueryMetrics", shared: `{"Effect":"Allow","Action":"aps:*","Principal":{"AWS":"210987654322"}}`, reason: "allows it to others: 210987654322"},
		"other actions shared":   {who: "partner", action: "aps:QueryMetrics", shared: `{"Effect":"Allow","Action":"aps:RemoteWrite","Principal":"*"}`, reason: "it allows aps:RemoteWrite"},
		"resource policy opens":  {who: "nobody", action: "aps:RemoteWrite", shared: `{"Effect":"Allow","Action":"aps:RemoteWrite","Principal":{"AWS":"arn:aws:iam::123456789012:user/nobody"}}`, allowed: true, policy: "the resource's policy"},
		"account only delegates": {who: "nobody", action: "aps:RemoteWrite", shared: `{"Effect":"Allow","Action":"aps:RemoteWrite","Principal":{"AWS":"123456789012"}}`, reason: "user/nobody has no policy"},
		"resource policy denies": {who: "collector", action: "aps:RemoteWrite", shared: `{"Sid":"No","Effect":"Deny","Action":"aps:*","Principal":"*"}`, explicit: true, policy: "the resource's policy", reason: `statement "No" of the resource's policy denies`},
		"denies the root too":    {who: "root", action: "aps:RemoteWrite", shared: `{"Effect":"Deny","Action":"aps:*","Principal":"*"}`, explicit: true, policy: "the resource's policy", reason: "statement number 1"},
		"only the data plane":    {who: "nobody", action: "aps:DeleteWorkspace", shared: `{"Effect":"Allow","Action":"*","Principal":"*"}`, reason: "user/nobody has no policy"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			req := identity.Request{Action: tc.action, Resource: workspace, Context: tc.context}
			if tc.shared != "" {
				p, err := identity.ParseResourcePolicy([]byte(`{"Version":"2012-10-17","Statement":` + tc.shared + `}`))
				require.NoError(t, err)
				req.ResourcePolicy = p
			}
			d := h.Authorize(who[tc.who], req)
			require.Equal(t, tc.allowed, d.Allowed, d.Reason)
			require.Equal(t, tc.explicit, d.Explicit)
			require.Equal(t, tc.policy, d.Policy)
			require.Contains(t, d.Reason, tc.reason)
		})
	}
}

func TestManagedPolicies(t *testing.T) {
	// What each of AWS's policies allows, of one action of each group.
	tests := map[string]map[string]bool{
		"AmazonPrometheusRemoteWriteAccess": {"aps:RemoteWrite": true},
		"AmazonPrometheusQueryAccess": {
			"aps:QueryMetrics": true, "aps:GetSeries": true, "aps:GetLabels": true, "aps:GetMetricMetadata": true,
		},
		"AmazonPrometheusFullAccess": {
			"aps:RemoteWrite": true, "aps:QueryMetrics": true, "aps:GetSeries": true, "aps:GetLabels": true,
			"aps:GetMetricMetadata": true, "aps:ListRules": true, "aps:CreateAlertManagerAlerts": true, "aps:CreateWorkspace": true,
			"aps:CreateScraper": true, "aps:PutResourcePolicy": true,
		},
		"AmazonPrometheusConsoleFullAccess": {"aps:CreateWorkspace": true},
		"AdministratorAccess": {
			"aps:RemoteWrite": true, "aps:QueryMetrics": true, "aps:GetSeries": true, "aps:GetLabels": true,
			"aps:GetMetricMetadata": true, "aps:ListRules": true, "aps:CreateAlertManagerAlerts": true, "aps:CreateWorkspace": true,
			"aps:CreateScraper": true, "aps:PutResourcePolicy": true, "s3:GetObject": true, "ec2:DescribeSubnets": true,
		},
	}
	for name, allowed := range tests {
		t.Run(name, func(t *testing.T) {
			h := open(t, "users:\n  - name: a\n    accessKeys: [{id: AKIAA, secret: x}]\n    policies: [{arn: 'arn:aws:iam::aws:policy/"+name+"'}]\n")
			for action := range tests["AdministratorAccess"] {
				d := h.Authorize(h.principal(t, "AKIAA"), identity.Request{Action: action, Resource: workspace})
				require.Equal(t, allowed[action], d.Allowed, "%s: %s", action, d.Reason)
			}
		})
	}
}

func TestSessions(t *testing.T) {
	h := fixture(t)
	write := identity.Request{Action: "aps:RemoteWrite", Resource: workspace}
	query := identity.Request{Action: "aps:QueryMetrics", Resource: workspace}

	s := h.assume(t, queryRole, "keda")
	require.Regexp(t, `^ASIA[A-Z2-7]{16}$`, s.AccessKeyID)
	require.Len(t, s.SecretAccessKey, 40)
	require.Greater(t, len(s.SessionToken), 300)
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/amp-query/keda", s.Principal.ARN)
	require.Regexp(t, `^AROA[A-Z2-7]{17}:keda$`, s.Principal.UserID)
	key, ok := h.LookupKey(s.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, s.SessionToken, key.SessionToken)
	require.Equal(t, h.clock.Now().Add(time.Hour), key.Expires)
	require.Equal(t, s.Principal, key.Principal)
	require.NotEqual(t, s.SessionToken, h.assume(t, queryRole, "keda").SessionToken)

	t.Run("session policies intersect", func(t *testing.T) {
		role, _ := h.Role(queryRole)
		only, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:GetLabels","Resource":"*"}}`))
		require.NoError(t, err)
		s, err := h.NewSession(identity.SessionInput{
			Role: &role, Name: "x", Duration: time.Hour, Policy: only,
			PolicyARNs: []string{"arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"},
		})
		require.NoError(t, err)
		d := h.Authorize(s.Principal, query)
		require.False(t, d.Allowed)
		require.Equal(t, "the session was opened with policies that do not allow aps:QueryMetrics "+
			"(the session policy allows aps:GetLabels; arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess allows aps:RemoteWrite)", d.Reason)
		require.True(t, h.Authorize(s.Principal, identity.Request{Action: "aps:GetLabels", Resource: workspace}).Allowed)
		require.False(t, h.Authorize(s.Principal, write).Allowed, "the role does not allow it")
	})
	t.Run("of a user", func(t *testing.T) {
		s, err := h.NewSession(identity.SessionInput{Principal: h.principal(t, "AKIAIOSFODNN7COLLECT"), Duration: 36 * time.Hour})
		require.NoError(t, err)
		require.Equal(t, collector, s.Principal.ARN)
		require.True(t, h.Authorize(s.Principal, write).Allowed)
	})
	t.Run("refused", func(t *testing.T) {
		role, _ := h.Role(queryRole)
		_, err := h.NewSession(identity.SessionInput{Role: &role})
		require.ErrorContains(t, err, "duration")
		_, err = h.NewSession(identity.SessionInput{Role: &role, Duration: 37 * time.Hour})
		require.ErrorContains(t, err, "duration")
		_, err = h.NewSession(identity.SessionInput{Role: &role, Duration: time.Hour, PolicyARNs: []string{"arn:aws:iam::aws:policy/X"}})
		require.ErrorIs(t, err, identity.ErrUnknown)
		_, err = h.NewSession(identity.SessionInput{Role: &identity.Role{ARN: queryRole + "x"}, Duration: time.Hour})
		require.ErrorIs(t, err, identity.ErrUnknown)
	})
	t.Run("expired by hand", func(t *testing.T) {
		s := h.assume(t, queryRole, "expired")
		require.NoError(t, h.ExpireSession(s.AccessKeyID))
		key, ok := h.LookupKey(s.AccessKeyID)
		require.True(t, ok, "an expired session is known, so that its refusal says so")
		require.Equal(t, h.clock.Now(), key.Expires)
		require.ErrorIs(t, h.ExpireSession("ASIANONE"), identity.ErrUnknown)
	})
	t.Run("forgotten by hand", func(t *testing.T) {
		s := h.assume(t, queryRole, "forgotten")
		require.NoError(t, h.RevokeSession(s.AccessKeyID))
		_, ok := h.LookupKey(s.AccessKeyID)
		require.False(t, ok)
		require.Contains(t, h.WhyUnknown(s.AccessKeyID), "the session was revoked at 2026-05-06T07:08:09Z")
		require.False(t, h.Authorize(s.Principal, query).Allowed, "a request that was under way")
		require.ErrorIs(t, h.RevokeSession(s.AccessKeyID), identity.ErrUnknown)
		require.Contains(t, h.WhyUnknown("ASIANONE"), "no such session")
		require.Empty(t, h.WhyUnknown("AKIANONE"))
	})
	t.Run("revoked as AWS does", func(t *testing.T) {
		h.clock.Advance(time.Second)
		require.NoError(t, h.RevokeSessions(queryRole))
		d := h.Authorize(s.Principal, query)
		require.True(t, d.Explicit)
		require.Equal(t, "AWSRevokeOlderSessions", d.Policy)
		_, ok := h.LookupKey(s.AccessKeyID)
		require.True(t, ok, "its token stays valid")
		require.True(t, h.Authorize(h.assume(t, queryRole, "new").Principal, query).Allowed, "a new session")
		require.NoError(t, h.RegrantSessions(queryRole))
		require.True(t, h.Authorize(s.Principal, query).Allowed)
		require.ErrorIs(t, h.RegrantSessions(queryRole), identity.ErrUnknown)
		require.ErrorIs(t, h.RevokeSessions(collector), identity.ErrUnknown)
	})
	t.Run("swept when long expired", func(t *testing.T) {
		h.clock.Advance(48 * time.Hour)
		for range 1100 {
			h.assume(t, queryRole, "many")
		}
		h.clock.Advance(48 * time.Hour)
		for range 2000 {
			h.assume(t, queryRole, "more")
		}
		require.Less(t, len(h.List().Sessions), 2500)
		_, ok := h.LookupKey(s.AccessKeyID)
		require.False(t, ok)
	})
}

func TestAuthorizeAssume(t *testing.T) {
	h := open(t, `
users:
  - {name: may, accessKeys: [{id: AKIAMAY, secret: x}], policies: [{arn: "arn:aws:iam::aws:policy/AdministratorAccess"}]}
  - {name: not, accessKeys: [{id: AKIANOT, secret: x}]}
roles:
  - name: ofaccount
    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: 123456789012}}}
  - name: ofuser
    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: "arn:aws:iam::123456789012:user/not"}}}
  - name: ofpartner
    trustPolicy:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Action: sts:AssumeRole
        Principal: {AWS: 210987654321}
        Condition: {StringEquals: {"sts:ExternalId": secret-word}}
accounts:
  - id: 210987654321
    users:
      - {name: far, accessKeys: [{id: AKIAFAR, secret: x}], policies: [{arn: "arn:aws:iam::aws:policy/AdministratorAccess"}]}
      - {name: weak, accessKeys: [{id: AKIAWEAK, secret: x}]}
`)
	external := map[string][]string{"sts:ExternalId": {"secret-word"}}
	tests := map[string]struct {
		key, role string
		context   map[string][]string
		reason    string // empty: allowed
	}{
		"account and own policy":          {"AKIAMAY", "ofaccount", nil, ""},
		"account without own policy":      {"AKIANOT", "ofaccount", nil, "user/not has no policy"},
		"named, no own policy needed":     {"AKIANOT", "ofuser", nil, ""},
		"own policy is not enough":        {"AKIAMAY", "ofuser", nil, "the role's trust policy does not allow sts:AssumeRole (it allows it to others: arn:aws:iam::123456789012:user/not)"},
		"other account with the word":     {"AKIAFAR", "ofpartner", external, ""},
		"other account without the word":  {"AKIAFAR", "ofpartner", nil, "only under the condition StringEquals sts:ExternalId"},
		"other account, no own policy":    {"AKIAWEAK", "ofpartner", external, "user/weak has no policy"},
		"another account is not the home": {"AKIAFAR", "ofaccount", nil, "allows it to others: 123456789012"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			role, ok := h.Role("arn:aws:iam::123456789012:role/" + tc.role)
			require.True(t, ok)
			d := h.AuthorizeAssume(h.principal(t, tc.key), role, identity.Request{Context: tc.context})
			require.Equal(t, tc.reason == "", d.Allowed, d.Reason)
			require.Contains(t, d.Reason, tc.reason)
		})
	}
}

func TestDataAction(t *testing.T) {
	tests := map[string][2]string{ // route: of GET, of POST or DELETE
		"remote_write": {"aps:RemoteWrite"}, "query": {"aps:QueryMetrics"}, "query_range": {"aps:QueryMetrics"},
		"series": {"aps:GetSeries"}, "labels": {"aps:GetLabels"}, "label_values": {"aps:GetLabels"},
		"metadata": {"aps:GetMetricMetadata"}, "rules": {"aps:ListRules"}, "alerts": {"aps:ListAlerts"},
		"alertmanager_alerts":    {"aps:ListAlertManagerAlerts", "aps:CreateAlertManagerAlerts"},
		"alertmanager_groups":    {"aps:ListAlertManagerAlertGroups"},
		"alertmanager_receivers": {"aps:ListAlertManagerReceivers"},
		"alertmanager_silences":  {"aps:ListAlertManagerSilences", "aps:PutAlertManagerSilences"},
		"alertmanager_silence":   {"aps:GetAlertManagerSilence"},
		"alertmanager_status":    {"aps:GetAlertManagerStatus"},
	}
	for route, want := range tests {
		got, ok := identity.DataAction(route, http.MethodGet)
		require.True(t, ok)
		require.Equal(t, want[0], got)
		if got, _ = identity.DataAction(route, http.MethodPost); want[1] == "" {
			want[1] = want[0]
		}
		require.Equal(t, want[1], got)
	}
	got, _ := identity.DataAction("alertmanager_silence", http.MethodDelete)
	require.Equal(t, "aps:DeleteAlertManagerSilence", got)
	_, ok := identity.DataAction("CreateWorkspace", http.MethodPost)
	require.False(t, ok)

	require.Equal(t, "User: "+collector+" is not authorized to perform: aps:RemoteWrite on resource: "+workspace,
		identity.AccessDeniedMessage(identity.Principal{ARN: collector}, "aps:RemoteWrite", workspace))
}
