package main

import (
	"io"
	"text/template"

	"github.com/ampersand-amp/ampersand/emulator"
)

// bannerTemplate is what the program prints when it is ready. The snippets can
// be pasted as they are. The command names everything by what every version of the
// CLI reads: one that does not know AWS_ENDPOINT_URL would call AWS itself
// [M CLI 2.9.19], and a session token of the shell would be refused.
const bannerTemplate = `Ampersand {{.Version}} is ready: {{.URL}}

  region      {{.Region}}
  account     {{.Account}}
  access key  {{.AccessKey}}
  secret key  {{.SecretKey}}
  data        {{.Data}}
  auth        {{.Auth}}
  console     {{.URL}}/_ampersand/
  health      {{.URL}}/-/ready   metrics  {{.URL}}/metrics   requests  {{.URL}}/_ampersand/api/requests

Workspaces
{{- range .Workspaces}}
  {{.ID}}{{with .Alias}}  {{.}}{{end}}
{{- else}}
  none yet; make one with
    AWS_ACCESS_KEY_ID={{.AccessKey}} AWS_SECRET_ACCESS_KEY={{.SecretKey}} AWS_SESSION_TOKEN= \
      aws --endpoint-url {{.URL}} --region {{.Region}} amp create-workspace --alias demo
  or start with --workspace {{.Example.ID}}=demo
{{- end}}

Prometheus, write into it:

remote_write:
  - url: {{.Example.RemoteWriteURL}}
    sigv4:
      region: {{.Region}}
      access_key: {{.AccessKey}}
      secret_key: {{.SecretKey}}

KEDA, scale on it (the operator signs with the credentials in the Secret amp):

apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: amp
spec:
  secretTargetRef:
    - {parameter: awsAccessKeyID, name: amp, key: AWS_ACCESS_KEY_ID}
    - {parameter: awsSecretAccessKey, name: amp, key: AWS_SECRET_ACCESS_KEY}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: demo
spec:
  scaleTargetRef:
    name: demo
  minReplicaCount: 1
  maxReplicaCount: 10
  triggers:
    - type: prometheus
      metadata:
        serverAddress: {{.Example.QueryURL}}
        query: sum(rate(http_requests_total[1m]))
        threshold: "1"
        awsRegion: {{.Region}}
      authenticationRef:
        name: amp

`

// exampleWorkspace stands in the snippets as long as there is no workspace.
const exampleWorkspace = "ws-00000000-0000-4000-8000-000000000001"

type bannerData struct {
	Version, URL, Region, Account, AccessKey, SecretKey, Data, Auth string

	Workspaces []emulator.Workspace
	Example    emulator.Workspace
}

// writeBanner prints where the emulator is and how to use it.
func writeBanner(w io.Writer, srv *emulator.Server, cfg emulator.Config) error {
	data := bannerData{
		Version: cfg.Version, URL: srv.URL(), Region: cfg.Region, Account: cfg.AccountID,
		AccessKey: cfg.AccessKeyID, SecretKey: cfg.SecretAccessKey, Data: cfg.DataDir, Auth: string(cfg.Auth),
		Workspaces: srv.Workspaces(),
	}
	if cfg.SecretAccessKey != emulator.DefaultSecretAccessKey {
		// One that somebody chose may be a real one and is not for a log.
		data.SecretKey = "$AWS_SECRET_ACCESS_KEY"
	}
	if data.Data == "" {
		data.Data = "temporary, removed at exit"
	}
	base := srv.URL() + "/workspaces/" + exampleWorkspace
	data.Example = emulator.Workspace{ID: exampleWorkspace, QueryURL: base, RemoteWriteURL: base + "/api/v1/remote_write"}
	if len(data.Workspaces) > 0 {
		data.Example = data.Workspaces[0]
	}
	t, err := template.New("banner").Parse(bannerTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}
