package probe

import (
	"encoding/json"
	"io"
)

// WriteJSON writes one line for each address, then one for each image.
func WriteJSON(w io.Writer, r *Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, a := range r.Addresses {
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
	for _, i := range r.Images {
		if err := encoder.Encode(i); err != nil {
			return err
		}
	}
	return nil
}
