# shellcheck shell=bash
# For scenarios: the life of a window: mapped, resized, full screen and back, closed. NAME.err has the whole protocol (WAYLAND_DEBUG),
# which these functions wait for. A scenario sets SHOWN, what a window shows, and has functions KIND_resize, KIND_restore and KIND_close
# for the kinds of hosts that have commands for these.

# F11, the program's own key, by the test's keyboard.
press_f11() { input tap=KEY_F11; }

# said PATTERN: how often this message was sent, by either side. Over 9p, reading a file that is being written can fail.
said() {
	local count

	until count=$(grep -c "$1" "$SHARE/$SHOW_NAME.err" 2>/dev/null) || [[ $? = 1 ]]; do :; done
	echo "$count"
}

more() { (($(said "$1") > $2)); }

# The message by which a compositor says that a frame is on screen.
SEEN_BY='wp_presentation_feedback.*\.presented('

# Two frames that were committed after this call are on screen.
shown() { wait_until 30 more "$SEEN_BY" "$(($(said "$SEEN_BY") + 1))"; }

# after COMMAND…: runs a command for the compositor and waits for the window's configure and for frames that follow it. False if the
# compositor stands still: then there is nothing to wait for.
after() {
	local before

	before=$(said 'xdg_toplevel.*\.configure(')
	"$@"
	if ! wait_until 20 more 'xdg_toplevel.*\.configure(' "$before"; then
		echo "$SHOW_NAME: no configure after $*"
		host_answers || return
	fi
	shown || host_answers
}

picture() { screenshot "$SHARE/$SHOW_NAME-$1.png"; }

has() { declare -F "$1" >/dev/null; }

# life NAME FULLSCREEN…: FULLSCREEN… is the command that toggles full screen.
life() {
	# Moves the pointer out of the screenshot.
	input move=2,2
	open "$1"
	shown
	picture window
	if sizes "${1%%-*}" "${@:2}"; then
		close
	else
		show_stop
	fi
}

# sizes KIND FULLSCREEN…
sizes() {
	if has "$1_resize"; then
		after "$1_resize" || return
		picture resized
	fi
	! has "$1_restore" || after "$1_restore" || return
	after "${@:2}" || return
	picture fullscreen
	after "${@:2}" || return
	picture back
	return 0
}

# open NAME ARGUMENT…
# The pictures are compared with the pattern, so nothing may lie above it.
open() { WAYLAND_DEBUG=1 show_start "$1" "${SHOWN[@]}" --no-text "${@:2}"; }

# Closes the window by the compositor's command, if it has one; the compositor sends close, and the program ends.
close() {
	local kind=${SHOW_NAME%%-*}

	if ! has "${kind}_close"; then
		show_stop
		return
	fi
	"${kind}_close"
	show_end
}

# whole NAME FUNCTION…: runs it and keeps the compositor's log; also with a client that breaks the protocol, so that a test knows
# what this compositor logs then.
whole() {
	local log=$SHARE/host-$HOST_NAME.log

	"$2" "$1" "${@:3}"
	cp "$log" "$SHARE/$1.log"
	/rig/bad-client
	tail -n "+$(($(wc -l <"$SHARE/$1.log") + 1))" "$log" >"$SHARE/$1.bad-log"
}
