// Package manifest renders kustomizations and applies what they yield. Which objects there are is said in
// fixtures/manifests; what differs from run to run is given as Options.
package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Options are laid over a kustomization when it is rendered.
type Options struct {
	// Components are folders of kustomize components that are applied after the kustomization itself.
	Components []string
	// Namespace moves every namespaced object there.
	Namespace string
	// ConfigMaps sets keys of config maps that the kustomization generates: name, then key, then value.
	ConfigMaps map[string]map[string]string
	// Secrets does the same for generated secrets.
	Secrets map[string]map[string]string
	// Images are the images to use by the names that the manifests have them under, without a tag. A value is NAME:TAG or
	// NAME@DIGEST or both.
	Images map[string]string
	// Namespaces says where each generated config map or secret of that name lives.
	Namespaces map[string]string
	// Labels are given to every object, not to the pods that it makes.
	Labels map[string]string
}

// Render builds the kustomization in dir, with options laid over it, and returns its objects.
func Render(dir string, o Options) ([]*unstructured.Unstructured, error) {
	overlay, err := os.MkdirTemp("", "ampersand-overlay-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the overlay: %w", err)
	}
	defer func() { _ = os.RemoveAll(overlay) }()
	// Where it really is: kustomize resolves links, and paths relative to a link would lead elsewhere.
	if overlay, err = filepath.EvalSymlinks(overlay); err != nil {
		return nil, fmt.Errorf("find the overlay's folder: %w", err)
	}
	if overlay, err = filepath.Abs(overlay); err != nil {
		return nil, fmt.Errorf("find the overlay's folder: %w", err)
	}
	kustomization := types.Kustomization{Namespace: o.Namespace}
	if kustomization.Resources, err = relative(overlay, dir); err != nil {
		return nil, err
	}
	if kustomization.Components, err = relative(overlay, o.Components...); err != nil {
		return nil, err
	}
	for name, data := range o.ConfigMaps {
		kustomization.ConfigMapGenerator = append(kustomization.ConfigMapGenerator,
			types.ConfigMapArgs{GeneratorArgs: merge(name, o.Namespaces[name], data)})
	}
	for name, data := range o.Secrets {
		kustomization.SecretGenerator = append(kustomization.SecretGenerator,
			types.SecretArgs{GeneratorArgs: merge(name, o.Namespaces[name], data)})
	}
	for name, reference := range o.Images {
		kustomization.Images = append(kustomization.Images, image(name, reference))
	}
	if len(o.Labels) > 0 {
		kustomization.Labels = []types.Label{{Pairs: o.Labels}}
	}
	text, err := yaml.Marshal(kustomization)
	if err != nil {
		return nil, fmt.Errorf("write the overlay: %w", err)
	}
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), text, 0o600); err != nil {
		return nil, fmt.Errorf("write the overlay: %w", err)
	}
	return build(overlay)
}

// image says that one image takes the place of another.
func image(name, reference string) types.Image {
	i := types.Image{Name: name, NewName: reference}
	if repository, digest, found := strings.Cut(reference, "@"); found {
		i.NewName, i.Digest = repository, digest
	}
	// The last colon begins the tag, unless it is that of a port.
	if colon := strings.LastIndex(i.NewName, ":"); colon > strings.LastIndex(i.NewName, "/") {
		i.NewName, i.NewTag = i.NewName[:colon], i.NewName[colon+1:]
	}
	if i.Digest != "" {
		i.NewTag = "" // kustomize takes one of them, and the digest says all
	}
	return i
}

// relative returns paths as seen from base: kustomize takes no others.
func relative(base string, paths ...string) ([]string, error) {
	list := make([]string, len(paths))
	for i, path := range paths {
		absolute, err := filepath.Abs(path)
		if err == nil {
			list[i], err = filepath.Rel(base, absolute)
		}
		if err != nil {
			return nil, fmt.Errorf("find %s from %s: %w", path, base, err)
		}
	}
	return list, nil
}

func merge(name, namespace string, data map[string]string) types.GeneratorArgs {
	literals := make([]string, 0, len(data))
	for key, value := range data {
		literals = append(literals, key+"="+value)
	}
	return types.GeneratorArgs{
		Name: name, Namespace: namespace, Behavior: "merge",
		KvPairSources: types.KvPairSources{LiteralSources: literals},
	}
}

// kustomizing is held while kustomize works: it keeps Kubernetes' schema in variables of its packages, which it fills at
// the first use without a lock, and features render at once.
var kustomizing sync.Mutex

func build(dir string) ([]*unstructured.Unstructured, error) {
	kustomizing.Lock()
	defer kustomizing.Unlock()
	options := krusty.MakeDefaultOptions()
	// Overlays refer to folders beside them and to the module cache.
	options.LoadRestrictions = types.LoadRestrictionsNone
	result, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("build the kustomization: %w", err)
	}
	objects := make([]*unstructured.Unstructured, 0, result.Size())
	for _, resource := range result.Resources() {
		// By way of JSON: kustomize's own numbers are of a type that an unstructured object cannot be copied with.
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", resource.CurId(), err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("read %s: %w", resource.CurId(), err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}
