# shellcheck shell=bash
# What image and boot share: messages, and where the images are kept.
# Sourced; expects RIG to be the absolute path of tests/rig.

readonly RIG_SUITES="forky trixie"

# The one whose image has user-mode Linux, for the disks of all: the older kernel lacks what the rig needs of it.
readonly RIG_UML_SUITE=forky

# Packages of the host itself, all in Debian's main.
# shellcheck disable=SC2034 # read by image
readonly RIG_HOST_PACKAGES="qemu-system-x86 mmdebstrap debian-archive-keyring e2fsprogs cpio
	kmod gcc libc6-dev linux-libc-dev mount patch xz-utils util-linux"

say() { printf 'rig: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# A setting of the machine, not a fault of the code: test runners read 77 as "skipped".
skip() { say "$*"; exit 77; }

check_suite() {
	[[ " $RIG_SUITES " == *" $1 "* ]] || die "unknown suite '$1' (one of: $RIG_SUITES)"
}

cache_dir() {
	printf '%s/rig\n' "${GUESTPLANE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/guestplane}"
}

# Everything that goes into an image, so that a change to it makes another image.
# guest/init and guest/lib.sh are absent on purpose: they reach the guest by 9p or hostfs.
image_key() (
	cd "$RIG" || exit
	export LC_ALL=C
	sha256sum image packages.txt modules.txt uml.config initramfs-init lib/*.sh patches/* testgpu/* | sha256sum | cut -c1-12
)

image_dir() {
	printf '%s/%s-%s\n' "$(cache_dir)" "$1" "$(image_key)"
}
