#!/bin/bash
# The pattern guest over udmabuf on every host of the rig: flipping at 60 Hz, and then with its cursor plane.
# Needs boot … -device bochs-display -device virtio-gpu-pci.
. /rig/guestplane.sh

# Without a GPU these are seconds behind when the machine is busy; and a screenshot stops weston for as long.
is_slow() { [[ $1 = weston-* || $1 = kwin-* || $1 = mutter-* ]]; }

# plain HOST: longer where few frames are presented; a share of few says little.
plain() {
	local seconds=5

	! is_slow "$1" || seconds=12
	show "$1" pattern:memory=udmabuf,no-cursor --fullscreen --seconds "$seconds"
}

# with_cursor HOST: slowly between many buffers. This guest waits for nobody: at 60 Hz it would long have drawn over the
# buffer that a host without a GPU still reads, and a screenshot's bar code would not say when the cursor was there.
with_cursor() {
	local rate=10

	! is_slow "$1" || rate=1
	show_start "$1-cursor" "pattern:memory=udmabuf,rate=$rate,buffers=16" --fullscreen
	sleep 5
	screenshot "$SHARE/$1-cursor.png"
	show_stop
}

# still HOST: one flip and no other, in a window, whose first frame a host may discard.
still() { show "$1-still" pattern:memory=udmabuf,no-cursor,rate=0.01 --seconds 4; }

all() {
	plain "$1"
	still "$1"
	with_cursor "$1"
}

udev_start
load_vkms
for host in sway-vkms cage-vkms labwc-vkms sway-pixman kwin-drm kwin-virtual; do
	on "$host" all "$host"
done
# The kiosk of weston 16 shows one client in its life; mutter is busy for seconds with a window that is gone.
for host in weston-drm weston-headless mutter-headless; do
	on "$host" plain "$host"
	on "$host" with_cursor "$host"
done
for host in sway-bochs weston-bochs sway-virtio; do
	on "$host" plain "$host"
done
on weston-drm show weston-drm-overlay pattern:memory=udmabuf --fullscreen --seconds 12
