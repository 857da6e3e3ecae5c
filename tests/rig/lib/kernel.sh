# shellcheck shell=bash
# The guest's kernel: Debian's, plus the modules that Debian does not build.
# Sourced by image, which works inside the directory the image is made in.

# Debian leaves VKMS, the VFIO samples and iommufd out of its configuration. They
# are built as external modules from linux-source, in a copy of the guest's own
# tree: the compiler and the headers match the kernel, and do not fatten the image.
build_kernel() {
	local suite=$1 rootfs=$2 version

	say "kernel: build tree"
	cp -a --reflink=auto "$rootfs" buildtree
	version=$(install_build_tools buildtree)
	say "kernel: $version and its modules"
	fetch_kernel "$suite" "$version" buildtree
	unpack_sources
	build_modules "$version" buildtree
	install_kernel "$version" "$rootfs"
}

in_tree() {
	local tree=$1
	shift
	DEBIAN_FRONTEND=noninteractive chroot "$tree" "$@"
}

# Prints the version of the kernel that the suite's plain amd64 flavour stands
# for. (The cloud flavour has no DRM.)
install_build_tools() {
	local tree=$1 version

	cp /etc/resolv.conf "$tree/etc/resolv.conf"
	version=$(in_tree "$tree" apt-cache depends linux-headers-amd64 |
		sed -n 's/.*Depends: linux-headers-//p' | head -n 1)
	in_tree "$tree" apt-get install -y --no-install-recommends \
		"linux-headers-$version" make gcc libc6-dev flex bison bc >tools.log 2>&1 ||
		{ tail -n 20 tools.log >&2; die "no kernel headers"; }
	printf '%s\n' "$version"
}

# Unpacked, never installed: an installed kernel would want an initramfs of its own.
fetch_kernel() {
	local suite=$1 version=$2 tree=$3 packages deb

	packages=("linux-source-$(cut -d. -f1,2 <<<"$version")")
	case $suite in
	trixie) packages+=("linux-image-$version") ;;
	*) packages+=("linux-"{base,binary,modules}"-$version") ;;
	esac
	mkdir "$tree/kernel" kernel source
	in_tree "$tree" sh -c 'cd /kernel && exec apt-get download "$@"' sh "${packages[@]}" \
		>fetch.log 2>&1 || { cat fetch.log >&2; die "no kernel packages"; }
	for deb in "$tree"/kernel/*.deb; do
		case $deb in
		*linux-source*) dpkg-deb -x "$deb" source ;;
		*) dpkg-deb -x "$deb" kernel ;;
		esac
	done
}

unpack_sources() {
	local patch

	tar -C source --strip-components=1 --wildcards -xJf source/usr/src/linux-source-*.tar.xz \
		'*/samples/vfio-mdev/*' '*/drivers/gpu/drm/vkms/*' '*/drivers/vfio/*' \
		'*/drivers/iommu/iommufd/*' '*/drivers/iommu/iommu-priv.h' '*/lib/interval_tree.c'
	cp source/samples/vfio-mdev/mbochs.c mbochs-stock.c
	for patch in mbochs-vmap vkms-two-crtcs; do
		patch --quiet -d source -p1 <"$RIG/patches/$patch.patch" || die "$patch.patch does not apply to this kernel"
	done
}

# mbochs twice: as it is, because a client has to live with its bugs, and
# patched, because only then can a display driver without hardware show it.
build_modules() {
	local headers=/usr/lib/modules/$1/build tree=$2 module

	lay_out_modules "$tree/build"
	lay_out_cdev "$tree/build/cdev"

	# objtool reads /proc
	mount -t proc proc "$tree/proc"
	for module in "${MODULES[@]}"; do
		make_module "$headers" "$tree" "$module"
	done
	make_module "$headers" "$tree" cdev "${CDEV[@]}"
	umount "$tree/proc"
}

# lay_out_modules DIRECTORY: a directory of it for each of MODULES.
readonly MODULES=(samples vkms vkms_syncobj testgpu)
lay_out_modules() {
	local directory=$1 samples=$1/samples from=source/samples/vfio-mdev

	mkdir -p "$samples"
	cp mbochs-stock.c "$samples/mbochs.c"
	cp "$from/mbochs.c" "$samples/mbochs_vmap.c"
	cp "$from/mdpy.c" "$from/mdpy-defs.h" "$samples/"
	echo 'obj-m := mbochs.o mbochs_vmap.o mdpy.o' >"$samples/Makefile"

	lay_out_vkms "$directory/vkms" vkms
	lay_out_vkms "$directory/vkms_syncobj" vkms_syncobj
	sed -i 's/DRIVER_MODESET |/& DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE |/' "$directory/vkms_syncobj/vkms_drv.c"
	grep -q DRIVER_SYNCOBJ_TIMELINE "$directory/vkms_syncobj/vkms_drv.c" || die "vkms has other driver features in this kernel"
	cp -r "$RIG/testgpu" "$directory/"
}

# lay_out_vkms DIRECTORY MODULE. Twice: it does not offer the sync objects that it
# could have, and a host without them is what there is to test, too.
lay_out_vkms() {
	local directory=$1 module=$2

	mkdir -p "$directory"
	cp source/drivers/gpu/drm/vkms/*.[ch] "$directory/"
	{
		echo "obj-m := $module.o"
		sed -n '/^vkms-y/,/[^\\]$/p' source/drivers/gpu/drm/vkms/Makefile | sed "s/^vkms-y/$module-y/"
	} >"$directory/Makefile"
}

# VFIO once more, with the nodes of /dev/vfio/devices and the iommufd that they
# are bound to. struct vfio_device has other members then, so what uses it is
# built here too, and none of the kernel's own VFIO modules fits beside these. The
# Makefiles are the kernel's own: make_module's variables are for them, the
# flags for the C files.
readonly CDEV=(CONFIG_IOMMUFD=m CONFIG_VFIO_DEVICE_CDEV=y CONFIG_VFIO_PCI_CORE=)
lay_out_cdev() {
	local cdev=$1 iommufd=$1/iommu/iommufd

	mkdir -p "$cdev/iommu"
	cp -r source/drivers/vfio "$cdev/"
	cp -r source/drivers/iommu/{iommufd,iommu-priv.h} "$cdev/iommu/"
	cp source/samples/vfio-mdev/mbochs.c "$cdev/mbochs_vmap.c"
	cat >"$cdev/Makefile" <<-'EOF'
		obj-m := iommu/iommufd/ vfio/ mbochs_vmap.o
		subdir-ccflags-y := -DCONFIG_IOMMUFD_MODULE -DCONFIG_VFIO_DEVICE_CDEV -DCONFIG_INTERVAL_TREE_SPAN_ITER
	EOF

	# Only iommufd wants this half of the file: Debian's kernel has the other.
	{
		echo '#include <linux/interval_tree.h>'
		sed -n '/^#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER/,/^#endif/p' source/lib/interval_tree.c
	} >"$iommufd/interval_tree_span.c"
	echo 'iommufd-y += interval_tree_span.o' >>"$iommufd/Makefile"
}

# make_module KERNEL TREE NAME [VARIABLE=VALUE…]
make_module() {
	local kernel=$1 tree=$2 name=$3
	shift 3

	in_tree "$tree" make -j"$(nproc)" -C "$kernel" "M=/build/$name" "$@" modules >make.log 2>&1 ||
		{ tail -n 20 make.log >&2; die "module $name does not build"; }
}

# Only the modules of modules.txt reach the image: all of them would be 0.4 GB.
install_kernel() {
	local version=$1 rootfs=$2 module file
	local modules=usr/lib/modules/$version

	mkdir -p "full/$modules/extra" "$rootfs/$modules"
	ln -s usr/lib full/lib
	if [[ -d kernel/$modules ]]; then
		cp -a "kernel/$modules/." "full/$modules/"
	else
		cp -a "kernel/lib/modules/$version/." "full/$modules/"
	fi
	cp buildtree/build/{samples,vkms,vkms_syncobj,testgpu}/*.ko "full/$modules/extra/"
	strip --strip-debug "full/$modules/extra"/*.ko
	depmod -b full "$version"

	all_modules | while read -r module; do
		module_files full "$version" "$module"
	done | sort -u | while read -r file; do
		install -D -m 644 "full/$file" "$rootfs/$file"
	done
	cp "full/$modules"/modules.{builtin,builtin.modinfo,order} "$rootfs/$modules/"
	depmod -b "$rootfs" "$version"
	install_cdev buildtree/build/cdev "$rootfs/usr/lib/modules/cdev"

	cp "kernel/boot/vmlinuz-$version" vmlinuz 2>/dev/null || cp "full/$modules/vmlinuz" vmlinuz
	printf '%s\n' "$version" >kernel-version
}

# install_cdev BUILT OUT: where depmod does not look. To modprobe their names mean the kernel's own.
install_cdev() {
	local built=$1 out=$2

	mkdir -p "$out"
	find "$built" -name '*.ko' -exec cp -t "$out" {} +
	strip --strip-debug "$out"/*.ko
}

all_modules() { sed -E -e 's/#.*//' -e 's/^boot: *//' -e '/^$/d' "$RIG/modules.txt"; }

# Those that the initramfs loads.
boot_modules() { sed -n 's/^boot: *//p' "$RIG/modules.txt"; }

# A module's file and those it needs, in the order to load them, relative to
# the tree; nothing for one that is built in.
module_files() {
	local tree=$1 version=$2 name=$3 lines

	lines=$(modprobe -d "$PWD/$tree" -S "$version" --show-depends "$name") ||
		die "the kernel has no module $name"
	sed -n 's/^insmod //p' <<<"$lines" | sed -E -e 's/ .*//' -e "s|^$PWD/$tree/*||" -e 's|^lib/|usr/lib/|'
}
