// Package artifact holds what is emitted: files in memory, how they differ from
// a folder, and how they reach it whole or not at all.
package artifact

// A File is one generated file. It has no mode and no time: output is the same
// bytes on any machine.
type File struct {
	// Path is relative to the output folder, with slashes.
	Path string
	Data []byte
}
