package proof

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// TestOperationsOfTheSDK calls every operation that the SDK's clients have, with all
// members of its input: the emulator knows who signed each, and refuses each when a
// byte of it is changed. What the operations do is tested elsewhere.
func TestOperationsOfTheSDK(t *testing.T) {
	b := newMatrixBench(t)
	for kind, key := range b.keys(t) {
		who := credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.SecretAccessKey, key.SessionToken)
		web := &http.Client{Transport: b.transport}
		once := func() aws.Retryer { return aws.NopRetryer{} }
		control := amp.New(amp.Options{Region: emulator.DefaultRegion, Credentials: who, HTTPClient: web, Retryer: once(),
			BaseEndpoint: aws.String("http://aps." + emulator.DefaultRegion + ".amazonaws.com")})
		tokens := sts.New(sts.Options{Region: emulator.DefaultRegion, Credentials: who, HTTPClient: web, Retryer: once(),
			BaseEndpoint: aws.String("http://sts." + emulator.DefaultRegion + ".amazonaws.com")})
		t.Run("amp with a "+kind, func(t *testing.T) {
			require.GreaterOrEqual(t, b.callAll(t, control, func(string) bool { return true }), 44)
		})
		t.Run("sts with a "+kind, func(t *testing.T) {
			signed := []string{"GetCallerIdentity", "GetSessionToken", "AssumeRole"}
			require.Equal(t, len(signed), b.callAll(t, tokens, func(name string) bool { return slices.Contains(signed, name) }))
		})
	}
	t.Logf("%d changed requests were refused", b.changes)
}

// callAll calls the operations of a client and returns how many there are.
func (b *matrixBench) callAll(t *testing.T, client any, wanted func(name string) bool) int {
	t.Helper()
	calls := 0
	value := reflect.ValueOf(client)
	for n := range value.NumMethod() {
		name, call := value.Type().Method(n).Name, value.Method(n)
		if call.Type().NumIn() != 3 || call.Type().In(1).Kind() != reflect.Pointer || !wanted(name) {
			continue // Options
		}
		input := reflect.New(call.Type().In(1).Elem())
		fill(input.Elem(), 0)
		out := call.Call([]reflect.Value{reflect.ValueOf(t.Context()), input})
		if err, ok := out[1].Interface().(error); ok {
			var answered smithy.APIError
			require.ErrorAs(t, err, &answered, name)
		}
		got := <-b.seen
		require.NotEmpty(t, b.find(t, got.ID).Identity, "%s: status %d", name, got.Status)
		b.changeOne(t, got.Request)
		calls++
	}
	return calls
}

// fill puts something into every member of an input.
func fill(v reflect.Value, depth int) {
	unions := map[reflect.Type]any{
		reflect.TypeFor[types.ScrapeConfiguration](): &types.ScrapeConfigurationMemberConfigurationBlob{Value: []byte("a: b")},
		reflect.TypeFor[types.Source](): &types.SourceMemberEksConfiguration{Value: types.EksConfiguration{
			ClusterArn: aws.String("a"), SubnetIds: []string{"b"}}},
		reflect.TypeFor[types.Destination](): &types.DestinationMemberAmpConfiguration{Value: types.AmpConfiguration{WorkspaceArn: aws.String("a")}},
		reflect.TypeFor[types.AnomalyDetectorConfiguration](): &types.AnomalyDetectorConfigurationMemberRandomCutForest{
			Value: types.RandomCutForestConfiguration{Query: aws.String("up")}},
		reflect.TypeFor[types.ScraperLoggingDestination](): &types.ScraperLoggingDestinationMemberCloudWatchLogs{
			Value: types.CloudWatchLogDestination{LogGroupArn: aws.String("a")}},
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		for n := range v.NumField() {
			if v.Type().Field(n).IsExported() && v.Type().Field(n).Name != "ResultMetadata" && depth < 8 {
				fill(v.Field(n), depth+1)
			}
		}
	case reflect.String:
		v.SetString("a b/ü+" + strings.Repeat("x", depth))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint('y')
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		if union, ok := unions[v.Type()]; ok {
			v.Set(reflect.ValueOf(union))
		}
	}
}
