#!/bin/bash
# Debian 13's QEMU on its sway. Its llvmpipe does not survive compositing a dma-buf on a vkms card: so the screen is as large
# as the image that QEMU begins with, all guests keep that size, and there are no screenshots.
. /rig/guestplane.sh
. /rig/qemu.sh

SHOW_TIMEOUT=300

played() {
	local name=$1 device=$2
	shift 2

	show_start "$name" qemu: --fullscreen --fixed
	"$QTEST_DRIVER" "$(qemu_qtest "$name")" "$device" "$@" >"$SHARE/$name.driver" 2>&1
	show_stop
	qemu_stop
}

everything() {
	qemu_on_bus vga on "${VGA_DEVICE[@]}" && played vga vga mode=640x480 flip=10,40 wait=500
	qemu_on_bus blob on "${BLOB_DEVICE[@]}" && played blob blob mode=640x480 flip=60,300 wait=500
	vfio_device "$MBOCHS_UUID"
	qemu_on_bus vfio on "${VFIO_DEVICE[@]}" || return
	show_start vfio qemu: --fullscreen --fixed
	"$DRIVER" --pid "$QEMU_PID" mode=640x480 flip=10,101 wait=500 >"$SHARE/vfio.driver"
	show_stop
	qemu_stop
}

udev_start
load_vkms
load_mbochs patched
SWAY_MODE=640x480 on sway-vkms everything
