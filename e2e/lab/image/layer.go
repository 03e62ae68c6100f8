package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// Layer is a tar file that lies below the files of an image.
type Layer struct {
	// Path is where it lies on this machine.
	Path string
	// SHA256 is what it hashes to.
	SHA256 string
	// Packages are the distribution's packages in it.
	Packages []Package
}

func (l Layer) copyTo(w io.Writer) error {
	f, err := os.Open(l.Path)
	if err != nil {
		return fmt.Errorf("open the layer: %w", err)
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, f)
	return err
}

// layer is a compressed layer in a file. It implements v1.Layer without compressing anything a second time, as the
// library's own layers do.
type layer struct {
	path           string
	digest, diffID v1.Hash
	size, unpacked int64
	about          string
}

// compress writes a layer into the file at path.
func compress(path string, level int, write func(io.Writer) error) (*layer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	packed, plain := sha256.New(), sha256.New()
	zip, err := gzip.NewWriterLevel(io.MultiWriter(f, packed), level)
	if err != nil {
		return nil, err
	}
	count := &counter{}
	if err := write(io.MultiWriter(zip, plain, count)); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	hash := func(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }
	return &layer{
		path: path, digest: hash(packed.Sum(nil)), diffID: hash(plain.Sum(nil)), size: info.Size(), unpacked: count.bytes,
	}, nil
}

// counter counts what is written to it.
type counter struct{ bytes int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

// Digest implements v1.Layer.
func (l *layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID implements v1.Layer.
func (l *layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Size implements v1.Layer.
func (l *layer) Size() (int64, error) { return l.size, nil }

// MediaType implements v1.Layer.
func (l *layer) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }

// Compressed implements v1.Layer.
func (l *layer) Compressed() (io.ReadCloser, error) { return os.Open(l.path) }

// Uncompressed implements v1.Layer.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	unzip, err := gzip.NewReader(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{unzip, f}, nil
}
