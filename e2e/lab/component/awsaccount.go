package component

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
)

// AWSAccount is what the chain needs of an AWS account: a workspace, the trust in the cluster's service accounts, and two roles.
type AWSAccount struct {
	Account *account.Account
	// Run is the name of the run, which all that is made carries; Issuer the URL of who issues the cluster's tokens.
	Run, Issuer string
	// Logf prints what was made.
	Logf func(format string, args ...any)

	workspace account.Workspace
	provider  account.Provider
	roles     map[string]account.Role // by their names in the manifests
	amp       *AMP
}

// Subjects are the service accounts that need a role, by the role's name in the manifests.
func Subjects() map[string][]string {
	return map[string][]string{
		WriteRole: {"system:serviceaccount:ho11y:adot-collector"},
		QueryRole: {"system:serviceaccount:keda:keda-operator", "system:serviceaccount:keda:keda-sigv4"},
	}
}

// AMP is the workspace. It is there when the component is ready.
func (a *AWSAccount) AMP() *AMP { return a.amp }

// Roles are the ARNs of the roles, by their names in the manifests.
func (a *AWSAccount) Roles() map[string]string {
	arns := map[string]string{}
	for name, role := range a.roles {
		arns[name] = role.ARN
	}
	return arns
}

// Name implements lab.Component.
func (a *AWSAccount) Name() string { return "AWS account" }

// Install implements lab.Component. Whatever was begun is noted before it can fail, for Remove.
func (a *AWSAccount) Install(ctx context.Context) error {
	var err error
	a.workspace.Run = a.Run
	if a.workspace, err = a.Account.CreateWorkspace(ctx, a.Run); err != nil {
		return err
	}
	a.Logf("workspace %s (%s)", a.workspace.ID, a.workspace.Alias)
	if a.provider, err = a.Account.EnsureProvider(ctx, a.Issuer, a.Run); err != nil {
		return err
	}
	how := "there already"
	if a.provider.Made {
		how = "made for the run"
	}
	a.Logf("OpenID Connect provider %s (%s)", a.provider.ARN, how)
	a.roles = map[string]account.Role{}
	for _, r := range []struct{ name, use, policy string }{
		{WriteRole, "write", account.WritePolicy},
		{QueryRole, "query", account.QueryPolicy},
	} {
		role, err := a.Account.CreateRole(ctx, a.Run, a.provider, account.RoleSpec{Use: r.use, Policy: r.policy, Subjects: Subjects()[r.name]})
		a.roles[r.name] = role
		if err != nil {
			return err
		}
		a.Logf("role %s", role.ARN)
	}
	return nil
}

// workspaceTimeout is how long a workspace may take to become ACTIVE: the SDK's waiter waits for two minutes [D].
const workspaceTimeout = 2 * time.Minute

// Ready implements lab.Component.
func (a *AWSAccount) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, workspaceTimeout)
	defer cancel()
	w, err := a.Account.AwaitWorkspace(ctx, a.workspace)
	if err != nil {
		return &fatal{err}
	}
	a.workspace = w
	a.amp = NewAWSAMP(a.Account.Region, w.ID, w.Endpoint)
	return nil
}

// Remove implements lab.Component. Roles have names of their own, so that also one is removed whose creation was not answered; a
// workspace of that kind is found by its tag.
func (a *AWSAccount) Remove(ctx context.Context) error {
	var errs []error
	workspaces := []account.Workspace{a.workspace}
	if a.workspace.ID == "" {
		list, err := a.Account.Workspaces(ctx)
		errs = append(errs, err)
		workspaces = nil
		for _, w := range list {
			if w.Run == a.Run {
				workspaces = append(workspaces, w)
			}
		}
	}
	for _, w := range workspaces {
		errs = append(errs, a.Account.DeleteWorkspace(ctx, w))
	}
	for _, role := range a.roles {
		errs = append(errs, a.Account.DeleteRole(ctx, role))
	}
	if a.provider.Made {
		errs = append(errs, a.Account.DeleteProvider(ctx, a.provider))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%w (E2E_CLEANUP=1 removes what is left)", err)
	}
	a.Logf("the workspace and the roles of run %s are removed", a.Run)
	return nil
}
