# shellcheck shell=bash
# For scenarios: QEMUs in the VM that run no guest code. qtest-driver drives their guests through their qtest sockets.

# shellcheck disable=SC2034 # read by scenarios
QTEST_DRIVER=/share/qtest-driver

# The QEMU to run: the VM's own, unless other_qemu changes it.
QEMU=(qemu-system-x86_64)

# other_qemu: from now on use the QEMU of the Debian on the second disk (boot SUITE+OTHER), with its libraries and Mesa.
other_qemu() {
	local root=/mnt directory

	mount -o noatime /dev/other "$root" || return
	for directory in dev proc sys run tmp share; do
		mount --rbind "/$directory" "$root/$directory" || return
	done
	QEMU=(chroot "$root" qemu-system-x86_64)
}

# The devices that qtest-driver drives, except the vGPU; see vfio_device for that.
# shellcheck disable=SC2034,SC2054 # read by scenarios; a comma of QEMU's
VGA_DEVICE=(-device VGA) BLOB_DEVICE=(-device virtio-gpu-pci,blob=true)

# vfio_device UUID: sets VFIO_DEVICE. Only a display with gl=on accepts it.
# shellcheck disable=SC2034 # read by scenarios
vfio_device() { VFIO_DEVICE=(-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$1,display=on"); }

# render_node [DRIVER]: a node for rendernode=, of vgem by default. vkms only has its card.
# shellcheck disable=SC2120 # the driver is for scripts
render_node() {
	local card node

	card=$(need_card "${1:-vgem}") || return
	for node in "/sys/class/drm/${card##*/}"/device/drm/renderD*; do
		[[ ! -e $node ]] || card=/dev/dri/${node##*/}
	done
	echo "$card"
}

# qemu_on_bus NAME on|off DEVICE…: a QEMU whose display is org.qemu on the session bus, with or without GL. Only one at a
# time.
qemu_on_bus() {
	local name=$1 gl

	gl=$(gl_of "$2") || return
	shift 2
	session_bus_start
	qemu_start "$name" -display "dbus,$gl" "$@"
}

# qemu_p2p NAME on|off DEVICE…: a QEMU whose display gets its client's socket by QMP. Several can run.
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

# qemu_window NAME DEVICE…: a QEMU with its own GTK window with GL, full screen; forky only. In the VM, GTK only starts if it is
# told to use software GL. The log has its Wayland protocol, for window_frames.
qemu_window() {
	local name=$1
	shift
	WAYLAND_DEBUG=client LIBGL_ALWAYS_SOFTWARE=1 GDK_BACKEND=wayland \
		qemu_start "$name" -display gtk,gl=on,full-screen=on,show-menubar=off "$@"
}

# window_frames NAME: how often the window has committed a buffer.
window_frames() { grep -cE 'wl_surface[@#][0-9]+\.attach\(wl_buffer' "/share/qemu-$1.log"; }

# qemu_start NAME ARGUMENT…: returns when QEMU answers. Sets QEMU_PID; its output is in /share/qemu-NAME.log. qemu_qtest and
# qemu_qmp print its sockets. The CPU is stopped (-S), so that only qtest accesses its devices. Not with -accel qtest: its clock
# would then be stopped, too.
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

# QEMU accepts commands when everything else is set up, including the display.
qemu_answers() { qmp "$1" query-status >/dev/null 2>&1; }

# input_devices NAME absolute|relative: devices that make QEMU take absolute positions or relative motion (a PC has that mouse anyway,
# and QEMU prefers it to a device that no driver uses), and a trace of the input it gets in /share/qemu-NAME.input. Then qemu_run.
# shellcheck disable=SC2034 # read by scenarios
input_devices() {
	local name=$1 kind=$2

	INPUT_DEVICES=(-bios "$(halting_firmware)" -trace 'input_*' -D "/share/qemu-$name.input")
	[[ $kind = relative ]] || INPUT_DEVICES+=(-machine i8042=off -device qemu-xhci -device usb-tablet -device usb-kbd)
}

# A stopped machine gets no input. This one runs, and only executes hlt.
halting_firmware() {
	local file=/run/halt.bin

	head -c 64K /dev/zero | tr '\0' '\364' >"$file" # hlt
	echo "$file"
}

qemu_run() { qmp "$1" cont >/dev/null; }

qemu_qtest() { echo "/run/qemu-$1.qtest"; }
qemu_qmp() { echo "/run/qemu-$1.qmp"; }

# qemu_stop [PID]: stops the QEMU that was started last by default.
# shellcheck disable=SC2120 # the process is for scripts
qemu_stop() {
	QEMU_PID=${1:-$QEMU_PID}
	kill "$QEMU_PID" 2>/dev/null
	wait_until 5 qemu_gone || kill -KILL "$QEMU_PID" 2>/dev/null
	wait "$QEMU_PID" 2>/dev/null
	unset QEMU_PID
}

# qmp NAME COMMAND [ARGUMENTS]: prints the answer. The socket has one client at a time; it cannot be used while guestplane does.
qmp() { /rig/qmp "$(qemu_qmp "$1")" "${@:2}"; }

# cpu_ms PID: the CPU time of the process and its threads.
cpu_ms() {
	local stat

	stat=$(<"/proc/$1/stat") || return
	# shellcheck disable=SC2086 # fields; the name before them may have spaces
	set -- ${stat##*) }
	# proc_pid_stat(5) counts in hundredths of a second.
	echo $(((${12} + ${13}) * 10))
}
