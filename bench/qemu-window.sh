#!/bin/bash
# In the rig's VM: what a frame costs, in QEMU's own window (GTK with GL) and by guestplane, on the same sway, of the same
# guests: a vGPU (mbochs) and a virtio-gpu with blobs, each making 600 flips, sixty a second if it is let. Forky only.
. /rig/guestplane.sh
. /rig/qemu.sh

SHOW_TIMEOUT=400

# cost NAME FRAMES-BEFORE… COMMAND…: runs what the guest plays, and leaves in NAME.cost the processor time that it took.
cost() {
	local name=$1 viewer=$2 qemu_before host_before viewer_before=0 began
	shift 2

	qemu_before=$(cpu_ms "$QEMU_PID") host_before=$(cpu_ms "$HOST_PID") began=$(date +%s%N)
	[[ -z $viewer ]] || viewer_before=$(cpu_ms "$viewer")
	"$@" >"$SHARE/$name.driver" 2>&1
	{
		echo "seconds=$((($(date +%s%N) - began) / 1000000000))"
		echo "qemu=$(($(cpu_ms "$QEMU_PID") - qemu_before))"
		echo "host=$(($(cpu_ms "$HOST_PID") - host_before))"
		[[ -z $viewer ]] || echo "viewer=$(($(cpu_ms "$viewer") - viewer_before))"
	} >"$SHARE/$name.cost"
}

# window NAME COMMAND…: in QEMU's window, which must run already.
window() {
	local name=$1 frames
	shift

	frames=$(window_frames "$name")
	cost "$name" "" "$@"
	echo "frames=$(($(window_frames "$name") - frames))" >>"$SHARE/$name.cost"
	qemu_stop
}

# ours NAME OPTIONS COMMAND…: by guestplane. Its report counts what was presented, and little comes before the flips.
ours() {
	local name=$1 options=$2
	shift 2

	# shellcheck disable=SC2086 # words
	show_start "$name" qemu: $options --fullscreen --fixed
	cost "$name" "$(show_process)" "$@"
	show_stop
	[[ -z ${QEMU_PID-} ]] || qemu_stop
}

vfio_flips() { "$DRIVER" --pid "$1" mode=1024x768 flip=60,600; }
blob_flips() { "$QTEST_DRIVER" "$(qemu_qtest "$1")" blob mode=1024x768 flip=60,600; }

everything() {
	load_mbochs patched
	vfio_device "$MBOCHS_UUID"
	qemu_window vfio-window "${VFIO_DEVICE[@]}" && window vfio-window vfio_flips "$QEMU_PID"
	qemu_on_bus vfio-qemu on "${VFIO_DEVICE[@]}" && ours vfio-qemu "--planes qemu" vfio_flips "$QEMU_PID"
	qemu_on_bus vfio-direct on "${VFIO_DEVICE[@]}" && ours vfio-direct "--planes vfio" vfio_flips "$QEMU_PID"
	qemu_window blob-window "${BLOB_DEVICE[@]}" && window blob-window blob_flips blob-window
	qemu_on_bus blob-qemu on "${BLOB_DEVICE[@]}" && ours blob-qemu "" blob_flips blob-qemu
}

udev_start
load_vkms
on sway-vkms everything
