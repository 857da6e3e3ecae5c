# shellcheck shell=bash
# For scenarios: QEMUs in the VM that run no guest code. qtest-driver plays their guests, through their qtest sockets.

# shellcheck disable=SC2034 # read by scenarios
QTEST_DRIVER=/share/qtest-driver

# The QEMU that they are: the VM's own, unless other_qemu says otherwise.
QEMU=(qemu-system-x86_64)

# other_qemu: theirs is from now on that of the Debian on the second disk (boot SUITE+OTHER), with its libraries and Mesa.
other_qemu() {
	local root=/mnt directory

	mount -o noatime /dev/vdb "$root" || return
	for directory in dev proc sys run tmp share; do
		mount --rbind "/$directory" "$root/$directory" || return
	done
	QEMU=(chroot "$root" qemu-system-x86_64)
}

# The devices that qtest-driver plays the guest of, without the vGPU; vfio_device has that.
# shellcheck disable=SC2034,SC2054 # read by scenarios; a comma of QEMU's
VGA_DEVICE=(-device VGA) BLOB_DEVICE=(-device virtio-gpu-pci,blob=true)

# vfio_device UUID: sets VFIO_DEVICE. Only a display with gl=on takes it.
# shellcheck disable=SC2034 # read by scenarios
vfio_device() { VFIO_DEVICE=(-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$1,display=on"); }

# render_node [DRIVER]: a node for rendernode=, of vgem unless told otherwise. vkms has none but its card.
# shellcheck disable=SC2120 # the driver is for scripts
render_node() {
	local card node

	card=$(need_card "${1:-vgem}") || return
	for node in "/sys/class/drm/${card##*/}"/device/drm/renderD*; do
		[[ ! -e $node ]] || card=/dev/dri/${node##*/}
	done
	echo "$card"
}

# qemu_on_bus NAME on|off DEVICE…: a QEMU whose display is org.qemu on the session bus, with or without GL. One at a
# time.
qemu_on_bus() {
	local name=$1 gl

	gl=$(gl_of "$2") || return
	shift 2
	session_bus_start
	qemu_start "$name" -display "dbus,$gl" "$@"
}

# qemu_p2p NAME on|off DEVICE…: a QEMU whose display takes its client's socket by QMP. As many as one likes.
qemu_p2p() {
	local name=$1 gl

	gl=$(gl_of "$2") || return
	shift 2
	qemu_start "$name" -display "dbus,p2p=yes,$gl" "$@"
}

gl_of() {
	local node

	[[ $1 = on ]] || { echo gl=off; return; }
	# shellcheck disable=SC2119 # vgem
	node=$(render_node) && echo "gl=on,rendernode=$node"
}

# qemu_window NAME DEVICE…: a QEMU with its own window, of GTK with GL, full-screen on the host; forky only. GTK starts in
# the VM only if it is told that GL is software. The log has what it says to the host, for window_frames.
qemu_window() {
	local name=$1
	shift
	WAYLAND_DEBUG=client LIBGL_ALWAYS_SOFTWARE=1 GDK_BACKEND=wayland \
		qemu_start "$name" -display gtk,gl=on,full-screen=on,show-menubar=off "$@"
}

# window_frames NAME: how often the window has given the host a buffer to show.
window_frames() { grep -cE 'wl_surface[@#][0-9]+\.attach\(wl_buffer' "/share/qemu-$1.log"; }

# qemu_start NAME ARGUMENT…: returns when it answers. Sets QEMU_PID; /share/qemu-NAME.log is what it says. qemu_qtest
# and qemu_qmp print its sockets. It stands still (-S), so that nothing but qtest touches its devices. Not -accel
# qtest: with that its clock would stand still, too.
qemu_start() {
	local name=$1
	shift

	rm -f "$(qemu_qtest "$name")" "$(qemu_qmp "$name")"
	"${QEMU[@]}" -name "$name" -S -nodefaults -no-user-config -serial none -monitor none \
		-accel tcg,tb-size=16 -machine q35,memory-backend=ram -m 128 \
		-object memory-backend-memfd,id=ram,size=128M,share=on \
		-qtest "unix:$(qemu_qtest "$name"),server=on,wait=off" -qtest-log /dev/null \
		-qmp "unix:$(qemu_qmp "$name"),server=on,wait=off" \
		"$@" >"/share/qemu-$name.log" 2>&1 </dev/null &
	QEMU_PID=$!
	wait_until 60 qemu_settled "$name"
	if ! qemu_answers "$name"; then
		complain "the QEMU $name did not come up; its log's end:"
		tail -n 15 "/share/qemu-$name.log" >&2
		qemu_stop "$QEMU_PID"
		return 1
	fi
}

qemu_settled() { qemu_answers "$1" || qemu_gone; }
qemu_gone() { ! kill -0 "$QEMU_PID" 2>/dev/null; }

# It takes commands when all else is set up, the display too.
qemu_answers() { qmp "$1" query-status >/dev/null 2>&1; }

# What makes QEMU's guest one that takes places, or moves (a PC has that mouse by itself, and QEMU prefers it to what no
# driver has asked for), and leaves what it was told in /share/qemu-NAME.input. Then qemu_run.
# shellcheck disable=SC2034 # read by scenarios
input_devices() {
	local name=$1 kind=$2

	INPUT_DEVICES=(-bios "$(halting_firmware)" -trace 'input_*' -D "/share/qemu-$name.input")
	[[ $kind = relative ]] || INPUT_DEVICES+=(-machine i8042=off -device qemu-xhci -device usb-tablet -device usb-kbd)
}

# A machine that stands still gets no input. This one runs, and has nothing to do.
halting_firmware() {
	local file=/run/halt.bin

	head -c 64K /dev/zero | tr '\0' '\364' >"$file" # hlt
	echo "$file"
}

qemu_run() { qmp "$1" cont >/dev/null; }

qemu_qtest() { echo "/run/qemu-$1.qtest"; }
qemu_qmp() { echo "/run/qemu-$1.qmp"; }

# qemu_stop [PID]: the last one that was started, unless told otherwise.
# shellcheck disable=SC2120 # the process is for scripts
qemu_stop() {
	QEMU_PID=${1:-$QEMU_PID}
	kill "$QEMU_PID" 2>/dev/null
	wait_until 5 qemu_gone || kill -KILL "$QEMU_PID" 2>/dev/null
	wait "$QEMU_PID" 2>/dev/null
	unset QEMU_PID
}

# qmp NAME COMMAND [ARGUMENTS]: prints the answer. The socket has one client at a time: none while guestplane uses it.
qmp() { /rig/qmp "$(qemu_qmp "$1")" "${@:2}"; }

# cpu_ms PID: the processor time that it has used, with its threads.
cpu_ms() {
	local stat

	stat=$(<"/proc/$1/stat") || return
	# shellcheck disable=SC2086 # fields; the name before them may have spaces
	set -- ${stat##*) }
	echo $(((${12} + ${13}) * 1000 / $(getconf CLK_TCK)))
}
