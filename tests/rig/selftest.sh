#!/bin/bash
# A script for boot that tests the rig itself: vkms, a patched mbochs, sway on vkms, 120 flips.
# Needs the driver in the share: driver/build SHARE/mbochs-driver.
# tests/rig/README.md shows the whole command.
set -euo pipefail

check() {
	local what=$1
	shift
	if "$@"; then
		echo "ok: $what"
	else
		echo "FAILED: $what"
		exit 1
	fi
}

# On vkms with 1024x768, whatever mode the compositor would choose.
shows_whole_screen() { drm_state | grep -q 'size=1024x768\|fb=1024x768'; }

speaks_dmabuf() { wayland-info | grep "'zwp_linux_dmabuf_v1'"; }

flips_all() {
	./mbochs-driver --uuid "$MBOCHS_UUID" mode=1024x768 flip=60,120 off | tee driver.log
	grep -qx 'last-frame=120 flips=120' driver.log
}

panics_if_stuck() {
	[[ $(</proc/sys/kernel/panic_on_rcu_stall) = 1 && $(</sys/module/rcupdate/parameters/rcu_cpu_stall_timeout) = 60 ]]
}

has_picture() { screenshot screen.png && [[ -s screen.png ]]; }

echo "script starts at $(uptime_seconds) s"
check "a kernel that is stuck panics" panics_if_stuck
check "udev" udev_start
check "vkms" load_vkms
check "mbochs, patched" load_mbochs patched medium
check "sway on vkms" host_start sway-vkms
check "linux-dmabuf" speaks_dmabuf
check "1024x768 on the screen" wait_until 10 shows_whole_screen
drm_state
check "120 flips" flips_all
check "screenshot" has_picture
check "sway ends" host_stop
check "vGPUs go" unload_mdevs
echo "script ends at $(uptime_seconds) s"
