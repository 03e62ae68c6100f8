package podrunner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// command translates a container into a process: the image into a program, volumes into folders, environment and
// arguments with their references resolved.
func (r *Runner) command(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (process.Spec, error) {
	fail := func(err error) (process.Spec, error) {
		return process.Spec{}, fmt.Errorf("prepare container %s: %w", container.Name, err)
	}
	image, _, _ := strings.Cut(container.Image, ":")
	program, known := r.config.Programs[image]
	if !known {
		return fail(fmt.Errorf("no program stands for image %q: the lab has %v", image, slices.Sorted(maps.Keys(r.config.Programs))))
	}
	if len(container.Command) != 0 {
		return fail(errors.New("a container's command is not translated; use the image's own with args"))
	}
	folders, err := r.volumes(ctx, pod, container)
	if err != nil {
		return fail(err)
	}
	env, err := r.environment(ctx, pod, container, folders)
	if err != nil {
		return fail(err)
	}
	args := make([]string, len(container.Args))
	for i, arg := range container.Args {
		args[i] = folders.inText(expand(arg, env))
	}
	if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
		if env["KUBECONFIG"], err = r.serviceAccount(ctx, pod); err != nil {
			return fail(err)
		}
	}
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return process.Spec{
		Name: pod.Namespace + "/" + pod.Name, Path: program, Args: args, Env: list,
		LogPath: r.logPath(pod), Grace: podGrace,
	}, nil
}

// environment resolves the container's variables. The base holds what every process on this machine needs: an AWS SDK
// without credentials would otherwise call the metadata address of a cloud that this is not.
func (r *Runner) environment(ctx context.Context, pod *corev1.Pod, container *corev1.Container, folders folders) (map[string]string, error) {
	env := map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "HOSTNAME": pod.Name}
	for _, from := range container.EnvFrom {
		data, err := r.source(ctx, pod.Namespace, from)
		if err != nil {
			return nil, err
		}
		for name, value := range data {
			env[from.Prefix+name] = value
		}
	}
	for _, variable := range container.Env {
		value, err := r.variable(ctx, pod, variable, env)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		if variable.ValueFrom == nil {
			value = folders.path(value)
		}
		env[variable.Name] = value
	}
	return env, nil
}

// variable resolves one variable. Only a literal value is expanded with those that are known: what comes from elsewhere,
// a password for example, is what it is.
func (r *Runner) variable(ctx context.Context, pod *corev1.Pod, variable corev1.EnvVar, known map[string]string) (string, error) {
	from := variable.ValueFrom
	switch {
	case from == nil:
		return expand(variable.Value, known), nil
	case from.FieldRef != nil:
		switch from.FieldRef.FieldPath {
		case "status.podIP":
			return pod.Status.PodIP, nil
		case "metadata.name":
			return pod.Name, nil
		case "metadata.namespace":
			return pod.Namespace, nil
		case "spec.nodeName":
			return pod.Spec.NodeName, nil
		}
		return "", fmt.Errorf("field %s is not known here", from.FieldRef.FieldPath)
	case from.SecretKeyRef != nil:
		data, err := r.secret(ctx, pod.Namespace, from.SecretKeyRef.Name)
		return pick(data, from.SecretKeyRef.Key, err)
	case from.ConfigMapKeyRef != nil:
		data, err := r.configMap(ctx, pod.Namespace, from.ConfigMapKeyRef.Name)
		return pick(data, from.ConfigMapKeyRef.Key, err)
	}
	return "", errors.New("its source is not known here")
}

func pick(data map[string]string, key string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	value, found := data[key]
	if !found {
		return "", fmt.Errorf("there is no key %s", key)
	}
	return value, nil
}

func (r *Runner) source(ctx context.Context, namespace string, from corev1.EnvFromSource) (map[string]string, error) {
	switch {
	case from.ConfigMapRef != nil:
		return r.configMap(ctx, namespace, from.ConfigMapRef.Name)
	case from.SecretRef != nil:
		return r.secret(ctx, namespace, from.SecretRef.Name)
	}
	return nil, errors.New("a source of environment variables is not known here")
}

func (r *Runner) configMap(ctx context.Context, namespace, name string) (map[string]string, error) {
	config, err := r.config.Client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read config map %s/%s: %w", namespace, name, err)
	}
	return config.Data, nil
}

func (r *Runner) secret(ctx context.Context, namespace, name string) (map[string]string, error) {
	secret, err := r.config.Client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read secret %s/%s: %w", namespace, name, err)
	}
	data := make(map[string]string, len(secret.Data))
	for key, value := range secret.Data {
		data[key] = string(value)
	}
	return data, nil
}

// serviceAccount returns the path of a kubeconfig for the pod's service account, one for all of its pods.
func (r *Runner) serviceAccount(ctx context.Context, pod *corev1.Pod) (string, error) {
	r.tokens.Lock()
	defer r.tokens.Unlock()
	path := filepath.Join(r.config.Dir, fmt.Sprintf("%s_%s.kubeconfig", pod.Namespace, pod.Spec.ServiceAccountName))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(r.config.Dir, 0o700); err != nil {
		return "", fmt.Errorf("make the pods' folder: %w", err)
	}
	return path, r.config.Kubeconfig(ctx, path, pod.Namespace, pod.Spec.ServiceAccountName)
}

var reference = regexp.MustCompile(`\$\$|\$\([^()]*\)`)

// expand replaces $(NAME) by the value of a variable that is already known, and leaves others as they are, as
// Kubernetes does. $$ is a dollar, so that $$(NAME) is no reference.
func expand(text string, env map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$$" {
			return "$"
		}
		if value, known := env[match[2:len(match)-1]]; known {
			return value
		}
		return match
	})
}
