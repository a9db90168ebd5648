#!/bin/sh
# install.sh brings this node in step with the files beside it, which gen nodes
# wrote; install.sh --help says how it is called. POSIX sh, as a node may have
# no other shell.
#
# What it keeps to:
#  - All or nothing: it looks at everything first, copies what it replaces, and
#    puts each file in place by a rename. If a step fails, or a later command
#    does, what was done is undone; if it is killed, the next run undoes it.
#  - It never edits what somebody wrote without a judge. containerd's config.toml
#    gets config_path only if containerd itself then loads the file and reports
#    that nothing else changed; daemon.json is merged as JSON, item by item;
#    a registries.yaml that is not ours is left alone. Where that is not possible
#    nothing is changed, and the lines to add by hand are printed.
#  - A restart only for what is read at the start: config.toml, the system's
#    trust, k3s's registries.yaml. hosts.toml, certs.d folders and the CA files in
#    them are read at every pull; Docker and CRI-O reload their registries.
set -euf
umask 022
LC_ALL=C
export LC_ALL
tab=$(printf '\t')

usage() {
	cat <<'EOF'
usage: sh install.sh [install] [--runtime LIST] [--no-trust] [--hosts-only] [--dry-run] [--no-restart] [--root DIR]
       sh install.sh status [--runtime LIST] [--no-trust] [--hosts-only] [--root DIR]
       sh install.sh rollback [ID|all] [--force] [--hosts-only] [--no-restart] [--root DIR]

install   puts the files beside this script in place; a second run has nothing to do
status    lists the backups, and what install would change; exit status 1 if anything
rollback  undoes the last install, every install down to ID, or all of them

--runtime LIST  of containerd, crio, docker, k3s; auto, the default, is what this node has
--no-trust      leave the system's trust as it is: runtimes have the CAs of registries in their own folders
--hosts-only    containerd's certs.d folder alone: no config.toml, no system trust, no restart
--dry-run       say what would be done, and change nothing
--no-restart    say what to restart, and restart nothing
--root DIR      another root, such as a mounted image; the node's commands run in a chroot
--force         roll back files too that were changed by hand since they were installed

What is replaced is kept below /var/lib/mirrorgen/backup.
exit status: 0 done, or nothing to do; 1 status found a difference; 2 could not, and nothing changed
EOF
}

say() { printf '%s\n' "$*"; }
note() { printf 'install.sh: %s\n' "$*" >&2; }
die() {
	note "$*"
	exit 2
}

# ---- the end, however it comes

work='' # scratch space, outside the root
tmp=''  # a file beside its final place, not yet renamed
open='' # the backup of a change that is under way
found='' # status found a difference

finish() {
	code=$?
	trap '' HUP INT TERM
	set +e
	[ -z "$tmp" ] || rm -f "$tmp"
	if [ -n "$open" ]; then
		code=2
		note "failed; undoing what was done"
		if undo "$open" && aftermath "$open" tried; then
			rm -rf "$open"
			note "everything is as it was before"
		else
			note "not all of it could be undone: the copies are in $open/before, and the next run tries again"
		fi
	elif [ "$code" -eq 1 ] && [ -z "$found" ]; then
		code=2
	fi
	[ -z "$work" ] || rm -rf "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- the node

# run runs one of the node's own commands.
run() {
	if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

# has reports whether the node has a command.
has() {
	if [ -z "$root" ]; then
		command -v "$1" >/dev/null 2>&1
		return
	fi
	for bin in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
		[ ! -x "$root$bin/$1" ] || return 0
	done
	return 1
}

# same compares two text files. cmp is in no package that every node has.
same() {
	[ -f "$1" ] && [ -f "$2" ] && [ "$(cat "$1" && echo .)" = "$(cat "$2" && echo .)" ]
}

# on_node reports whether the node has a runtime.
on_node() {
	case $1 in
	containerd) has containerd || [ -d "$root/etc/containerd" ] ;;
	crio) has crio || has podman ;;
	docker) has dockerd || has docker ;;
	k3s) has k3s || has rke2 || [ -d "$root/etc/rancher/k3s" ] || [ -d "$root/etc/rancher/rke2" ] ;;
	esac
}

# trust_of sets anchors, the folder of the administrator's own certificates, and
# update, the command that reads it. The family is the first of ID and ID_LIKE
# that is known: EulerOS 2.9, openEuler and Huawei Cloud EulerOS have no ID_LIKE.
trust_of() {
	release=$root/etc/os-release
	[ -r "$release" ] || release=$root/usr/lib/os-release
	[ -r "$release" ] || die "$release: is not there, so the folder of trusted certificates is not known; nothing was changed"
	ids=$({ sed -n 's/^ID=//p' "$release" && sed -n 's/^ID_LIKE=//p' "$release"; } | tr -d "\"'\r" | tr '[:upper:]\n' '[:lower:] ')
	anchors=''
	# kylin comes last: the server is like RHEL and says nothing, the desktop says debian.
	for word in $ids kylin-if-nothing-else; do
		[ "$word" != kylin-if-nothing-else ] || case " $ids " in *' kylin '*) word=rhel ;; esac
		case $word in
		rhel | centos | fedora | rocky | almalinux | ol | amzn | euleros | openeuler | hce | anolis | alinux | tencentos | tlinux | opencloudos)
			anchors=/etc/pki/ca-trust/source/anchors update='update-ca-trust' ;;
		debian | ubuntu | velinux | alpine)
			# Not update-ca-trust, which Huawei's CCE document names for Ubuntu: Ubuntu has none.
			anchors=/usr/local/share/ca-certificates update='update-ca-certificates' ;;
		suse | sles | opensuse*)
			anchors=/etc/pki/trust/anchors update='update-ca-certificates' ;;
		esac
		[ -z "$anchors" ] || break
	done
	[ -n "$anchors" ] || die "$release: ID and ID_LIKE ($(printf '%s' "$ids" | sed 's/ *$//')) name no system whose trusted certificates this script knows how to add; nothing was changed: install trust/*.crt by hand, then delete the folder trust here"
	has "$update" || die "$update: is not on this node, so its trusted certificates cannot be updated; nothing was changed: install the package ca-certificates"
}

# update_trust runs the command NAME. --fresh drops what is no longer there.
update_trust() {
	set -- "$1" "${2-}"
	case $1 in
	update-ca-trust) set -- update-ca-trust extract ;;
	*) if [ -n "$2" ]; then set -- update-ca-certificates --fresh; else set -- update-ca-certificates; fi ;;
	esac
	say "run $*"
	run "$@" >"$work/update" 2>&1 </dev/null || {
		sed 's/^/  /' "$work/update" >&2
		note "$*: failed"
		return 1
	}
}

# service VERB UNIT restarts or reloads a unit that runs.
service() {
	if [ -z "$restart" ]; then
		say "not done, as asked: systemctl $1 $2"
	elif ! has systemctl; then
		say "systemctl is not on this node: $1 $2 by hand"
	elif ! run systemctl is-active --quiet "$2" </dev/null 2>/dev/null; then
		say "$2 does not run: nothing to $1"
	else
		say "$1 $2"
		run systemctl "$1" "$2" </dev/null || {
			note "systemctl $1 $2: failed"
			return 1
		}
	fi
}

# ---- files: a target is a path on the node, without the root

# place puts the file $1 at the target $2. With $3 an existing file's owner and
# mode are kept. The temporary name is in the same folder, for the rename and so
# that SELinux labels it as its neighbours.
place() {
	folder=$root${2%/*}
	mkdir -p "$folder"
	tmp=$folder/.mirrorgen.tmp
	if [ -n "${3-}" ] && [ -f "$root$2" ]; then
		cp -p "$root$2" "$tmp"
		cat "$1" >"$tmp"
	else
		rm -f "$tmp"
		cp "$1" "$tmp"
		chmod 0644 "$tmp"
	fi
	mv -f "$tmp" "$root$2"
	tmp=''
}

# save copies what operations are about to replace, and lists it in a manifest:
# "dir T" is a folder that is not there yet, "had T" and "new T" a file that is
# or is not. The manifest appears last, and whole.
save() {
	mkdir -p "$1/before" "$1/after"
	: >"$work/dirs"
	: >"$work/files"
	while IFS=$tab read -r op group target <&3; do
		if [ -f "$root$target" ]; then
			mkdir -p "$1/before${target%/*}"
			cp -p "$root$target" "$1/before$target"
			say "had $target" >>"$work/files"
		else
			say "new $target" >>"$work/files"
		fi
		[ "$op" != drop ] || continue
		mkdir -p "$1/after${target%/*}"
		cp "$work/new$target" "$1/after$target"
		folder=${target%/*}
		while [ -n "$folder" ] && [ ! -d "$root$folder" ]; do
			say "dir $folder" >>"$work/dirs"
			folder=${folder%/*}
		done
	done 3<"$work/ops"
	{
		sort -u "$work/dirs"
		cat "$work/files"
	} >"$1/manifest.tmp"
	mv -f "$1/manifest.tmp" "$1/manifest"
}

# undo restores what a manifest lists, last things first. It may run twice.
undo() {
	failed=''
	sed -n '1!G;h;$p' "$1/manifest" >"$work/undo"
	while read -r what target <&4; do
		case $what in
		had)
			same "$1/before$target" "$root$target" || {
				tmp=$root${target%/*}/.mirrorgen.tmp
				mkdir -p "${tmp%/*}" && rm -f "$tmp" && cp -p "$1/before$target" "$tmp" && mv -f "$tmp" "$root$target"
			} || failed="$failed $target"
			[ -z "$tmp" ] || rm -f "$tmp"
			tmp=''
			;;
		new) rm -f "$root$target" || failed="$failed $target" ;;
		# A folder that somebody else uses meanwhile is not empty, and stays.
		dir) [ ! -d "$root$target" ] || rmdir "$root$target" 2>/dev/null || : ;;
		esac
	done 4<"$work/undo"
	[ -z "$failed" ] || note "could not restore$failed"
	[ -z "$failed" ]
}

# aftermath makes the node read again what undo restored, with what the backup
# says was run: for a failed change only what was tried.
aftermath() {
	result=0
	if [ -f "$1/trust" ]; then update_trust "$(cat "$1/trust")" fresh || result=1; fi
	if [ -f "$1/${2-units}" ]; then
		while read -r verb unit <&5; do service "$verb" "$unit" || result=1; done 5<"$1/${2-units}"
	fi
	return "$result"
}

# recover undoes what a run that was killed left half done.
recover() {
	for name in $(backups .open); do
		note "backup $name: that run was cut off; undoing it first"
		half=$root$state/backup/$name.open
		if [ -f "$half/manifest" ]; then
			{ undo "$half" && aftermath "$half" tried; } || die "backup $name: could not be undone; the copies are in $half/before"
		fi
		rm -rf "$half"
	done
}

# backups lists the numbers of the backups, those under way with $1 = .open.
backups() {
	[ -d "$root$state/backup" ] || return 0
	find "$root$state/backup" -mindepth 1 -maxdepth 1 -type d |
		sed -n "s|^.*/\([0-9][0-9]*\)${1-}\$|\1|p" | sort -n
}

# lock keeps two runs apart; the kernel frees it when this process ends.
lock() {
	mkdir -p "$root$state/backup"
	# Backups hold what other files held, such as daemon.json.
	chmod 0700 "$root$state"
	if command -v flock >/dev/null 2>&1; then
		exec 9>"$root$state/lock"
		flock -n 9 || die "another install.sh is at work on this node; nothing was changed"
	fi
}

# ---- what is to be done

# want says that the file $3 belongs at the target $2, for the group $1.
want() {
	mkdir -p "$work/new${2%/*}"
	cp "$3" "$work/new$2"
	say "$1$tab$2" >>"$work/want"
}

# plan adds an operation: put, edit or drop, the group, the target.
plan() { say "$1$tab$2$tab$3" >>"$work/plan"; }

planned() { grep -q "^[a-z]*$tab$1$tab" "$work/ops"; }
selected() { case " $chosen " in *" $1 "*) ;; *) return 1 ;; esac; }

# owned reports whether an earlier run installed something for a group.
owned() { grep -q "^$1$tab" "$work/owned" || { [ "$1" = docker ] && [ -f "$root$state/daemon.json" ]; }; }

# below lists the files of a folder, relative to it.
below() {
	[ -d "$1" ] || return 0
	(cd -- "$1" && find -L . -type f) >"$work/found"
	sed 's|^\./||' "$work/found" | sort
}

# check_folder refuses a folder that gen nodes did not write like this. It names
# files and never prints what they hold.
check_folder() {
	some=''
	for part in containerd/certs.d crio docker k3s trust; do
		[ -d "$here/$part" ] || continue
		some=yes
		name=$(cd -- "$here/$part" && find -L . -name '*[!]A-Za-z0-9._:@+[-]*' | sed -n '1s|^\./||p')
		[ -z "$name" ] || die "$part/$name: gen nodes writes no such name; nothing was changed"
		below "$here/$part" >"$work/names"
		while IFS= read -r name <&3; do
			! grep -q 'PRIVATE KEY' "$here/$part/$name" ||
				die "$part/$name: holds a private key, which belongs on no node; nothing was changed: delete it here, and make a new key"
			case $name in *.crt)
				grep -q -e '-----BEGIN CERTIFICATE-----' "$here/$part/$name" ||
					die "$part/$name: holds no PEM certificate; nothing was changed: run gen nodes again"
				;;
			esac
		done 3<"$work/names"
	done
	[ -n "$some" ] || die "$here: holds nothing that gen nodes wrote; run this script where gen nodes put it"
	below "$here/containerd/certs.d" | sed -n 's|/.*||p' | sort -u >"$work/names"
	while IFS= read -r name <&3; do
		[ -f "$here/containerd/certs.d/$name/hosts.toml" ] ||
			die "containerd/certs.d/$name: has no hosts.toml; nothing was changed: run gen nodes again"
	done 3<"$work/names"
}

generated() {
	case $1 in
	containerd) [ -d "$here/containerd/certs.d" ] ;;
	*) [ -d "$here/$1" ] ;;
	esac
}

# choose sets chosen, the runtimes whose files are installed, and restarted,
# those that read the system's trust. By itself it takes what the node has; what
# an earlier run installed stays in view, so that it goes when no longer generated.
choose() {
	chosen='' restarted=''
	if [ "$runtimes" = auto ]; then
		for runtime in containerd crio docker k3s; do
			if ! on_node "$runtime"; then
				! generated "$runtime" || note "$runtime is not on this node: its files are left out"
			elif [ "$runtime" = containerd ] && has containerd && without_cri; then
				! generated containerd || note "containerd runs without its CRI plugin here, for Docker: its files are left out"
			else
				restarted="$restarted $runtime"
				if generated "$runtime" || owned "$runtime"; then chosen="$chosen $runtime"; fi
			fi
		done
		[ -n "$chosen" ] || [ -d "$here/trust" ] || owned trust ||
			die "this node has none of the runtimes that files were generated for; nothing was changed: name one with --runtime"
	else
		for runtime in $(printf '%s' "$runtimes" | tr ',' ' '); do
			case $runtime in
			containerd | crio | docker | k3s) ;;
			*) die "--runtime $runtime: it is auto, or a list of containerd, crio, docker, k3s" ;;
			esac
			generated "$runtime" || owned "$runtime" || die "nothing was generated for $runtime; run gen nodes with --runtime $runtime"
			chosen="$chosen $runtime" restarted="$restarted $runtime"
		done
	fi
	[ -n "$no_trust" ] || chosen="$chosen trust"
}

# collect lists what is wanted, from the folder.
collect() {
	: >"$work/want"
	if selected containerd; then copy containerd containerd/certs.d /etc/containerd/certs.d; fi
	if selected crio; then copy crio crio /etc/containers; fi
	if selected docker; then copy docker docker/certs.d /etc/docker/certs.d; fi
	if selected k3s; then
		places=''
		for place in k3s rke2; do [ ! -d "$root/etc/rancher/$place" ] || places="$places /etc/rancher/$place"; done
		if [ -z "$places" ]; then
			if has rke2; then places=/etc/rancher/rke2; else places=/etc/rancher/k3s; fi
		fi
		for place in $places; do
			below "$here/k3s" | grep -v '^certs/' >"$work/names" || :
			while IFS= read -r name <&3; do
				# Such a file may hold credentials, and YAML cannot be merged here.
				! { [ "$name" = registries.yaml ] && [ -f "$root$place/$name" ] && ! same "$here/k3s/$name" "$root$place/$name"; } ||
					grep -q -x -F "k3s$tab$place/$name" "$work/owned" ||
					die "$place/$name: was not installed by this script and differs from k3s/$name; nothing was changed: put the two together by hand, or move it away"
				want k3s "$place/$name" "$here/k3s/$name"
			done 3<"$work/names"
		done
		# The paths that registries.yaml names are the same for k3s and RKE2.
		copy k3s k3s/certs /etc/mirrorgen/certs
	fi
	if selected trust; then
		below "$here/trust" >"$work/names"
		if [ -s "$work/names" ] || owned trust; then trust_of; fi
		while IFS= read -r name <&3; do
			# update-ca-certificates reads *.crt only, and a colon is no name for every tool.
			want trust "$anchors/mirrorgen-$(printf '%s' "$name" | tr ':/' '__')" "$here/trust/$name"
		done 3<"$work/names"
	fi
}

# copy GROUP FOLDER TARGET wants every file of a folder.
copy() {
	below "$here/$2" >"$work/names"
	while IFS= read -r name <&3; do want "$1" "$3/$name" "$here/$2/$name"; done 3<"$work/names"
}

# compare turns what is wanted into operations.
compare() {
	while IFS=$tab read -r group target <&3; do
		[ ! -L "$root$target" ] || die "$target: is a symbolic link; nothing was changed: make it a file, or remove it"
		[ ! -d "$root$target" ] || die "$target: is a folder; nothing was changed: move it away"
		same "$work/new$target" "$root$target" || plan put "$group" "$target"
	done 3<"$work/want"
	while IFS=$tab read -r group target <&3; do
		selected "$group" || continue
		grep -q -x -F "$group$tab$target" "$work/want" || [ ! -f "$root$target" ] || plan drop "$group" "$target"
	done 3<"$work/owned"
}

# own lists what is ours from now on: what was and is still wanted or out of
# view, and what is put. A file that was there already, equal, stays its owner's.
own() {
	mkdir -p "$work/new$state"
	{
		while IFS=$tab read -r group target <&3; do
			if ! selected "$group" || grep -q -x -F "$group$tab$target" "$work/want"; then say "$group$tab$target"; fi
		done 3<"$work/owned"
		sed -n -e "s/^put$tab//p" "$work/plan" | grep -E "^(containerd|crio|docker|k3s|trust)$tab" || :
	} | sort -u >"$work/new$state/owned"
	same "$work/new$state/owned" "$root$state/owned" || plan put state "$state/owned"
}

# ---- containerd's config_path

certs=/etc/containerd/certs.d
config=/etc/containerd/config.toml

# dump prints the configuration that containerd would run with, its imports and
# defaults included.
dump() { run containerd --config "$1" config dump 2>/dev/null </dev/null; }

# tables is awk that sets in_registry within the table that has config_path: the
# names of config versions 1, 2 and 3.
# shellcheck disable=SC2016 # awk's own fields
tables='/^[ \t]*\[/ {
	t = $0; sub(/#.*/, "", t); gsub(/[ \t\r"\047]/, "", t)
	in_registry = t == "[plugins.io.containerd.grpc.v1.cri.registry]" || t == "[plugins.io.containerd.cri.v1.images.registry]" || t == "[plugins.cri.registry]"
}
'

# effective prints config_path from a dump or a file on stdin.
effective() {
	awk "$tables"' in_registry && /^[ \t]*config_path[ \t]*=/ {
		v = $0; sub(/^[^=]*=[ \t]*/, "", v); q = substr(v, 1, 1); v = substr(v, 2); sub(q ".*", "", v); print v; exit
	}'
}

# rest prints a dump without config_path and the list of imports, which holds
# the name of the file itself in containerd 1.x.
rest() {
	awk "$tables"' in_registry && /^[ \t]*config_path[ \t]*=/ { next } /^imports[ \t]*=/ { next } { print }'
}

# without_cri reports a containerd that serves Docker alone.
without_cri() {
	dump "$config" | awk '/^disabled_plugins[ \t]*=/ && /["\047](io\.containerd\.grpc\.v1\.)?cri["\047]/ { found = 1 } END { exit !found }'
}

# lines prints what sets config_path in a config of version $1.
lines() {
	if [ "$1" -ge 3 ]; then
		say "[plugins.'io.containerd.cri.v1.images'.registry]"
	else
		say '[plugins."io.containerd.grpc.v1.cri".registry]'
	fi
	say "  config_path = \"$certs\""
}

by_hand() {
	note "$config: $1; nothing was changed. Set this by hand, restart containerd and run install.sh again, or run it with --hosts-only:"
	lines "$2" >&2
	exit 2
}

# config_path plans the one setting without which containerd reads no hosts.toml.
# Imports are no way: containerd 1.x replaces a plugin's whole section by an
# imported one, and 2.x reads conf.d only where config.toml imports it. So the
# lines go into config.toml itself, and containerd judges: the dump of the new
# file has to differ from the dump of the old one in config_path alone.
config_path() {
	version=2
	if has containerd; then
		# "containerd github.com/containerd/containerd v1.7.35 hash", "containerd containerd.io 1.6.33 hash"
		major=$(run containerd --version </dev/null | awk '{ for (i = 2; i <= NF; i++) if ($i ~ /^v?[0-9]+\.[0-9]/) { v = $i; sub(/^v/, "", v); sub(/\..*/, "", v); print v; exit } }')
		[ "${major:-1}" -lt 2 ] || version=3
	fi
	if [ ! -f "$root$config" ]; then
		has containerd || by_hand 'is not there, and neither is containerd, whose version decides what it has to say' "$version"
		{
			say "version = $version"
			say ''
			lines "$version"
		} >"$work/config"
	else
		version=$(awk '/^[ \t]*\[/ { exit } /^[ \t]*version[ \t]*=/ { v = $0; gsub(/[^0-9]/, "", v); print v; exit }' "$root$config")
		if has containerd; then
			dump "$config" >"$work/dump" || die "$config: containerd itself cannot load it; nothing was changed: mend it first, see: containerd --config $config config dump"
		else
			cp "$root$config" "$work/dump"
		fi
		value=$(effective <"$work/dump")
		[ "$value" != "$certs" ] || return 0
		case $value in
		'') ;;
		*:*) by_hand "config_path is \"$value\", a list, which containerd's transfer service does not split" "${version:-2}" ;;
		*) by_hand "config_path is \"$value\", another folder" "${version:-2}" ;;
		esac
		has containerd || by_hand 'does not set config_path, and containerd is not here to check a change' "${version:-2}"
		! awk '/^[ \t]*\[.*registry.*\.mirrors\./ || /^[ \t]*\[.*registry.*\.configs\..*\.tls\]/ { found = 1 } END { exit !found }' "$work/dump" ||
			by_hand 'it has registry.mirrors or registry.configs.*.tls, with which containerd does not start once config_path is set: move them to certs.d first' "${version:-2}"
		[ "${version:-1}" -ge 2 ] || by_hand 'it has no "version = 2" or later' 2
		candidate
		if [ -z "$dry" ]; then
			tmp=$root${config%/*}/.mirrorgen.tmp
			cat "$work/config" >"$tmp"
			dump "${config%/*}/.mirrorgen.tmp" >"$work/dump.new" ||
				by_hand 'containerd cannot load it with config_path added at the end or in its table' "$version"
			rm -f "$tmp"
			tmp=''
			if [ "$(effective <"$work/dump.new")" != "$certs" ] || [ "$(rest <"$work/dump")" != "$(rest <"$work/dump.new")" ]; then
				by_hand 'containerd would read more or less than config_path from it' "$version"
			fi
		fi
	fi
	[ ! -L "$root$config" ] || by_hand 'is a symbolic link' "$version"
	mkdir -p "$work/new${config%/*}"
	cp "$work/config" "$work/new$config"
	plan edit config "$config"
}

# candidate writes config.toml with config_path: in its table where there is
# one, as in what "containerd config default" prints, or as a table at the end.
candidate() {
	if awk "$tables"' in_registry { found = 1 } END { exit !found }' "$root$config"; then
		awk -v certs="$certs" "$tables"'
			/^[ \t]*\[/ { print; if (in_registry) print "      config_path = \"" certs "\""; next }
			in_registry && /^[ \t]*config_path[ \t]*=/ { next }
			{ print }' "$root$config" >"$work/config"
	else
		{
			cat "$root$config"
			say ''
			say '# Added by mirrorgen: install.sh rollback takes it away.'
			lines "$version"
		} >"$work/config"
	fi
}

# ---- Docker's daemon.json

daemon=/etc/docker/daemon.json

# daemon_json plans the merge of our lists into the daemon's own settings. What
# an earlier run added is in the state folder: it goes first, so that an item
# that is no longer generated goes too, and one that was there before stays. No
# tool is needed where the file is not there or holds nothing but what was added.
daemon_json() {
	say '{}' >"$work/nothing"
	was=$root$state/daemon.json ours=$here/docker/daemon.json
	[ -f "$was" ] || was=$work/nothing
	[ -f "$ours" ] || ours=$work/nothing
	mkdir -p "$work/new${daemon%/*}" "$work/new$state"
	[ ! -L "$root$daemon" ] || die "$daemon: is a symbolic link; nothing was changed: make it a file, or remove it"
	if same "$ours" "$was" && same "$ours" "$work/nothing"; then return; fi
	if same "$ours" "$root$daemon"; then return; fi
	if [ ! -f "$root$daemon" ] || same "$was" "$root$daemon"; then
		cp "$ours" "$work/new$daemon"
		cp "$ours" "$work/new$state/daemon.json"
	else
		merge "$root$daemon" "$ours" "$was" "$work/new$daemon" "$work/new$state/daemon.json" || {
			[ $? -ne 3 ] || return 0
			note "$daemon: has settings of its own; $reason; nothing was changed. Put these in by hand:"
			sed 's/^/  /' "$ours" >&2
			exit 2
		}
	fi
	put_json edit daemon "$daemon"
	put_json put state "$state/daemon.json"
}

# put_json plans a JSON file, or its removal where nothing is left in it.
put_json() {
	if [ "$(tr -d ' \n' <"$work/new$3")" = '{}' ]; then
		[ ! -f "$root$3" ] || plan drop "$2" "$3"
	else
		same "$work/new$3" "$root$3" || plan "$1" "$2" "$3"
	fi
}

# merge HAVE OURS WAS MERGED ADDED: exit status 3 where nothing changes, and
# another with the reason in $reason. Python 2 and 3, or jq, whichever is here.
merge() {
	reason='it holds no JSON object, or something else where Docker has a list'
	for python in python3 /usr/libexec/platform-python python python2; do
		"$python" -c 'import json, collections; collections.OrderedDict' >/dev/null 2>&1 </dev/null || continue
		"$python" - "$@" 2>/dev/null <<'EOF'
import collections, json, sys
have, ours, was = [json.load(open(n), object_pairs_hook=collections.OrderedDict) for n in sys.argv[1:4]]
merged, added = collections.OrderedDict(have), collections.OrderedDict()
for key in sorted(set(ours) | set(was)):
    h, o, w = [d.get(key, []) for d in (have, ours, was)]
    if not (isinstance(h, list) and isinstance(o, list) and isinstance(w, list)):
        sys.exit(4)
    base = [x for x in h if x not in w]
    merged[key] = o + [x for x in base if x not in o]
    added[key] = [x for x in o if x not in base]
    if not merged[key]:
        del merged[key]
    if not added[key]:
        del added[key]
for name, value in zip(sys.argv[4:6], (merged, added)):
    with open(name, "w") as f:
        f.write(json.dumps(value, indent=2, separators=(",", ": ")) + "\n")
sys.exit(3 if dict(merged) == dict(have) and dict(added) == dict(was) else 0)
EOF
		return
	done
	command -v jq >/dev/null 2>&1 || {
		reason='neither Python nor jq is on this node to merge them'
		return 5
	}
	# shellcheck disable=SC2016 # jq's own variables
	jq -n --slurpfile h "$1" --slurpfile o "$2" --slurpfile w "$3" '
		def base($k): ($h[0][$k] // []) - ($w[0][$k] // []);
		def items($k): $o[0][$k] // [];
		[ reduce ($o[0] + $w[0] | keys[]) as $k ($h[0]; .[$k] = items($k) + (base($k) - items($k)) | if .[$k] == [] then del(.[$k]) else . end),
		  reduce ($o[0] | keys[]) as $k ({}; .[$k] = items($k) - base($k) | if .[$k] == [] then del(.[$k]) else . end) ]' >"$work/merged" 2>/dev/null </dev/null || return 4
	{ jq '.[0]' "$work/merged" >"$4" && jq '.[1]' "$work/merged" >"$5"; } || return 4
	[ "$(jq -S -c . "$1")" != "$(jq -S -c . "$4")" ] || [ "$(jq -S -c . "$3")" != "$(jq -S -c . "$5")" ] || return 3
}

# ---- the three commands

# look works out what there is to do, and changes nothing.
look() {
	check_folder
	: >"$work/plan"
	if [ -f "$root$state/owned" ]; then cp "$root$state/owned" "$work/owned"; else : >"$work/owned"; fi
	choose
	anchors='' update=''
	collect
	compare
	if [ -z "$hosts_only" ]; then
		if selected containerd && generated containerd; then config_path; fi
		if selected docker; then daemon_json; fi
	fi
	own
	# CA files before the hosts.toml that names them, and after it when they go.
	awk -F "$tab" '{
		crt = $3 ~ /\.crt$/
		print ($1 == "drop" ? (crt ? 5 : 4) : $1 == "edit" ? 3 : crt ? 1 : 2) FS $0
	}' "$work/plan" >"$work/ranked"
	sort -o "$work/ranked" "$work/ranked"
	cut -f 2- "$work/ranked" >"$work/ops"
	grep -v "^[a-z]*${tab}state$tab" "$work/ops" >"$work/visible" || :
	units >"$work/units"
}

# units lists what has to read anew what changes.
units() {
	for runtime in $restarted; do
		case $runtime in
		containerd) if planned trust || planned config; then say restart containerd; fi ;;
		crio)
			# Reading registries.conf anew needs a signal alone; podman has no service.
			if ! has crio; then :; elif planned trust; then say restart crio; elif grep -q "${tab}crio$tab/etc/containers/registries" "$work/ops"; then say reload crio; fi
			;;
		docker)
			# registry-mirrors and insecure-registries are reloaded; a restart would stop containers.
			if planned trust; then say restart docker; elif planned daemon; then say reload docker; fi
			;;
		k3s)
			if planned trust || planned k3s; then
				for unit in k3s k3s-agent rke2-server rke2-agent; do
					if has systemctl && run systemctl is-active --quiet "$unit" </dev/null 2>/dev/null; then say restart "$unit"; fi
				done
			fi
			;;
		esac
	done
}

# show prints the operations, each with the word before it.
show() {
	while IFS=$tab read -r op group target <&3; do
		case $op in
		put) if [ -f "$root$target" ]; then say "${1}replace $target"; else say "${1}install $target"; fi ;;
		edit) if [ -f "$root$target" ]; then say "${1}edit $target"; else say "${1}install $target"; fi ;;
		drop) say "${1}remove $target" ;;
		esac
	done 3<"$work/visible"
}

install() {
	if [ -z "$dry" ]; then
		lock
		recover
	fi
	look
	if [ ! -s "$work/visible" ]; then
		say 'nothing to do'
		return
	fi
	if [ -n "$dry" ]; then
		show 'would '
		if planned trust; then say "would run $update"; fi
		sed 's/^/would /' "$work/units"
		if planned config; then say "would do so only if containerd loads $config and reports no other change"; fi
		return
	fi
	show ''
	number=$(backups | tail -n 1)
	number=$((${number:-0} + 1))
	half=$root$state/backup/$number.open
	save "$half"
	cp "$work/units" "$half/units"
	open=$half
	while IFS=$tab read -r op group target <&3; do
		case $op in
		put) place "$work/new$target" "$target" ;;
		edit) place "$work/new$target" "$target" keep ;;
		drop)
			rm -f "$root$target"
			# The host's own folder goes with the last file in it.
			case $target in */certs.d/*/*) rmdir "$root${target%/*}" 2>/dev/null || : ;; esac
			;;
		esac
	done 3<"$work/ops"
	if planned config && [ "$(dump "$config" | effective)" != "$certs" ]; then
		die "$config: containerd does not read config_path from it"
	fi
	if planned trust; then
		say "$update" >"$half/trust"
		fresh=''
		! grep -q "^drop${tab}trust$tab" "$work/ops" || fresh=yes
		update_trust "$update" "$fresh" || exit 2
	fi
	while read -r verb unit <&3; do
		say "$verb $unit" >>"$half/tried"
		service "$verb" "$unit" || exit 2
	done 3<"$work/units"
	mv "$half" "$root$state/backup/$number"
	open=''
	say "backup $number holds what was replaced; sh install.sh rollback${hosts_only:+ --hosts-only} undoes this"
}

status() {
	numbers=$(backups | tr '\n' ' ')
	say "backups: ${numbers:-none}"
	[ -z "$(backups .open)" ] || say 'an install was cut off: the next one undoes it first'
	look
	if [ -s "$work/visible" ]; then
		show 'would '
		found=yes
		exit 1
	fi
	say 'in step: nothing to do'
}

# untouched reports whether what a backup's install put in place is there still,
# and names what is not.
untouched() {
	touched=''
	while read -r what target <&3; do
		[ "$what" != dir ] || continue
		if [ -f "$1/after$target" ]; then
			same "$1/after$target" "$root$target" && continue
		else
			[ -e "$root$target" ] || continue
		fi
		# An earlier rollback that was cut off may have restored it already.
		if [ "$what" = had ]; then same "$1/before$target" "$root$target" && continue; else [ -e "$root$target" ] || continue; fi
		touched="$touched $target"
	done 3<"$1/manifest"
	[ -z "$touched" ]
}

rollback() {
	lock
	recover
	numbers=$(backups)
	if [ -z "$numbers" ]; then
		[ "$id" != all ] || {
			say 'nothing to roll back'
			return
		}
		die 'nothing to roll back'
	fi
	case $id in
	'') id=$(printf '%s\n' "$numbers" | tail -n 1) ;;
	all) id=$(printf '%s\n' "$numbers" | head -n 1) ;;
	*) printf '%s\n' "$numbers" | grep -q -x "$id" || die "backup $id: is not there; there are $(printf '%s' "$numbers" | tr '\n' ' ')" ;;
	esac
	mkdir "$work/all"
	: >"$work/all/units"
	stopped=''
	for number in $(printf '%s\n' "$numbers" | sort -rn); do
		[ "$number" -ge "$id" ] || break
		backup=$root$state/backup/$number
		if [ -z "$force" ] && ! untouched "$backup"; then
			stopped="backup $number: changed by hand since:$touched; it was not rolled back: take the changes away, or use --force"
			break
		fi
		undo "$backup" || die "backup $number: the copies are in $backup/before"
		[ ! -f "$backup/trust" ] || cp "$backup/trust" "$work/all/trust"
		cat "$backup/units" >>"$work/all/units"
		rm -rf "$backup"
		say "rolled back $number"
	done
	sort -u -o "$work/all/units" "$work/all/units"
	aftermath "$work/all" || die 'the files are as they were, but not all that reads them could be told'
	[ -z "$stopped" ] || die "$stopped"
}

# ---- the command line

action='' root='' runtimes=auto hosts_only='' no_trust='' dry='' restart=yes force='' id=''
while [ $# -gt 0 ]; do
	case $1 in
	install | status | rollback)
		[ -z "$action" ] || die "$1: one command at a time; see install.sh --help"
		action=$1
		;;
	--root | --runtime)
		[ $# -ge 2 ] || die "$1: needs a value; see install.sh --help"
		if [ "$1" = --root ]; then root=$2; else runtimes=$2; fi
		[ -n "$2" ] || die "$1: needs a value; see install.sh --help"
		shift
		;;
	--root=?*) root=${1#*=} ;;
	--runtime=?*) runtimes=${1#*=} ;;
	--hosts-only) hosts_only=yes no_trust=yes ;;
	--no-trust) no_trust=yes ;;
	--dry-run) dry=yes ;;
	--no-restart) restart='' ;;
	--force) force=yes ;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		if [ "$action" != rollback ] || [ -n "$id" ]; then die "$1: not known; see install.sh --help"; fi
		case $1 in
		all) ;;
		*[!0-9]* | '') die "$1: a backup is a number, or all; see install.sh status" ;;
		esac
		id=$1
		;;
	esac
	shift
done
action=${action:-install}
[ -z "$dry" ] || [ "$action" = install ] || die "--dry-run goes with install alone"
[ -z "$force" ] || [ "$action" = rollback ] || die "--force goes with rollback alone"
state=/var/lib/mirrorgen
if [ -n "$hosts_only" ]; then
	case $runtimes in
	auto | containerd) runtimes=containerd ;;
	*) die "--hosts-only is for containerd alone" ;;
	esac
	# A state of its own: who sees this folder alone can undo it alone.
	state=/var/lib/mirrorgen/hosts-only
	restart=''
fi
if [ -n "$root" ]; then
	[ -d "$root" ] || die "--root $root: is not a folder"
	root=$(cd -- "$root" && pwd -P)
	root=${root%/}
else
	[ "$(id -u)" = 0 ] || die 'has to run as root: sudo sh install.sh'
	# sudo's own PATH leaves out /usr/local/bin on some systems, where containerd may lie.
	PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fi
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
work=$(mktemp -d)
"$action"
