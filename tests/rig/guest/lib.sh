# shellcheck shell=bash
# Functions for the scripts that run in the VM: kernel modules, vGPUs, Wayland compositors ("hosts"), screenshots.
# /rig/init makes bash source this before the script. README.md describes each host.

unset BASH_ENV

readonly MDEV_UUID_PREFIX=83b8f4f2-509f-382f-3c1e-e6bfe0fa10

complain() { printf 'rig: %s\n' "$*" >&2; }

uptime_seconds() { cut -d' ' -f1 /proc/uptime; }

# A busy machine may be so many times slower than an idle one. Deadlines are there to end what hangs, not to measure.
PATIENCE=4

# pause SECONDS: sleeps without a process. Under emulation, starting one takes 100 ms of a CPU that what is waited for needs.
PAUSE=/run/rig.pause
pause() {
	[[ -p $PAUSE ]] || mkfifo -m 666 "$PAUSE"
	read -r -t "$1" _ <>"$PAUSE"
	return 0
}

# wait_until SECONDS COMMAND…: runs the command every 50 ms until it succeeds; false if it has not after the time that an idle machine
# may take, times PATIENCE.
wait_until() {
	local deadline=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@"; do
		((SECONDS <= deadline)) || return 1
		pause 0.05
	done
}

# ---- devices -------------------------------------------------------------

udev_start() {
	[[ -S /run/udev/control ]] || /usr/lib/systemd/systemd-udevd --daemon 2>/dev/null
	udevadm trigger --action=add --subsystem-match=drm --subsystem-match=input --subsystem-match=graphics
	udevadm settle -t 20
}

# load_vkms [PARAMETER=VALUE…]: with all its planes by default.
# shellcheck disable=SC2120 # the parameters are for scripts
load_vkms() {
	modprobe vkms enable_cursor=1 enable_overlay=1 enable_writeback=1 "$@"
}

# make_vkms CRTCS TYPE…: instead of what was there, a vkms with so many CRTCs, each with a connector and with a plane of each TYPE
# (primary, cursor, overlay) for itself. By configfs: needs a kernel of forky.
readonly VKMS=/sys/kernel/config/vkms/vkms-made # card_of looks for the first part of that name
make_vkms() {
	local crtcs=$1 crtc type number
	shift

	unmake_vkms && mkdir "$VKMS" || return
	for ((crtc = 1; crtc <= crtcs; crtc++)); do
		mkdir "$VKMS"/{crtcs,encoders,connectors}/"$crtc" &&
			ln -s "$VKMS/crtcs/$crtc" "$VKMS/encoders/$crtc/possible_crtcs/" &&
			ln -s "$VKMS/encoders/$crtc" "$VKMS/connectors/$crtc/possible_encoders/" || return
		number=0
		for type in "$@"; do
			number=$((number + 1))
			make_vkms_plane "$type" "$crtc" "$crtc-$number" || return
		done
	done
	echo 1 >"$VKMS/enabled"
}

# make_vkms_plane TYPE CRTC NAME
make_vkms_plane() {
	# enum drm_plane_type (drm_plane.h)
	local -A types=([overlay]=0 [primary]=1 [cursor]=2)

	mkdir "$VKMS/planes/$3" && echo "${types[$1]}" >"$VKMS/planes/$3/type" && ln -s "$VKMS/crtcs/$2" "$VKMS/planes/$3/possible_crtcs/"
}

# unmake_vkms: no vkms is left, but its module, which then makes none by itself.
unmake_vkms() {
	if [[ -d $VKMS ]]; then
		echo 0 >"$VKMS/enabled"
		find "$VKMS" -type l -delete
		rmdir "$VKMS"/{connectors,encoders,planes,crtcs}/* "$VKMS"
	else
		[[ ! -d /sys/module/vkms ]] || modprobe -r vkms || return
		modprobe vkms create_default_dev=0
	fi
}

# A vkms with one connector, which plug_monitor and unplug_monitor change as a user does with a cable.
load_vkms_with_plug() { make_vkms 1 primary cursor; }

# enum drm_connector_status (drm_connector.h)
plug_monitor() { echo 1 >"$VKMS/connectors/1/status"; }
unplug_monitor() { echo 2 >"$VKMS/connectors/1/status"; }

# load_vkms_syncobj: the vkms with sync objects (lib/kernel.sh) instead of the other.
load_vkms_syncobj() { modprobe vkms_syncobj enable_cursor=1 enable_overlay=1 enable_writeback=1; }

# card_of DRIVER: prints /dev/dri/cardN of vkms, bochs, virtio_gpu or vgem.
card_of() {
	local card driver

	for card in /sys/class/drm/card[0-9]; do
		[[ -e $card ]] || continue
		driver=$(basename "$(readlink -f "$card/device/driver")" 2>/dev/null)
		case "$driver $(readlink -f "$card")" in
		bochs-drm\ * | bochs\ *) driver=bochs ;;
		virtio_gpu\ * | *virtio*) driver=virtio_gpu ;;
		*vkms*) driver=vkms ;;
		*vgem*) driver=vgem ;;
		esac
		[[ $driver != "$1" ]] || { printf '/dev/dri/%s\n' "${card##*/}"; return; }
	done
	return 1
}

# need_card DRIVER: as card_of, but loads the driver first. bochs and virtio_gpu
# need their device on boot's command line.
need_card() {
	if ! card_of "$1" >/dev/null; then
		# shellcheck disable=SC2119 # no parameters
		case $1 in
		vkms) load_vkms ;;
		*) modprobe "$1" ;;
		esac
		wait_until 5 card_of "$1" >/dev/null || { complain "no $1 device"; return 1; }
		udev_start
	fi
	card_of "$1"
}

# load_mbochs stock|patched [small|medium|large]: makes one more mbochs vGPU,
# exports MBOCHS_UUID and prints it. The two builds exclude each other.
load_mbochs() {
	local size=${2:-medium} module

	case $1 in
	stock) module=mbochs ;;
	patched) module=mbochs_vmap ;;
	*) complain "load_mbochs: stock or patched?"; return 2 ;;
	esac
	[[ -d /sys/module/$module || ! -d /sys/class/mbochs ]] || { complain "the other mbochs is loaded"; return 1; }
	modprobe -a vfio_iommu_type1 "$module" || return
	MBOCHS_UUID=$(create_mdev "/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-$size") || return
	export MBOCHS_UUID
	echo "$MBOCHS_UUID"
}

# load_mbochs_cdev [small|medium|large]: as load_mbochs patched, on the VFIO that
# has device nodes (lib/kernel.sh), and exports MBOCHS_NODE too. It is then the
# only VFIO until the next boot.
load_mbochs_cdev() {
	local size=${1:-medium} module

	[[ -d /sys/module/iommufd || ! -d /sys/module/vfio ]] || { complain "the kernel's own vfio is loaded"; return 1; }
	for module in iommufd vfio vfio_iommu_type1 mdev mbochs_vmap; do
		[[ -d /sys/module/$module ]] || insmod "/usr/lib/modules/cdev/$module.ko" || return
	done
	MBOCHS_UUID=$(create_mdev "/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-$size") || return
	MBOCHS_NODE=$(echo "/sys/bus/mdev/devices/$MBOCHS_UUID"/vfio-dev/vfio*)
	MBOCHS_NODE=/dev/vfio/devices/${MBOCHS_NODE##*/}
	export MBOCHS_UUID MBOCHS_NODE
	[[ -c $MBOCHS_NODE ]] || { complain "no VFIO node for $MBOCHS_UUID"; return 1; }
	echo "$MBOCHS_UUID"
}

# load_mdpy [vga|xga|hd]: makes an mdpy vGPU, exports MDPY_UUID and prints it.
# It cannot be driven: it shows a grey gradient, in a region.
load_mdpy() {
	modprobe -a vfio_iommu_type1 mdpy || return
	MDPY_UUID=$(create_mdev "/sys/class/mdpy/mdpy/mdev_supported_types/mdpy-${1:-xga}") || return
	export MDPY_UUID
	echo "$MDPY_UUID"
}

# load_testgpu gvt|gvt-overlay|mbochs|region [CARD]: makes one more testgpu vGPU, exports TESTGPU_UUID and prints it. CARD, a node of
# /dev/dri, is the GPU that the vGPUs belong to, as GVT-g's do; it counts for the first one.
load_testgpu() {
	modprobe vfio_iommu_type1 || return
	[[ -d /sys/module/testgpu ]] || modprobe testgpu ${2:+"card=$2"} || return
	TESTGPU_UUID=$(create_mdev /sys/class/mdev_bus/*/mdev_supported_types/*-"$1") || return
	export TESTGPU_UUID
	echo "$TESTGPU_UUID"
}

# testgpu COMMAND…: what the vGPU's guest or driver is to do (../README.md).
testgpu() {
	local command

	for command in "$@"; do
		echo "$command" >"/sys/bus/mdev/devices/$TESTGPU_UUID/testgpu/control" || { complain "testgpu: $command"; return 1; }
	done
}

# testgpu_state [NAME]: all of its counters, or one.
testgpu_state() {
	local words

	words=$(<"/sys/bus/mdev/devices/$TESTGPU_UUID/testgpu/state")
	[[ -n ${1:-} ]] || { echo "$words"; return; }
	words=${words#*"$1="}
	echo "${words%%[[:space:]]*}"
}

# testgpu_settle: returns when the program has asked often enough to have seen the last command, and the compositor has drawn that.
testgpu_settle() {
	local queries

	queries=$(($(testgpu_state queries) + 40))
	wait_until 30 testgpu_has_answered "$queries"
	sleep 0.5
}

testgpu_has_answered() { (($(testgpu_state queries) >= $1)); }

# create_mdev TYPE: with an unused UUID; prints it.
create_mdev() {
	local number uuid

	for number in {01..99}; do
		uuid=$MDEV_UUID_PREFIX$number
		[[ ! -e /sys/bus/mdev/devices/$uuid ]] || continue
		echo "$uuid" >"$1/create" || return
		wait_until 5 mdev_ready "$uuid" || { complain "no VFIO group for $uuid"; return 1; }
		echo "$uuid"
		return
	done
	return 1
}

mdev_ready() {
	local group

	group=$(readlink "/sys/bus/mdev/devices/$1/iommu_group") && [[ -c /dev/vfio/${group##*/} ]]
}

# unload_mdevs: removes every vGPU and the drivers; no process may have one open.
unload_mdevs() {
	local device module

	for device in /sys/bus/mdev/devices/*; do
		[[ ! -e $device ]] || echo 1 >"$device/remove"
	done
	for module in mbochs mbochs_vmap mdpy testgpu; do
		[[ ! -d /sys/module/$module ]] || modprobe -r "$module"
	done
	unset MBOCHS_UUID MBOCHS_NODE MDPY_UUID TESTGPU_UUID
}

# ---- user input ----------------------------------------------------------

# input_start [WIDTHxHEIGHT[+touch]]: creates a keyboard, a tablet of that size (1024x768), a mouse and perhaps a touch screen, which
# exist until the script ends. Call it before the compositor starts, so that it has them from the start.
input_start() {
	modprobe -a uinput evdev || return
	coproc INPUT { exec /share/uinput "${1:-1024x768}"; }
	read -r -t 20 _ <&"${INPUT[0]}" || { complain "no input devices"; return 1; }
	udev_start
}

# input STEP…: plays the steps and returns when they are done. driver/uinput describes them.
input() {
	local step

	for step in "$@"; do
		echo "$step" >&"${INPUT[1]}"
		read -r -t 60 _ <&"${INPUT[0]}" || { complain "input: $step"; return 1; }
	done
}

# ---- Wayland compositors ---------------------------------------------------

# host_start NAME: starts the compositor, waits for its socket, sets WAYLAND_DISPLAY.
# Its output goes to /share/host-NAME.log. One at a time.
host_start() {
	[[ -z ${HOST_PID:-} ]] || { complain "host $HOST_NAME is running"; return 1; }
	HOST_NAME=$1
	case $1 in
	sway-vkms) sway_start vkms gles2 ;;
	sway-input) sway_start vkms gles2 /rig/sway-input.conf ;;
	sway-bochs) sway_start bochs gles2 ;;
	sway-virtio) sway_start virtio_gpu gles2 ;;
	sway-pixman) sway_start vkms pixman ;;
	cage-vkms) wlroots_start vkms gles2 cage -d -- sleep infinity ;;
	labwc-vkms) wlroots_start vkms gles2 labwc -d ;;
	weston-drm) weston_drm_start vkms ;;
	weston-bochs) weston_drm_start bochs ;;
	weston-headless) weston_start --backend=headless --width=1024 --height=768 ;;
	kwin-drm) kwin_drm_start vkms ;;
	kwin-virtual) kwin_virtual_start ;;
	mutter-headless) mutter_start ;;
	hyprland-vkms) hyprland_start ;;
	phoc-vkms) phoc_start ;;
	wayfire-vkms) wayfire_start ;;
	mir-vkms) mir_start ;;
	*) complain "no host is called $1"; return 2 ;;
	esac
}

# Some do not end by themselves: cage waits for its application, KWin never ends.
host_stop() {
	[[ -n ${HOST_PID:-} ]] || return 0
	kill "$HOST_PID" 2>/dev/null
	PATIENCE=1 wait_until 2 host_gone || kill -KILL "$HOST_PID" 2>/dev/null
	wait "$HOST_PID" 2>/dev/null
	rm -f "$XDG_RUNTIME_DIR"/wayland-*
	unset HOST_PID HOST_NAME WAYLAND_DISPLAY SWAYSOCK HYPRLAND_INSTANCE_SIGNATURE WAYFIRE_SOCKET
}

host_gone() { ! kill -0 "$HOST_PID" 2>/dev/null; }

# launch COMMAND…: the last part of every start.
launch() {
	rm -f "$XDG_RUNTIME_DIR"/wayland-*
	"$@" >"/share/host-$HOST_NAME.log" 2>&1 </dev/null &
	HOST_PID=$!
	wait_until 60 host_settled
	if ! find_socket; then
		complain "host $HOST_NAME did not come up; its log's end:"
		tail -n 15 "/share/host-$HOST_NAME.log" >&2
		host_stop
		return 1
	fi
	# On a busy machine the socket exists long before it accepts connections.
	wait_until 60 host_answers
}

host_answers() { host_gone || timeout 60 wayland-info >/dev/null 2>&1; }

host_settled() { find_socket || host_gone; }

find_socket() {
	local socket

	for socket in "$XDG_RUNTIME_DIR"/wayland-*; do
		[[ -S $socket ]] || continue
		export WAYLAND_DISPLAY=${socket##*/}
		return 0
	done
	return 1
}

# The VM has no seat manager, and no input devices unless a test adds some.
wlroots_start() {
	local driver=$1 renderer=$2 card
	shift 2

	card=$(need_card "$driver") || return
	launch env LIBSEAT_BACKEND=noop WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER_ALLOW_SOFTWARE=1 \
		WLR_DRM_DEVICES="$card" WLR_RENDERER="$renderer" "$@"
}

sway_start() {
	wlroots_start "$1" "$2" sway -d -c "${3:-/rig/sway.conf}" || return
	SWAYSOCK=$(find "$XDG_RUNTIME_DIR" -name 'sway-ipc.*.sock' | head -n 1)
	export SWAYSOCK
}

# --debug allows weston-screenshooter. WESTON_SHELL=desktop for windows:
# the kiosk shell shows full-screen clients only, and (16.0) only one in its lifetime. WESTON_INI=FILE for other settings.
weston_start() {
	launch env LIBSEAT_BACKEND=noop weston --config="${WESTON_INI:-/rig/weston.ini}" --debug --renderer=gl \
		--shell="${WESTON_SHELL:-kiosk}-shell.so" --logger-scopes=log,drm-backend "$@"
}

weston_drm_start() {
	local card

	card=$(need_card "$1") || return
	weston_start --backend=drm --drm-device="${card##*/}" --continue-without-input
}

kwin_drm_start() {
	local card

	card=$(need_card "$1") || return
	KWIN_DRM_DEVICES=$card kwin_start --drm
}

# Without any render node it would not use GL and would not accept dma-bufs. KWIN_OPTIONS change the screen (--scale).
kwin_virtual_start() {
	need_card vgem >/dev/null || return
	# shellcheck disable=SC2086 # words
	kwin_start --virtual ${KWIN_OPTIONS:---width 1024 --height 768}
}

# Allows screenshots to everyone: otherwise it identifies a caller by its desktop file.
kwin_start() {
	session_bus_start
	launch env KWIN_SCREENSHOT_NO_PERMISSION_CHECKS=1 kwin_wayland --no-lockscreen --no-global-shortcuts "$@"
}

# Without logind mutter has no card to display on; it renders on vgem's render node.
mutter_start() {
	need_card vgem >/dev/null || return
	session_bus_start
	pipewire_start || return
	GSETTINGS_BACKEND=memory launch mutter --headless --wayland --no-x11 --virtual-monitor 1024x768
}

# It does not run as root without being told that this is meant.
hyprland_start() {
	local card

	card=$(need_card vkms) || return
	rm -rf "$XDG_RUNTIME_DIR/hypr"
	launch env LIBSEAT_BACKEND=noop AQ_DRM_DEVICES="$card" HYPRLAND_NO_RT=1 Hyprland --i-am-really-stupid \
		--config /rig/hyprland.lua || return
	HYPRLAND_INSTANCE_SIGNATURE=$(ls "$XDG_RUNTIME_DIR/hypr")
	export HYPRLAND_INSTANCE_SIGNATURE
}

phoc_start() { GSETTINGS_BACKEND=memory wlroots_start vkms gles2 phoc -C /rig/phoc.ini; }

# It does not run as root without being told that this is meant. 0.9 cannot be told.
wayfire_start() {
	export WAYFIRE_SOCKET=$XDG_RUNTIME_DIR/wayfire.socket
	_WAYFIRE_SOCKET=$WAYFIRE_SOCKET wlroots_start vkms gles2 wayfire --with-great-power-comes-great-responsibility -d \
		-c /rig/wayfire.ini
}

mir_start() {
	local card

	card=$(need_card vkms) || return
	launch env LIBSEAT_BACKEND=noop miral-shell --console-provider=none --platform-display-libs=mir:gbm-kms \
		--platform-rendering-libs=mir:gbm-kms --add-wayland-extensions=all
}

# PipeWire, which carries mutter's screen casts. It runs until the VM ends.
pipewire_start() {
	[[ ! -S $XDG_RUNTIME_DIR/pipewire-0 ]] || return 0
	pipewire >/share/pipewire.log 2>&1 </dev/null &
	wait_until 30 test -S "$XDG_RUNTIME_DIR/pipewire-0" || { complain "no PipeWire"; return 1; }
	wireplumber >/share/wireplumber.log 2>&1 </dev/null &
}

# session_bus_start: exports DBUS_SESSION_BUS_ADDRESS.
session_bus_start() {
	[[ -z ${DBUS_SESSION_BUS_ADDRESS:-} ]] || return 0
	DBUS_SESSION_BUS_ADDRESS=$(dbus-daemon --session --fork --print-address)
	export DBUS_SESSION_BUS_ADDRESS
}

# kwin_script STATEMENT: JavaScript that KWin runs with "it" as guestplane's window.
kwin_script() {
	local file id to=(dbus-send --session --print-reply=literal --dest=org.kde.KWin)

	file=$(mktemp --suffix=.js)
	echo "const it = workspace.windowList().find(w => w.resourceClass == 'guestplane'); $1;" >"$file"
	id=$("${to[@]}" /Scripting org.kde.kwin.Scripting.loadScript "string:$file") &&
		"${to[@]}" "/Scripting/Script${id##* }" org.kde.kwin.Script.run >/dev/null
}

# hyprland_dispatch CALL: as hyprctl dispatch, which does not wait until a busy Hyprland has done it.
hyprland_dispatch() {
	python3 -c 'import socket, sys
hyprland = socket.socket(socket.AF_UNIX)
hyprland.connect(sys.argv[1])
hyprland.sendall(b"/dispatch " + sys.argv[2].encode())
hyprland.recv(4096)' "$XDG_RUNTIME_DIR/hypr/$HYPRLAND_INSTANCE_SIGNATURE/.socket.sock" "$1"
}

# ---- the screen ------------------------------------------------------------------

# screenshot FILE.png [OPTION…]: a screenshot by the compositor itself. -c includes its pointer, on sway.
screenshot() {
	case $HOST_NAME in
	weston-*) weston_screenshot "$1" ;;
	sway-* | cage-* | labwc-* | hyprland-* | phoc-* | wayfire-* | mir-*) timeout 120 grim "${@:2}" "$1" ;;
	kwin-*) timeout 240 /rig/kwin-screenshot "$1" ;;
	mutter-*) timeout 240 /rig/mutter-screenshot "$1" ;;
	*) complain "$HOST_NAME gives no screenshots"; return 2 ;;
	esac
}

# weston_screenshot FILE.png [OPTION…]: weston-screenshooter chooses its own file name, in the working directory.
weston_screenshot() {
	local directory

	directory=$(mktemp -d)
	(cd "$directory" && timeout 120 weston-screenshooter "${@:2}") && mv "$directory"/wayland-screenshot-*.png "$1"
}

# drm_state: one line for each plane of the active crtcs, from the kernel.
# imported=yes is a dma-buf of another driver: direct scanout.
# A card without a compositor shows its text console.
drm_state() {
	local state

	for state in /sys/kernel/debug/dri/{?,??}/state; do
		[[ -r $state ]] || continue
		awk -v card="$(cut -d' ' -f1 "${state%/*}/name")" '
			function finish() {
				if (plane != "" && crtc != "(null)" && fb != 0)
					printf "card=%s plane=%s fb=%s imported=%s crtc-pos=%s\n", card, plane, size, imported, position
				plane = ""
			}
			/^plane\[/ { finish(); plane = $2; fb = 0; size = "-"; imported = "no" }
			/^(crtc|connector|private)/ { finish() }
			plane == "" { next }
			/^\tcrtc=/ { sub(/.*=/, ""); crtc = $0 }
			/^\tfb=/ { sub(/.*=/, ""); fb = $0 }
			/^\t\tsize=/ { sub(/.*=/, ""); size = $0 }
			/imported=yes/ { imported = "yes" }
			/crtc-pos=/ { sub(/.*=/, ""); position = $0 }
			END { finish() }' "$state"
	done
}

# checksums_start FILE, checksums_stop: a line for each frame that vkms displays meanwhile, with its number and the kernel's checksum.
checksums_start() {
	local control

	for control in /sys/kernel/debug/dri/*/crtc-0/crc/control; do
		[[ -w $control ]] && echo auto >"$control" && break
	done
	cat "${control%/*}/data" >"$1" &
	CHECKSUMS_PID=$!
}

checksums_stop() {
	kill "$CHECKSUMS_PID"
	wait "$CHECKSUMS_PID"
}

# is_scanned_out [WIDTHxHEIGHT]: an imported buffer of that size is on a plane.
is_scanned_out() { drm_state | grep -q "fb=${1:-.*} imported=yes"; }
