#!/bin/bash
# In the rig's VM: what a frame costs by guestplane and, for two of the guests, in QEMU's own window (GTK with GL), on the same sway.
# The guests are two vGPUs and a virtio-gpu with blobs, each making 600 flips, sixty a second if it is let. Forky only.
# mbochs is flipped by a program, which the emulated machine delays by up to 8 ms; testgpu by a timer in the kernel.
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

# ours NAME "SOURCE OPTION…" COMMAND…: by guestplane. Its report counts what was presented, and little comes before the flips.
ours() {
	local name=$1 source=$2
	shift 2

	# shellcheck disable=SC2086 # words
	show_start "$name" $source --fullscreen --fixed
	cost "$name" "$(show_process)" "$@"
	show_stop
	[[ -z ${QEMU_PID-} ]] || qemu_stop
}

vfio_flips() { "$DRIVER" --pid "$1" mode=1024x768 flip=60,600; }
testgpu_flips() { testgpu "flip 60 600" wait; }
blob_flips() { "$QTEST_DRIVER" "$(qemu_qtest "$1")" blob mode=1024x768 flip=60,600; }

everything() {
	load_mbochs patched
	vfio_device "$MBOCHS_UUID"
	qemu_window vfio-window "${VFIO_DEVICE[@]}" && window vfio-window vfio_flips "$QEMU_PID"
	qemu_on_bus vfio-qemu on "${VFIO_DEVICE[@]}" && ours vfio-qemu "qemu: --planes qemu" vfio_flips "$QEMU_PID"
	qemu_on_bus vfio-direct on "${VFIO_DEVICE[@]}" && ours vfio-direct "qemu: --planes vfio" vfio_flips "$QEMU_PID"
	# The card's: of a driver that exports its dma-bufs itself guestplane believes that each may be got once, and QEMU has got some.
	load_testgpu mbochs "$(card_of vkms)"
	testgpu "show primary 1024x768 XR24 3"
	vfio_device "$TESTGPU_UUID"
	qemu_on_bus testgpu-qemu on "${VFIO_DEVICE[@]}" && ours testgpu-qemu "qemu: --planes qemu" testgpu_flips
	qemu_on_bus testgpu-direct on "${VFIO_DEVICE[@]}" && ours testgpu-direct "qemu: --planes vfio" testgpu_flips
	qemu_on_bus testgpu-pid off "${VFIO_DEVICE[@]/display=on/display=off}" &&
		ours testgpu-pid "pid:$QEMU_PID --input qmp:$(qemu_qmp testgpu-pid)" testgpu_flips
	qemu_window blob-window "${BLOB_DEVICE[@]}" && window blob-window blob_flips blob-window
	qemu_on_bus blob-qemu on "${BLOB_DEVICE[@]}" && ours blob-qemu qemu: blob_flips blob-qemu
}

udev_start
load_vkms
on sway-vkms everything
