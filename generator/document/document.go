// Package document reads and writes YAML and JSON: streams of documents, the
// objects in them as a cluster reads them, and nodes with their places for
// whoever reports problems by line and column.
//
// It is the only package that imports a YAML library, so that a change of the
// library touches one package.
package document

import (
	"fmt"
	"strings"
)

// The bounds of what is read. Each is far beyond what an API server accepts
// (1.5 MiB an object) and keeps hostile input from costing more than its size.
const (
	// MaxSize is the number of bytes that one document may have.
	MaxSize = 64 << 20
	// MaxDepth is how deep mappings and lists may nest.
	MaxDepth = 1000
	// MaxAliasNodes is how many values aliases may stand for in one document;
	// below that, it is AliasNodesPerByte for each byte of the document.
	MaxAliasNodes = 1_000_000
	// AliasNodesPerByte bounds the expansion of small documents.
	AliasNodesPerByte = 10
)

// A Document is one document of a stream, not parsed yet, so that a broken one
// does not stop those behind it.
type Document struct {
	// Name is the file that the document came from, as given to NewReader.
	Name string
	// Index counts the documents of the stream from 1; empty ones do not count.
	Index int
	// Line is the line of the file at which Data begins, from 1.
	Line int
	// Data is the text between two separators, exactly as it stands in the file.
	Data []byte

	// broken is the error that splitting found: the text is not in Data.
	broken string
}

// An Error is one reason why a document could not be read.
type Error struct {
	// Name is the file; Index is the document's number in it.
	Name  string
	Index int
	// Line is the line of the file; 0 where no line is to blame.
	Line int
	// Near says that Line may be off by some, as the YAML library's is where a
	// construct is broken on a later line than it began.
	Near bool
	// Message is the rule that was broken.
	Message string
}

// Error is "file: document 2: line 14: message".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: document %d: ", e.Name, e.Index)
	if e.Line > 0 {
		if e.Near {
			b.WriteString("near ")
		}
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	b.WriteString(e.Message)
	return b.String()
}

// errorAt makes an error for a line that counts from 1 within Data.
func (d Document) errorAt(line int, format string, args ...any) error {
	if line > 0 {
		line += d.Line - 1
	}
	return &Error{Name: d.Name, Index: d.Index, Line: line, Message: fmt.Sprintf(format, args...)}
}
