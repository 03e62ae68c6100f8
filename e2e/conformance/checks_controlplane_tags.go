package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

func tagChecks() []Check {
	return []Check{
		mustModel("tags.add", "TagResource adds tags and leaves the others; ListTagsForResource and DescribeWorkspace show all.",
			"SDK, TagResource [D]", func(_ context.Context, t *T) {
				ws, want := t.taggable("a", "b c")
				want["a"], want["b c"] = "1", ""
				t.Do(PostJSON(TagsPath(ws.ARN()), `{"tags":{"a":"1","b c":""}}`)).ExpectStatus(http.StatusOK)
				ws.expectTags(want)
				ws.Control(Get("")).ExpectJSON("workspace.tags", want)
			}),
		mustModel("tags.replace", "TagResource with a key that is there gives the tag another value.",
			"SDK, TagResource [D]", func(_ context.Context, t *T) {
				ws, want := t.taggable("a")
				t.Do(PostJSON(TagsPath(ws.ARN()), `{"tags":{"a":"1"}}`)).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, "a", "1"))
				t.Do(PostJSON(TagsPath(ws.ARN()), `{"tags":{"a":"2"}}`)).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, "a", "2"))
			}),
		mustModel("tags.remove", "UntagResource takes the named tags away and leaves the others.",
			"SDK, UntagResource [D]", func(_ context.Context, t *T) {
				ws, want := t.taggable("a", "b", "c")
				t.Do(PostJSON(TagsPath(ws.ARN()), `{"tags":{"a":"1","b":"2","c":"3"}}`)).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, "a", "1", "b", "2", "c", "3"))
				t.Do(Delete(TagsPath(ws.ARN()) + "?tagKeys=a&tagKeys=c")).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, "b", "2"))
			}),
		shouldModel("tags.remove-missing", "UntagResource of a key that is not there is no error.",
			"AWS's usual tags [I]", func(_ context.Context, t *T) {
				ws, want := t.taggable()
				t.Do(Delete(TagsPath(ws.ARN()) + "?tagKeys=nobody-has-this")).ExpectStatus(http.StatusOK)
				ws.expectTags(want)
			}),
		mustModel("tags.alphabet", "Keys and values of tags may have letters of all scripts, digits, blanks and _.:/=+-@.",
			"API model, TagKey and TagValue [D]", func(_ context.Context, t *T) {
				const key = "é Ж9_.:/=+-@"
				ws, want := t.taggable(key)
				t.Do(PostJSON(TagsPath(ws.ARN()), text(map[string]any{"tags": map[string]string{key: key}}))).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, key, key))
			}),
		mustModel("tags.longest", "A key of 128 and a value of 256 characters are taken.",
			"API model, TagKey and TagValue [D]", func(_ context.Context, t *T) {
				key, value := strings.Repeat("k", 128), strings.Repeat("v", 256)
				ws, want := t.taggable(key)
				t.Do(PostJSON(TagsPath(ws.ARN()), text(map[string]any{"tags": map[string]string{key: value}}))).ExpectStatus(http.StatusOK)
				ws.expectTags(with(want, key, value))
			}),
		shouldModel("tags.plain-arn", "The ARN in the path of the tag operations may have slashes and colons that are not encoded.",
			"moto's routes [O]", func(_ context.Context, t *T) {
				t.Do(Get("/tags/"+t.Workspace().ARN())).ExpectStatus(http.StatusOK).ExpectJSON("tags", t.run.tags())
			}),
		mustModel("tags.unknown-workspace", "ListTagsForResource of a workspace that is not there is a 404 ResourceNotFoundException.",
			"API model [D]", func(_ context.Context, t *T) {
				t.Do(Get(TagsPath(t.Workspace().WithID(noWorkspace).ARN()))).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			}),
		slow(mustModel("tags.rule-namespace", "A rule groups namespace is created with tags, which Describe and ListTagsForResource show, and is tagged by its ARN.",
			"SDK, TagResource [D]", tagsNamespace)),
		slow(mustModel("tags.at-most-50", "A resource is created with 50 tags, and not with 51.",
			"API model, TagMap [D]", createsWithManyTags)),
		slow(shouldModel("tags.at-most-50-in-all", "TagResource of a resource with 50 tags is refused with 400 and leaves them.",
			"AWS's usual tags [I]", func(_ context.Context, t *T) {
				ws, name, tags := t.BorrowWorkspace(), t.Name("full"), manyTags(50)
				ws.createNamespace(name, tags).RequireStatus(http.StatusAccepted)
				arn := ws.namespaceActive(name).Text("ruleGroupsNamespace.arn")
				t.Do(PostJSON(TagsPath(arn), `{"tags":{"one-more":""}}`)).ExpectException(http.StatusBadRequest, "ValidationException")
				t.Do(Get(TagsPath(arn))).ExpectJSON("tags", tags)
			})),
	}
}

func manyTags(n int) map[string]string {
	tags := make(map[string]string, n)
	for i := range n {
		tags[fmt.Sprintf("key-%02d", i)] = "v"
	}
	return tags
}

func createsWithManyTags(_ context.Context, t *T) {
	ws, name := t.BorrowWorkspace(), t.Name("tagged")
	ws.createNamespace(t.Name("over"), manyTags(51)).ExpectException(http.StatusBadRequest, "ValidationException")
	ws.createNamespace(name, manyTags(50)).RequireStatus(http.StatusAccepted)
	ws.namespaceActive(name).ExpectJSON("ruleGroupsNamespace.tags", manyTags(50))
}

func tagsNamespace(_ context.Context, t *T) {
	ws, name := t.BorrowWorkspace(), t.Name("tagged")
	made := ws.createNamespace(name, map[string]string{"a": "1"}).RequireStatus(http.StatusAccepted)
	made.ExpectJSON("tags", map[string]string{"a": "1"})
	ws.namespaceActive(name).ExpectJSON("ruleGroupsNamespace.tags", map[string]string{"a": "1"})
	arn := made.Text("arn")
	t.Do(PostJSON(TagsPath(arn), `{"tags":{"b":"2"}}`)).ExpectStatus(http.StatusOK)
	t.Do(Delete(TagsPath(arn) + "?tagKeys=a")).ExpectStatus(http.StatusOK)
	t.Eventually("the namespace's tags are seen", func() error {
		t.Do(Get(TagsPath(arn))).ExpectStatus(http.StatusOK).ExpectJSON("tags", map[string]string{"b": "2"})
		return nil
	})
}

// taggable borrows a workspace from which keys are removed after the check, and
// returns its tags.
func (t *T) taggable(keys ...string) (*Workspace, map[string]string) {
	ws := t.BorrowWorkspace()
	if len(keys) > 0 {
		q := url.Values{"tagKeys": keys}
		t.Cleanup(func(ctx context.Context) error { return t.untag(ctx, TagsPath(ws.ARN())+"?"+q.Encode()) })
	}
	return ws, t.run.tags()
}

func (t *T) untag(ctx context.Context, path string) error {
	if a := t.doWith(ctx, Delete(path)); a.Status != http.StatusOK {
		return fmt.Errorf("remove tags: %s", a)
	}
	return nil
}

func (w *Workspace) expectTags(want map[string]string) {
	w.t.Eventually("the tags are seen", func() error {
		w.t.Do(Get(TagsPath(w.arn))).ExpectStatus(http.StatusOK).ExpectJSON("tags", want)
		return nil
	})
}

// with returns tags with more of them, in pairs.
func with(tags map[string]string, pairs ...string) map[string]string {
	all := make(map[string]string, len(tags)+len(pairs)/2)
	for k, v := range tags {
		all[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}
