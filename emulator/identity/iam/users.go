package iam

import (
	"context"
	"fmt"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// maxUsers is IAM's quota of users [D IAM quotas].
const maxUsers = 5000

type userAnswer struct {
	Path       string `xml:",omitempty"`
	UserName   string `xml:",omitempty"`
	UserID     string `xml:"UserId"`
	ARN        string `xml:"Arn"`
	CreateDate string `xml:",omitempty"`
	Tags       []tag  `xml:"Tags>member"`
}

func answerUser(u identity.User) userAnswer {
	return userAnswer{u.Path, u.Name, u.ID, u.ARN, awsquery.Timestamp(u.Created), sortedTags(u.Tags)}
}

type oneUser struct{ User userAnswer }

// user finds the user that a call is about, if the caller may do this to it.
func (s *Service) user(c *call, action, name string) (identity.User, error) {
	user, ok := s.store.UserNamed(name)
	on := target{arn: s.arn("user/" + name), shown: "user " + name, tags: user.Tags}
	if ok {
		on.arn = user.ARN
	}
	if err := s.may(c, action, on); err != nil {
		return identity.User{}, err
	}
	if !ok { // [O]
		return identity.User{}, noSuchEntity("The user with name " + name + " cannot be found.")
	}
	return user, nil
}

// userOrSelf is user for the actions that are about the caller if they name nobody [D].
// Of the root the answer has an ARN and an id only.
func (s *Service) userOrSelf(c *call, action, name string) (identity.User, error) {
	switch {
	case name != "":
		return s.user(c, action, name)
	case c.who.Kind == identity.KindUser:
		return s.user(c, action, c.who.UserName)
	case c.who.Kind == identity.KindRoot:
		return identity.User{ARN: c.who.ARN, ID: c.who.UserID}, s.may(c, action, target{arn: c.who.ARN})
	default: // [R]
		return identity.User{}, awsquery.Validation("Must specify userName when calling with non-User credentials")
	}
}

func (s *Service) createUser(_ context.Context, c *call) (any, error) {
	in := identity.UserInput{
		Name: c.Required("UserName", s.rules.newUserName), Path: c.Optional("Path", s.rules.path), Tags: c.tags(),
	}
	if err := c.supported(); err != nil {
		return nil, err
	}
	if in.Path == "" {
		in.Path = "/"
	}
	if err := s.mayTag(c, "CreateUser", "TagUser", in.Tags, target{arn: s.arn("user" + in.Path + in.Name)}); err != nil {
		return nil, err
	}
	if err := checkTags(len(in.Tags), "User"); err != nil {
		return nil, err
	}
	if _, ok := s.store.UserNamed(in.Name); ok { // [O]
		return nil, alreadyExists("User with name " + in.Name + " already exists.")
	}
	if s.store.Users() >= maxUsers { // [O]
		return nil, limitExceeded(fmt.Sprintf("Cannot exceed quota for UsersPerAccount: %d", maxUsers))
	}
	user, err := s.store.CreateUser(in)
	if err != nil {
		return nil, err
	}
	return oneUser{answerUser(user)}, nil
}

func (s *Service) getUser(_ context.Context, c *call) (any, error) {
	name := c.Optional("UserName", s.rules.userName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.userOrSelf(c, "GetUser", name)
	if err != nil {
		return nil, err
	}
	answer := answerUser(user)
	if user.Created.IsZero() {
		answer.CreateDate = "" // the root's is not known
	}
	return oneUser{answer}, nil
}

func (s *Service) deleteUser(_ context.Context, c *call) (any, error) {
	name := c.Required("UserName", s.rules.userName)
	if err := c.Err(); err != nil {
		return nil, err
	}
	user, err := s.user(c, "DeleteUser", name)
	if err != nil {
		return nil, err
	}
	if len(s.store.KeysOf(user.ARN)) > 0 { // [O aws-controllers-k8s/community#2229]
		return nil, deleteConflict("delete access keys")
	}
	if err := s.checkBare(user.ARN); err != nil {
		return nil, err
	}
	return nil, s.store.DeleteUser(user.ARN)
}
