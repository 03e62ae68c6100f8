package account

import (
	"context"
	"errors"
)

// Leftover is something that a run has made and that is there.
type Leftover struct {
	// Name says what it is.
	Name   string
	remove func(ctx context.Context) error
}

// Leftovers lists what runs have made in the account and region, whichever they were and whether they go on: only what carries our
// tag and our name. What could be listed is returned with an error too.
func (a *Account) Leftovers(ctx context.Context) ([]Leftover, error) {
	var list []Leftover
	workspaces, err := a.Workspaces(ctx)
	errs := []error{err}
	for _, w := range workspaces {
		list = append(list, Leftover{"workspace " + w.ID + " (" + w.Alias + ")", func(ctx context.Context) error { return a.DeleteWorkspace(ctx, w) }})
	}
	roles, err := a.Roles(ctx)
	errs = append(errs, err)
	for _, r := range roles {
		list = append(list, Leftover{"role " + r.Name, func(ctx context.Context) error { return a.DeleteRole(ctx, r) }})
	}
	providers, err := a.Providers(ctx)
	errs = append(errs, err)
	for _, p := range providers {
		list = append(list, Leftover{"OpenID Connect provider " + p.ARN, func(ctx context.Context) error { return a.DeleteProvider(ctx, p) }})
	}
	return list, errors.Join(errs...)
}

// Cleanup removes the leftovers, and returns what it was.
func (a *Account) Cleanup(ctx context.Context) ([]string, error) {
	list, err := a.Leftovers(ctx)
	errs := []error{err}
	var removed []string
	for _, l := range list {
		if err := l.remove(ctx); err != nil {
			errs = append(errs, err)
			continue
		}
		removed = append(removed, l.Name)
	}
	return removed, errors.Join(errs...)
}
