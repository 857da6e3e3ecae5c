#!/bin/bash
# A machine that is a kiosk: Debian's own systemd, our package, and a screen on vkms that is the unit's; what it shows is a
# vGPU, by its group's node and by its own. The guest plays, the kiosk is killed, the guest plays on.
# Needs boot with RIG_INIT=systemd, and the package in the share.
. /rig/guestplane.sh

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

main_of() { systemctl show --value --property MainPID "$1"; }

kiosk_of() { pgrep --parent "$(main_of "$1")" --exact guestplane; }

is_scanned_out() { drm_state | grep -q imported=yes; }

# seen NAME UNIT COUNT: what is on the screen after that many of the guest's frames.
seen() {
	wait_until 20 kiosk_of "$2" >/dev/null || return
	"$DRIVER" --pid "$(kiosk_of "$2")" mode=1024x768 flip=30,"$3" wait=500 >"$SHARE/$1.driver" 2>&1
	wait_until 20 is_scanned_out
	drm_state >"$SHARE/$1.drm"
	WAYLAND_DISPLAY=/run/guestplane-kiosk/wayland-0 grim "$SHARE/$1.png"
}

# kiosk NAME SOURCE
kiosk() {
	local unit

	unit=$(systemd-escape --template=$UNIT "$2")
	drill "$1" "$unit"
	journalctl --no-pager --output=cat --unit "$unit" >"$SHARE/$1.err"
	systemctl stop "$unit"
}

# drill NAME UNIT
drill() {
	local unit=$2 main

	systemctl start "$unit"
	echo $? >"$SHARE/$1.rc"
	seen "$1" "$unit" 37 || return
	grep -E '^(Uid|NoNewPrivs|CapEff|Seccomp):' "/proc/$(kiosk_of "$unit")/status" >"$SHARE/$1.status"
	main=$(main_of "$unit")
	kill -KILL "$main"
	wait_until 20 is_restarted "$unit"
	seen "$1-again" "$unit" 41
}

is_restarted() { (($(systemctl show --value --property NRestarts "$1") > 0)) && systemctl is-active --quiet "$1"; }

dpkg --install "$SHARE"/*.deb || exit
machine
load_vkms
load_mbochs_cdev || exit
udevadm settle
stat --format '%n %G %a' /dev/vfio/[0-9]* "$MBOCHS_NODE" /dev/iommu /dev/udmabuf >"$SHARE/nodes"
kiosk group "vfio:$MBOCHS_UUID"
kiosk node "vfio:$MBOCHS_NODE"
