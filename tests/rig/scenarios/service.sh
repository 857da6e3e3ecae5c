#!/bin/bash
# A kiosk machine: Debian's systemd, our package, and a screen on vkms that belongs to the unit. It shows a vGPU, by its group's node
# and by its own, and by the unit that shares it, and a QEMU. The guest flips, the kiosk is killed, the guest flips again. The vGPU is
# shared on the system's bus, too.
# Needs boot with RIG_INIT=systemd, and the package in the share.
. /rig/guestplane.sh
. /rig/qemu.sh

readonly UNIT=guestplane-kiosk@.service

# There are no devices but the screen, and rendering is by CPU: settings of the rig, not of the package.
machine() {
	mkdir -p "/etc/systemd/system/$UNIT.d"
	cat >"/etc/systemd/system/$UNIT.d/rig.conf" <<-'UNIT'
		[Service]
		Environment=WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER_ALLOW_SOFTWARE=1
	UNIT
	systemctl daemon-reload
}

main_process() { systemctl show --value --property MainPID "$1"; }

# process_of UNIT: guestplane's process, which is a child of cage.
process_of() { pgrep --parent "$(main_process "$1")" --exact guestplane; }

is_restarted() { (($(systemctl show --value --property NRestarts "$1") > 0)) && systemctl is-active --quiet "$1"; }

is_looked_at() { guestplane list | grep -q "looks at console 0"; }

# play_… UNIT COUNT: the guest's next frames.
play_vgpu() { "$DRIVER" --pid "$(process_of "$1")" mode=1024x768 flip=30,"$2" wait=500; }
play_share() {
	wait_until 30 is_looked_at
	"$DRIVER" --pid "$(main_process "$SHARE_UNIT.service")" mode=1024x768 flip=30,"$2" wait=500
}
play_qemu() { "$QTEST_DRIVER" "$(qemu_qtest service)" blob mode=1024x768 flip=30,"$2" wait=500; }

# seen NAME UNIT PLAY COUNT: what is on screen after that many frames.
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

kill_main() {
	systemctl kill --kill-whom=main --signal=KILL "$1"
	wait_until 20 is_restarted "$1"
}

# drill NAME UNIT PLAY
drill() {
	systemctl start "$2"
	echo $? >"$SHARE/$1.rc"
	seen "$1" "$2" "$3" 37 || return
	status_of "$(process_of "$2")" >"$SHARE/$1.status"
	kill_main "$2"
	seen "$1-again" "$2" "$3" 41
}

status_of() { grep -E '^(Uid|NoNewPrivs|CapEff|Seccomp):' "/proc/$1/status"; }

# The kiosk is the client that starts the share, which has the vGPU; then the share is killed, and the kiosk finds the next one.
share() {
	local instance unit socket

	instance=$(systemd-escape "vfio:$MBOCHS_UUID")
	SHARE_UNIT=guestplane-share@$instance
	socket=/run/guestplane/$instance.sock
	systemctl start "$SHARE_UNIT.socket"
	setpriv --reuid nobody --regid nogroup --clear-groups guestplane show "qemu:socket=$socket" 2>"$SHARE/stranger.err"
	echo $? >"$SHARE/stranger.rc"
	systemctl is-active "$SHARE_UNIT.service" >"$SHARE/stranger.state"
	unit=$(systemd-escape --template=$UNIT "qemu:socket=$socket")
	systemctl start "$unit"
	echo $? >"$SHARE/share.rc"
	seen share "$unit" play_share 37
	status_of "$(process_of "$unit")" >"$SHARE/share.status"
	status_of "$(main_process "$SHARE_UNIT.service")" >"$SHARE/share-unit.status"
	kill_main "$SHARE_UNIT.service"
	seen share-restarted "$unit" play_share 43
	guestplane list >"$SHARE/share.list"
	journalctl --no-pager --output=cat --unit "$unit" --unit "$SHARE_UNIT.service" >"$SHARE/share.err"
	systemctl stop "$unit" "$SHARE_UNIT.socket" "$SHARE_UNIT.service"
}

# name_of NAME USER-OPTION…: what such a user is told of the VM on the system's bus.
name_of() {
	setpriv --reuid nobody "${@:2}" --clear-groups busctl --system get-property org.qemu /org/qemu/Display1/VM org.qemu.Display1.VM \
		Name >"$SHARE/$1.name" 2>"$SHARE/$1.err"
	echo $? >"$SHARE/$1.rc"
}

# The system's bus refuses a share until it has its policy. Then the group kvm sees the VM, and nobody else.
system_bus() {
	local share

	systemctl start dbus
	timeout 60 guestplane share "vfio:$MBOCHS_UUID" --bus system 2>"$SHARE/bus-refused.err"
	echo $? >"$SHARE/bus-refused.rc"
	# From the package itself: the image leaves /usr/share/doc out.
	dpkg-deb --fsys-tarfile "$SHARE"/*.deb | tar -xO ./usr/share/doc/guestplane/examples/org.qemu.conf >/etc/dbus-1/system.d/org.qemu.conf
	systemctl reload dbus
	guestplane share "vfio:$MBOCHS_UUID" --bus system 2>"$SHARE/bus-share.err" &
	share=$!
	wait_until 20 grep -qs 'is shared' "$SHARE/bus-share.err"
	name_of bus-member --regid kvm
	name_of bus-stranger --regid nogroup
	kill -TERM "$share"
	wait "$share"
	echo $? >"$SHARE/bus-share.rc"
}

# The device is there before the package, which gives it to its group.
load_vkms
load_mbochs_cdev || exit
dpkg --install "$SHARE"/*.deb || exit
machine
# Another one comes after it.
create_mdev /sys/class/mbochs/mbochs/mdev_supported_types/mbochs-small >/dev/null
udevadm settle
stat --format '%n %G %a' /dev/vfio/[0-9]* /dev/vfio/devices/* /dev/iommu /dev/udmabuf >"$SHARE/nodes"
kiosk group "vfio:$MBOCHS_UUID" play_vgpu
kiosk node "vfio:$MBOCHS_NODE" play_vgpu
share
system_bus
qemu_p2p service on "${BLOB_DEVICE[@]}" || exit
# As doc/kiosk.md has a VM's socket.
chgrp kvm "$(qemu_qmp service)" && chmod 660 "$(qemu_qmp service)"
kiosk qemu "qemu:qmp=$(qemu_qmp service)" play_qemu
qemu_stop
