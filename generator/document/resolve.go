package document

import (
	"math"
	"strconv"
	"strings"
)

// resolve reads a plain scalar by the YAML 1.1 rules of go-yaml v2, which is
// what kubectl links: "yes" and "on" are booleans, "0777" is octal, "1_000" is
// a number, a date stays a string. The result is nil, bool, int64, float64 or
// string; an integer beyond int64 is a float64.
func resolve(text string) any {
	if text == "" {
		return nil
	}
	switch c := text[0]; {
	case '0' <= c && c <= '9', c == '+', c == '-', c == '.':
		if f, ok := named(text); ok {
			return f
		}
		return number(text)
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0 && len(text) <= len("false"):
		return word(text)
	}
	return text
}

// word reads the words that are no strings.
func word(text string) any {
	switch text {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false
	case "~", "null", "Null", "NULL":
		return nil
	}
	return text
}

// named reads the floats that are written as words.
func named(text string) (float64, bool) {
	switch text {
	case ".nan", ".NaN", ".NAN":
		return math.NaN(), true
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1), true
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1), true
	}
	return 0, false
}

// number reads what begins like a number, and is a string where it is none.
func number(text string) any {
	if text[0] == '.' {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
		return text
	}
	if !mayBeNumber(text) {
		return text
	}
	plain := text
	if strings.IndexByte(plain, '_') >= 0 {
		plain = strings.ReplaceAll(plain, "_", "")
	}
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return float64(u)
	}
	if isFloat(plain) {
		if f, err := strconv.ParseFloat(plain, 64); err == nil {
			return f
		}
	}
	// What base 0 refuses: a sign behind the prefix.
	if rest, ok := strings.CutPrefix(plain, "0b"); ok {
		if i, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return i
		}
	} else if rest, ok := strings.CutPrefix(plain, "-0b"); ok {
		if i, err := strconv.ParseInt("-"+rest, 2, 64); err == nil {
			return i
		}
	}
	return text
}

// mayBeNumber is a cheap test that spares most strings, such as versions and
// digests, the error that the number parsers would allocate.
func mayBeNumber(text string) bool {
	dots := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case '0' <= c && c <= '9', c == '_', c == '+', c == '-':
		case 'a' <= c|0x20 && c|0x20 <= 'f', c|0x20 == 'x', c|0x20 == 'o':
		case c == '.':
			dots++
		default:
			return false
		}
	}
	return dots <= 1
}

// isFloat is [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func isFloat(text string) bool {
	i := 0
	digits := func() int {
		start := i
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		return i - start
	}
	sign := func() {
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
	}
	sign()
	whole := digits()
	if i < len(text) && text[i] == '.' {
		i++
		if digits() == 0 && whole == 0 {
			return false
		}
	} else if whole == 0 {
		return false
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		sign()
		if digits() == 0 {
			return false
		}
	}
	return i == len(text)
}

// throughJSON is what a float becomes once it is written as JSON and read back
// by Kubernetes, as every object is on its way to the API server: 1e3 is the
// int64 1000, since JSON shows no fraction and no exponent; 2^63 is a float64.
func throughJSON(f float64) any {
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 {
		return f
	}
	if i, err := strconv.ParseInt(strconv.FormatFloat(f, 'f', -1, 64), 10, 64); err == nil {
		return i
	}
	return f
}
