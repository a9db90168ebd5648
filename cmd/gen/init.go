package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/templates"
)

// initFiles is the folder of templates that gen init writes; presetFiles, inside
// it, is what only --preset writes from.
const (
	initFiles   = "init"
	presetFiles = initFiles + "/presets"
)

func newInit() *cobra.Command {
	var from presetFlags
	var force bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "write a commented MirrorSet, a first test case, a kustomization and a CI snippet",
		Long: `init writes a commented MirrorSet, test cases that hold, a kustomization and a CI
snippet. With --preset the MirrorSet is that of a proxy that many have, its path
convention, authentication and limits in the comments. Nothing is overwritten
without --force, and nothing is deleted.`,
		Example: `  gen init
  gen init mirrors --force
  gen init --presets
  gen init --preset harbor --host harbor.corp.example`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if from.list {
				return from.printList(cmd, args)
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if info, err := os.Stat(dir); err == nil && !info.IsDir() {
				return fmt.Errorf("%s: is a file; name a folder", dir)
			}
			starter, err := starterFiles()
			if err != nil {
				return err
			}
			files, next, err := from.files(cmd, starter)
			if err != nil {
				return err
			}
			if !force {
				if err := refuseExisting(dir, files); err != nil {
					return err
				}
			}
			for _, file := range files {
				name := filepath.Join(dir, filepath.FromSlash(file.Path))
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					return err
				}
				if err := artifact.WriteFile(name, file.Data); err != nil {
					return err
				}
				fmt.Fprintln(cmd.ErrOrStderr(), "wrote", name)
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "next: "+next+", then gen policies, gen explain nginx, gen test")
			return nil
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "overwrite files that are there")
	return cmd
}

// starterFiles are what a plain gen init writes.
func starterFiles() ([]artifact.File, error) {
	var files []artifact.File
	err := fs.WalkDir(templates.FS, initFiles, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == presetFiles {
				return fs.SkipDir
			}
			return nil
		}
		data, err := templates.FS.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, artifact.File{Path: strings.TrimPrefix(name, initFiles+"/"), Data: data})
		return nil
	})
	return files, err
}

// refuseExisting names every file that would be overwritten.
func refuseExisting(dir string, files []artifact.File) error {
	var there []error
	for _, file := range files {
		name := filepath.Join(dir, filepath.FromSlash(file.Path))
		if _, err := os.Lstat(name); err == nil {
			there = append(there, fmt.Errorf("%s: is there already; --force overwrites it", name))
		} else if !errors.Is(err, fs.ErrNotExist) {
			there = append(there, err)
		}
	}
	return errors.Join(there...)
}
