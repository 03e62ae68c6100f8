package workspace

import (
	"github.com/google/uuid"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// policy is a workspace's resource policy, which lets other accounts use it.
type policy struct {
	Document *blob  `json:"document"`
	Revision string `json:"revision"`
}

// noPolicy is the revision that a caller names who expects no policy [D].
const noPolicy = "NO_POLICY"

func (r *Registry) policies(s *state) place[policy] { return at(r, kindPolicy, s.Policies) }

// putPolicy makes or replaces the policy [D].
func (r *Registry) putPolicy(q request) (any, error) {
	var in struct {
		Document    *string `json:"policyDocument"`
		Revision    *string `json:"revisionId"`
		ClientToken *string `json:"clientToken"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	if c.present("policyDocument", in.Document != nil) {
		c.policy(*in.Document, r.cfg.CheckPolicy)
	}
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	body := policy{Document: newBlob([]byte(*in.Document)), Revision: uuid.NewString()}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := r.policies(s)
		if err := checkRevision(p, q.WorkspaceID, in.Revision); err != nil {
			return answer{}, err
		}
		var i *item[policy]
		if p.has(q.WorkspaceID, "") {
			old, err := p.settled(q.WorkspaceID, "")
			if err != nil {
				return answer{}, err
			}
			i = p.update(old, body, nil)
		} else {
			var err error
			if i, err = p.create(q.WorkspaceID, "", nil, body, nil); err != nil {
				return answer{}, err
			}
		}
		a := q.started(kindPolicy, i.life)
		a.body = struct {
			Status   Status `json:"policyStatus"`
			Revision string `json:"revisionId"`
		}{i.Phase.Via, body.Revision}
		return a, nil
	})
}

// checkRevision holds the caller's revision, if it named one, against what is
// there [D; ConflictException I].
func checkRevision(p place[policy], workspaceID string, want *string) error {
	if want == nil {
		return nil
	}
	have := noPolicy
	if i, err := p.find(workspaceID, ""); err == nil {
		have = i.Body.Revision
	}
	if *want != have {
		return awsapi.Conflict("The revisionId is not that of the current policy.", string(kindPolicy), workspaceID)
	}
	return nil
}

func (r *Registry) describePolicy(q request) (any, error) {
	p, i, err := findOne(r, q, r.policies)
	if err != nil {
		return nil, err
	}
	return struct {
		Document string `json:"policyDocument"`
		Status   Status `json:"policyStatus"`
		Revision string `json:"revisionId"`
	}{string(i.Body.Document.bytes()), p.status(i).Code, i.Body.Revision}, nil
}

func (r *Registry) deletePolicy(q request) (any, error) {
	return r.remove(q, func(s *state) error {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return err
		}
		p := r.policies(s)
		if _, err := p.settled(q.WorkspaceID, ""); err != nil {
			return err
		}
		if err := checkRevision(p, q.WorkspaceID, q.optional("revisionId")); err != nil {
			return err
		}
		return p.remove(q.WorkspaceID, "")
	})
}

// policy says what is wrong with a policy document, as IAM would of any policy on a
// resource [D IAM grammar; that AMP looks I].
func (c *checker) policy(document string, check func([]byte) error) {
	if err := check([]byte(document)); err != nil {
		c.fail("policyDocument", "Member must be a policy document: "+err.Error())
	}
}
