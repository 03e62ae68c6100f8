package release

import (
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// ImageName is what users call the image.
const ImageName = "ampersand"

// Where things lie in the image.
const (
	DataFolder = "/data"
	docFolder  = "/usr/share/doc/ampersand/"
	SBOMPath   = docFolder + sbomFile
	sbomFile   = "sbom.cdx.json"
)

// user runs the image's programs; nobody is root in it.
const (
	userID = 65532
	user   = "65532:65532"
)

// Annotations say what the image is: its labels, and what a registry shows of it.
func Annotations(v Version) map[string]string {
	about := map[string]string{
		"org.opencontainers.image.title":       "Ampersand",
		"org.opencontainers.image.description": "A local Amazon Managed Service for Prometheus, with a signing proxy and a sample application",
		"org.opencontainers.image.version":     v.Number(),
		"org.opencontainers.image.created":     v.Date.Format(time.RFC3339),
		"org.opencontainers.image.licenses":    License,
		"org.opencontainers.image.source":      Source,
		"org.opencontainers.image.url":         Source,
		"org.opencontainers.image.vendor":      "The Ampersand authors",
	}
	if v.Revision != "" {
		about["org.opencontainers.image.revision"] = v.Revision
	}
	return about
}

// Spec is the image of a product: its programs, the folder of data, and nothing that a program could be helped by to do harm.
func Spec(v Version, p Product, license string) image.Spec {
	spec := image.Spec{
		Name: ImageName, Tag: v.Number(), Architecture: p.Platform.Arch, Created: v.Date, Small: true,
		User: user, Cmd: []string{"ampersand", "serve"},
		Env: []string{
			"PATH=/bin",
			"AMPERSAND_LISTEN=0.0.0.0:2677",
			"AMPERSAND_DATA_DIR=" + DataFolder,
		},
		Volumes: []string{DataFolder}, Ports: []string{"2677/tcp", "8080/tcp", "8765/tcp"},
		Labels: Annotations(v),
		// It asks whichever of the programs runs: emulator/cmd/ampersand/healthprogram.go.
		Healthcheck: &image.Healthcheck{
			Command: []string{"ampersand", "health"}, Every: 5 * time.Second, Timeout: 5 * time.Second, Grace: 30 * time.Second, Failures: 3,
		},
		Files: []image.File{
			image.Text("/etc/passwd", "ampersand:x:65532:65532::"+DataFolder+":/none\n"),
			image.Text("/etc/group", "ampersand:x:65532:\n"),
			image.Text(docFolder+"LICENSE", license),
			image.Text(SBOMPath, string(p.SBOM)),
			// A new volume gets the owner of the folder that it is laid over.
			owned(image.Folder(DataFolder, 0o755)), owned(image.Folder("/tmp", 0o700)),
		},
	}
	for _, name := range p.Names() {
		spec.Files = append(spec.Files, image.Program("/bin/"+name, p.Programs[name]))
	}
	return spec
}

func owned(f image.File) image.File {
	f.UID, f.GID = userID, userID
	return f
}
