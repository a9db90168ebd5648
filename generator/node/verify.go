package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Verify reads the data of one generated file as strictly as Render did before
// it gave the file out: containerd passes over a hosts.toml that it cannot read,
// and asks the registry itself. file is the path below the output folder, with
// which the error begins; nil where nothing is known of such a file.
func Verify(file string, data []byte) error {
	err := verify(file, data)
	var at *placed
	switch {
	case err == nil:
		return nil
	case errors.As(err, &at):
		return fmt.Errorf("%s:%w", file, err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func verify(file string, data []byte) error {
	switch {
	case path.Base(file) == "hosts.toml":
		_, _, err := readHostsFile(data)
		return err
	case path.Ext(file) == ".toml":
		var config containerdConfig
		return strict(data, &config)
	case path.Ext(file) == ".conf":
		var conf registriesFile
		if err := strict(data, &conf); err != nil {
			return err
		}
		if slices.ContainsFunc(conf.Registry, func(r registry) bool { return r.Location == "" }) {
			return errors.New("a [[registry]] without a location keeps CRI-O from reading any of its configuration; add one")
		}
	case path.Base(file) == "daemon.json":
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		var daemon daemonFile
		if err := decoder.Decode(&daemon); err != nil {
			return errors.New(strings.TrimPrefix(err.Error(), "json: "))
		}
	}
	return nil
}
