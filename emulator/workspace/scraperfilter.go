package workspace

import (
	"maps"
	"slices"
)

// Constraints of the filters of ListScrapers [D].
const (
	maxFilters      = 4
	maxFilterValues = 20
	maxFilterLen    = 256
)

// scraperFilters are the filters of ListScrapers by their keys. Values of one
// key are alternatives, keys have to pass all [D].
type scraperFilters map[string][]string

// scraperFilters reads the filters: every query parameter that is not one of
// the list's own [D botocore: a map in the query].
func (c *checker) scraperFilters(q request) scraperFilters {
	f := scraperFilters(maps.Clone(q.query))
	delete(f, "maxResults")
	delete(f, "nextToken")
	if len(f) > maxFilters {
		c.fail("filters", "Member must have length less than or equal to 4")
	}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		switch key {
		case "status", "sourceArn", "destinationArn", "alias":
		default:
			// A key that is not supported [D list of keys; refusal I].
			c.fail("filters", "Keys must be of status, sourceArn, destinationArn, alias")
			continue
		}
		if len(f[key]) > maxFilterValues {
			c.fail("filters."+key, "Member must have length less than or equal to 20")
		}
		for _, v := range f[key] {
			c.length("filters."+key, v, 1, maxFilterLen)
		}
	}
	return f
}

func (f scraperFilters) pass(p place[scraper], i *item[scraper]) bool {
	for key, values := range f {
		var have string
		switch key {
		case "status":
			have = string(p.status(i).Code)
		case "sourceArn":
			have = i.Body.Source.arn()
		case "destinationArn":
			have = i.Body.Destination.arn()
		case "alias":
			have = i.Body.Alias
		}
		if !slices.Contains(values, have) {
			return false
		}
	}
	return true
}
