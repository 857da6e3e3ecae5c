#!/bin/bash
# QEMU's consoles by its D-Bus display, on sway/vkms. qtest-driver plays their guests. The QEMU is that of the second disk,
# if the VM has one.
. /rig/guestplane.sh
. /rig/qemu.sh

SHOW_TIMEOUT=400

# played NAME DEVICE STEP…: what the guest of the QEMU NAME plays, from the first frame on; then a screenshot of its last,
# and another of what a client is told that comes after it.
played() {
	local name=$1 device=$2
	shift 2

	show_start "$name" "${SOURCE:-qemu:}" --fullscreen --fixed
	"$QTEST_DRIVER" "$(qemu_qtest "$name")" "$device" "$@" >"$SHARE/$name.driver" 2>&1
	drm_state >"$SHARE/$name.drm"
	screenshot "$SHARE/$name.png"
	show_stop
	last "$name"
	qemu_stop
}

last() {
	show_start "$1-last" "${SOURCE:-qemu:}" --fullscreen --fixed
	screenshot "$SHARE/$1-last.png"
	show_stop
}

# Between two resources; and what else a guest's driver does, with the display on no bus.
blob() {
	qemu_on_bus blob on "${BLOB_DEVICE[@]}" && played blob blob mode=1024x768 flip=60,1000 wait=500
	qemu_p2p blob-steps on "${BLOB_DEVICE[@]}" && SOURCE=qemu:qmp=$(qemu_qmp blob-steps) played blob-steps blob --buffers 3 \
		mode=1024x768 flip=30,60 update=30,30 cursor=100,50 cursor=200,150 mode=640x480 flip=30,30 off wait=400 on paint \
		mode=1024x768 flip=30,31 cursor=300,200 wait=500
}

# Looked at while it flips.
order() {
	local driver number

	qemu_on_bus order on "${BLOB_DEVICE[@]}" || return
	show_start order qemu: --fullscreen --fixed
	"$QTEST_DRIVER" "$(qemu_qtest order)" blob mode=1024x768 flip=20,200 >"$SHARE/order.driver" 2>&1 &
	driver=$!
	wait_until 20 grep -q step=mode "$SHARE/order.driver"
	for number in {1..5}; do
		sleep 1
		screenshot "$SHARE/order-$number.png"
	done
	wait "$driver"
	show_stop
	qemu_stop
}

vga() {
	qemu_on_bus vga on "${VGA_DEVICE[@]}" && played vga vga mode=1024x768 flip=10,30 update=10,10 wait=500
	qemu_on_bus vga-bytes off "${VGA_DEVICE[@]}" && played vga-bytes vga mode=1024x768 flip=10,60 update=10,10 wait=500
	qemu_on_bus vga-map off "${VGA_DEVICE[@]}" && played vga-map vga8 mode=1024x768 flip=10,30 update=10,10 wait=500
}

# QEMU looks at a vGPU's plane every 30 ms: at ten flips a second it sees each.
vfio() {
	vfio_device "$MBOCHS_UUID"
	qemu_on_bus vfio on "${VFIO_DEVICE[@]}" || return
	show_start vfio qemu: --fullscreen --fixed
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=10,101 wait=500 >"$SHARE/vfio.driver"
	drm_state >"$SHARE/vfio.drm"
	show_stop
	# Only now a screenshot: QEMU sends updates all the time, and while it is taken the host composites.
	last vfio
	qemu_stop
}

# A VM that ends and comes back, on the same socket.
returns() {
	local source

	source=qemu:qmp=$(qemu_qmp returns)
	qemu_p2p returns on "${BLOB_DEVICE[@]}" || return
	show_start returns "$source" --fullscreen --fixed --wait
	"$QTEST_DRIVER" "$(qemu_qtest returns)" blob mode=1024x768 flip=30,30 >"$SHARE/returns-first.driver" 2>&1
	kill -KILL "$QEMU_PID"
	wait_until 20 grep -q 'Waiting for it' "$SHARE/returns.err"
	screenshot "$SHARE/returns-away.png"
	qemu_p2p returns on "${BLOB_DEVICE[@]}"
	wait_until 20 grep -q 'is there again' "$SHARE/returns.err"
	"$QTEST_DRIVER" "$(qemu_qtest returns)" blob mode=1024x768 flip=30,47 wait=500 >"$SHARE/returns.driver" 2>&1
	screenshot "$SHARE/returns.png"
	show_stop
	qemu_stop
}

everything() {
	blob
	order
	vga
	vfio
	returns
}

udev_start
load_vkms
load_mbochs patched
[[ ! -b /dev/vdb ]] || other_qemu || exit
"${QEMU[@]}" --version >"$SHARE/qemu.version"
on sway-vkms everything
