package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func TestConditions(t *testing.T) {
	present := map[string][]string{
		"aws:SourceIp":       {"10.1.2.3"},
		"aws:TagKeys":        {"team", "cost"},
		"aws:RequestTag/x":   {"Blue*"},
		"aws:SourceArn":      {"arn:aws:aps:us-east-1:123456789012:workspace/ws-1"},
		"aws:MultiFactorAge": {"300"},
		"aws:Via":            {"true"},
		"aws:Empty":          {},
	}
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	tests := map[string]struct {
		condition string
		want      bool
	}{
		"StringEquals":                        {`"StringEquals":{"aws:RequestTag/x":"Blue*"}`, true},
		"StringEquals, case":                  {`"StringEquals":{"aws:RequestTag/x":"blue*"}`, false},
		"StringEquals has no wildcards":       {`"StringEquals":{"aws:RequestTag/x":"B*"}`, false},
		"StringEquals, one of":                {`"StringEquals":{"aws:RequestTag/x":["a","Blue*"]}`, true},
		"StringEquals, missing":               {`"StringEquals":{"aws:None":"a"}`, false},
		"StringEquals, empty":                 {`"StringEquals":{"aws:Empty":"a"}`, false},
		"StringEqualsIfExists, missing":       {`"StringEqualsIfExists":{"aws:None":"a"}`, true},
		"StringEqualsIfExists, other":         {`"StringEqualsIfExists":{"aws:RequestTag/x":"a"}`, false},
		"StringNotEquals":                     {`"StringNotEquals":{"aws:RequestTag/x":"a"}`, true},
		"StringNotEquals, one of":             {`"StringNotEquals":{"aws:RequestTag/x":["a","Blue*"]}`, false},
		"StringNotEquals, missing":            {`"StringNotEquals":{"aws:None":"a"}`, true},
		"StringEqualsIgnoreCase":              {`"StringEqualsIgnoreCase":{"aws:RequestTag/x":"bLUE*"}`, true},
		"StringNotEqualsIgnoreCase":           {`"StringNotEqualsIgnoreCase":{"aws:RequestTag/x":"bLUE*"}`, false},
		"StringLike":                          {`"StringLike":{"aws:RequestTag/x":"B?u*"}`, true},
		"StringLike, literal star":            {`"StringLike":{"aws:RequestTag/x":"Blue${*}"}`, true},
		"StringLike crosses colons":           {`"StringLike":{"aws:SourceArn":"arn*ws-1"}`, true},
		"StringNotLike":                       {`"StringNotLike":{"aws:RequestTag/x":"B*"}`, false},
		"key's case":                          {`"StringEquals":{"AWS:requesttag/X":"Blue*"}`, true},
		"ArnLike":                             {`"ArnLike":{"aws:SourceArn":"arn:aws:aps:*:123456789012:workspace/*"}`, true},
		"ArnLike keeps to its parts":          {`"ArnLike":{"aws:SourceArn":"arn:aws:aps:*:workspace/*"}`, false},
		"ArnEquals has wildcards too":         {`"ArnEquals":{"aws:SourceArn":"arn:*:aps:*:*:*/ws-1"}`, true},
		"ArnNotLike":                          {`"ArnNotLike":{"aws:SourceArn":"arn:aws:aps:*:*:workspace/ws-2"}`, true},
		"ArnNotEquals, missing":               {`"ArnNotEquals":{"aws:None":"arn:aws:aps:*:*:workspace/ws-2"}`, true},
		"ArnLike of no ARN":                   {`"ArnLike":{"aws:Via":"*"}`, false},
		"Bool":                                {`"Bool":{"aws:Via":"True"}`, true},
		"Bool without quotes":                 {`"Bool":{"aws:Via":true}`, true},
		"Bool, other":                         {`"Bool":{"aws:Via":false}`, false},
		"Bool, missing":                       {`"Bool":{"aws:None":"false"}`, false},
		"BoolIfExists, missing":               {`"BoolIfExists":{"aws:None":"false"}`, true},
		"Null, there":                         {`"Null":{"aws:Via":"false"}`, true},
		"Null, there but wanted missing":      {`"Null":{"aws:Via":"true"}`, false},
		"Null, missing":                       {`"Null":{"aws:None":"true"}`, true},
		"IpAddress, range":                    {`"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}`, true},
		"IpAddress, address":                  {`"IpAddress":{"aws:SourceIp":"10.1.2.4"}`, false},
		"IpAddress, v6":                       {`"IpAddress":{"aws:SourceIp":"2001:db8::/32"}`, false},
		"NotIpAddress":                        {`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`, false},
		"NotIpAddress, missing":               {`"NotIpAddress":{"aws:None":"10.0.0.0/8"}`, true},
		"NumericEquals":                       {`"NumericEquals":{"aws:MultiFactorAge":300}`, true},
		"NumericNotEquals":                    {`"NumericNotEquals":{"aws:MultiFactorAge":"300.0"}`, false},
		"NumericLessThan":                     {`"NumericLessThan":{"aws:MultiFactorAge":"300"}`, false},
		"NumericLessThanEquals":               {`"NumericLessThanEquals":{"aws:MultiFactorAge":"300"}`, true},
		"NumericGreaterThan":                  {`"NumericGreaterThan":{"aws:MultiFactorAge":"299"}`, true},
		"NumericGreaterThanEquals":            {`"NumericGreaterThanEquals":{"aws:MultiFactorAge":"301"}`, false},
		"Numeric of a text":                   {`"NumericEquals":{"aws:Via":"1"}`, false},
		"DateLessThan":                        {`"DateLessThan":{"aws:CurrentTime":"2026-05-06T07:08:10Z"}`, true},
		"DateLessThan, same":                  {`"DateLessThan":{"aws:CurrentTime":"2026-05-06T07:08:09Z"}`, false},
		"DateGreaterThan, day":                {`"DateGreaterThan":{"aws:CurrentTime":"2026-05-06"}`, true},
		"DateGreaterThanEquals, zone":         {`"DateGreaterThanEquals":{"aws:CurrentTime":"2026-05-06T09:08:09+02:00"}`, true},
		"DateEquals, epoch":                   {`"DateEquals":{"aws:CurrentTime":"1778051289"}`, true},
		"DateNotEquals, missing":              {`"DateNotEquals":{"aws:None":"2026-05-06"}`, true},
		"DateLessThan, no token":              {`"DateLessThan":{"aws:TokenIssueTime":"2030-01-01T00:00:00Z"}`, false},
		"NumericLessThan, epoch":              {`"NumericLessThan":{"aws:EpochTime":"1778051290"}`, true},
		"ForAllValues":                        {`"ForAllValues:StringEquals":{"aws:TagKeys":["team","cost","x"]}`, true},
		"ForAllValues, one other":             {`"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}`, false},
		"ForAllValues, missing":               {`"ForAllValues:StringEquals":{"aws:None":["team"]}`, true},
		"ForAllValues:StringNotEquals":        {`"ForAllValues:StringNotEquals":{"aws:TagKeys":["x","y"]}`, true},
		"ForAllValues:StringNotEquals, one":   {`"ForAllValues:StringNotEquals":{"aws:TagKeys":["team"]}`, false},
		"ForAnyValue":                         {`"ForAnyValue:StringLike":{"aws:TagKeys":["te*"]}`, true},
		"ForAnyValue, none":                   {`"ForAnyValue:StringEquals":{"aws:TagKeys":["x"]}`, false},
		"ForAnyValue, missing":                {`"ForAnyValue:StringEquals":{"aws:None":["x"]}`, false},
		"ForAnyValueIfExists, missing":        {`"ForAnyValue:StringEqualsIfExists":{"aws:None":["x"]}`, false},
		"ForAnyValue:StringNotEquals":         {`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["team"]}`, true},
		"ForAnyValue:StringNotEquals, all":    {`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["team","cost"]}`, false},
		"ForAnyValue:StringNotEquals, absent": {`"ForAnyValue:StringNotEquals":{"aws:None":["team"]}`, false},
		"several values of one key":           {`"StringEquals":{"aws:TagKeys":"cost"}`, true},
		"no value may be it":                  {`"StringNotEquals":{"aws:TagKeys":"cost"}`, false},
		"principal's account":                 {`"StringEquals":{"aws:PrincipalAccount":"123456789012"}`, true},
		"principal's type":                    {`"StringEquals":{"aws:PrincipalType":"User"}`, true},
		"principal's tag":                     {`"StringEquals":{"aws:PrincipalTag/Team":"blue"}`, true},
		"principal's other tag":               {`"StringEquals":{"aws:PrincipalTag/other":"blue"}`, false},
		"resource's account":                  {`"StringEquals":{"aws:ResourceAccount":"123456789012"}`, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := identity.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":
				{"Effect":"Allow","Action":"*","Resource":"*","Condition":{` + tc.condition + `}}}`))
			require.NoError(t, err)
			v := p.Evaluate(identity.Request{Action: "aps:RemoteWrite", Resource: workspace, Context: present, Time: at}, user())
			require.Equal(t, tc.want, v.Effect == identity.Allow)
		})
	}
}
