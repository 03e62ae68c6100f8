package scenario

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/fixtures/scenarios"
)

// maxFile bounds a scenario's file and those that it names, in bytes.
const maxFile = 1 << 20

// Named reads one of the scenarios that come with the repository, by name without .yaml.
func Named(name string) (Scenario, error) {
	file := name + ".yaml"
	data, err := fs.ReadFile(scenarios.FS(), file)
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario %q: %w (there are: %s)", name, err, strings.Join(Names(), ", "))
	}
	return parse(file, data, func(name string) ([]byte, error) { return fs.ReadFile(scenarios.FS(), path.Clean(name)) })
}

// Names returns the names of the scenarios that come with the repository, sorted.
func Names() []string {
	files, err := fs.Glob(scenarios.FS(), "*.yaml")
	if err != nil {
		return nil // the pattern is a constant and well formed
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".yaml"))
	}
	return names
}

// Load reads a scenario from a file. The files that it names are found relative to its folder.
func Load(file string) (Scenario, error) {
	data, err := readFile(file)
	if err != nil {
		return Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	return parse(file, data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		return readFile(name)
	})
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return data, err
}

// Parse reads a scenario from YAML that names no other files. Every mistake is told with its place, all at once. file is only named
// in errors.
func Parse(file string, data []byte) (Scenario, error) {
	return parse(file, data, func(name string) ([]byte, error) { return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist) })
}

func parse(file string, data []byte, open func(name string) ([]byte, error)) (Scenario, error) {
	base, err := builtIn()
	if err != nil {
		return Scenario{}, err
	}
	s, top, err := decode(file, data, base)
	if err != nil {
		return Scenario{}, err
	}
	var v violations
	s.readFiles(&v, open)
	s.validate(&v)
	want := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	v.check(s.Name == want || s.Name == "", "name", "is %q, must be the file's name %q", s.Name, want)
	if len(v) == 0 {
		return s, nil
	}
	found := &mistakes{file: file}
	for _, one := range v {
		one.line, one.column = placeOf(top, one.field)
		found.list = append(found.list, one)
	}
	return Scenario{}, found
}

// builtIn are the profiles that come with the repository.
func builtIn() (map[string]map[string]any, error) {
	const folder = "profiles"
	entries, err := fs.ReadDir(scenarios.FS(), folder)
	if err != nil {
		return nil, fmt.Errorf("read the built-in profiles: %w", err)
	}
	profiles := make(map[string]map[string]any)
	for _, e := range entries {
		data, err := fs.ReadFile(scenarios.FS(), path.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the built-in profiles: %w", err)
		}
		var fields map[string]any
		if err := yaml.Unmarshal(data, &fields); err != nil {
			return nil, fmt.Errorf("read the built-in profile %s: %w", e.Name(), err)
		}
		profiles[strings.TrimSuffix(e.Name(), ".yaml")] = fields
	}
	return profiles, nil
}

// readFiles reads the files that a scenario names.
func (s *Scenario) readFiles(v *violations, open func(name string) ([]byte, error)) {
	objects := map[string]*ScaledObject{"scaledObject": &s.ScaledObject}
	if s.Compare != nil {
		objects["compare.scaledObject"] = &s.Compare.ScaledObject
	}
	for at, object := range objects {
		if object.File == "" {
			continue
		}
		text, err := open(object.File)
		if err != nil {
			v.check(false, at+".file", "%v", err)
			continue
		}
		object.manifest = text
		object.validateManifest(v, at+".file")
	}
	replays := func(at string, load []Phase) {
		for i := range load {
			r := load[i].Replay
			if r == nil {
				continue
			}
			field := fmt.Sprintf("%s[%d].replay.file", at, i)
			text, err := open(r.File)
			if err == nil {
				r.points, err = readReplay(string(text))
			}
			if err != nil {
				v.check(false, field, "%v", err)
			}
		}
	}
	replays("load", s.Load)
	for name, p := range s.Profiles {
		replays("profiles."+name+".load", p.Load)
	}
}

// Profile returns a profile by name.
func (s Scenario) Profile(name string) (Profile, error) {
	p, ok := s.Profiles[name]
	if !ok {
		return Profile{}, fmt.Errorf("scenario %s has no profile %q (it has: %s)", s.Name, name, strings.Join(s.ProfileNames(), ", "))
	}
	if len(p.Load) == 0 {
		p.Load = s.Load
	}
	return p, nil
}
