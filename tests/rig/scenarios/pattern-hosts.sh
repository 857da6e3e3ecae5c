#!/bin/bash
# The pattern guest over udmabuf on every host of the rig: flipping at 60 Hz, and then with its cursor plane.
# Needs boot … -device bochs-display -device virtio-gpu-pci.
. /rig/guestplane.sh

# plain HOST: longer on weston, which presents few frames when the machine is busy; a share of few says little.
plain() {
	local seconds=5

	[[ $1 != weston-* ]] || seconds=12
	show "$1" pattern:memory=udmabuf,no-cursor --fullscreen --seconds "$seconds"
}

# with_cursor HOST: slowly between many buffers. This guest waits for nobody: at 60 Hz it would long have drawn over the
# buffer that a host without a GPU still reads, and a screenshot's bar code would not say when the cursor was there.
with_cursor() {
	local rate=10

	# Its screenshooter stops weston for seconds.
	[[ $1 != weston-* ]] || rate=1
	show_start "$1-cursor" "pattern:memory=udmabuf,rate=$rate,buffers=16" --fullscreen
	sleep 4
	case $1 in
	kwin-* | mutter-*) ;;
	*) screenshot "$SHARE/$1-cursor.png" ;;
	esac
	show_stop
}

both() {
	plain "$1"
	with_cursor "$1"
}

udev_start
load_vkms
for host in sway-vkms cage-vkms labwc-vkms sway-pixman kwin-drm kwin-virtual; do
	on "$host" both "$host"
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
