#!/bin/bash
# What QEMU's own window costs: mbochs in QEMU, flipped at 60 Hz, in a window of GTK's on sway. Says how many frames the
# host was given, and the processor time of QEMU and of sway. Forky only.
. /rig/qemu.sh

DRIVER=/share/mbochs-driver

# window NAME: the vGPU is driven past QEMU, whose processor time is the display's alone then.
window() {
	local name=$1 qemu_before host_before frames_before

	vfio_device "$MBOCHS_UUID"
	qemu_window "$name" "${VFIO_DEVICE[@]}" || return
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=60,60 >/dev/null
	qemu_before=$(cpu_ms "$QEMU_PID") host_before=$(cpu_ms "$HOST_PID") frames_before=$(window_frames "$name")
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=60,600 >"/share/$name.driver"
	echo "flips=600 frames=$(($(window_frames "$name") - frames_before))" \
		"qemu-ms=$(($(cpu_ms "$QEMU_PID") - qemu_before)) host-ms=$(($(cpu_ms "$HOST_PID") - host_before))" |
		tee "/share/$name.cost"
	screenshot "/share/$name.png"
	qemu_stop
}

udev_start
load_vkms
load_mbochs patched
host_start sway-vkms
window window
