package expression

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var containerLists = []string{"containers", "initContainers", "ephemeralContainers"}

// resolve says what a path reads.
func (c Context) resolve(path []string) (Expr, error) {
	whole := strings.Join(path, ".")
	switch {
	case whole == "element.image":
		return currentImage{}, nil
	case whole == "element.name":
		return containerName{}, nil
	case whole == "elementIndex":
		return value{0}, nil
	case path[0] == "images" && len(path) == 4 && slices.Contains(containerLists, path[1]):
		if strings.Join(strings.Fields(path[2]), "") != "{{element.name}}" {
			return nil, fmt.Errorf("%s is another container's image", shown(whole))
		}
		if _, err := (parts{registry: "r", repository: "p", tag: "t", digest: "d"}).field(path[3]); err != nil {
			return nil, err
		}
		return submittedPart{path[3]}, nil
	}
	if why, ok := c.Unknown[path[0]]; ok {
		return nil, fmt.Errorf("%s: %s", path[0], why)
	}
	if reference, ok := c.Registry[path[0]]; ok && len(path) == 2 {
		return lookedUp{reference, path[1]}, nil
	}
	if x, ok := c.Variables[path[0]]; ok && len(path) == 1 {
		return x, nil
	}
	return nil, fmt.Errorf("%s is not read here", shown(whole))
}

// shown quotes the beginning of a text.
func shown(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return strconv.Quote(text)
}
