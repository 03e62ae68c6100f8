package workspace_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

const pace = 5 * time.Second

// slow is a fixture whose resources take their time, with a workspace in it.
func slow(t *testing.T) (*fixture, *amp.Client, *string) {
	t.Helper()
	f := start(t, func(c *workspace.Config) { c.CreateTime, c.DeleteTime = pace, 2*pace })
	made, err := f.client().CreateWorkspace(t.Context(), nil)
	require.NoError(t, err)
	f.clock.Advance(pace)
	return f, f.client(), made.WorkspaceId
}

func TestLifeOfANamespace(t *testing.T) {
	f, c, ws := slow(t)
	ctx, name := t.Context(), aws.String("rules")
	describe := func() *types.RuleGroupsNamespaceDescription {
		out, err := c.DescribeRuleGroupsNamespace(ctx, &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name})
		require.NoError(t, err)
		return out.RuleGroupsNamespace
	}
	put := func(data string) error {
		_, err := c.PutRuleGroupsNamespace(ctx, &amp.PutRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name, Data: []byte(data)})
		return err
	}
	create := func(data string) error {
		_, err := c.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name, Data: []byte(data)})
		return err
	}
	remove := func() error {
		_, err := c.DeleteRuleGroupsNamespace(ctx, &amp.DeleteRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name})
		return err
	}
	requireConflict := func(calls ...func() error) {
		t.Helper()
		for _, call := range calls {
			var conflict *types.ConflictException
			require.ErrorAs(t, call(), &conflict)
			require.Equal(t, "rules", *conflict.ResourceId)
			require.Equal(t, "AWS::APS::RuleGroupNamespace", *conflict.ResourceType)
		}
	}
	again := func() error { return create("rules: 1") }
	update := func() error { return put("rules: 1") }

	require.ErrorAs(t, put("rules: 1"), new(*types.ResourceNotFoundException), "Put does not create")
	require.ErrorAs(t, create("bad"), new(*types.ValidationException))

	require.NoError(t, create("broken"))
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeCreating, describe().Status.StatusCode)
	requireConflict(again, update, remove)
	f.clock.Advance(pace)
	got := describe()
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeCreationFailed, got.Status.StatusCode)
	require.Equal(t, "group a: no rules", *got.Status.StatusReason)
	require.Empty(t, mustInForce(t, f, *ws).Rules)
	requireConflict(again)

	require.NoError(t, put("rules: 3"))
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeUpdating, describe().Status.StatusCode)
	requireConflict(again, update, remove)
	f.clock.Advance(pace)
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeActive, describe().Status.StatusCode)
	require.Nil(t, describe().Status.StatusReason)
	require.Equal(t, "rules: 3", string(mustInForce(t, f, *ws).Rules["rules"]))

	require.NoError(t, put("broken"))
	f.clock.Advance(pace)
	got = describe()
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeUpdateFailed, got.Status.StatusCode)
	require.Equal(t, "broken", string(got.Data), "what was given last is shown")
	require.Equal(t, "rules: 3", string(mustInForce(t, f, *ws).Rules["rules"]), "what was good stays in force")
	require.True(t, got.ModifiedAt.After(*got.CreatedAt))
	f.open(t)
	require.Equal(t, got, describe())
	require.Equal(t, "rules: 3", string(mustInForce(t, f, *ws).Rules["rules"]))

	require.NoError(t, remove())
	require.Equal(t, types.RuleGroupsNamespaceStatusCodeDeleting, describe().Status.StatusCode)
	require.Empty(t, mustInForce(t, f, *ws).Rules)
	requireConflict(again, update, remove)
	f.clock.Advance(2 * pace)
	require.ErrorAs(t, remove(), new(*types.ResourceNotFoundException))
	require.NoError(t, create("rules: 1"))
	require.Equal(t, *describe().CreatedAt, *describe().ModifiedAt)
}

func TestLifeOfAnAlertManagerDefinition(t *testing.T) {
	f, c, ws := slow(t)
	ctx := t.Context()
	status := func() types.AlertManagerDefinitionStatusCode {
		out, err := c.DescribeAlertManagerDefinition(ctx, &amp.DescribeAlertManagerDefinitionInput{WorkspaceId: ws})
		require.NoError(t, err)
		return out.AlertManagerDefinition.Status.StatusCode
	}
	create := func(data string) error {
		_, err := c.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: ws, Data: []byte(data)})
		return err
	}
	put := func(data string) error {
		_, err := c.PutAlertManagerDefinition(ctx, &amp.PutAlertManagerDefinitionInput{WorkspaceId: ws, Data: []byte(data)})
		return err
	}
	require.ErrorAs(t, put("one"), new(*types.ResourceNotFoundException))
	require.ErrorAs(t, create("bad"), new(*types.ValidationException))
	require.NoError(t, create("one"))
	require.Equal(t, types.AlertManagerDefinitionStatusCodeCreating, status())
	require.ErrorAs(t, put("two"), new(*types.ConflictException))
	f.clock.Advance(pace)
	require.Equal(t, types.AlertManagerDefinitionStatusCodeActive, status())
	require.ErrorAs(t, create("two"), new(*types.ConflictException))
	require.NoError(t, put("broken"))
	f.clock.Advance(pace)
	require.Equal(t, types.AlertManagerDefinitionStatusCodeUpdateFailed, status())
	require.Equal(t, "one", string(mustInForce(t, f, *ws).AlertManager))
	require.NoError(t, put("two"))
	f.clock.Advance(pace)
	require.Equal(t, "two", string(mustInForce(t, f, *ws).AlertManager))

	// With its workspace everything below goes.
	_, err := c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: ws})
	require.NoError(t, err)
	require.Equal(t, types.AlertManagerDefinitionStatusCodeDeleting, status())
	_, ok := f.InForce(*ws)
	require.False(t, ok)
}

func TestQuotasOfDefinitions(t *testing.T) {
	q := quota.New()
	q.Put(quota.Rules, 10)
	q.Put(quota.RuleNamespaceSize, 100)
	q.Put(quota.AlertManagerSize, 100)
	q.Put(quota.LabelSetLimits, 1)
	f := start(t, func(c *workspace.Config) { c.Quotas = q })
	v, c, ctx := newTour(t), f.client(), t.Context()
	v.play(t, c, "CreateAlertManagerDefinition") // 2 rules
	ws, large := &v.ws, bytes.Repeat([]byte("#"), 101)
	create := func(name, data string) error {
		_, err := c.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: ws, Name: &name, Data: []byte(data)})
		return err
	}
	sets := []types.LimitsPerLabelSet{
		{LabelSet: map[string]string{"a": "b"}, Limits: &types.LimitsPerLabelSetEntry{MaxSeries: aws.Int64(1)}},
		{LabelSet: map[string]string{}, Limits: &types.LimitsPerLabelSetEntry{MaxSeries: aws.Int64(0)}},
	}
	_, tooManySets := c.UpdateWorkspaceConfiguration(ctx, &amp.UpdateWorkspaceConfigurationInput{WorkspaceId: ws, LimitsPerLabelSet: sets})
	_, largeAlertManager := c.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: ws, Data: large})
	_, largeRules := c.PutRuleGroupsNamespace(ctx, &amp.PutRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String(namespace), Data: large})
	before := f.file(t)
	for code, err := range map[string]error{
		"L-3D15CDB4": create("more", "rules: 9"), "L-C62641E3": largeRules, "L-3316EF76": largeAlertManager, "L-2C2449DB": tooManySets,
	} {
		var exceeded *types.ServiceQuotaExceededException
		require.ErrorAs(t, err, &exceeded, code)
		require.Equal(t, "aps", *exceeded.ServiceCode)
		require.Equal(t, code, *exceeded.QuotaCode)
		require.NotEmpty(t, *exceeded.ResourceId)
	}
	require.True(t, before == f.file(t))
	require.NoError(t, create("more", "rules: 8"))
	_, err := c.DeleteRuleGroupsNamespace(ctx, &amp.DeleteRuleGroupsNamespaceInput{WorkspaceId: ws, Name: aws.String("more")})
	require.NoError(t, err)
	require.NoError(t, create("third", "rules: 8"), "what is being deleted does not count")
}

// TestOnChange has several clients change one workspace: OnChange is never told
// twice at once, and its last reading is what is in force in the end.
func TestOnChange(t *testing.T) {
	var f *fixture
	var mu sync.Mutex
	told := map[string]int{}
	last := map[string]workspace.InForce{}
	inside := map[string]bool{}
	f = start(t, func(c *workspace.Config) {
		c.OnChange = func(id string) {
			mu.Lock()
			if inside[id] {
				t.Errorf("told of %s twice at once", id)
			}
			inside[id] = true
			told[id]++
			mu.Unlock()
			got, ok := f.InForce(id)
			mu.Lock()
			defer mu.Unlock()
			inside[id] = false
			if last[id] = got; !ok {
				delete(last, id)
			}
		}
	})
	c, ctx := f.client(), t.Context()
	made, err := c.CreateWorkspace(ctx, nil)
	require.NoError(t, err)
	ws := made.WorkspaceId
	require.Equal(t, 1, told[*ws])
	_, err = c.CreateLoggingConfiguration(ctx, &amp.CreateLoggingConfigurationInput{WorkspaceId: ws, LogGroupArn: aws.String(logGroup)})
	require.NoError(t, err)
	require.Equal(t, 1, told[*ws], "nothing else is in force")
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			name := aws.String(fmt.Sprint("ns", n))
			_, err := c.CreateRuleGroupsNamespace(ctx, &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name, Data: []byte("rules: 0")})
			if err != nil {
				t.Error(err)
			}
			for i := range 10 {
				_, err := c.PutRuleGroupsNamespace(ctx, &amp.PutRuleGroupsNamespaceInput{WorkspaceId: ws, Name: name, Data: fmt.Appendf(nil, "rules: %d", i)})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, mustInForce(t, f, *ws), last[*ws])
	require.Len(t, last[*ws].Rules, 4)
	_, err = c.DeleteWorkspace(ctx, &amp.DeleteWorkspaceInput{WorkspaceId: ws})
	require.NoError(t, err)
	require.NotContains(t, last, *ws)
}

// BenchmarkChangeBesideLargeDefinitions changes an alias beside 25 workspaces
// with a definition of 1 MiB each, and puts such a definition.
func BenchmarkChangeBesideLargeDefinitions(b *testing.B) {
	f := start(b, nil)
	c, ctx := f.client(), b.Context()
	var ids []string
	content := func(i int) []byte { return append(bytes.Repeat([]byte("#"), 1<<20-20), fmt.Sprint(i)...) }
	for i := range 25 {
		made, err := c.CreateWorkspace(ctx, nil)
		require.NoError(b, err)
		ids = append(ids, *made.WorkspaceId)
		_, err = c.CreateAlertManagerDefinition(ctx, &amp.CreateAlertManagerDefinitionInput{WorkspaceId: made.WorkspaceId, Data: content(i)})
		require.NoError(b, err)
	}
	b.Run("alias", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, err := c.UpdateWorkspaceAlias(ctx, &amp.UpdateWorkspaceAliasInput{WorkspaceId: &ids[0], Alias: aws.String(fmt.Sprint(n))})
			require.NoError(b, err)
		}
	})
	b.Run("definition", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, err := c.PutAlertManagerDefinition(ctx, &amp.PutAlertManagerDefinitionInput{WorkspaceId: &ids[0], Data: content(1000 + n)})
			require.NoError(b, err)
		}
	})
}
