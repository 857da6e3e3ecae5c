#!/bin/bash
# Cards that only an emulated machine has: bochs-display, which has one plane, and virtio-gpu, which rejects imports. The test pattern,
# a vGPU (patched mbochs) and scanout-test. And weston with two outputs. Needs boot … -device bochs-display -device virtio-gpu-pci.
. /rig/guestplane.sh

# plain HOST SECONDS
plain() {
	show_start "$1" pattern:memory=udmabuf,no-cursor --fullscreen
	sleep "$2"
	show_stop
}

bochs() {
	plain sway-bochs 4
	matrix sway-bochs-cases --seconds 2 --formats RG16 --cursors subsurface --sizes 640x480
	flip_600 sway-bochs-vgpu
	last_flip sway-bochs-last
}

# The mode outlives the driver, so guestplane has an image from the start.
virtio() {
	plain sway-virtio 4
	matrix sway-virtio-cases --seconds 2 --windows window
	probe probe-refused pattern:memory=udmabuf,no-cursor --seconds 1
	"$DRIVER" --uuid "$MBOCHS_UUID" mode=1024x768
	show_start sway-virtio-vgpu "vfio:$MBOCHS_UUID" --fullscreen
	"$DRIVER" --pid "$(show_process)" mode=1024x768 flip=60,300 >"$SHARE/sway-virtio-vgpu.driver"
	show_stop
}

udev_start
load_mbochs patched
on sway-bochs bochs
# It presents fewer frames, and a share of few means little.
on weston-bochs plain weston-bochs 8
on sway-virtio virtio
# weston 16's shell of desktops moves the second of two full-screen windows to the first one's output if both come within one refresh, as
# they do on a machine that is not emulated.
make_vkms 2 primary cursor && udev_start
WESTON_SHELL=desktop on weston-drm two_heads weston-two
