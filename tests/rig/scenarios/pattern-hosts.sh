#!/bin/bash
# The pattern guest over udmabuf on every host of the rig, with and without its cursor plane.
. /rig/guestplane.sh

both() {
	show "$1" pattern:memory=udmabuf,no-cursor --fullscreen --seconds 6
	show_start "$1-cursor" pattern:memory=udmabuf --fullscreen --seconds 8
	case $1 in
	kwin-* | mutter-*) ;;
	*) screenshot "$SHARE/$1-cursor.png" ;;
	esac
	show_end
}

udev_start
load_vkms
# The kiosk of weston 16 shows one client in its life.
export WESTON_SHELL=desktop
for host in sway-vkms cage-vkms labwc-vkms weston-drm weston-headless sway-pixman kwin-drm kwin-virtual mutter-headless; do
	on "$host" both "$host"
done
