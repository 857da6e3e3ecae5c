#!/bin/bash
# guestplane probe and scanout-test on compositors that scan out. The program itself compares their
# reports with DRM's debugfs.
. /rig/guestplane.sh

sway_vkms() {
	matrix sway-vkms --seconds 2 --formats AR24,RG16 --buffers 1 --cursors subsurface --windows window,letterbox --sizes 640x480
	probe probe-cursor pattern:memory=udmabuf --seconds 2
	probe probe-scale pattern:memory=udmabuf,no-cursor,size=800x600 --seconds 2
	# vkms accepts it in AddFB2, and the scanout tranche has it.
	probe probe-plain pattern:memory=udmabuf,no-cursor --seconds 2
	probe probe-forced pattern:no-cursor --transport shm --seconds 1
	probe probe-host
	timeout 240 "$GUESTPLANE" probe pattern:no-cursor >"$SHARE/probe.txt"
}

# By the shell of desktops: the kiosk shell of weston 16 does not survive a second window.
weston_drm() { matrix weston-drm --seconds 3 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480; }

# Without a GPU, KWin may be busy for seconds with a case that it composites.
# A YUV image: KWin scans it out only if its range is full.
kwin_drm() {
	probe kwin-yuv pattern:memory=udmabuf,no-cursor,format=NV12,rate=10,color=bt709-full --color bt709-full --seconds 5
	matrix kwin-drm --seconds 5 --formats AR24 --cursors subsurface --windows letterbox --sizes 640x480
}

# The scale does not divide the mode: the output is 683 logical pixels wide, which are 1025 of the display's 1024.
labwc_fractional() {
	wlr-randr --output Virtual-1 --scale 1.5
	probe probe-fractional pattern:memory=udmabuf,no-cursor --seconds 3
}

# planes_of NAME SIZE…: what the probe says of the vGPU's planes, and where the kernel has them, once only images of these sizes are on
# hardware planes.
planes_of() {
	probe "$1" "vfio:$TESTGPU_UUID" --seconds 3
	show_start "$1-shown" "vfio:$TESTGPU_UUID" --fullscreen
	testgpu_settle
	wait_until 20 are_on_planes "${@:2}"
	drm_state >"$SHARE/$1.drm"
	show_stop
}

are_on_planes() { [[ $(drm_state | sed -n 's/.* fb=\([^ ]*\) imported=yes .*/\1/p' | sort | paste -sd ' ') = "$*" ]]; }

# without_overlay NAME: nothing of a vGPU with an overlay, a cursor or both is scanned out. A card without a cursor plane is no other.
without_overlay() {
	testgpu "on cursor" "on overlay"
	planes_of "$1-both"
	[[ $1 != primary ]] || return 0
	testgpu "off cursor"
	planes_of "$1-overlay"
	testgpu "on cursor" "off overlay"
	planes_of "$1-cursor"
}

# One overlay is for one of them.
with_overlay() {
	testgpu "on cursor" "on overlay"
	planes_of one-overlay-both 64x64
	testgpu "off cursor"
	planes_of one-overlay-overlay 1024x768 384x128
	testgpu "on cursor" "off overlay"
	planes_of one-overlay-cursor 1024x768 64x64
}

# on_weston NAME: no scaled image: on a busy machine llvmpipe sometimes ends weston in the case after it (its rasterizer threads write to
# address 0).
on_weston() {
	WESTON_SHELL=desktop on weston-drm matrix "weston-$1" --seconds 3 --cursors subsurface --windows letterbox
	WESTON_SHELL=desktop on weston-drm without_overlay "$1"
}

on_sway() { matrix "sway-$1" --seconds 3 --cursors subsurface --windows letterbox --sizes 640x480; }

# Cards with few planes, by configfs.
few_planes() {
	load_testgpu mbochs && testgpu "show primary 1024x768 XR24 2" "show overlay 384x128 XR24 2" "at overlay 320 512" \
		"show cursor 64x64 AR24 1" "at cursor 200 300"
	make_vkms 1 primary && udev_start
	on sway-vkms on_sway primary
	on_weston primary
	make_vkms 1 primary cursor && udev_start
	on sway-vkms on_sway cursor
	on_weston cursor
	make_vkms 1 primary overlay && udev_start
	WESTON_SHELL=desktop on weston-drm with_overlay
}

# Yama's strictest rule, which lasts until the VM ends: nobody may borrow the compositor's descriptor, so that the card is opened.
two_outputs() {
	make_vkms 2 primary cursor && udev_start
	on sway-vkms two_heads sway-two
	on kwin-drm two_heads kwin-two
	echo 3 >/proc/sys/kernel/yama/ptrace_scope
	on sway-vkms probe opened pattern:memory=udmabuf,no-cursor
}

udev_start
load_vkms
on sway-vkms sway_vkms
WESTON_SHELL=desktop on weston-drm weston_drm
on kwin-drm kwin_drm
on labwc-vkms labwc_fractional
on sway-pixman probe probe-pixman pattern:memory=udmabuf,no-cursor --seconds 1
few_planes
two_outputs
