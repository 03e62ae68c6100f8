package iam

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// maxKeys is how many access keys a user may have [D IAM quotas].
const maxKeys = 2

type keyAnswer struct {
	UserName        string `xml:",omitempty"`
	AccessKeyID     string `xml:"AccessKeyId"`
	Status          string
	SecretAccessKey string `xml:",omitempty"`
	CreateDate      string
}

func answerKey(user string, k identity.KeyInfo) keyAnswer {
	return keyAnswer{UserName: user, AccessKeyID: k.AccessKeyID, Status: string(k.Status), CreateDate: awsquery.Timestamp(k.Created)}
}

func (s *Service) createAccessKey(_ context.Context, c *call) (any, error) {
	name := c.Optional("UserName", s.rules.userName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.userOrSelf(c, "CreateAccessKey", name)
	if err != nil {
		return nil, err
	}
	if len(s.store.KeysOf(user.ARN)) >= maxKeys { // [O flexera-public/policy_templates#121]
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys))
	}
	created, err := s.store.CreateKey(user.ARN)
	if err != nil {
		return nil, err
	}
	key, err := s.key(user, created.AccessKeyID)
	if err != nil {
		return nil, err
	}
	answer := answerKey(user.Name, key)
	answer.SecretAccessKey = created.SecretAccessKey
	return struct{ AccessKey keyAnswer }{answer}, nil
}

// key finds an access key of a user.
func (s *Service) key(user identity.User, id string) (identity.KeyInfo, error) {
	for _, k := range s.store.KeysOf(user.ARN) {
		if k.AccessKeyID == id {
			return k, nil
		}
	}
	return identity.KeyInfo{}, noSuchEntity("The Access Key with id " + id + " cannot be found.") // [O]
}

func (s *Service) updateAccessKey(_ context.Context, c *call) (any, error) {
	name, id, status := c.Optional("UserName", s.rules.userName), c.Required("AccessKeyId", s.rules.keyID), c.Required("Status", awsquery.Constraint{})
	if known := identity.KeyStatus(status); c.Values.Has("Status") && known != identity.KeyActive && known != identity.KeyInactive {
		c.Fail("Value '"+status+"'", "status", "Member must satisfy enum value set: [Active, Inactive]")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.userOrSelf(c, "UpdateAccessKey", name)
	if err != nil {
		return nil, err
	}
	if _, err := s.key(user, id); err != nil {
		return nil, err
	}
	return nil, s.store.SetKeyStatus(id, identity.KeyStatus(status))
}

func (s *Service) deleteAccessKey(_ context.Context, c *call) (any, error) {
	name, id := c.Optional("UserName", s.rules.userName), c.Required("AccessKeyId", s.rules.keyID)
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.userOrSelf(c, "DeleteAccessKey", name)
	if err != nil {
		return nil, err
	}
	if _, err := s.key(user, id); err != nil {
		return nil, err
	}
	return nil, s.store.DeleteKey(id)
}

func (s *Service) listAccessKeys(_ context.Context, c *call) (any, error) {
	name, page := c.Optional("UserName", s.rules.userName), c.page()
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.userOrSelf(c, "ListAccessKeys", name)
	if err != nil {
		return nil, err
	}
	var out struct {
		UserName string      `xml:",omitempty"`
		Keys     []keyAnswer `xml:"AccessKeyMetadata>member"`
		cut
	}
	out.UserName = user.Name
	for _, k := range s.store.KeysOf(user.ARN) {
		out.Keys = append(out.Keys, answerKey(user.Name, k))
	}
	slices.SortFunc(out.Keys, func(a, b keyAnswer) int { return strings.Compare(a.AccessKeyID, b.AccessKeyID) })
	out.Keys, out.cut = pageOf(page, out.Keys, func(k keyAnswer) string { return k.AccessKeyID })
	return out, nil
}
