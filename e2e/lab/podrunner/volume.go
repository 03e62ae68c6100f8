package podrunner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ampersand-amp/ampersand/e2e/lab/token"
)

// folders maps the paths at which volumes are mounted to the folders that stand for them.
type folders map[string]string

// inText replaces mounted paths wherever they are in an argument.
func (f folders) inText(text string) string {
	var pairs []string
	for mounted, dir := range f {
		pairs = append(pairs, mounted, dir)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// path replaces the beginning of what is a mounted path or one below it. Anything else, a URL that holds the same letters
// for example, stays.
func (f folders) path(text string) string {
	for mounted, dir := range f {
		if rest, found := strings.CutPrefix(text, mounted); found && (rest == "" || rest[0] == '/') {
			return dir + rest
		}
	}
	return text
}

// volumes makes the container's mounted volumes below the pod's folder. Tokens are renewed until ctx ends.
func (r *Runner) volumes(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (folders, error) {
	made := folders{}
	for _, mount := range container.VolumeMounts {
		dir := filepath.Join(r.config.Dir, string(pod.UID), mount.Name)
		i := slices.IndexFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })
		if i < 0 {
			return nil, fmt.Errorf("volume %s: the pod has none of that name", mount.Name)
		}
		if mount.SubPath != "" || mount.SubPathExpr != "" {
			return nil, fmt.Errorf("volume %s: a part of a volume cannot be mounted here, only all of it", mount.Name)
		}
		var err error
		switch volume := pod.Spec.Volumes[i]; {
		case volume.Projected != nil:
			if own(volume.Projected) {
				continue
			}
			err = r.mountTokens(ctx, pod, volume.Projected, dir)
		case volume.ConfigMap != nil:
			err = r.mountConfigMap(ctx, pod, volume.ConfigMap, dir)
		default:
			err = errors.New("only config maps and tokens are mounted here")
		}
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", mount.Name, err)
		}
		made[mount.MountPath] = dir
	}
	return made, nil
}

// own tells whether a projected volume is the one that the API server adds to a pod: the token for itself, which the process
// finds in its kubeconfig.
func own(volume *corev1.ProjectedVolumeSource) bool {
	return !slices.ContainsFunc(volume.Sources, func(s corev1.VolumeProjection) bool {
		return s.ServiceAccountToken != nil && s.ServiceAccountToken.Audience != ""
	})
}

func (r *Runner) mountTokens(ctx context.Context, pod *corev1.Pod, volume *corev1.ProjectedVolumeSource, dir string) error {
	if slices.ContainsFunc(volume.Sources, func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken == nil }) {
		return errors.New("of what can be projected only tokens are mounted here")
	}
	for _, source := range volume.Sources {
		wanted := source.ServiceAccountToken
		seconds := int64(3600) // Kubernetes' default
		if wanted.ExpirationSeconds != nil {
			seconds = *wanted.ExpirationSeconds
		}
		file, err := token.Write(ctx, r.config.Client, filepath.Join(dir, wanted.Path), token.Request{
			Namespace: pod.Namespace, ServiceAccount: pod.Spec.ServiceAccountName, Audience: wanted.Audience, Seconds: seconds, Pod: pod,
		}, r.config.Logger)
		if err != nil {
			return err
		}
		r.work.Go(func() { file.Renew(ctx) })
	}
	return nil
}

func (r *Runner) mountConfigMap(ctx context.Context, pod *corev1.Pod, volume *corev1.ConfigMapVolumeSource, dir string) error {
	if len(volume.Items) != 0 {
		return errors.New("a part of a config map cannot be mounted here, only all of it")
	}
	data, err := r.configMap(ctx, pod.Namespace, volume.Name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, text := range data {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
