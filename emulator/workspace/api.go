package workspace

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Input is the request behind a Call, freed of its transport.
type Input struct {
	// RawQuery is the query string on the wire.
	RawQuery string
	// Body is the whole body; empty is the same as {}.
	Body []byte
	// BaseURL is how the caller reaches the emulator, without a slash at its
	// end. The endpoint of a workspace is below it.
	BaseURL string
}

// Output is an answer. A nil Body is an empty one.
type Output struct {
	Status int
	Body   any
}

// Do carries out the call. The error is an *awsapi.Error in the dialect of the
// control plane.
func (r *Registry) Do(call Call, in Input) (Output, error) {
	query, err := url.ParseQuery(in.RawQuery)
	if err != nil {
		return Output{}, awsapi.Validation(awsapi.ReasonCannotParse, "The query string cannot be parsed.")
	}
	switch call.Operation {
	case CreateWorkspace:
		return r.doCreate(in)
	case DescribeWorkspace:
		return r.doDescribe(call.WorkspaceID, in)
	case ListWorkspaces:
		return r.doList(query)
	case UpdateWorkspaceAlias:
		var body UpdateAliasInput
		if err := decode(in.Body, &body); err != nil {
			return Output{}, err
		}
		// 204 where the other mutations answer 202 [D].
		return Output{Status: http.StatusNoContent}, r.UpdateAlias(call.WorkspaceID, body)
	case DeleteWorkspace:
		return Output{Status: http.StatusAccepted}, r.Delete(call.WorkspaceID, optional(query, "clientToken"))
	case TagResource:
		var body struct {
			Tags map[string]string `json:"tags"`
		}
		if err := decode(in.Body, &body); err != nil {
			return Output{}, err
		}
		return Output{Status: http.StatusOK, Body: struct{}{}}, r.Tag(call.ResourceARN, body.Tags)
	case UntagResource:
		return Output{Status: http.StatusOK, Body: struct{}{}}, r.Untag(call.ResourceARN, query["tagKeys"])
	case ListTagsForResource:
		return r.doListTags(call.ResourceARN)
	default:
		return Output{}, awsapi.MissingAuthenticationToken()
	}
}

func (r *Registry) doCreate(in Input) (Output, error) {
	var body CreateInput
	if err := decode(in.Body, &body); err != nil {
		return Output{}, err
	}
	ws, err := r.Create(body)
	if err != nil {
		return Output{}, err
	}
	return Output{Status: http.StatusAccepted, Body: createOutput{
		WorkspaceID: ws.ID, ARN: r.ARN(ws.ID), Status: statusShape{ws.Status}, Tags: ws.Tags, KMSKeyARN: ws.KMSKeyARN,
	}}, nil
}

func (r *Registry) doDescribe(id string, in Input) (Output, error) {
	ws, err := r.Describe(id)
	if err != nil {
		return Output{}, err
	}
	shape := r.shape(ws)
	// With a slash at its end: users append api/v1/... to it [O, moto].
	shape.Endpoint = in.BaseURL + "/workspaces/" + ws.ID + "/"
	return Output{Status: http.StatusOK, Body: describeOutput{shape}}, nil
}

func (r *Registry) doList(query url.Values) (Output, error) {
	in := ListInput{Alias: optional(query, "alias"), NextToken: optional(query, "nextToken")}
	if s := optional(query, "maxResults"); s != nil {
		n, err := strconv.Atoi(*s)
		if err != nil {
			return Output{}, awsapi.Validation(awsapi.ReasonCannotParse, "maxResults is not a number.",
				awsapi.Field{Name: "maxResults", Message: "Member must be a number"})
		}
		in.MaxResults = &n
	}
	page, err := r.List(in)
	if err != nil {
		return Output{}, err
	}
	out := listOutput{Workspaces: make([]workspaceShape, 0, len(page.Workspaces)), NextToken: page.NextToken}
	for _, ws := range page.Workspaces {
		out.Workspaces = append(out.Workspaces, r.shape(ws))
	}
	return Output{Status: http.StatusOK, Body: out}, nil
}

func (r *Registry) doListTags(arn string) (Output, error) {
	tags, err := r.ListTags(arn)
	if err != nil {
		return Output{}, err
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return Output{Status: http.StatusOK, Body: tagsOutput{tags}}, nil
}

// decode reads a JSON body. Members that the model does not have are passed
// over, as AWS does [I].
func decode(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return awsapi.Validation(awsapi.ReasonCannotParse, "The request body cannot be parsed: "+err.Error())
	}
	return nil
}

// optional returns the query parameter, or nil if it is absent.
func optional(query url.Values, name string) *string {
	if !query.Has(name) {
		return nil
	}
	v := query.Get(name)
	return &v
}

// The wire shapes [D botocore model].

type statusShape struct {
	StatusCode Status `json:"statusCode"`
}

type createOutput struct {
	WorkspaceID string            `json:"workspaceId"`
	ARN         string            `json:"arn"`
	Status      statusShape       `json:"status"`
	Tags        map[string]string `json:"tags,omitempty"`
	KMSKeyARN   string            `json:"kmsKeyArn,omitempty"`
}

type workspaceShape struct {
	WorkspaceID string            `json:"workspaceId"`
	Alias       string            `json:"alias,omitempty"`
	ARN         string            `json:"arn"`
	Status      statusShape       `json:"status"`
	Endpoint    string            `json:"prometheusEndpoint,omitempty"` // not in lists [D]
	CreatedAt   epochSeconds      `json:"createdAt"`
	Tags        map[string]string `json:"tags,omitempty"`
	KMSKeyARN   string            `json:"kmsKeyArn,omitempty"`
}

type describeOutput struct {
	Workspace workspaceShape `json:"workspace"`
}

type listOutput struct {
	Workspaces []workspaceShape `json:"workspaces"`
	NextToken  string           `json:"nextToken,omitempty"`
}

type tagsOutput struct {
	Tags map[string]string `json:"tags"`
}

func (r *Registry) shape(ws *Workspace) workspaceShape {
	return workspaceShape{
		WorkspaceID: ws.ID, Alias: ws.Alias, ARN: r.ARN(ws.ID), Status: statusShape{ws.Status},
		CreatedAt: epochSeconds(ws.CreatedAt), Tags: ws.Tags, KMSKeyARN: ws.KMSKeyARN,
	}
}

// epochSeconds is a time as the protocol writes it: a number of seconds with
// milliseconds behind the point [M].
type epochSeconds time.Time

// MarshalJSON implements json.Marshaler.
func (t epochSeconds) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}
