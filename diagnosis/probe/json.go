package probe

import (
	"io"

	"mirrorgen.dev/gen/generator/terminal"
)

// WriteJSON writes one line for each address, then one for each image.
func WriteJSON(w io.Writer, r *Report) error {
	for _, a := range r.Addresses {
		if err := terminal.WriteJSON(w, a); err != nil {
			return err
		}
	}
	for _, i := range r.Images {
		if err := terminal.WriteJSON(w, i); err != nil {
			return err
		}
	}
	return nil
}
