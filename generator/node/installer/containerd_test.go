package installer_test

// containerd gives the node a containerd of a version, which loads config.toml
// as the real one does in what the script asks of it: a table that is there
// twice is an error, config_path is printed in the table of that version, and
// every other line as it is. (What the real 1.7.35 and 2.4.2 print is in
// testdata/containerd.)
func (h *host) containerd(version string) {
	table, module := `[plugins."io.containerd.grpc.v1.cri".registry]`, "github.com/containerd/containerd v"
	if version[0] != '1' {
		table, module = `[plugins.'io.containerd.cri.v1.images'.registry]`, "github.com/containerd/containerd/v2 "
	}
	h.command("containerd", `
[ "$1" != --version ] || { echo 'containerd `+module+version+` deadbeef'; exit; }
cat >"$FAKE_ROOT/../table" <<'EOF'
`+table+`
EOF
read -r table <"$FAKE_ROOT/../table"
[ "$1 $3 $4" = '--config config dump' ] && [ -f "$FAKE_ROOT$2" ] || exit 1
awk -v table="$table" '
	{ sub(/^[ \t]+/, ""); sub(/[ \t]*#.*/, "") }
	$0 == "" { next }
	/^\[/ {
		key = $0; gsub(/["\047]/, "", key)
		if (key in seen) { print "duplicated tables" >"/dev/stderr"; exit 1 }
		seen[key] = 1
		registry = key == "[plugins.io.containerd.grpc.v1.cri.registry]" || key == "[plugins.io.containerd.cri.v1.images.registry]"
		if (!registry) print
		next
	}
	registry && /^config_path/ { path = $0; sub(/^[^=]*=[ \t]*/, "", path); next }
	/^plugins\./ { inline = 1 }
	{ print }
	END {
		if (inline && path != "") exit 1
		print table; print "  config_path = " (path == "" ? "\"\"" : path)
	}' "$FAKE_ROOT$2"`)
}
