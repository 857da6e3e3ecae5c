#!/bin/bash
# QEMU's consoles by its D-Bus display, on sway/vkms. qtest-driver drives their guests. The QEMU is that of the second disk, if the VM
# has one.
. /rig/guestplane.sh
. /rig/qemu.sh

# played NAME DEVICE STEP…: runs the steps in the guest of QEMU NAME, from the first frame on; then takes a screenshot of its last
# frame, and another of what a client shows that connects after it.
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

# Flips between two resources, and other actions of a guest's driver, with a peer-to-peer display.
blob() {
	qemu_on_bus blob on "${BLOB_DEVICE[@]}" && played blob blob mode=1024x768 flip=60,1000 wait=500
	qemu_p2p blob-steps on "${BLOB_DEVICE[@]}" && SOURCE=qemu:qmp=$(qemu_qmp blob-steps) played blob-steps blob --buffers 3 \
		mode=1024x768 flip=30,60 update=30,30 cursor=100,50 cursor=200,150 mode=640x480 flip=30,30 off wait=400 on paint \
		mode=1024x768 flip=30,31 cursor=300,200 wait=500
}

# Screenshots while it flips, for as long as they take.
order() {
	local driver number

	qemu_on_bus order on "${BLOB_DEVICE[@]}" || return
	show_start order qemu: --fullscreen --fixed
	"$QTEST_DRIVER" "$(qemu_qtest order)" blob mode=1024x768 flip=20,100000 >"$SHARE/order.driver" 2>&1 &
	driver=$!
	wait_until 20 grep -q step=mode "$SHARE/order.driver"
	for number in {1..5}; do
		sleep 1
		screenshot "$SHARE/order-$number.png"
	done
	kill "$driver"
	show_stop
	qemu_stop
}

vga() {
	qemu_on_bus vga on "${VGA_DEVICE[@]}" && played vga vga mode=1024x768 flip=10,60 update=10,10 wait=500
	qemu_on_bus vga-bytes off "${VGA_DEVICE[@]}" && played vga-bytes vga mode=1024x768 flip=10,60 update=10,10 wait=500
	qemu_on_bus vga-map off "${VGA_DEVICE[@]}" && played vga-map vga8 mode=1024x768 flip=20,120 update=10,10 wait=500
}

# QEMU polls a vGPU's plane every 30 ms: at ten flips a second it gets each.
vfio() {
	vfio_device "$MBOCHS_UUID"
	qemu_on_bus vfio on "${VFIO_DEVICE[@]}" || return
	show_start vfio qemu: --fullscreen --fixed --planes qemu
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=10,101 wait=500 >"$SHARE/vfio.driver"
	drm_state >"$SHARE/vfio.drm"
	show_stop
	# The screenshot is last: QEMU sends updates all the time, and the compositor composites while it is taken.
	last vfio
	qemu_stop
}

# The same vGPU asked directly, which QEMU then does not ask: it has none of its dma-bufs. A VM that ends and comes back is asked again.
vfio_direct() {
	local name=vfio-direct source

	source=qemu:qmp=$(qemu_qmp $name)
	vfio_device "$MBOCHS_UUID"
	qemu_p2p $name on "${VFIO_DEVICE[@]}" || return
	show_start $name "$source" --fullscreen --fixed --wait
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=60,60 >"$SHARE/$name-first.driver"
	kill -KILL "$QEMU_PID"
	wait_until 20 grep -q 'Waiting for it' "$SHARE/$name.err"
	qemu_p2p $name on "${VFIO_DEVICE[@]}"
	wait_until 20 grep -q 'is back' "$SHARE/$name.err"
	"$DRIVER" --pid "$QEMU_PID" mode=1024x768 flip=60,61 wait=500 >"$SHARE/$name.driver"
	grep -h exp_name "/proc/$QEMU_PID/fdinfo"/* >"$SHARE/$name.exporters"
	# The words over the VM that was away are gone, and the compositor composites while a screenshot is taken.
	wait_until 10 is_scanned_out
	drm_state >"$SHARE/$name.drm"
	screenshot "$SHARE/$name.png"
	show_stop
	SOURCE=$source last $name
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
	wait_until 20 grep -q 'is back' "$SHARE/returns.err"
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
	vfio_direct
	returns
}

udev_start
load_vkms
load_mbochs patched
[[ ! -b /dev/other ]] || other_qemu || exit
"${QEMU[@]}" --version >"$SHARE/qemu.version"
on sway-vkms everything
