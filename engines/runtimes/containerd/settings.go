package containerd

import (
	"context"
	"fmt"

	server2 "github.com/containerd/containerd/v2/cmd/containerd/server/config"

	"github.com/containerd/containerd/plugin"
	server1 "github.com/containerd/containerd/services/server/config"
)

// Settings are the parts of the image plugin's configuration that matter here,
// by the names that the plugin decodes.
type Settings struct {
	// SandboxImage stands for whatever else a node has set: 1.x keeps it in the
	// same table as the registries.
	SandboxImage string `toml:"sandbox_image"`
	// MaxConcurrentDownloads stands for the same in 2.x.
	MaxConcurrentDownloads int `toml:"max_concurrent_downloads"`
	Registry               struct {
		ConfigPath string `toml:"config_path"`
	} `toml:"registry"`
}

// Settings1 loads a config.toml as containerd 1.7 does at its start, and what
// its CRI plugin reads in it.
func Settings1(path string) (Settings, error) {
	var config server1.Config
	if err := server1.LoadConfig(path, &config); err != nil {
		return Settings{}, err
	}
	var settings Settings
	_, err := config.Decode(&plugin.Registration{Type: plugin.GRPCPlugin, ID: "cri", Config: &settings})
	return settings, err
}

// Settings2 loads a config.toml as containerd 2.x does at its start, and what
// its image plugin reads in it.
func Settings2(ctx context.Context, path string) (Settings, error) {
	config := server2.Config{Version: 3}
	if err := server2.LoadConfig(ctx, path, &config); err != nil {
		return Settings{}, err
	}
	var settings Settings
	if _, err := config.Decode(ctx, "io.containerd.cri.v1.images", &settings); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", path, err)
	}
	return settings, nil
}
