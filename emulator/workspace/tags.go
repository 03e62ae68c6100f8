package workspace

import (
	"fmt"
	"maps"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// listTags returns the tags of a workspace, a rule groups namespace, a scraper
// or an anomaly detector.
func (r *Registry) listTags(q request) (any, error) {
	t, err := r.tagged(q.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	err = t.edit(r.state.Load().clone(), r, func(have map[string]string) (map[string]string, error) {
		maps.Copy(tags, have)
		return have, nil
	})
	if err != nil {
		return nil, err
	}
	return struct {
		Tags map[string]string `json:"tags"`
	}{tags}, nil
}

// Tags returns the tags of the resource that an ARN names; nil if there is none.
func (r *Registry) Tags(arn string) map[string]string {
	t, err := r.tagged(arn)
	if err != nil {
		return nil
	}
	s := r.state.Load()
	if t.kind == ResourceType {
		if ws, ok := s.Workspaces[t.key]; ok {
			return maps.Clone(ws.Tags)
		}
		return nil
	}
	if l := s.shelves()[t.kind].get(t.key); l != nil {
		return maps.Clone(l.Tags)
	}
	return nil
}

// tag adds tags to the resource or gives existing ones another value [D].
func (r *Registry) tag(q request) (any, error) {
	t, err := r.tagged(q.ResourceARN)
	if err != nil {
		return nil, err
	}
	var in struct {
		Tags map[string]string `json:"tags"`
	}
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.present("tags", in.Tags != nil)
	c.tags(in.Tags)
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.retag(t, func(have map[string]string) (map[string]string, error) {
		maps.Copy(have, in.Tags)
		if len(have) > maxTags {
			var c checker
			c.fail("tags", fmt.Sprintf("A resource has at most %d tags", maxTags))
			return nil, c.err()
		}
		return have, nil
	})
}

// untag removes tags from the resource. A key that is not there is no error
// [I, as other AWS services].
func (r *Registry) untag(q request) (any, error) {
	t, err := r.tagged(q.ResourceARN)
	if err != nil {
		return nil, err
	}
	keys := q.query["tagKeys"]
	var c checker
	c.present("tagKeys", len(keys) > 0)
	for _, k := range keys {
		c.tagKey("tagKeys", k)
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return r.retag(t, func(have map[string]string) (map[string]string, error) {
		for _, k := range keys {
			delete(have, k)
		}
		return have, nil
	})
}

// tagged is a resource that has tags.
type tagged struct {
	arn  string
	kind kind
	key  string // for its shelf, or the id of a workspace
}

// retag makes a durable change of tags. Resources may be tagged in every state
// [I: the operations declare no ConflictException].
func (r *Registry) retag(t tagged, change func(map[string]string) (map[string]string, error)) (any, error) {
	err := r.update(func(s *state) error { return t.edit(s, r, change) })
	return struct{}{}, err
}

// edit gives change the resource's tags, a map of its own, and stores what it
// returns.
func (t tagged) edit(s *state, r *Registry, change func(map[string]string) (map[string]string, error)) error {
	var have map[string]string
	var store func(map[string]string)
	if t.kind == ResourceType {
		ws, ok := s.Workspaces[t.key]
		if ok {
			_, ok = r.view(ws, r.cfg.Now())
		}
		if !ok {
			return notFound(t.key)
		}
		have, store = ws.Tags, func(m map[string]string) { ws.Tags = m }
	} else {
		sh := s.shelves()[t.kind]
		l, ok := sh.get(t.key), false
		if l != nil {
			_, ok = l.Phase.at(r.cfg.Now(), r.pace())
		}
		if !ok {
			return awsapi.NotFound(t.kind.noun()+" not found", string(t.kind), t.arn)
		}
		have = maps.Clone(l.Tags)
		store = func(m map[string]string) { sh.edit(t.key, func(l *life) { l.Tags = m }) }
	}
	if have == nil {
		have = map[string]string{}
	}
	have, err := change(have)
	if err == nil {
		store(have)
	}
	return err
}

// tagged returns what an ARN names. Of another partition, region or account
// nothing is known here, nor of a kind without tags: not found [I].
func (r *Registry) tagged(arn string) (tagged, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "aps" {
		var c checker
		c.fail("resourceArn", "Member must be an ARN of Amazon Managed Service for Prometheus")
		return tagged{}, c.err()
	}
	kinds := map[string]kind{
		"workspace": ResourceType, "rulegroupsnamespace": kindRules,
		"scraper": kindScraper, "anomalydetector": kindDetector,
	}
	name, key, _ := strings.Cut(parts[5], "/")
	k, ok := kinds[name]
	if !ok || key == "" || r.arn(parts[5]) != arn {
		return tagged{}, awsapi.NotFound("Resource not found", ResourceType, arn)
	}
	return tagged{arn: arn, kind: k, key: key}, nil
}
