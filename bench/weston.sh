# shellcheck shell=bash
# A headless weston for measurements. Sourced; wants OUT, a folder.

# on_weston FUNCTION…: drawing by the CPU: no linux-dmabuf before weston 14, so that everything goes by wl_shm on the memfd. (sway 1.7,
# headless, answers hardly any presentation feedback, and what is not answered piles up.)
on_weston() {
	local backend=(--backend=headless --renderer=pixman)

	export XDG_RUNTIME_DIR=$OUT WAYLAND_DISPLAY=bench
	chmod 700 "$OUT"
	(($(weston --version | grep -oE '[0-9]+' | head -n 1) >= 13)) || backend=(--backend=headless-backend.so --use-pixman)
	weston "${backend[@]}" --no-config --idle-time=0 --width=1280 --height=800 --socket="$WAYLAND_DISPLAY" >"$OUT/weston.log" 2>&1 &
	HOST_PID=$!
	until [[ -S $OUT/$WAYLAND_DISPLAY ]]; do
		kill -0 "$HOST_PID" || { tail -n 5 "$OUT/weston.log" >&2; exit 1; }
		sleep 0.1
	done
	"$@"
	kill "$HOST_PID"
	wait "$HOST_PID" || true
	unset HOST_PID
}
