package iam

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// IAM's quotas of roles [D IAM quotas].
const (
	maxRoles       = 1000
	maxTrustPolicy = 2048
)

// The bounds of a role's sessions, in seconds [D].
const (
	leastSession   = 3600
	mostSession    = 43200
	defaultSession = 3600
)

type roleAnswer struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	ARN                      string `xml:"Arn"`
	CreateDate               string
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	Tags                     []tag `xml:"Tags>member"`
}

func answerRole(r identity.Role) roleAnswer {
	return roleAnswer{
		Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: r.ARN, CreateDate: awsquery.Timestamp(r.Created),
		AssumeRolePolicyDocument: encoded(r.TrustPolicy.Document()), Description: r.Description,
		MaxSessionDuration: int(r.MaxSessionDuration / time.Second), Tags: sortedTags(r.Tags),
	}
}

type oneRole struct{ Role roleAnswer }

// role finds the role that a call is about, if the caller may do this to it.
func (s *Service) role(c *call, action, name string) (identity.Role, error) {
	role, ok := s.store.RoleNamed(name)
	on := target{arn: s.arn("role/" + name), shown: "role " + name, tags: role.Tags}
	if ok {
		on.arn = role.ARN
	}
	if err := s.may(c, action, on); err != nil {
		return identity.Role{}, err
	}
	if !ok { // [O]
		return identity.Role{}, noSuchEntity("The role with name " + name + " cannot be found.")
	}
	return role, nil
}

func (s *Service) createRole(_ context.Context, c *call) (any, error) {
	in := identity.RoleInput{
		Name: c.Required("RoleName", s.rules.roleName), Path: c.Optional("Path", s.rules.path),
		Description:        c.Optional("Description", s.rules.description),
		MaxSessionDuration: time.Duration(c.Number("MaxSessionDuration", leastSession, mostSession, defaultSession)) * time.Second,
		Tags:               c.tags(),
	}
	document := c.Required("AssumeRolePolicyDocument", s.rules.document)
	if err := c.supported(); err != nil {
		return nil, err
	}
	if in.Path == "" {
		in.Path = "/"
	}
	err := s.mayTag(c, "CreateRole", "TagRole", in.Tags, target{arn: s.arn("role" + in.Path + in.Name)})
	if err != nil {
		return nil, err
	}
	if err := checkTags(len(in.Tags), "Role"); err != nil {
		return nil, err
	}
	if in.TrustPolicy, err = trustPolicy(document); err != nil {
		return nil, err
	}
	if _, ok := s.store.RoleNamed(in.Name); ok { // [O]
		return nil, alreadyExists("Role with name " + in.Name + " already exists.")
	}
	if len(s.store.Roles()) >= maxRoles { // [O]
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for RolesPerAccount: %d", maxRoles))
	}
	role, err := s.store.CreateRole(in)
	if err != nil {
		return nil, asTrust(err)
	}
	return oneRole{answerRole(role)}, nil
}

// supported is err, and refuses what the emulator does not do rather than to leave it out
// unseen [I].
func (c *call) supported() error {
	if err := c.Err(); err != nil {
		return err
	}
	if c.Values.Has("PermissionsBoundary") {
		return awsquery.Validation("PermissionsBoundary is not supported by this emulator")
	}
	return nil
}

func (s *Service) getRole(_ context.Context, c *call) (any, error) {
	name := c.Required("RoleName", s.rules.roleName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	role, err := s.role(c, "GetRole", name)
	if err != nil {
		return nil, err
	}
	return oneRole{answerRole(role)}, nil
}

// listRoles leaves the tags out, as IAM does [D].
func (s *Service) listRoles(_ context.Context, c *call) (any, error) {
	prefix, page := c.Optional("PathPrefix", s.rules.pathPrefix), c.page()
	if err := c.Err(); err != nil {
		return nil, err
	}
	if prefix == "" {
		prefix = "/"
	}
	if err := s.may(c, "ListRoles", target{arn: s.arn("role" + prefix)}); err != nil {
		return nil, err
	}
	var out struct {
		Roles []roleAnswer `xml:"Roles>member"`
		cut
	}
	var below []identity.Role
	for _, role := range s.store.Roles() {
		if strings.HasPrefix(role.Path, prefix) {
			below = append(below, role)
		}
	}
	below, out.cut = pageOf(page, below, func(r identity.Role) string { return r.Name })
	for _, role := range below {
		role.Tags = nil
		out.Roles = append(out.Roles, answerRole(role))
	}
	return out, nil
}

func (s *Service) updateAssumeRolePolicy(_ context.Context, c *call) (any, error) {
	name, document := c.Required("RoleName", s.rules.roleName), c.Required("PolicyDocument", s.rules.document)
	if err := c.Err(); err != nil {
		return nil, err
	}
	role, err := s.role(c, "UpdateAssumeRolePolicy", name)
	if err != nil {
		return nil, err
	}
	trust, err := trustPolicy(document)
	if err != nil {
		return nil, err
	}
	if err := s.store.SetTrustPolicy(role.ARN, trust); err != nil {
		return nil, asTrust(err)
	}
	return nil, nil
}

func (s *Service) deleteRole(_ context.Context, c *call) (any, error) {
	name := c.Required("RoleName", s.rules.roleName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	role, err := s.role(c, "DeleteRole", name)
	if err != nil {
		return nil, err
	}
	if err := s.checkBare(role.ARN); err != nil {
		return nil, err
	}
	return nil, s.store.DeleteRole(role.ARN)
}

func (s *Service) tagRole(_ context.Context, c *call) (any, error) {
	name, tags := c.Required("RoleName", s.rules.roleName), c.tags()
	if err := c.Err(); err != nil {
		return nil, err
	}
	c.requestTags(tags)
	role, err := s.role(c, "TagRole", name)
	if err != nil {
		return nil, err
	}
	n := len(tags)
	for key := range role.Tags {
		if !hasTag(tags, key) {
			n++
		}
	}
	if err := checkTags(n, "Role"); err != nil {
		return nil, err
	}
	return nil, s.store.TagRole(role.ARN, tags)
}

func (s *Service) untagRole(_ context.Context, c *call) (any, error) {
	name, keys := c.Required("RoleName", s.rules.roleName), c.Texts("TagKeys", s.rules.tagKey)
	if err := c.Err(); err != nil {
		return nil, err
	}
	c.context["aws:TagKeys"] = keys
	role, err := s.role(c, "UntagRole", name)
	if err != nil {
		return nil, err
	}
	return nil, s.store.UntagRole(role.ARN, keys)
}

func (s *Service) listRoleTags(_ context.Context, c *call) (any, error) {
	name, page := c.Required("RoleName", s.rules.roleName), c.page()
	if err := c.Err(); err != nil {
		return nil, err
	}
	role, err := s.role(c, "ListRoleTags", name)
	if err != nil {
		return nil, err
	}
	var out struct {
		Tags []tag `xml:"Tags>member"`
		cut
	}
	out.Tags, out.cut = pageOf(page, sortedTags(role.Tags), func(t tag) string { return t.Key })
	return out, nil
}
