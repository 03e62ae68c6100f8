package check

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a file of Kubernetes objects: one or more YAML documents.
type File struct {
	// Name is what findings call it.
	Name string
	// Content is all of it.
	Content []byte
}

// object is a Kubernetes object in a file.
type object struct {
	node
	file            string
	kind            string
	namespace, name string
}

func (o object) String() string {
	if o.namespace == "" {
		return o.name
	}
	return o.namespace + "/" + o.name
}

// near reports whether both may live in one namespace: a file that names none leaves it to whoever applies it.
func (o object) near(other object) bool {
	return o.namespace == other.namespace || o.namespace == "" || other.namespace == ""
}

// set is what the files hold.
type set struct {
	scaled  []*scaledObject
	auths   []object
	secrets []object
}

// read takes the objects of all files apart. What is no YAML is a finding.
func read(files []File, found *notes) set {
	var s set
	for _, f := range files {
		decoder := yaml.NewDecoder(bytes.NewReader(f.Content))
		for {
			var document yaml.Node
			err := decoder.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				found.add("not-yaml", place{file: f.Name, line: errorLine(err)}, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
				break
			}
			for _, root := range document.Content {
				s.take(f.Name, resolved(root))
			}
		}
	}
	for _, so := range s.scaled {
		so.readTriggers(s)
	}
	return s
}

// take adds an object, or the objects of a List.
func (s *set) take(file string, n node) {
	o := object{
		node: n, file: file, kind: n.at("kind").text(),
		namespace: n.at("metadata", "namespace").text(), name: n.at("metadata", "name").text(),
	}
	group, _, _ := strings.Cut(n.at("apiVersion").text(), "/")
	switch {
	case o.kind == "List":
		for _, item := range n.at("items").items() {
			if item.at("kind").text() != "List" { // there are no lists of lists, and an alias could make one endless
				s.take(file, item)
			}
		}
	case o.kind == "ScaledObject" && group == "keda.sh":
		s.scaled = append(s.scaled, &scaledObject{object: o, spec: n.at("spec")})
	case (o.kind == "TriggerAuthentication" || o.kind == "ClusterTriggerAuthentication") && group == "keda.sh":
		s.auths = append(s.auths, o)
	case o.kind == "Secret":
		s.secrets = append(s.secrets, o)
	}
}

// errorLine finds the line that an error of the YAML parser names.
func errorLine(err error) int {
	if m := regexp.MustCompile(`line (\d+)`).FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits
		return line
	}
	return 0
}
