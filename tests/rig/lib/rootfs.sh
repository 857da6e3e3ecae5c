# shellcheck shell=bash
# The guest's file system: Debian packages, without documentation, into a directory.
# Sourced by image, which works inside the directory the image is made in.

# The host's own mirror, so that whatever cache or proxy serves it also serves us.
debian_mirror() {
	local sites

	# shellcheck disable=SC2016 # apt's own variable
	sites=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null || true)
	sites=$(grep -v -e '-security' <<<"$sites" || true)
	[[ -n $sites ]] || die "apt knows no Debian mirror; add one to /etc/apt/sources.list"
	head -n 1 <<<"$sites"
}

guest_packages() {
	local suite=$1

	sed -E -e 's/#.*//' -e "s/^$suite:[[:space:]]*//" -e '/:/d' -e 's/[[:space:]]+//g' -e '/^$/d' \
		"$RIG/packages.txt" | paste -sd,
}

unstable_packages() { sed -nE "s/^$1\+sid:[[:space:]]*//p" "$RIG/packages.txt"; }

# A testing suite may be past its Release file's Valid-Until on a mirror that lags.
build_rootfs() {
	local suite=$1 out=$2

	mmdebstrap --mode=root --variant=apt --components=main --skip=cleanup/apt/lists \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='APT::Sandbox::User "root"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(guest_packages "$suite")" \
		"$suite" "$out" "$(debian_mirror)" >rootfs.log 2>&1 ||
		{ tail -n 20 rootfs.log >&2; die "mmdebstrap failed"; }
}

# Only these and what the suite cannot give them: all else stays the suite's. What unstable has may change any day, so an image
# without them is an image, too; a host that is missing says so. After the kernel: its build tree is a copy of the suite's.
add_unstable() {
	local suite=$1 out=$2 packages

	mapfile -t packages < <(unstable_packages "$suite")
	[[ ${#packages[@]} -gt 0 ]] || return 0
	cp /etc/resolv.conf "$out/etc/resolv.conf"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) sid main" \
		>"$out/etc/apt/sources.list.d/sid.list"
	printf '%s\n' 'Package: *' 'Pin: release n=sid' 'Pin-Priority: 100' >"$out/etc/apt/preferences.d/sid"
	{ in_tree "$out" apt-get update && in_tree "$out" apt-get install -y "${packages[@]}"; } >unstable.log 2>&1 ||
		{ tail -n 5 unstable.log >&2; say "$suite: without ${packages[*]}, which unstable does not give"; }
	rm "$out"/etc/apt/{sources.list.d/sid.list,preferences.d/sid} "$out/etc/resolv.conf"
}
