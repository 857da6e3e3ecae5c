#!/bin/bash
# QEMU's consoles by its D-Bus display, on sway/vkms. qtest-driver plays their guests.
. /rig/guestplane.sh
. /rig/qemu.sh

# played NAME DEVICE STEP…: what the guest of the QEMU NAME plays, from the first frame on; then a screenshot of its last.
played() {
	local name=$1 device=$2
	shift 2

	show_start "$name" "${SOURCE:-qemu:}" --fullscreen
	"$QTEST_DRIVER" "$(qemu_qtest "$name")" "$device" "$@" >"$SHARE/$name.driver" 2>&1
	drm_state >"$SHARE/$name.drm"
	fds_of "$(show_process)" >"$SHARE/$name.fds"
	screenshot "$SHARE/$name.png"
	show_stop
	qemu_stop
}

blob() {
	qemu_on_bus blob on "${BLOB_DEVICE[@]}" && played blob blob mode=1024x768 flip=60,1000 wait=500
	SOURCE=qemu:qmp=$(qemu_qmp blob-steps)
	qemu_p2p blob-steps on "${BLOB_DEVICE[@]}" &&
		played blob-steps blob --buffers 3 mode=1024x768 flip=30,60 update=30,30 cursor=100,50 cursor=200,150 \
			mode=640x480 flip=30,30 off wait=400 on paint mode=1024x768 flip=30,31 cursor=300,200 wait=500
	unset SOURCE
}

vga() {
	qemu_on_bus vga on "${VGA_DEVICE[@]}" && played vga vga mode=1024x768 flip=10,30 update=10,10 wait=500
	qemu_on_bus vga-bytes off "${VGA_DEVICE[@]}" && played vga-bytes vga mode=1024x768 flip=10,30 update=10,10 wait=500
}

vfio() {
	vfio_device "$MBOCHS_UUID"
	qemu_on_bus vfio on "${VFIO_DEVICE[@]}" && played vfio vfio mode=1024x768 flip=30,600 wait=500
}

everything() {
	blob
	vga
	vfio
}

udev_start
load_vkms
load_mbochs patched
on sway-vkms everything
