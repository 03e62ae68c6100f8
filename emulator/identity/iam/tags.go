package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxTags is how many tags a role, user or provider may have [D IAM quotas].
const maxTags = 50

type tag struct {
	Key   string
	Value string
}

// tags reads the tags of a request.
func (c *call) tags() map[string]string {
	tags := map[string]string{}
	for i, one := range c.List("Tags", "Key", "Value") {
		at := fmt.Sprintf("tags.%d.member.", i+1)
		c.Check(at+"key", one[0], c.rules.tagKey)
		c.Check(at+"value", one[1], c.rules.tagValue)
		switch {
		case strings.HasPrefix(strings.ToLower(one[0]), "aws:"): // [O]
			c.refuseTags("aws: prefixed tag key names are not allowed for external use.")
		case hasTag(tags, one[0]): // [O]
			c.refuseTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags[one[0]] = one[1]
	}
	return tags
}

func (c *call) refuseTags(message string) {
	c.Say(invalidInput(message))
}

func hasTag(tags map[string]string, key string) bool {
	for have := range tags {
		if strings.EqualFold(have, key) {
			return true
		}
	}
	return false
}

// checkTags refuses more tags than there may be.
func checkTags(n int, per string) error {
	if n > maxTags {
		return limitExceeded(fmt.Sprintf("Cannot exceed quota for TagsPer%s: %d", per, maxTags)) // words as of other quotas [I]
	}
	return nil
}

// sortedTags are tags as answers have them.
func sortedTags(tags map[string]string) []tag {
	list := make([]tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{key, tags[key]})
	}
	return list
}
