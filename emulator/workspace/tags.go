package workspace

import (
	"fmt"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// ListTags returns the tags of the resource.
func (r *Registry) ListTags(arn string) (map[string]string, error) {
	id, err := r.parseARN(arn)
	if err != nil {
		return nil, err
	}
	ws, err := r.Describe(id)
	if err != nil {
		return nil, err
	}
	return ws.Tags, nil
}

// Tag adds tags to the resource or gives existing ones another value [D].
func (r *Registry) Tag(arn string, tags map[string]string) error {
	id, err := r.parseARN(arn)
	if err != nil {
		return err
	}
	var c checker
	if tags == nil {
		c.fail("tags", "Member must not be null")
	}
	c.tags(tags)
	if err := c.err(); err != nil {
		return err
	}
	return r.update(func(s *state) error {
		ws, ok := s.Workspaces[id]
		if !ok {
			return notFound(id)
		}
		if ws.Tags == nil {
			ws.Tags = map[string]string{}
		}
		for k, v := range tags {
			ws.Tags[k] = v
		}
		if len(ws.Tags) > maxTags {
			var c checker
			c.fail("tags", fmt.Sprintf("A resource has at most %d tags", maxTags))
			return c.err()
		}
		return nil
	})
}

// Untag removes tags from the resource. A key that is not there is no error
// [I, as other AWS services].
func (r *Registry) Untag(arn string, keys []string) error {
	id, err := r.parseARN(arn)
	if err != nil {
		return err
	}
	var c checker
	if len(keys) == 0 {
		c.fail("tagKeys", "Member must not be null")
	}
	for _, k := range keys {
		c.tagKey("tagKeys", k)
	}
	if err := c.err(); err != nil {
		return err
	}
	return r.update(func(s *state) error {
		ws, ok := s.Workspaces[id]
		if !ok {
			return notFound(id)
		}
		for _, k := range keys {
			delete(ws.Tags, k)
		}
		return nil
	})
}

// parseARN returns the id of the workspace that an ARN names. Of another
// partition, region or account nothing is known here, nor of another kind of
// resource: not found [I].
func (r *Registry) parseARN(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "aps" {
		var c checker
		c.fail("resourceArn", "Member must be an ARN of Amazon Managed Service for Prometheus")
		return "", c.err()
	}
	id, ok := strings.CutPrefix(parts[5], "workspace/")
	if !ok || r.ARN(id) != arn {
		return "", awsapi.NotFound("Resource not found", ResourceType, arn)
	}
	return id, nil
}
