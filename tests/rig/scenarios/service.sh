#!/bin/bash
# A machine that is a kiosk: Debian's own systemd, our package, and a screen on vkms that is the unit's; what it shows is a
# vGPU, by its group's node and by its own, and a QEMU. The guest plays, the kiosk is killed, the guest plays on.
# Needs boot with RIG_INIT=systemd, and the package in the share.
. /rig/guestplane.sh
. /rig/qemu.sh

readonly UNIT=guestplane-kiosk@.service

# No devices but the screen, and nothing but the processor to draw with. Not the package's business.
machine() {
	mkdir -p "/etc/systemd/system/$UNIT.d"
	cat >"/etc/systemd/system/$UNIT.d/rig.conf" <<-'UNIT'
		[Service]
		Environment=WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER_ALLOW_SOFTWARE=1
	UNIT
	systemctl daemon-reload
}

# process_of UNIT: guestplane, which is the child of cage.
process_of() { pgrep --parent "$(systemctl show --value --property MainPID "$1")" --exact guestplane; }

is_scanned_out() { drm_state | grep -q imported=yes; }
is_restarted() { (($(systemctl show --value --property NRestarts "$1") > 0)) && systemctl is-active --quiet "$1"; }

# play_… UNIT COUNT: the guest's next frames.
play_vgpu() { "$DRIVER" --pid "$(process_of "$1")" mode=1024x768 flip=30,"$2" wait=500; }
play_qemu() { "$QTEST_DRIVER" "$(qemu_qtest service)" blob mode=1024x768 flip=30,"$2" wait=500; }

# seen NAME UNIT PLAY COUNT: what is on the screen after that many.
seen() {
	wait_until 20 process_of "$2" >/dev/null || return
	"$3" "$2" "$4" >"$SHARE/$1.driver" 2>&1
	wait_until 20 is_scanned_out
	drm_state >"$SHARE/$1.drm"
	WAYLAND_DISPLAY=/run/guestplane-kiosk/wayland-0 grim "$SHARE/$1.png"
}

# kiosk NAME SOURCE PLAY
kiosk() {
	local unit

	unit=$(systemd-escape --template=$UNIT "$2")
	drill "$1" "$unit" "$3"
	journalctl --no-pager --output=cat --unit "$unit" >"$SHARE/$1.err"
	systemctl stop "$unit"
}

# drill NAME UNIT PLAY
drill() {
	systemctl start "$2"
	echo $? >"$SHARE/$1.rc"
	seen "$1" "$2" "$3" 37 || return
	grep -E '^(Uid|NoNewPrivs|CapEff|Seccomp):' "/proc/$(process_of "$2")/status" >"$SHARE/$1.status"
	systemctl kill --kill-whom=main --signal=KILL "$2"
	wait_until 20 is_restarted "$2"
	seen "$1-again" "$2" "$3" 41
}

dpkg --install "$SHARE"/*.deb || exit
machine
load_vkms
load_mbochs_cdev || exit
udevadm settle
stat --format '%n %G %a' /dev/vfio/[0-9]* "$MBOCHS_NODE" /dev/iommu /dev/udmabuf >"$SHARE/nodes"
kiosk group "vfio:$MBOCHS_UUID" play_vgpu
kiosk node "vfio:$MBOCHS_NODE" play_vgpu
qemu_p2p service on "${BLOB_DEVICE[@]}" || exit
# As who runs it would: root's, and of those who may run VMs.
chgrp kvm "$(qemu_qmp service)" && chmod 660 "$(qemu_qmp service)"
kiosk qemu "qemu:qmp=$(qemu_qmp service)" play_qemu
qemu_stop
