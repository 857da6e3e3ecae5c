#!/bin/bash
# Tests the rig's QEMU guests with a listener on QEMU's D-Bus display, without guestplane. The listener's output and the drivers'
# output stay in the share: NAME.messages, NAME.driver.
. /rig/qemu.sh

readonly MAP=org.qemu.Display1.Listener.Unix.Map
FAILED=0

# heard NAME LISTENER-OPTIONS DEVICE STEP…: runs the steps in the guest of QEMU NAME, with a listener. Then QEMU ends, and with
# it the listener.
heard() {
	local name=$1 options=$2 device=$3 listener
	shift 3

	# shellcheck disable=SC2086 # some words
	/rig/display-listener $options >"/share/$name.messages" 2>&1 &
	listener=$!
	wait_until 30 grep -q MouseSet "/share/$name.messages" || complain "$name: the listener hears nothing"
	"$QTEST_DRIVER" "$(qemu_qtest "$name")" "$device" "$@" >"/share/$name.driver" 2>&1
	sleep 1
	qemu_stop
	wait "$listener"
	summary "$name"
}

# Which messages arrived, the most frequent buffers, and the driver's last output.
summary() {
	echo "== $1: $(tail -n 1 "/share/$1.driver")"
	grep -o '^t=[0-9]* [A-Z][A-Za-z0-9]*' "/share/$1.messages" | cut -d' ' -f2 | sort | uniq -c
	grep -o 'inode=[0-9]*' "/share/$1.messages" | sort | uniq -c | sort -rn | head -n 4
	grep flushes= "/share/$1.driver"
}

check() {
	local what=$1
	shift
	if "$@"; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		FAILED=1
	fi
}

played() { grep -qx "last-frame=$2 flips=$2" "/share/$1.driver"; }
has() { grep -q " $2 " "/share/$1.messages"; }
shows() { tail -n 1 "/share/$1.messages" | grep -qE "frame=$2$"; }

# alternates NAME COUNT: at least that many scanouts, alternating between two buffers.
alternates() {
	sed -n 's/.*DMABUF2* \[*fd:inode=\([0-9]*\).* 875713112 .*/\1/p' "/share/$1.messages" |
		awk -v count="$2" '{ same += $1 == last; other += NR > 2 && $1 != before; before = last; last = $1 }
			END { exit NR < count || same > 0 || other > 0 }'
}

# Trixie's python cannot read a dma-buf, and its QEMU drops many of the buffers that a blob guest flips to.
readable() { python3 -c 'import mmap' 2>/dev/null; }
old_qemu() { "${QEMU[@]}" --version | grep -q 'version 10\.0'; }

vga() {
	local steps=(mode=1024x768 "flip=10,10" "update=10,10" mode=800x600 "flip=10,5" off wait=500 on wait=500)

	qemu_on_bus vga-bytes off "${VGA_DEVICE[@]}" && heard vga-bytes "" vga "${steps[@]}"
	check "VGA, bytes: played" played vga-bytes 25
	check "VGA, bytes: shown" shows vga-bytes 25

	qemu_on_bus vga-map off "${VGA_DEVICE[@]}" && heard vga-map "--interfaces $MAP" vga "${steps[@]}"
	check "VGA, maps: played" played vga-map 25
	check "VGA, maps: heard" has vga-map ScanoutMap

	qemu_on_bus vga-gl on "${VGA_DEVICE[@]}" && heard vga-gl "" vga "${steps[@]}"
	check "VGA, GL: played" played vga-gl 25
	! readable || check "VGA, GL: shown" shows vga-gl 25
}

blob() {
	qemu_on_bus blob-flips on "${BLOB_DEVICE[@]}" && heard blob-flips "" blob mode=1024x768 flip=60,1000
	check "blob: played" played blob-flips 1000
	old_qemu || check "blob: two buffers, by turns" alternates blob-flips 1001
	old_qemu || check "blob: shown" shows blob-flips 1000

	qemu_p2p blob-steps on "${BLOB_DEVICE[@]}" &&
		heard blob-steps "--qmp $(qemu_qmp blob-steps)" blob --buffers 3 mode=1024x768 flip=10,9 update=10,5 \
			cursor=100,50 cursor=200,150 cursor=off mode=800x600 flip=10,5 off wait=300 on paint
	check "blob, p2p: played" played blob-steps 19
	check "blob, p2p: the pointer" has blob-steps CursorDefine

	# QEMU sends an unusable map, gets an error, and sends bytes.
	qemu_on_bus blob-map off "${BLOB_DEVICE[@]}" &&
		heard blob-map "--interfaces $MAP" blob mode=1024x768 flip=10,5 update=10,5 flip=10,1
	check "blob, maps: played" played blob-map 11
	check "blob, maps: shown, by bytes" shows blob-map 11
}

vfio() {
	load_mbochs patched
	vfio_device "$MBOCHS_UUID"
	qemu_on_bus vfio-flips on "${VFIO_DEVICE[@]}" &&
		heard vfio-flips "" vfio mode=1024x768 flip=10,51 off wait=300 on wait=300
	check "vfio: played" played vfio-flips 51
	! readable || check "vfio: shown" shows vfio-flips 51
}

udev_start
vga
blob
vfio
exit "$FAILED"
