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
