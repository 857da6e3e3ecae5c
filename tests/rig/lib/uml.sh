# shellcheck shell=bash
# User-mode Linux: the same kernel as a program of this machine (README.md compares it with QEMU).
# Sourced by image, which works inside the directory the image is made in.

# build_uml TREE: leaves uml/linux, uml/initrd.img and uml/modules. Statically linked, because the tree's C library is not this machine's.
build_uml() {
	local tree=$1 linux=$1/build/linux log=uml.log

	say "kernel: user-mode Linux"
	mkdir -p "$linux" uml/modules
	tar -C "$linux" --strip-components=1 -xJf source/usr/src/linux-source-*.tar.xz --exclude '*/Documentation/*/*' --exclude '*/tools/testing/*'
	cp "$RIG/uml.config" "$linux/"
	patch --quiet -d "$linux" -p1 <"$RIG/patches/uml.patch" || die "uml.patch does not apply to this kernel"
	{
		make_uml "$tree" KCONFIG_ALLCONFIG=uml.config allnoconfig && check_uml_config "$linux" &&
			make_uml "$tree" linux modules
	} >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "user-mode Linux does not build"; }
	build_uml_modules "$tree" "$(make_uml "$tree" -s kernelrelease)"
	strip -o uml/linux "$linux/linux"
	build_uml_initrd "$tree"
}

make_uml() {
	local tree=$1
	shift

	in_tree "$tree" make -j"$(nproc)" -C /build/linux ARCH=um "$@"
}

# allnoconfig leaves out in silence what depends on something else that is not there.
check_uml_config() {
	local setting

	while read -r setting; do
		grep -qxF "$setting" "$1/.config" || { echo "this kernel does not take $setting"; return 1; }
	done < <(grep -E '^CONFIG_[A-Z0-9_]+=[ym]$' "$1/uml.config")
}

# The modules that Debian does not build either, for this kernel.
build_uml_modules() {
	local tree=$1 version=$2 module
	local out=uml/modules/$version

	lay_out_modules "$tree/build/uml"
	mkdir -p "$out"
	cp "$tree/build/linux"/modules.{builtin,builtin.modinfo,order} "$out/"
	for module in "${MODULES[@]}"; do
		make_module /build/linux "$tree" "uml/$module" ARCH=um
	done
	# Those of the kernel's own first: mbochs is another one here.
	find "$tree/build/linux" -name '*.ko' -exec cp -t "$out" {} +
	cp "$tree/build/uml"/{samples,vkms,vkms_syncobj,testgpu}/*.ko "$out/"
	strip --strip-debug "$out"/*.ko
	mkdir -p uml/lib && ln -s ../modules uml/lib/modules
	depmod -b "$PWD/uml" "$version"
	rm -r uml/lib
	lay_out_cdev "$tree/build/uml/cdev"
	make_module /build/linux "$tree" uml/cdev ARCH=um "${CDEV[@]}"
	install_cdev "$tree/build/uml/cdev" uml/modules/cdev
}

# The same as QEMU's, without a module.
build_uml_initrd() {
	mkdir -p uml-initrd/{bin,dev,proc,new,modules}
	cp "$1/usr/bin/busybox" uml-initrd/bin/busybox
	install -m 755 "$RIG/initramfs-init" uml-initrd/init
	: >uml-initrd/modules/order
	(cd uml-initrd && find . | cpio --quiet -o -H newc | gzip -1) >uml/initrd.img
}
