package iam

import (
	"encoding/base64"
)

// page is which part of a list is asked for.
type page struct {
	after string // what the part before ended with
	most  int
}

// cut is how the part of a list that was not the last says so.
type cut struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// page reads the parameters that lists have in common [D].
func (c *call) page() page {
	p := page{most: c.Number("MaxItems", 1, 1000, 100)}
	if marker := c.Optional("Marker", c.rules.marker); marker != "" {
		after, err := base64.RawURLEncoding.DecodeString(marker)
		if err != nil {
			c.Fail("Value '"+marker+"'", "marker", "Member must be one that a list returned") // [I]
		}
		p.after = string(after)
	}
	return p
}

// pageOf takes the part of a list, which is sorted by what name returns, that is asked
// for. What is added or deleted meanwhile shifts nothing.
func pageOf[T any](p page, list []T, name func(T) string) ([]T, cut) {
	for len(list) > 0 && name(list[0]) <= p.after {
		list = list[1:]
	}
	if len(list) <= p.most {
		return list, cut{}
	}
	list = list[:p.most]
	return list, cut{IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(name(list[p.most-1])))}
}
