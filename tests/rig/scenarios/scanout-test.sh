#!/bin/bash
# guestplane probe and scanout-test on compositors that scan out and on one that rejects imports. The program itself compares their
# reports with DRM's debugfs. Needs boot … -device bochs-display -device virtio-gpu-pci.
. /rig/guestplane.sh

sway_vkms() {
	matrix sway-vkms --seconds 2.5 --formats AR24,RG16 --buffers 1 --cursors subsurface --windows window,letterbox --sizes 640x480
	probe probe-cursor pattern:memory=udmabuf --seconds 2
	probe probe-scale pattern:memory=udmabuf,no-cursor,size=800x600 --seconds 2
	# vkms accepts it in AddFB2, and the scanout tranche has it.
	probe probe-plain pattern:memory=udmabuf,no-cursor --seconds 3
	probe probe-forced pattern:no-cursor --transport shm --seconds 1
	probe probe-host
	timeout 240 "$GUESTPLANE" probe pattern:no-cursor >"$SHARE/probe.txt"
}

# One connection with many windows: weston 16.0.0's kiosk shell does not survive a second client.
weston_drm() { matrix weston-drm --seconds 3 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480; }

# Without a GPU, KWin may be busy for seconds with a case that it composites.
kwin_drm() { matrix kwin-drm --seconds 8 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480; }

sway_bochs() { matrix sway-bochs --seconds 2.5 --formats RG16 --cursors subsurface --sizes 640x480; }

sway_virtio() {
	matrix sway-virtio --seconds 2 --windows window
	probe probe-refused pattern:memory=udmabuf,no-cursor --seconds 1
}

# The scale does not divide the mode: the output is 683 logical pixels wide, which are 1025 of the display's 1024.
labwc_fractional() {
	wlr-randr --output Virtual-1 --scale 1.5
	probe probe-fractional pattern:memory=udmabuf,no-cursor --seconds 3
}

udev_start
load_vkms
on sway-vkms sway_vkms
on weston-drm weston_drm
on kwin-drm kwin_drm
on sway-bochs sway_bochs
on sway-virtio sway_virtio
on labwc-vkms labwc_fractional
on sway-pixman probe probe-pixman pattern:memory=udmabuf,no-cursor --seconds 1
