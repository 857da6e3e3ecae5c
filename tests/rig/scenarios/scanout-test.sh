#!/bin/bash
# guestplane probe and scanout-test on hosts that scan out and on one that refuses imports; what they say is compared with
# DRM's debugfs by the program itself. Needs boot … -device bochs-display -device virtio-gpu-pci.
. /rig/guestplane.sh

# probe NAME ARGUMENT…
probe() {
	local name=$1 code=0

	shift
	timeout 60 "$GUESTPLANE" probe "$@" --json >"$SHARE/$name.json" 2>"$SHARE/$name.err" || code=$?
	echo "$code" >"$SHARE/$name.rc"
	echo "$name: exit $code"
}

# matrix NAME ARGUMENT…
matrix() {
	local name=$1 code=0

	shift
	timeout 120 "$GUESTPLANE" scanout-test "$@" --json "$SHARE/$name.json" --junit "$SHARE/$name.xml" --html "$SHARE/$name.html" \
		>"$SHARE/$name.txt" 2>"$SHARE/$name.err" || code=$?
	echo "$code" >"$SHARE/$name.rc"
	echo "$name: exit $code"
	cat "$SHARE/$name.txt"
}

sway_vkms() {
	matrix sway-vkms --seconds 2.5 --formats AR24,RG16 --buffers 1 --cursors subsurface --windows window,letterbox --sizes 640x480
	probe probe-cursor pattern:memory=udmabuf --seconds 2
	probe probe-scale pattern:memory=udmabuf,no-cursor,size=800x600 --seconds 2
	# AddFB2 of vkms takes it; the tranche for scanout says so.
	probe probe-plain pattern:memory=udmabuf,no-cursor --seconds 3
	probe probe-forced pattern:no-cursor --transport shm --seconds 1
	probe probe-host
	timeout 60 "$GUESTPLANE" probe pattern:no-cursor >"$SHARE/probe.txt"
}

# One connection, many windows: weston 16.0.0's kiosk does not survive a second client.
weston_drm() { matrix weston-drm --seconds 3 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480; }

kwin_drm() { matrix kwin-drm --seconds 3 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480; }

sway_bochs() { matrix sway-bochs --seconds 2.5 --formats RG16 --cursors subsurface --sizes 640x480; }

sway_virtio() {
	matrix sway-virtio --seconds 2 --windows window
	probe probe-refused pattern:memory=udmabuf,no-cursor --seconds 1
}

udev_start
load_vkms
on sway-vkms sway_vkms
on weston-drm weston_drm
on kwin-drm kwin_drm
on sway-bochs sway_bochs
on sway-virtio sway_virtio
on sway-pixman probe probe-pixman pattern:memory=udmabuf,no-cursor --seconds 1
