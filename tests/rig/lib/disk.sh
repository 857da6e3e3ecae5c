# shellcheck shell=bash
# The files QEMU boots from: an initramfs that finds the root, and the root.
# Sourced by image, which works inside the directory the image is made in.

build_initrd() {
	local rootfs=$1 version module file

	version=$(<kernel-version)
	mkdir -p initrd/{bin,dev,proc,new,modules}
	cp "$rootfs/usr/bin/busybox" initrd/bin/busybox
	cp "$RIG/initramfs-init" initrd/init
	chmod 755 initrd/init

	for module in $(boot_modules); do
		module_files "$rootfs" "$version" "$module"
	done | awk '!seen[$0]++' | while read -r file; do
		copy_module "$rootfs/$file"
	done
	(cd initrd && find . | cpio --quiet -o -H newc | gzip -1) >initrd.img
}

# busybox cannot load a compressed module.
copy_module() {
	local name

	name=$(basename "${1%.xz}")
	case $1 in
	*.xz) xz -dc "$1" >"initrd/modules/$name" ;;
	*) cp "$1" "initrd/modules/$name" ;;
	esac
	printf '%s\n' "$name" >>initrd/modules/order
}

# mke2fs fills the file system itself: no loop device, no mount.
build_root_image() {
	local rootfs=$1 used

	rm -rf "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/cache/apt/*
	mkdir -p "$rootfs/rig" "$rootfs/share"
	used=$(du -sm "$rootfs" | cut -f1)
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$rootfs" root.ext4 "$((used * 5 / 4 + 512))M" >/dev/null
}
